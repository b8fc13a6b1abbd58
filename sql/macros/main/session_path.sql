/* One row per step of a session, in their order.

$session_id: The session, as in core.sessions.

Example: from session_path((select min(session_id) from core.sessions)) */
select
    step_index,                         -- Position in the session, from 0.
    occurred_at,                        -- When it happened, in UTC.
    page,                               -- Page of the step.
    event,                              -- What happened.
    dwell_seconds,                      -- Time until the next step; null on the last.
    is_exit                             -- The session ends here.
from core.steps as steps
where steps.session_id = $session_id
order by step_index
