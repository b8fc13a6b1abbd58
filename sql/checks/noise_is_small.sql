/* No topic has more than one event in a hundred with an impossible time: more means that its times were misread. */
select topic, count_if(noise_reason in ('before_earliest', 'in_future'))::bigint as n_noise, count(*) as n_events
from core.events
group by all
having count_if(noise_reason in ('before_earliest', 'in_future')) > 0.01 * count(*)
