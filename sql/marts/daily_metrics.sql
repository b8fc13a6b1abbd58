/* One row per day (UTC), from the first event of a known user to the last, without a hole.

A session counts on the day on which it starts. Of noise, that which is dated within these days. */
with days as (
    select unnest(generate_series(data_from::date, data_through::date, interval 1 day))::date as day
    from core.horizon
),

events as (
    select
        occurred_at::date as day,
        count(*) filter (user_id is not null and not is_noise) as n_events,
        count(distinct user_id) filter (not is_noise) as n_users,
        count(*) filter (is_noise) as n_noise
    from core.events
    group by all
),

sessions as (
    select
        started_at::date as day,
        count(*) as n_sessions,
        avg(n_steps) as steps_per_session,
        avg((n_steps = 1)::integer) as single_step_rate
    from core.sessions
    group by all
)

select
    day,                                -- Day in UTC.
    day < max(day) over () as is_complete, -- The data goes on after it; the last day may be cut off.
    coalesce(n_events, 0) as n_events,  -- Events of known users that count.
    coalesce(n_users, 0) as n_users,    -- Users with such an event.
    coalesce(n_sessions, 0) as n_sessions, -- Sessions that start on the day.
    steps_per_session,                  -- Mean steps of these sessions; null without any.
    single_step_rate,                   -- Share of these sessions that are one step; null without any.
    coalesce(n_noise, 0) as n_noise     -- Events kept out of sessions.
from days
left join events using (day)
left join sessions using (day)
