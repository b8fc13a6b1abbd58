/* Pairs of steps are the ways between pages, split by the event before: they add up to the same. */
with pairs as (
    select from_page, to_page, to_event as event, sum(n) as n_pairs
    from marts.transition_pairs
    group by all
),

ways as (
    select from_page, to_page, event, n as n_ways
    from marts.transitions
    where from_page <> '(entry)' and to_page <> '(exit)'
)

select from_page, to_page, event, n_pairs, n_ways
from pairs
full join ways using (from_page, to_page, event)
where n_pairs is distinct from n_ways
