/* One row per step, in keys: an event in its place in a session. core.steps is this with names.

Sessions are decided here, once. A pause longer than the gap splits; within a pause-free run another
session id of the source splits too, while events without one have no say; midnight does not. Only
the few events that can start a session are looked at twice.

Kept by user_key, occurred_at. */
with looked as materialized (
    select
        event_id,
        user_key,
        page_key,
        event_name_key,
        source_session_id,
        occurred_at,
        row_number() over moments as place,
        coalesce(us - lag(us) over moments > $session_gap_us, true) as after_pause,
        source_session_id is not null
            and source_session_id is distinct from lag(source_session_id) over moments as is_stated_anew,
        lead(us) over moments - us as pause_us,
        lead(page_key) over moments as next_page_key,
        lead(event_name_key) over moments as next_event_name_key
    from (select *, epoch_us(occurred_at) as us from core.events where user_id is not null and not is_noise)
    window moments as (partition by user_key order by us, tie_break, event_id)
),

telling as (
    select user_key, place, event_id, after_pause, source_session_id
    from looked
    where after_pause or is_stated_anew
),

runs as (
    select
        user_key,
        place,
        source_session_id,
        max(place) filter (after_pause) over (partition by user_key order by place) as run_place
    from telling
),

-- Whether the source states another session than it stated last in the same run.
stated as (
    select
        user_key,
        place,
        source_session_id <> lag(source_session_id) over (partition by user_key, run_place order by place) as is_other
    from runs
    where source_session_id is not null
),

starts as (
    select
        user_key,
        place as start_place,
        lead(place) over (partition by user_key order by place) as next_start_place,
        (md5_number_lower(user_key || '|' || event_id) >> 1)::bigint as session_key
    from telling
    left join stated using (user_key, place)
    where after_pause or is_other
),

placed as (
    select
        looked.*,
        session_key,
        start_place,
        coalesce(place + 1 = next_start_place, pause_us is null) as is_exit
    from looked
    asof join starts on looked.user_key = starts.user_key and looked.place >= starts.start_place
)

select
    session_key,                        -- Session; made of its user and first event, so it is stable.
    (place - start_place)::integer as step_index, -- Position in the session, from 0.
    user_key,                           -- The user as an integer.
    page_key,                           -- The page as an integer.
    event_name_key,                     -- What happened, as an integer.
    event_id,                           -- The event.
    occurred_at,                        -- When it happened, in UTC.
    after_pause as is_after_pause,      -- The user's first event, or a pause longer than the gap lies before it.
    if(is_exit, null, pause_us) as pause_us, -- Microseconds until the next step; null on the last.
    if(is_exit, null, next_page_key) as next_page_key, -- Page of the next step; null on the last.
    if(is_exit, null, next_event_name_key) as next_event_name_key -- Event of the next step; null on the last.
from placed
