/* One row per page, event, source and part of the session: steps there, and how many were the last.

Exits are likelier at some places of a session than at others, and in some products than in others, so
a page is compared with what else happens at the same place in sessions of the same source. The first
steps are parts of their own, later ones are wider: two a doubling. Only sessions that are closed
count, as in marts.visits. */
with origins as (
    select session_key, source
    from core.steps
    join (select event_id, source from core.events) as events using (event_id)
    where step_index = 0
)

select
    page,                               -- Page.
    event,                              -- Event on it.
    source,                             -- Shape of the record that the session starts with: csv, ksql and so on.
    floor(2 * log2(step_index + 1))::integer as position_band, -- Part: 0 is the first step, 2 the second, and so on.
    count(*) as n_visits,               -- Steps with this page and event in this part.
    count_if(is_exit)::bigint as n_exits -- Of them, the last of their session.
from core.steps
join origins using (session_key)
anti join (select session_key from core.sessions where is_open) as still_open using (session_key)
group by all
