/* One row per comparison, page and event: what one side loses there, less what the other one does.

In `periods` the one side is the last period, the other the period before it. Periods are whole days
in UTC, and the day that the data ends in is in neither, so a day that is still running is no drop. A
visit belongs to the period it happened in.

In `visitors` the one side is every session of a user who had one before, the other are first
sessions, over all the data. Who came before the data begins counts as new. Not everybody returns, so
a difference need not be what returning did to them.

Sessions that are still open and natural exits are left out, as in marts.friction. The interval is
Newcombe's, of the difference of two rates, at 95 %. A difference is significant when an interval that
is wide enough for all pairs of its comparison at once leaves 0 out, from counts divided by how alike
the visits of one user are (docs/adr/0012). */
with bounds as (
    select
        'periods' as comparison,
        date_trunc('day', data_through) as period_until,
        period_until - to_days($friction_period_days::integer) as period_from,
        period_from - to_days($friction_period_days::integer) as against_from
    from (select max(occurred_at) as data_through from core.steps)
),

came as (
    select
        session_key,
        row_number() over (partition by user_key order by started_at, session_key) = 1 as is_first
    from core.sessions
),

visits as (
    select
        page, event, user_key, is_first,
        case
            when occurred_at >= against_from and occurred_at < period_until then occurred_at < period_from
        end as is_earlier,
        count(*) as n_visits,
        count_if(is_exit) as n_lost
    from core.steps
    left join came using (session_key)
    anti join (select session_key from core.sessions where is_open) as still_open using (session_key)
    anti join (select page, event from marts.visits where is_natural_exit) as natural_exits
        using (page, event)
    cross join bounds
    group by all
),

by_user as (
    select
        comparison, page, event, user_key, is_against,
        sum(n_visits) as n_visits,
        sum(n_lost) as n_lost
    from (
        select 'periods' as comparison, is_earlier as is_against, * from visits
        union all
        select 'visitors' as comparison, is_first as is_against, * from visits
    )
    where is_against is not null
    group by all
),

rated as (
    select
        comparison, page, event, is_against,
        count(*) as n_users,
        sum(n_visits)::bigint as n_visits,
        sum(n_lost)::bigint as n_lost,
        sum(n_lost) / sum(n_visits) as rate,
        rate * (1 - rate) as variance,
        sum(n_visits * n_visits) as visits_squared,
        sum(n_lost * n_lost) - 2 * rate * sum(n_visits * n_lost) + rate * rate * visits_squared as spread
    from by_user
    group by all
),

alike as (
    select
        comparison,
        least(greatest(
            sum(spread - variance * (n_visits - visits_squared / n_visits) order by page, event, is_against)
                / nullif(sum(variance * (visits_squared - n_visits) order by page, event, is_against), 0), 0
        ), 1) as likeness
    from rated
    where n_users > 1
    group by comparison
),

widened as (
    select
        *,
        n_visits / greatest(
            1,
            1 + coalesce(likeness, 0) * (visits_squared / n_visits - 1),
            coalesce(spread * n_users / nullif((n_users - 1) * n_visits * variance, 0), 1)
        ) as n_left
    from rated
    left join alike using (comparison)
),

compared as (
    select
        comparison,
        page,
        event,
        one.n_visits,
        one.n_lost,
        one.rate,
        one.n_left,
        other.n_visits as n_visits_against,
        other.n_lost as n_lost_against,
        other.rate as rate_against,
        other.n_left as n_left_against,
        one.rate - other.rate as difference,
        least(one.n_visits, n_visits_against) >= $min_support and least(one.n_users, other.n_users) > 1
            as is_tested
    from (from widened where not is_against) as one
    full join (from widened where is_against) as other using (comparison, page, event)
),

-- Once at 95 %, and once with z for all pairs at the error rate (a rational approximation, to 0.0005).
levels as (
    select distinct comparison, false as is_joint, 1.96 as z
    from compared
    union all
    select
        comparison,
        true as is_joint,
        root - (2.515517 + 0.802853 * root + 0.010328 * root ** 2)
            / (1 + 1.432788 * root + 0.189269 * root ** 2 + 0.001308 * root ** 3) as z
    from (
        select
            comparison,
            sqrt(-2 * ln($friction_error_rate / (2 * greatest(count_if(is_tested), 1)))) as root
        from compared
        group by comparison
    )
),

bounded as (
    select
        *,
        if(is_joint, n_left, n_visits) as n1,
        if(is_joint, n_left_against, n_visits_against) as n2,
        (rate + z * z / (2 * n1)) / (1 + z * z / n1) as centre1,
        (rate_against + z * z / (2 * n2)) / (1 + z * z / n2) as centre2,
        z * sqrt(rate * (1 - rate) / n1 + z * z / (4 * n1 * n1)) / (1 + z * z / n1) as half1,
        z * sqrt(rate_against * (1 - rate_against) / n2 + z * z / (4 * n2 * n2)) / (1 + z * z / n2) as half2,
        difference - sqrt((rate - (centre1 - half1)) ** 2 + (centre2 + half2 - rate_against) ** 2) as low,
        difference + sqrt((centre1 + half1 - rate) ** 2 + (rate_against - (centre2 - half2)) ** 2) as high
    from compared
    join levels using (comparison)
)

select
    comparison,                         -- periods or visitors.
    page,                               -- Page.
    event,                              -- Event on it.
    coalesce(any_value(n_visits), 0) as n_visits, -- Visits in the last period, or of returning users.
    coalesce(any_value(n_lost), 0) as n_lost, -- Of them, the last of their session.
    any_value(rate) as rate,            -- Sessions lost per visit; null without visits.
    coalesce(any_value(n_visits_against), 0) as n_visits_against, -- Visits in the period before, or in first sessions.
    coalesce(any_value(n_lost_against), 0) as n_lost_against, -- Of them, the last of their session.
    any_value(rate_against) as rate_against, -- Sessions lost per visit there; null without visits.
    any_value(difference) as rate_difference, -- The one rate less the other; null where one is missing.
    any_value(low) filter (not is_joint) as difference_low, -- Lower end of the difference, 95 % Newcombe.
    any_value(high) filter (not is_joint) as difference_high, -- Upper end of the difference, 95 % Newcombe.
    coalesce(any_value(is_tested and (low > 0 or high < 0)) filter (is_joint), false)
        as is_significant,              -- They differ: so much is no chance, all pairs considered.
    any_value(against_from) as against_from, -- Start of the period before, in UTC; null but for periods.
    any_value(period_from) as period_from, -- Its end and the start of the last period, in UTC.
    any_value(period_until) as period_until -- End of the last period, in UTC.
from bounded
left join bounds using (comparison)
group by comparison, page, event
