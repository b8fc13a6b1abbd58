/* One row per weekly cohort and week since: how many of those who first came in one week came again.

Weeks are Mondays to Sundays by each user's own calendar. "On" counts who came in that very week,
"on or later" who came in it or in any later week of the data. A cell is finished when its week has
ended for every user of the cohort. Rows without a cohort are the averages of the finished cells of
all cohorts, weighted by their users. Rates carry 95 % Wilson intervals. */
with user_weeks as (
    select
        user_id,
        date_trunc('week', local_date)::date as week,
        min(week) over (partition by user_id) as cohort_week,
        max(week) over (partition by user_id) as last_week
    from (select distinct user_id, date_trunc('week', local_date)::date as local_date from marts.user_days)
),

-- The day that the data ends on, by the clock of whoever in the cohort gets there last.
cohorts as (
    select
        cohort_week,
        count(*) as n_users,
        min((data_through at time zone tz)::date) as through_date
    from user_weeks
    join core.users using (user_id)
    cross join (select max(ended_at) as data_through from core.sessions)
    where week = cohort_week
    group by cohort_week
),

weeks as (
    select
        cohort_week, n_users, through_date,
        unnest(range(date_diff('week', cohort_week, (select max(week) from user_weeks)) + 1)) as week_no
    from cohorts
),

came as (
    select
        cohort_week,
        date_diff('week', cohort_week, week) as week_no,
        count(*) as n_came,
        count(*) filter (week = last_week) as n_came_last
    from user_weeks
    group by all
),

cells as (
    select
        cohort_week, week_no, n_users,
        coalesce(n_came, 0) as n_retained,
        sum(coalesce(n_came_last, 0)) over (
            partition by cohort_week order by week_no rows between current row and unbounded following
        )::bigint as n_retained_or_later,
        cohort_week + 7 * (week_no::integer + 1) <= through_date as is_finished
    from weeks
    left join came using (cohort_week, week_no)
),

averaged as (
    from cells
    union all by name
    select
        week_no,
        sum(n_users)::bigint as n_users,
        sum(n_retained)::bigint as n_retained,
        sum(n_retained_or_later)::bigint as n_retained_or_later,
        true as is_finished
    from cells
    where is_finished
    group by week_no
)

select
    cohort_week,                        -- Monday of the first week with an event; null in the averages.
    week_no::integer as week_no,        -- Weeks since then; in week 0 everybody is there.
    n_users,                            -- Users of the cohort.
    n_retained,                         -- Of them, those with an event in that week.
    n_retained / n_users as rate,       -- Share retained on that week.
    case when week_no = 0 then 1 else greatest(
        (2 * n_retained + 3.8416 - 1.96 * sqrt(3.8416 + 4 * n_retained * (1 - rate))) / (2 * n_users + 7.6832), 0
    ) end as low,                       -- Lower bound of the rate, 95 % Wilson; week 0 is known.
    case when week_no = 0 then 1 else least(
        (2 * n_retained + 3.8416 + 1.96 * sqrt(3.8416 + 4 * n_retained * (1 - rate))) / (2 * n_users + 7.6832), 1
    ) end as high,                      -- Upper bound of the rate.
    n_retained_or_later,                -- Of the users, those with an event in that week or later.
    n_retained_or_later / n_users as rate_or_later, -- Share retained on that week or later.
    case when week_no = 0 then 1 else greatest(
        (
            2 * n_retained_or_later + 3.8416
            - 1.96 * sqrt(3.8416 + 4 * n_retained_or_later * (1 - rate_or_later))
        ) / (2 * n_users + 7.6832), 0
    ) end as low_or_later,              -- Lower bound of that rate.
    case when week_no = 0 then 1 else least(
        (
            2 * n_retained_or_later + 3.8416
            + 1.96 * sqrt(3.8416 + 4 * n_retained_or_later * (1 - rate_or_later))
        ) / (2 * n_users + 7.6832), 1
    ) end as high_or_later,             -- Upper bound of that rate.
    is_finished                         -- The week is over for every user; others are in no average.
from averaged
