/* One row per step: an event in its place in a session.

A view. */
select
    lpad(lower(to_hex(session_key)), 16, '0') as session_id, -- Session; made of its user and first event.
    session_key,                        -- The session as an integer.
    step_index,                         -- Position in the session, from 0.
    users.user_id,                      -- Id of the user.
    user_key,                           -- The user as an integer.
    pages.page,                         -- Page of the step.
    page_key,                           -- The page as an integer.
    names.event_name as event,          -- What happened.
    event_id,                           -- The event.
    occurred_at,                        -- When it happened, in UTC.
    pause_us / 1000000 as dwell_seconds, -- Time until the next step; null on the last, where nobody knows.
    step_index = 0 as is_entry,         -- The session starts here.
    next_page_key is null as is_exit,   -- The session ends here.
    coalesce(next_pages.page, '(exit)') as next_page, -- Page of the next step; (exit) on the last.
    coalesce(next_names.event_name, '(exit)') as next_event -- Event of the next step; (exit) on the last.
from core.placements
join core.user_ids as users using (user_key)
join core.page_names as pages using (page_key)
join core.event_names as names using (event_name_key)
left join core.page_names as next_pages on next_pages.page_key = next_page_key
left join core.event_names as next_names on next_names.event_name_key = next_event_name_key
