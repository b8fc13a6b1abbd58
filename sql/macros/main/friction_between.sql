/* One row per page and event: what one segment of users loses there, less what another one does.

Who is in both segments is left out, and so are sessions that are still open and natural exits. The
interval is Newcombe's, of the difference of two rates, at 95 %. A difference is significant when an
interval that is wide enough for all pairs at once, at 5 %, leaves 0 out, from counts divided by how
alike the visits of one user are, as in marts.friction_comparisons.

$segment: List of the ids of the users of the one segment.

$against: List of the ids of the users of the other.

$least_visits = 10: Visits that a page and event needs in both segments to be judged.

Example: from friction_between((select list(user_id) from core.users where n_events >= 60), (select list(user_id) from core.users where n_events < 60)) */
with members as (
    select unnest($segment::varchar[]) as user_id, true as is_segment
    union
    select unnest($against::varchar[]) as user_id, false as is_segment
),

chosen as (
    select user_id, any_value(is_segment) as is_segment
    from members
    group by user_id
    having count(*) = 1
),

by_user as (
    select page, event, user_id, is_segment, count(*) as n_visits, count_if(is_exit) as n_lost
    from core.steps
    join chosen using (user_id)
    anti join (select session_key from core.sessions where is_open) as still_open using (session_key)
    anti join (select page, event from marts.visits where is_natural_exit) as natural_exits
        using (page, event)
    group by all
),

rated as (
    select
        page, event, is_segment,
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
            sum(spread - variance * (n_visits - visits_squared / n_visits) order by page, event, is_segment)
                / nullif(sum(variance * (visits_squared - n_visits) order by page, event, is_segment), 0), 0
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
        one.n_visits,
        one.n_lost,
        one.rate,
        one.n_left,
        other.n_visits as n_visits_against,
        other.n_lost as n_lost_against,
        other.rate as rate_against,
        other.n_left as n_left_against,
        one.rate - other.rate as difference,
        least(one.n_visits, other.n_visits) >= $least_visits and least(one.n_users, other.n_users) > 1
            as is_tested
    from (from widened where is_segment) as one
    join (from widened where not is_segment) as other using (page, event)
),

-- Once at 95 %, and once with z for all pairs at the error rate (a rational approximation, to 0.0005).
levels as (
    select false as is_joint, 1.96 as z
    union all
    select
        true as is_joint,
        root - (2.515517 + 0.802853 * root + 0.010328 * root ** 2)
            / (1 + 1.432788 * root + 0.189269 * root ** 2 + 0.001308 * root ** 3) as z
    from (select sqrt(-2 * ln(0.05 / (2 * greatest(count_if(is_tested), 1)))) as root from compared)
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
    cross join levels
)

select
    page,                               -- Page.
    event,                              -- Event on it.
    any_value(n_visits) as n_visits,    -- Visits of the segment.
    any_value(n_lost) as n_lost,        -- Of them, the last of their session.
    any_value(rate) as rate,            -- Sessions that the segment loses per visit.
    any_value(n_visits_against) as n_visits_against, -- Visits of the other segment.
    any_value(n_lost_against) as n_lost_against, -- Of them, the last of their session.
    any_value(rate_against) as rate_against, -- Sessions that the other segment loses per visit.
    any_value(difference) as rate_difference, -- The one rate less the other.
    any_value(low) filter (not is_joint) as difference_low, -- Lower end of the difference, 95 % Newcombe.
    any_value(high) filter (not is_joint) as difference_high, -- Upper end of the difference, 95 % Newcombe.
    any_value(is_tested and (low > 0 or high < 0)) filter (is_joint)
        as is_significant               -- They differ: so much is no chance, all pairs considered.
from bounded
group by page, event
order by is_significant desc, abs(rate_difference) desc, page, event
