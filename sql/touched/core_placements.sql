/* One row per stretch of a user's time in which steps are placed again.

A stretch is a run without a pause that holds a change. Sessions that end near the end of the data,
as it was and as it is, are looked at again too: they may still go on. */
with moments as (
    select user_key, occurred_at from gone.core_events where user_id is not null and not is_noise
    union
    select user_key, occurred_at from come.core_events where user_id is not null and not is_noise
    union
    select user_key, ended_at
    from core.sessions
    left join core.horizon on true
    where is_open or coalesce(epoch_us(ended_at) >= epoch_us(data_through) - $session_gap_us, false)
),

-- What lies before the pause before a user's first change stays as it is.
beginnings as (
    select user_key, min(occurred_at) as first_at from moments group by user_key
),

reached as (
    select
        user_key,
        max(started_at) filter (is_after_pause and started_at <= first_at) as since_at
    from core.sessions
    join beginnings using (user_key)
    group by user_key
),

spans as (
    select user_key, occurred_at as from_at, occurred_at as until_at, true as is_changed from moments
    union all
    select user_key, started_at as from_at, ended_at as until_at, false as is_changed
    from core.sessions
    join reached using (user_key)
    where coalesce(started_at >= since_at, true)
),

-- One piece of several that begin and end together, so that there is one order.
pieces as (
    select user_key, from_at, until_at, bool_or(is_changed) as is_changed from spans group by all
),

parted as (
    select
        *,
        coalesce(epoch_us(from_at) - max(epoch_us(until_at)) over before > $session_gap_us, true) as after_pause
    from pieces
    window before as (
        partition by user_key order by from_at, until_at rows between unbounded preceding and 1 preceding
    )
),

runs as (
    select
        *,
        count_if(after_pause) over (
            partition by user_key order by from_at, until_at rows unbounded preceding
        ) as run_no
    from parted
)

select
    user_key,                           -- The user.
    min(from_at) as from_at,            -- Beginning of the stretch.
    max(until_at) as until_at           -- Its end, itself included.
from runs
group by user_key, run_no
having bool_or(is_changed)
