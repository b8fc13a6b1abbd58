/* One row per page and event: how often sessions end there, and how sure it is that it is too often.

Rates carry a 95 % Wilson interval; a session that may still go on is no exit, and leaving where a
journey is meant to end is no friction. The baseline is what everything else loses at the same part
of a session, in sessions of the same source. Pairs rank by the sessions that they lose beyond it,
counted at the lower bound of the rate.

A chokepoint is a claim: the exits are too many for the baseline by a binomial test, with Holm's
correction over all pairs tested, and even the lower bound is a good deal above it. Users differ, and
one user's visits are alike, so counts are first divided by how much that widens them; likewise for
the baseline, which is an estimate too (docs/adr/0012). */
with pairs as (
    select
        *,
        n_visits >= $min_support as has_support,
        n_exits / n_visits as rate,
        -- Wilson's score interval with z = 1.96.
        (rate + 1.9208 / n_visits) / (1 + 3.8416 / n_visits) as centre,
        1.96 * sqrt(rate * (1 - rate) / n_visits + 0.9604 / (n_visits * n_visits))
            / (1 + 3.8416 / n_visits) as half_width,
        rate * (1 - rate) as variance,
        exits_squared - 2 * rate * visits_times_exits + rate * rate * visits_squared as spread,
        sum(n_exits) over () as n_all_sessions,
        -- Everything else: all that is no natural exit, without this pair.
        sum(n_visits) filter (not is_natural_exit) over () - if(is_natural_exit, 0, n_visits)
            as n_else,
        sum(n_exits) filter (not is_natural_exit) over () - if(is_natural_exit, 0, n_exits)
            as n_exits_else
    from marts.visits
),

-- How alike the visits of one user are, over all pairs: 0 not at all, 1 entirely. Here as below,
-- numbers are added in a stated order, so that the sum is the same to the last bit.
alike as (
    select
        least(greatest(
            sum(spread - variance * (n_visits - visits_squared / n_visits) order by page, event)
                / nullif(sum(variance * (visits_squared - n_visits) order by page, event), 0), 0
        ), 1) as likeness
    from pairs
    where n_users > 1 and not is_natural_exit
),

positions as (
    select
        page, event, source, position_band, here.n_visits, n_else, n_exits_else,
        sum(here.n_visits) filter (not is_natural_exit) over part
            - if(is_natural_exit, 0, here.n_visits) as n_part,
        sum(here.n_exits) filter (not is_natural_exit) over part
            - if(is_natural_exit, 0, here.n_exits) as n_exits_part
    from marts.visit_positions as here
    join pairs using (page, event)
    window part as (partition by source, position_band)
),

-- Where little else happens in a part, ten visits at the overall rate are added.
expected as (
    select
        *,
        (coalesce(n_exits_part, 0) + 10 * n_exits_else / n_else) / (coalesce(n_part, 0) + 10) as part_rate
    from positions
    where n_else > 0
),

baselines as (
    select
        page, event,
        sum(n_visits * part_rate order by source, position_band) / sum(n_visits) as baseline,
        sum(
            n_visits * n_visits * part_rate * (1 - part_rate) / (coalesce(n_part, 0) + 10)
            order by source, position_band
        ) / sum(n_visits) as baseline_variance
    from expected
    group by all
),

-- A rate of exactly 0 or 1 is not believed of the baseline.
weighed as (
    select
        *,
        least(greatest(baseline, 1 / (n_else + 2)), 1 - 1 / (n_else + 2)) as p,
        has_support and not is_natural_exit and n_else >= $min_support and n_users > 1 as is_tested,
        greatest(
            1,
            1 + coalesce(likeness, 0) * (visits_squared / n_visits - 1),
            coalesce(spread * n_users / nullif((n_users - 1) * n_visits * variance, 0), 1)
        ) * (1 + baseline_variance / (p * (1 - p))) as widening,
        n_exits / widening as exits_left,
        (n_visits - n_exits) / widening + 1 as stays_left
    from pairs
    left join baselines using (page, event)
    cross join alike
),

