/* One row per page: what comes in and what goes out. */
with arriving as (
    select
        to_page as page,
        sum(n) filter (from_page = '(entry)') as n_entries,
        sum(n) filter (from_page <> '(entry)') as n_inflow
    from marts.transitions
    where to_page <> '(exit)'
    group by all
),

leaving as (
    select
        from_page as page,
        sum(n) filter (to_page = '(exit)') as n_exits,
        sum(n) filter (to_page <> '(exit)') as n_outflow
    from marts.transitions
    where from_page <> '(entry)'
    group by all
)

select
    page,                               -- Page.
    coalesce(n_entries, 0)::bigint as n_entries, -- Sessions that start here.
    coalesce(n_inflow, 0)::bigint as n_inflow, -- Steps that lead here, from itself too.
    coalesce(n_outflow, 0)::bigint as n_outflow, -- Steps that lead on, to itself too.
    coalesce(n_exits, 0)::bigint as n_exits -- Sessions that end here.
from arriving
full join leaving using (page)
