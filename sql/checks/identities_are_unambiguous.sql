/* Each id is one user's, who is nobody else, and every event goes to the user that its stated one is.

Identity that says two things would count one event for two people. */
with users as (
    select * from core.identities where kind = 'user'
)

select node as what, 'stands twice' as problem
from core.identities
group by node
having count(*) > 1
union all
select users.node, 'is ' || coalesce(users.user_id, 'nobody') || ', who is ' || coalesce(others.user_id, 'nobody')
from users
left join users as others on others.id = users.user_id
where others.user_id is distinct from users.user_id
union all
select cluster_id, 'is ' || count(distinct user_id) || ' users'
from core.identities
where not is_suspicious
group by cluster_id
having count(distinct user_id) > 1
union all
select events.event_id::varchar, 'states ' || events.stated_user_id || ' and goes to ' || coalesce(events.user_id, 'nobody')
from core.events as events
left join users on users.id = events.stated_user_id
where events.stated_user_id is not null
    and events.user_id is distinct from coalesce(users.user_id, events.stated_user_id)
union all
select event_id::varchar, 'goes to ' || user_id || ' without a trace of them'
from core.events
where stated_user_id is null and user_id is not null and (anonymous_id is null or not is_stitched)
