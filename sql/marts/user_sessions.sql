/* One row per user and recent session; at most ten a user.

A view. */
select
    sessions.user_id,                   -- Id of the user.
    row_number() over (
        partition by sessions.user_id order by sessions.started_at desc, session_id
    ) as session_rank,                  -- 1 is the latest.
    session_id,                         -- Session.
    sessions.started_at at time zone users.tz as started_at_local, -- Start, by the user's clock.
    sessions.duration_seconds,          -- From first to last step.
    sessions.n_steps,                   -- Steps.
    sessions.entry_page,                -- Page it starts on.
    sessions.exit_page,                 -- Page it ends on.
    sessions.is_open                    -- May still go on.
from core.sessions as sessions
join core.users as users using (user_key)
qualify session_rank <= 10
