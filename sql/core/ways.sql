/* One row per way taken, in keys: from a page to the next, into a session, or out of it.

A view. */
select
    session_key,                        -- The session.
    user_key,                           -- The user.
    page_key as from_page_key,          -- Page the step starts on; null when the session starts.
    next_page_key as to_page_key,       -- Page the step leads to; null when the session ends.
    next_event_name_key as event_name_key -- What happened on arrival; null when the session ends.
from core.placements
union all
select session_key, user_key, null as from_page_key, page_key as to_page_key, event_name_key
from core.placements
where step_index = 0
