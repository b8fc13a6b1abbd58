/* Cohorts hold every user once, all are there in week 0, and the averages are those of the finished cells. */
with cells as (
    from marts.retention where cohort_week is not null
),

averages as (
    from marts.retention where cohort_week is null
),

finished as (
    select
        week_no,
        sum(n_users) as n_users,
        sum(n_retained) as n_retained,
        sum(n_retained_or_later) as n_retained_or_later
    from cells
    where is_finished
    group by all
)

select cohort_week, week_no, n_users, n_retained, n_retained_or_later, 'a cell is off' as problem
from marts.retention
where n_retained > n_retained_or_later
    or n_retained_or_later > n_users
    or (week_no = 0 and n_retained <> n_users)
    or rate not between low - 1e-9 and high + 1e-9
    or rate_or_later not between low_or_later - 1e-9 and high_or_later + 1e-9
    or least(low, low_or_later) < 0
    or greatest(high, high_or_later) > 1
union all
select null, 0, sum(n_users)::bigint, null, null, 'the cohorts do not hold every user once'
from cells
where week_no = 0
having coalesce(sum(n_users), 0) <> (select count(distinct user_id) from core.sessions)
union all
select null, week_no, averages.n_users, averages.n_retained, averages.n_retained_or_later, 'an average is off'
from averages
full join finished using (week_no)
where averages.n_users is distinct from finished.n_users
    or averages.n_retained is distinct from finished.n_retained
    or averages.n_retained_or_later is distinct from finished.n_retained_or_later
