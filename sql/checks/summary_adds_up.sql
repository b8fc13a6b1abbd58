/* A user's summary counts what the warehouse holds: the same events by day, by hour and as steps, the same sessions. */
with asked as (
    select * from marts.user_summary where user_id = any($users::varchar[])
),

steps as (
    select user_id, count(*) as n, count(distinct session_id) as n_sessions
    from core.steps where user_id = any($users::varchar[]) group by all
),

days as (
    select user_id, sum(n_events) as n, count(*) as n_days
    from marts.user_days where user_id = any($users::varchar[]) group by all
),

hours as (
    select user_id, sum(n_events) as n
    from marts.user_hour_week where user_id = any($users::varchar[]) group by all
)

select
    user_id,
    'counts ' || n_events || ' events and ' || asked.n_sessions || ' sessions, the warehouse '
        || coalesce(steps.n, 0) || ' and ' || coalesce(steps.n_sessions, 0) as problem
from asked
left join steps using (user_id)
left join days using (user_id)
left join hours using (user_id)
where n_events <> coalesce(steps.n, 0)
    or n_events <> coalesce(days.n, 0)
    or n_events <> coalesce(hours.n, 0)
    or asked.n_sessions <> coalesce(steps.n_sessions, 0)
    or active_days <> coalesce(days.n_days, 0)