-- The tail of the binomial distribution is an incomplete beta function, here by its power series; it
-- is summed on the side where few terms are enough. Counts need not be whole for it.
sides as (
    select
        *,
        p <= 0.5 or (p <= 0.9 and n_exits >= p * n_visits) as is_upper,
        if(is_upper, p, 1 - p) as q,
        if(is_upper, exits_left, stays_left) as a,
        if(is_upper, stays_left, exits_left) as b,
        40 + 12 * sqrt(b * q) / (1 - q) + greatest((a + b) * q - a, 0) / (1 - q) - 40 / ln(q) as n_terms
    from weighed
    where is_tested
),

tails as (
    select
        page, event,
        list_sum(list_transform(
            range(n_terms::bigint),
            lambda j: exp(lgamma(a + b + j) - lgamma(a + 1 + j) - lgamma(b) + (a + j) * ln(q) + b * ln(1 - q))
        )) as tail,
        greatest(least(if(is_upper, tail, 1 - tail), 1), 0) as p_value
    from sides
    where n_exits > 0
    union all
    select page, event, null as tail, 1 as p_value
    from sides
    where n_exits = 0
),

held as (
    select
        page, event, p_value,
        least(max(p_value * (n_tested - place + 1)) over (order by place), 1) as p_adjusted
    from (
        select
            *,
            row_number() over (order by p_value, page, event) as place,
            count(*) over () as n_tested
        from tails
    )
)

select
    page,                               -- Page.
    event,                              -- Event on it.
    n_visits,                           -- Steps with this page and event, in closed sessions.
    n_sessions,                         -- Sessions that had one.
    n_sessions / n_all_sessions as session_share, -- Of all closed sessions, those that had one.
    n_users,                            -- Users who had one.
    n_exits as n_sessions_lost,         -- Sessions that ended there.
    n_users_lost,                       -- Users who had a session end there.
    rate as exit_rate,                  -- Sessions lost per visit.
    greatest(centre - half_width, 0) as exit_rate_low, -- Lower bound of the rate, 95 % Wilson.
    least(centre + half_width, 1) as exit_rate_high, -- Upper bound of the rate, 95 % Wilson.
    baseline as baseline_exit_rate,     -- What all else loses at the same parts of sessions; null without any.
    (exit_rate_low - baseline) * n_visits
        as n_expected_lost,             -- Sessions lost beyond it, at the lower bound; below 0 where it may be none.
    p_value,                            -- Chance of so many exits at the baseline; null when not tested.
    p_adjusted,                         -- The same, corrected by Holm for all pairs tested; null when not tested.
    coalesce(p_adjusted <= $friction_error_rate and exit_rate_low >= $chokepoint_ratio * baseline, false)
        as is_chokepoint,               -- Loses more than the rest: beyond chance, and by the configured ratio.
    betweenness,                        -- Share of the likeliest paths between two other pages that lead over it.
    if(degenerate_reason is null, exit_rate * betweenness, null)
        as telomesh_score,              -- Exit rate times betweenness; null when the betweenness means nothing.
    n_backtracks,                       -- Visits from which it went straight back to the page before.
    n_repeats,                          -- Visits that the same page and event followed.
    n_retries,                          -- Errors after which the user stayed on the page; 0 where it is no error.
    is_error,                           -- The event reports an error.
    median_dwell_seconds,               -- Middle time until the next step; null where every visit was the last.
    is_natural_exit,                    -- Leaving here is success; not ranked, not in the baseline.
    has_support,                        -- Visited often enough to be ranked.
    case when has_support and not is_natural_exit then row_number() over (
        partition by has_support and not is_natural_exit
        order by n_expected_lost desc nulls last, exit_rate_low desc, page, event
    ) end as friction_rank              -- Rank by the sessions lost beyond the baseline; null when not ranked.
from weighed
left join held using (page, event)
left join (select page, betweenness, degenerate_reason from marts.page_centrality) as central
    using (page)
