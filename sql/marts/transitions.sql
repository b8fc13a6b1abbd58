/* One row per way from a page to the next and the event there; coming in and leaving are ways too.

Sessions come from (entry) and go to (exit), so that what flows into a page flows out of it. */
with ways as (
    select page as from_page, next_page as to_page, next_event as event, session_id, user_key
    from core.steps
    union all
    select '(entry)' as from_page, page as to_page, event, session_id, user_key
    from core.steps
    where is_entry
)

select
    from_page,                          -- Page the step starts on; (entry) when the session starts.
    to_page,                            -- Page the step leads to; (exit) when the session ends.
    event,                              -- What happened on arrival; (exit) when the session ends.
    count(*) as n,                      -- Times this way was taken.
    count(distinct session_id) as n_sessions, -- Sessions that took it.
    count(distinct user_key) as n_users -- Users who took it.
from ways
group by all
