/* The last complete day is like the same weekdays of the eight weeks before it: fewer than 14 days are no yardstick.

What is usual is the median of the same weekdays. A day may differ from it by a fifth, by three times
what all days differ by (the median absolute deviation of what they are of their own weekday's
median, scaled to a standard deviation), and by three times what chance does to counts; whichever is
the most. Where less than ten are usual, chance does more than this can tell. */
with numbered as (
    select
        day,
        max(day) filter (is_complete) over () as last_day,
        n_sessions,
        metric,
        value
    from (
        select
            day,
            is_complete,
            n_sessions,
            unnest(['events', 'users', 'sessions', 'steps per session', 'share of one step', 'noise']) as metric,
            unnest([n_events, n_users, n_sessions, steps_per_session, single_step_rate, n_noise]) as value
        from marts.daily_metrics
    )
),

before as (
    select
        *,
        median(value) over (partition by metric, dayofweek(day)) as of_weekday
    from numbered
    where day < last_day and day >= last_day - 56 and value is not null
),

yardsticks as (
    select
        metric,
        count(*) as n_days,
        median(n_sessions) as n_sessions,
        max(of_weekday) filter (dayofweek(day) = dayofweek(last_day)) as expected,
        3 * 1.4826 * mad(value / nullif(of_weekday, 0)) as spread
    from before
    group by all
),

judged as (
    select
        numbered.*,
        expected,
        greatest(
            expected * spread,
            expected / 5,
            3 * case metric
                when 'steps per session' then 0
                when 'share of one step' then sqrt(expected * (1 - expected) / nullif(yardsticks.n_sessions, 0))
                else sqrt(expected)
            end
        ) as allowed
    from numbered
    join yardsticks using (metric)
    where day = last_day
        and n_days >= 14
        and if(metric in ('steps per session', 'share of one step'), yardsticks.n_sessions, expected) >= 10
)

select
    day,
    metric,
    round(value, 3) as value,
    round(greatest(expected - allowed, 0), 3) as at_least,
    round(expected + allowed, 3) as at_most
from judged
where abs(value - expected) > allowed
