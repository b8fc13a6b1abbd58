/* One row per page and event: what the last period loses, against the period before it.

Periods are whole days in UTC, and the day that the data ends in is in neither, so a day that is
still running is no drop. A visit belongs to the period it happened in; sessions that are still open
and natural exits are left out, as in marts.friction. The interval is Newcombe's, of the difference
of two rates, at 95 %.

A change is significant when an interval that is wide enough for all pairs compared at once leaves 0
out, from counts divided by how alike the visits of one user are (docs/adr/0012). */
with bounds as (
    select
        date_trunc('day', data_through) as after_until,
        after_until - to_days($friction_period_days::integer) as after_from,
        after_from - to_days($friction_period_days::integer) as before_from
    from (select max(occurred_at) as data_through from core.steps)
),

by_user as (
    select
        page, event, user_key, occurred_at >= after_from as is_after,
        count(*) as n_visits,
        count_if(is_exit) as n_lost
    from core.steps
    anti join (select session_key from core.sessions where is_open) as still_open using (session_key)
    anti join (select page, event from marts.visits where is_natural_exit) as natural_exits
        using (page, event)
    cross join bounds
    where occurred_at >= before_from and occurred_at < after_until
    group by all
),

rated as (
    select
        page, event, is_after,
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
        least(greatest(
            sum(spread - variance * (n_visits - visits_squared / n_visits) order by page, event, is_after)
                / nullif(sum(variance * (visits_squared - n_visits) order by page, event, is_after), 0), 0
        ), 1) as likeness
    from rated
    where n_users > 1
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
    cross join alike
),

compared as (
    select
        page,
        event,
        earlier.n_visits as n_visits_before,
        earlier.n_lost as n_lost_before,
        earlier.rate as rate_before,
        earlier.n_left as n_left_before,
        later.n_visits as n_visits_after,
        later.n_lost as n_lost_after,
        later.rate as rate_after,
        later.n_left as n_left_after,
        later.rate - earlier.rate as rate_change,
        least(n_visits_before, n_visits_after) >= $min_support and least(earlier.n_users, later.n_users) > 1
            as is_tested
    from (from widened where not is_after) as earlier
    full join (from widened where is_after) as later using (page, event)
),

-- Once at 95 %, and once with z for all pairs at the error rate (a rational approximation, to 0.0005).
levels as (
    select false as is_joint, 1.96 as z
    union all
    select
        true as is_joint,
        root - (2.515517 + 0.802853 * root + 0.010328 * root ** 2)
            / (1 + 1.432788 * root + 0.189269 * root ** 2 + 0.001308 * root ** 3) as z
    from (
        select sqrt(-2 * ln($friction_error_rate / (2 * greatest(count_if(is_tested), 1)))) as root
        from compared
    )
),

bounded as (
    select
        *,
        if(is_joint, n_left_before, n_visits_before) as n1,
        if(is_joint, n_left_after, n_visits_after) as n2,
        (rate_before + z * z / (2 * n1)) / (1 + z * z / n1) as centre1,
        (rate_after + z * z / (2 * n2)) / (1 + z * z / n2) as centre2,
        z * sqrt(rate_before * (1 - rate_before) / n1 + z * z / (4 * n1 * n1)) / (1 + z * z / n1) as half1,
        z * sqrt(rate_after * (1 - rate_after) / n2 + z * z / (4 * n2 * n2)) / (1 + z * z / n2) as half2,
        rate_change - sqrt((rate_after - (centre2 - half2)) ** 2 + (centre1 + half1 - rate_before) ** 2) as low,
        rate_change + sqrt((centre2 + half2 - rate_after) ** 2 + (rate_before - (centre1 - half1)) ** 2) as high
    from compared
    cross join levels
)

select
    page,                               -- Page.
    event,                              -- Event on it.
    coalesce(any_value(n_visits_before), 0) as n_visits_before, -- Visits in the period before.
    coalesce(any_value(n_lost_before), 0) as n_lost_before, -- Of them, the last of their session.
    any_value(rate_before) as rate_before, -- Sessions lost per visit then; null without visits.
    coalesce(any_value(n_visits_after), 0) as n_visits_after, -- Visits in the last period.
    coalesce(any_value(n_lost_after), 0) as n_lost_after, -- Of them, the last of their session.
    any_value(rate_after) as rate_after, -- Sessions lost per visit now; null without visits.
    any_value(rate_change) as rate_change, -- The rate now less the rate before; null where one is missing.
    any_value(low) filter (not is_joint) as change_low, -- Lower end of the change, 95 % Newcombe.
    any_value(high) filter (not is_joint) as change_high, -- Upper end of the change, 95 % Newcombe.
    coalesce(any_value(is_tested and (low > 0 or high < 0)) filter (is_joint), false)
        as is_significant,              -- It changed: so much is no chance, all pairs considered.
    any_value(before_from) as before_from, -- Start of the period before, in UTC.
    any_value(after_from) as after_from, -- Its end and the start of the last period, in UTC.
    any_value(after_until) as after_until -- End of the last period, in UTC.
from bounded
cross join bounds
group by page, event
