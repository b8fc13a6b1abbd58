/* One row per way between two different pages: how likely it is taken, and how long that makes it.

Staying on a page, coming in and leaving are no ways. Most of what happens once never happens again,
and with enough traffic every page is reached from every other; so a way counts only when it was
taken twice, and by at least 1 % of those who go on from its start or of those who arrive at its end.

A way is as long as it is unlikely: minus the logarithm of its probability, so that the length of a
path is that of its probability, and a busy road is a short road. Probabilities have one added below
the line, so none is 1 and no way has length 0. Lengths are whole multiples of 2^-30: equal sums are
then equal numbers, whatever order they were added in. */
with ways as (
    select from_page, to_page, sum(n)::bigint as n
    from marts.transitions
    where from_page not in (to_page, '(entry)') and to_page <> '(exit)'
    group by all
),

weighed as (
    select
        *,
        sum(n) over (partition by from_page)::bigint as n_leaving,
        sum(n) over (partition by to_page)::bigint as n_arriving
    from ways
)

select
    from_page,                          -- Page the way starts on.
    to_page,                            -- Page it leads to.
    n,                                  -- Times it was taken.
    n_leaving,                          -- Times anybody went on from its start to another page.
    n_arriving,                         -- Times anybody came to its end from another page.
    n / n_leaving as probability,       -- Of those who go on from its start, the share that takes it.
    greatest(ceil(-ln(n / (n_leaving + 1)) * 1073741824), 1) / 1073741824 as distance, -- Length of the way.
    n >= 2 and (n >= 0.01 * n_leaving or n >= 0.01 * n_arriving) as has_support -- Counts as a way.
from weighed
