/* An event stands once: a duplicate would be counted twice in everything after. */
select event_id, count(*) as n
from core.events
group by all
having count(*) > 1
