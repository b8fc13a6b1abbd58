/* One row per cohort and period since: marts.retention by the day, the week or the month.

A cohort is who first came in one period, by each user's own calendar; weeks begin on Mondays. "On"
counts who came in that very period, "on or later" who came in it or in any later one of the data. A
cell is finished when its period has ended for every user of the cohort. Rows without a cohort are
the averages of the finished cells of all cohorts, weighted by their users. Rates carry 95 % Wilson
intervals.

$period = 'week': day, week, month, quarter or year.

Example: from retention(period := 'month') where cohort_date is null */
with user_periods as (
    select
        user_id, came_on,
        min(came_on) over (partition by user_id) as cohort_date,
        max(came_on) over (partition by user_id) as last_on
    from (select distinct user_id, date_trunc($period, local_date)::date as came_on from marts.user_days)
),

-- The day that the data ends on, by the clock of whoever in the cohort gets there last.
cohorts as (
    select
        cohort_date,
        count(*) as n_users,
        min((data_through at time zone tz)::date) as through_date
    from user_periods
    join core.users using (user_id)
    cross join (select max(ended_at) as data_through from core.sessions)
    where came_on = cohort_date
    group by cohort_date
),

periods as (
    select
        cohort_date, n_users, through_date,
        unnest(range(date_diff($period, cohort_date, (select max(came_on) from user_periods)) + 1)) as period_no
    from cohorts
),

came as (
    select
        cohort_date,
        date_diff($period, cohort_date, came_on) as period_no,
        count(*) as n_came,
        count(*) filter (came_on = last_on) as n_came_last
    from user_periods
    group by all
),

cells as (
    select
        cohort_date, period_no, n_users,
        coalesce(n_came, 0) as n_retained,
        sum(coalesce(n_came_last, 0)) over (
            partition by cohort_date order by period_no rows between current row and unbounded following
        )::bigint as n_retained_or_later,
        cohort_date + (period_no + 1) * ('1 ' || $period)::interval <= through_date as is_finished
    from periods
    left join came using (cohort_date, period_no)
),

averaged as (
    from cells
    union all by name
    select
        period_no,
        sum(n_users)::bigint as n_users,
        sum(n_retained)::bigint as n_retained,
        sum(n_retained_or_later)::bigint as n_retained_or_later,
        true as is_finished
    from cells
    where is_finished
    group by period_no
)

select
    cohort_date,                        -- First day of the cohort's first period; null in the averages.
    period_no::integer as period_no,    -- Periods since then; in period 0 everybody is there.
    n_users,                            -- Users of the cohort.
    n_retained,                         -- Of them, those with an event in that period.
    n_retained / n_users as rate,       -- Share retained on that period.
    case when period_no = 0 then 1 else greatest(
        (2 * n_retained + 3.8416 - 1.96 * sqrt(3.8416 + 4 * n_retained * (1 - rate))) / (2 * n_users + 7.6832), 0
    ) end as low,                       -- Lower bound of the rate, 95 % Wilson; period 0 is known.
    case when period_no = 0 then 1 else least(
        (2 * n_retained + 3.8416 + 1.96 * sqrt(3.8416 + 4 * n_retained * (1 - rate))) / (2 * n_users + 7.6832), 1
    ) end as high,                      -- Upper bound of the rate.
    n_retained_or_later,                -- Of the users, those with an event in that period or later.
    n_retained_or_later / n_users as rate_or_later, -- Share retained on that period or later.
    case when period_no = 0 then 1 else greatest(
        (
            2 * n_retained_or_later + 3.8416
            - 1.96 * sqrt(3.8416 + 4 * n_retained_or_later * (1 - rate_or_later))
        ) / (2 * n_users + 7.6832), 0
    ) end as low_or_later,              -- Lower bound of that rate.
    case when period_no = 0 then 1 else least(
        (
            2 * n_retained_or_later + 3.8416
            + 1.96 * sqrt(3.8416 + 4 * n_retained_or_later * (1 - rate_or_later))
        ) / (2 * n_users + 7.6832), 1
    ) end as high_or_later,             -- Upper bound of that rate.
    is_finished                         -- The period is over for every user; others are in no average.
from averaged
order by cohort_date nulls last, period_no
