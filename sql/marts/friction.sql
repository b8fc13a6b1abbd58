/* One row per page and event: how often sessions end there.

Rates carry a 95 % Wilson interval and rank by its lower bound; a session that may still go on is no
exit, and leaving where a journey is meant to end is no friction. */
with counted as (
    select
        steps.page,
        steps.event,
        count(*) as n_visits,
        count(distinct steps.session_id) as n_sessions,
        count_if(steps.is_exit)::bigint as n_exits,
        count(distinct steps.user_key) filter (steps.is_exit) as n_users_lost
    from core.steps as steps
    join core.sessions as sessions using (session_id)
    where not sessions.is_open
    group by all
),

bounded as (
    select
        *,
        n_exits / n_visits as rate,
        -- Wilson's score interval with z = 1.96.
        (rate + 1.9208 / n_visits) / (1 + 3.8416 / n_visits) as centre,
        1.96 * sqrt(rate * (1 - rate) / n_visits + 0.9604 / (n_visits * n_visits))
            / (1 + 3.8416 / n_visits) as half_width
    from counted
)

select
    page,                               -- Page.
    event,                              -- Event on it.
    n_visits,                           -- Steps with this page and event, in closed sessions.
    n_sessions,                         -- Sessions that had one.
    n_exits as n_sessions_lost,         -- Sessions that ended there.
    n_users_lost,                       -- Users who had a session end there.
    rate as exit_rate,                  -- Sessions lost per visit.
    greatest(centre - half_width, 0) as exit_rate_low, -- Lower bound of the rate, 95 % Wilson.
    least(centre + half_width, 1) as exit_rate_high, -- Upper bound of the rate, 95 % Wilson.
    list_has_any($natural_exits::varchar[], [page, event]) as is_natural_exit, -- Leaving here is success; not ranked.
    n_visits >= $min_support as has_support, -- Visited often enough to be ranked.
    case when has_support and not is_natural_exit then row_number() over (
        partition by has_support and not is_natural_exit order by exit_rate_low desc, page, event
    ) end as friction_rank              -- Rank by the lower bound; null when not ranked.
from bounded
