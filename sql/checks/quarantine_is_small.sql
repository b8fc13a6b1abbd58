/* No topic has more than one record in a hundred set aside: more means that its format was misread. */
select topic, sum(n_quarantined) as n_quarantined, sum(n_consumed) as n_consumed
from meta.manifest
group by all
having sum(n_quarantined) > 0.01 * sum(n_consumed)
