/* One row: the size and shape of all journeys, as the flow checks read them. */
select
    count(distinct user_key) as n_users, -- Users with a session.
    count(*) as n_sessions,             -- Sessions.
    count(*) / nullif(count(distinct user_key), 0) as sessions_per_user, -- Mean; null without users.
    avg(n_steps) as mean_flow_length,   -- Mean steps of a session; null without sessions.
    (select count(*) from marts.page_flows) as n_pages, -- Pages on journeys: the nodes of the graph.
    (
        select count(distinct event) from marts.transitions
        where from_page <> '(entry)' and to_page <> '(exit)'
    ) as n_edge_events,                 -- Distinct events on ways between pages.
    (
        select count(*) from core.events where user_id is null and not is_noise
    ) as n_unattributed_events          -- Events of nobody known: counted here, in no session.
from core.sessions
