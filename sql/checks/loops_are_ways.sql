/* A page follows itself as often in the loops as among the ways, and nobody goes back more often than on. */
with ways as (
    select
        from_page as page,
        sum(n) filter (to_page = from_page) as n_repeats,
        sum(n) filter (to_page not in (from_page, '(exit)')) as n_onward
    from marts.transitions
    where from_page <> '(entry)'
    group by all
),

loops as (
    select
        page,
        sum(n) filter (kind = 'repeat') as n_repeats,
        sum(n) filter (kind = 'backtrack') as n_backtracks
    from marts.loops
    group by all
)

select
    page,
    coalesce(loops.n_repeats, 0)::bigint as n_repeats,
    coalesce(ways.n_repeats, 0)::bigint as n_ways_to_itself,
    coalesce(n_backtracks, 0)::bigint as n_backtracks,
    coalesce(n_onward, 0)::bigint as n_ways_onward
from ways
full join loops using (page)
where coalesce(loops.n_repeats, 0) <> coalesce(ways.n_repeats, 0)
    or coalesce(n_backtracks, 0) > coalesce(n_onward, 0)
