/* One row per session of a user.

Kept by session_key within core.placements. */
with summed as (
    select
        session_key,
        any_value(user_key) as user_key,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        bool_or(is_after_pause) as is_after_pause,
        count(*) as n_steps,
        count(distinct page_key) as n_pages,
        any_value(page_key) filter (step_index = 0) as entry_page_key,
        any_value(page_key) filter (next_page_key is null) as exit_page_key,
        any_value(event_name_key) filter (next_page_key is null) as exit_event_name_key
    from core.placements
    group by session_key
)

select
    lpad(lower(to_hex(session_key)), 16, '0') as session_id, -- Session; made of its user and first event.
    session_key,                        -- The session as an integer.
    users.user_id,                      -- Id of the user.
    user_key,                           -- The user as an integer.
    started_at,                         -- First step, in UTC.
    ended_at,                           -- Last step, in UTC.
    (epoch_us(ended_at) - epoch_us(started_at)) / 1000000 as duration_seconds, -- From first to last step.
    is_after_pause,                     -- Begins after a pause, not because the source began another one.
    n_steps,                            -- Steps.
    n_pages,                            -- Distinct pages.
    entries.page as entry_page,         -- Page it starts on.
    exits.page as exit_page,            -- Page it ends on.
    names.event_name as exit_event,     -- Event it ends with.
    epoch_us(data_through) - epoch_us(ended_at) <= $session_gap_us and row_number() over (
        partition by user_key order by ended_at desc, started_at desc, session_key
    ) = 1 as is_open                    -- May still go on: its user's last, and the data ends within the gap.
from summed
join core.horizon on true
join core.user_ids as users using (user_key)
join core.page_names as entries on entries.page_key = entry_page_key
join core.page_names as exits on exits.page_key = exit_page_key
join core.event_names as names on names.event_name_key = exit_event_name_key
