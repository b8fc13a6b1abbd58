/* One row per user with a session: how far their journeys reach.

Kept by user_key. */
select
    user_key,                           -- The user as an integer.
    min(started_at) as first_event_at,  -- First event that counts, in UTC.
    max(ended_at) as last_event_at,     -- Last event that counts, in UTC.
    count(*) as n_sessions,             -- Sessions.
    sum(n_steps)::bigint as n_steps     -- Steps.
from core.sessions
group by user_key
