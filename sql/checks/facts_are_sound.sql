/* A user's facts are finite numbers in the range of their unit, each once, and say what the summary says.

None counts more events or days than the user has, or tells of a day or month outside the user's. */
with asked as (
    select * from marts.user_facts where user_id = any($users::varchar[])
),

summary as (
    select * from marts.user_summary where user_id = any($users::varchar[])
),

counted as (
    select
        user_id,
        unnest([
            'n_events', 'n_sessions', 'active_days', 'span_days', 'n_pages', 'longest_streak', 'recent_events',
            'peak_hour', 'peak_weekday', 'current_streak', 'previous_events'
        ]) as fact_id,
        unnest([
            n_events, n_sessions, active_days, span_days, n_pages, longest_streak_days, n_recent_events,
            peak_hour, peak_weekday, current_streak_days, n_previous_events
        ]) as expected
    from summary
),

placed as (
    select
        asked.*,
        try_cast(if(unit = 'month', value_text || '-01', value_text) as date) as stated_date,
        if(unit = 'month', date_trunc('month', first_date), first_date)::date as earliest,
        last_date as latest,
        if(unit = 'days', summary.span_days, summary.n_events) as most
    from asked
    left join summary using (user_id)
),

before as (
    select user_id, replace(fact_id, '_before', '') as fact_id, value
    from asked
    where ends_with(fact_id, '_before')
)

select user_id, fact_id || ' is ' || coalesce(value::varchar, 'null') as problem
from asked
where not isfinite(value)
    or (value is null and value_text is null)
    or value < 0
    or not coalesce(n >= 0, false)
    or (unit = 'hour' and not coalesce(value between 0 and 23, false))
    or (unit = 'weekday' and not coalesce(value between 0 and 6, false))
    or (unit = '%' and not coalesce(value between 0 and 100, false))
    or (starts_with(fact_id, 'cohort_') and not coalesce(value % 5 = 0 and n >= 20, false))
    or (unit not in ('minutes', 'steps') and value <> floor(value))
    or not coalesce(coverage between 0 and 1, true)
union all
select user_id, fact_id || ' is ' || value || ' of ' || most
from placed
where unit in ('events', 'days', 'month', 'date', 'daypart') and value > most
union all
select user_id, fact_id || ' says ' || coalesce(value_text, 'nothing')
from placed
where (unit in ('date', 'month') and (stated_date is null or stated_date < earliest or stated_date > latest))
    or (unit = 'months' and not coalesce(regexp_full_match(value_text, '(0[1-9]|1[0-2])-(0[1-9]|1[0-2])'), false))
    or (unit = 'daypart' and not coalesce(value_text in ('night', 'morning', 'afternoon', 'evening'), false))
    or (unit = 'title' and coalesce(value_text = '', true))
union all
select user_id, fact_id || ' is ' || asked.value || ' after ' || before.value
from asked
join before using (user_id, fact_id)
where if(starts_with(fact_id, 'rising'), asked.value < before.value + 5, before.value < asked.value + 5)
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
from summary
anti join (select user_id from asked where fact_id = 'n_events') using (user_id)
