/* The links of each step of the diagram hold every session, and what comes to a page goes on from it. */
with steps as (
    select unnest(range($sankey_steps + 1)) as step_index
),

columns as (
    select step_index, sum(n_sessions) as n_found
    from marts.sankey
    group by all
),

coming as (
    select step_index, to_page as page, sum(n_sessions) as n_coming
    from marts.sankey
    where step_index < $sankey_steps
    group by all
),

going as (
    select step_index - 1 as step_index, from_page as page, sum(n_sessions) as n_going
    from marts.sankey
    where step_index > 0
    group by all
)

select
    step_index,
    '(all)' as page,
    coalesce(n_found, 0)::bigint as n_found,
    (select count(*) from core.sessions) as n_expected
from steps
full join columns using (step_index)
where coalesce(n_found, 0) <> n_expected or step_index not between 0 and $sankey_steps
union all
select step_index, page, coalesce(n_going, 0)::bigint as n_found, coalesce(n_coming, 0)::bigint as n_expected
from coming
full join going using (step_index, page)
where coalesce(n_going, 0) <> coalesce(n_coming, 0)
