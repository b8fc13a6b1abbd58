/* One row per fragile path: the chokepoints of fragile flows, by page, in the order they were met.

Whole paths hardly ever repeat, the obstacles on them do. A flow is lost when it ends at a chokepoint;
the baseline is all closed sessions, and what of them ended at one. Both denominators stand beside
the lift, and rows rank by the sessions lost beyond the baseline, at the lower bound of the rate. */
with every_session as (
    select
        (select sum(n_exits) from marts.visits)::bigint as baseline_n_sessions,
        (select coalesce(sum(n_sessions_lost), 0) from marts.friction where is_chokepoint)::bigint
            as baseline_n_lost
),

counted as (
    select
        chokepoint_path as path,
        count(*) as n_sessions,
        count(distinct user_id) as n_users,
        count_if(ends_at_chokepoint)::bigint as n_lost,
        count_if(is_completed)::bigint as n_completed,
        median(duration_seconds) as median_seconds,
        n_lost / n_sessions as rate,
        -- Wilson's score interval with z = 1.96.
        (rate + 1.9208 / n_sessions) / (1 + 3.8416 / n_sessions) as centre,
        1.96 * sqrt(rate * (1 - rate) / n_sessions + 0.9604 / (n_sessions * n_sessions))
            / (1 + 3.8416 / n_sessions) as half_width
    from marts.fragile_flows
    group by chokepoint_path
)

select
    path,                               -- Pages of the chokepoints, in the order they were met.
    n_sessions,                         -- Fragile flows that met exactly these.
    n_users,                            -- Users who had one.
    n_lost,                             -- Of the flows, those that ended at a chokepoint.
    n_completed,                        -- Of the flows, those that reached where journeys are meant to end.
    rate as lost_rate,                  -- Flows lost of all flows on this path.
    greatest(centre - half_width, 0) as lost_rate_low, -- Lower bound of the rate, 95 % Wilson.
    least(centre + half_width, 1) as lost_rate_high, -- Upper bound of the rate, 95 % Wilson.
    baseline_n_sessions,                -- All closed sessions.
    baseline_n_lost,                    -- Of them, those that ended at a chokepoint.
    baseline_n_lost / baseline_n_sessions as baseline_rate, -- Sessions that end at a chokepoint of all closed sessions.
    lost_rate / nullif(baseline_rate, 0) as lift, -- The one rate over the other; null where the baseline loses none.
    median_seconds,                     -- Middle duration of the flows.
    n_sessions >= $min_support as has_support, -- Frequent enough to be ranked.
    case when has_support then row_number() over (
        partition by has_support order by (lost_rate_low - baseline_rate) * n_sessions desc, path
    ) end as path_rank                  -- Rank by the sessions lost beyond the baseline; null when not ranked.
from counted
cross join every_session
