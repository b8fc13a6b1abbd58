/* One row per step of a funnel that somebody defined.

Filled from funnels.json, which people write (docs/how-to/funnels.md). */
select
    null::varchar as funnel,            -- Name of the funnel.
    null::double as window_hours,       -- Time that a user has from the first step to the last.
    null::integer as step_no,           -- Position of the step, from 1.
    null::varchar as step,              -- Name of the step.
    null::varchar[] as pages,           -- Pages that the step may happen on; null is any.
    null::varchar[] as events           -- Events that the step may be; null is any.
where false
