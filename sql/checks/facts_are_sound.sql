/* A user's facts are finite numbers in the range of their unit, each once, and say what the summary says. */
with asked as (
    select * from marts.user_facts where user_id = any($users::varchar[])
),

counted as (
    select
        user_id,
        unnest([
            'n_events', 'n_sessions', 'active_days', 'span_days', 'n_pages', 'longest_streak', 'recent_events',
            'peak_hour', 'peak_weekday'
        ]) as fact_id,
        unnest([
            n_events, n_sessions, active_days, span_days, n_pages, longest_streak_days, n_recent_events,
            peak_hour, peak_weekday
        ]) as expected
    from marts.user_summary
    where user_id = any($users::varchar[])
)

select user_id, fact_id || ' is ' || coalesce(value::varchar, 'null') as problem
from asked
where not isfinite(value)
    or (value is null and value_text is null)
    or value < 0
    or not coalesce(n >= 0, false)
    or (unit = 'hour' and not coalesce(value between 0 and 23, false))
    or (unit = 'weekday' and not coalesce(value between 0 and 6, false))
    or (unit in ('events', 'days', 'sessions', 'pages') and value <> floor(value))
    or not coalesce(coverage between 0 and 1, true)
union all
select user_id, fact_id || ' stands ' || count(*) || ' times'
from asked
group by user_id, fact_id
having count(*) > 1
union all
select
    user_id,
    fact_id || ' is ' || coalesce(asked.value::varchar, 'null') || ', the summary says '
        || coalesce(counted.expected::varchar, 'null')
from asked
join counted using (user_id, fact_id)
where asked.value is distinct from counted.expected
union all
select summary.user_id, 'no fact n_events'
from marts.user_summary as summary
anti join (select user_id from asked where fact_id = 'n_events') using (user_id)
where summary.user_id = any($users::varchar[])
