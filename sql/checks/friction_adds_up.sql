/* Every closed session is lost at exactly one page and event, every step of one is a visit, and ranks have no holes. */
with judged as (
    select
        (select count(*) from core.sessions where not is_open) as n_sessions,
        (select coalesce(sum(n_sessions_lost), 0) from marts.friction) as n_sessions_lost,
        (select coalesce(sum(n_steps), 0) from core.sessions where not is_open) as n_steps,
        (select coalesce(sum(n_visits), 0) from marts.friction) as n_visits,
        (select count(friction_rank) from marts.friction) as n_ranked,
        (select count(distinct friction_rank) from marts.friction) as n_ranks,
        (select coalesce(max(friction_rank), 0) from marts.friction) as last_rank
)

select *
from judged
where n_sessions <> n_sessions_lost
    or n_steps <> n_visits
    or n_ranked <> n_ranks
    or n_ranked <> last_rank
