/* No topic has more than one event in a hundred flagged as noise: more means that its times were misread. */
select topic, count_if(is_noise)::bigint as n_noise, count(*) as n_events
from core.events
group by all
having count_if(is_noise) > 0.01 * count(*)
