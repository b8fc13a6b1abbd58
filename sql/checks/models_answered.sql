/* Whatever a model was asked it answered, and what it said its facts hold; else a template told it. */
select generation, status, count(*) as n_users, min(trouble) as trouble
from marts.user_generations
where status not in ('ok', 'off', 'tier', 'nothing')
group by all
order by all
