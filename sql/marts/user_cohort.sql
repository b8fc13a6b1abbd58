/* One row per user with an event: how large a share of all other users with one has fewer.

Shares are whole per cent, rounded down to a multiple of five, so that they do not change daily. */
with counted as (
    select
        user_id,
        sum(n_events)::bigint as n_events,
        count(*) as active_days,
        any_value(spans.n_sessions) as n_sessions
    from marts.user_days
    join core.user_spans as spans using (user_key)
    group by user_id
),

placed as (
    select
        user_id,
        count(*) over () - 1 as n_others,
        rank() over (order by n_events) - 1 as n_fewer_events,
        rank() over (order by active_days) - 1 as n_fewer_days,
        rank() over (order by n_sessions) - 1 as n_fewer_sessions
    from counted
)

select
    user_id,                            -- Id of the user.
    n_others,                           -- Other users with an event.
    100 * n_fewer_events // nullif(n_others, 0) // 5 * 5
        as fewer_events,                -- Per cent of them with fewer events; null without others.
    100 * n_fewer_days // nullif(n_others, 0) // 5 * 5
        as fewer_active_days,           -- Per cent of them with fewer active days; null without others.
    100 * n_fewer_sessions // nullif(n_others, 0) // 5 * 5
        as fewer_sessions               -- Per cent of them with fewer sessions; null without others.
from placed
