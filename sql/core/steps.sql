/* One row per step: an event in its place in a session.

Sessions are decided here, once. A pause longer than the gap splits; within a pause-free run another
session id of the source splits too, while events without one have no say; midnight does not. */
with ordered as (
    select
        event_id, user_id, user_key, page, page_key, event_name, source_session_id, occurred_at,
        epoch_us(occurred_at) as us, tie_break
    from core.events
    where user_id is not null and not is_noise
),

paused as (
    select *, coalesce(us - lag(us) over moments > $session_gap_us, true) as after_pause
    from ordered
    window moments as (partition by user_key order by us, tie_break, event_id)
),

runs as (
    select *, count_if(after_pause) over moments as run_no
    from paused
    window moments as (partition by user_key order by us, tie_break, event_id)
),

-- The last session id that the source stated before this event, in the same run.
stated as (
    select
        *,
        last_value(source_session_id ignore nulls) over (
            partition by user_key, run_no order by us, tie_break, event_id
            rows between unbounded preceding and 1 preceding
        ) as stated_before
    from runs
),

numbered as (
    select
        *,
        count_if(after_pause or coalesce(source_session_id <> stated_before, false)) over moments
            as session_no
    from stated
    window moments as (partition by user_key order by us, tie_break, event_id)
),

placed as (
    select
        *,
        row_number() over session - 1 as step_index,
        first_value(event_id) over session as first_event_id,
        lead(us) over session as next_us,
        lead(page) over session as next_page,
        lead(event_name) over session as next_event
    from numbered
    window session as (partition by user_key, session_no order by us, tie_break, event_id)
)

select
    left(md5(user_id || '|' || first_event_id), 20)
        as session_id,                  -- Session; made of its user and first event, so it is stable.
    step_index,                         -- Position in the session, from 0.
    user_id,                            -- Id of the user.
    user_key,                           -- The user as an integer.
    page,                               -- Page of the step.
    page_key,                           -- The page as an integer.
    event_name as event,                -- What happened.
    event_id,                           -- The event.
    occurred_at,                        -- When it happened, in UTC.
    (next_us - us) / 1000000 as dwell_seconds, -- Time until the next step; null on the last, where nobody knows.
    step_index = 0 as is_entry,         -- The session starts here.
    next_us is null as is_exit,         -- The session ends here.
    coalesce(next_page, '(exit)') as next_page, -- Page of the next step; (exit) on the last.
    coalesce(next_event, '(exit)') as next_event -- Event of the next step; (exit) on the last.
from placed
