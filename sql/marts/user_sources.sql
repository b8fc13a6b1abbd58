/* One row per user and publication or application; events that state none have a row of their own. */
select
    user_id,                            -- Id of the user.
    events.publication,                 -- Publication or application; null is not known.
    count(*) as n_events                -- Events.
from core.steps
join core.events as events using (event_id, user_id)
group by all
