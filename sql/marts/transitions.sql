/* One row per way from a page to the next and the event there; coming in and leaving are ways too.

Sessions come from (entry) and go to (exit), so that what flows into a page flows out of it.

Added up over core.ways. */
with counted as (
    select
        from_page_key,
        to_page_key,
        event_name_key,
        count(*) as n,
        count(distinct session_key) as n_sessions,
        count(distinct user_key) as n_users
    from core.ways
    group by all
)

select
    coalesce(origins.page, '(entry)') as from_page, -- Page the step starts on; (entry) when the session starts.
    coalesce(goals.page, '(exit)') as to_page, -- Page the step leads to; (exit) when the session ends.
    coalesce(names.event_name, '(exit)') as event, -- What happened on arrival; (exit) when the session ends.
    from_page_key,                      -- The page it starts on as an integer; null when the session starts.
    to_page_key,                        -- The page it leads to as an integer; null when the session ends.
    event_name_key,                     -- The event as an integer; null when the session ends.
    n,                                  -- Times this way was taken.
    n_sessions,                         -- Sessions that took it.
    counted.n_users                     -- Users who took it.
from counted
left join core.page_names as origins on origins.page_key = from_page_key
left join core.page_names as goals on goals.page_key = to_page_key
left join core.event_names as names using (event_name_key)
