/* One row per path that sessions take, from the first page to the last; the most frequent ones.

A page that follows itself is one stop. The row (other), without a rank, holds all other sessions,
so that the rows add up. Shares carry a 95 % Wilson interval. */
with stops as (
    select
        session_key, user_key, page,
        row_number() over (partition by session_key order by step_index) as stop_no
    from core.steps
    where next_page <> page
),

-- Lists are dear to build and compare: while paths are counted, two hashes stand for each.
routes as (
    select
        session_key,
        any_value(user_key) as user_key,
        count(*) as n_stops,
        sum(hash(page, stop_no)) as one_hash,
        sum(hash(stop_no, page)) as other_hash
    from stops
    group by session_key
),

ranked as (
    select
        n_stops, one_hash, other_hash,
        min(session_key) as example_key,
        row_number() over (order by count(*) desc, n_stops, one_hash, other_hash) as place
    from routes
    group by n_stops, one_hash, other_hash
    qualify place <= $top_paths
),

spelled as (
    select place, list(page order by step_index) as path
    from core.steps
    join ranked on session_key = example_key
    where next_page <> page
    group by place
),

counted as (
    select place, count(*) as n_sessions, count(distinct user_key) as n_users
    from routes
    left join ranked using (n_stops, one_hash, other_hash)
    group by place
)

select
    coalesce(path, ['(other)']) as path, -- Pages in their order, repeats collapsed; [(other)] is all other paths.
    if(path is not null, row_number() over (order by path is null, n_sessions desc, path), null)
        as path_rank,                   -- 1 is the most frequent; null for (other).
    n_sessions,                         -- Sessions that took exactly this path.
    n_users,                            -- Users who had such a session.
    sum(n_sessions) over ()::bigint as n_all_sessions, -- All sessions.
    n_sessions / n_all_sessions as session_share, -- Of all sessions, those on this path.
    greatest(
        (2 * n_sessions + 3.8416 - 1.96 * sqrt(3.8416 + 4 * n_sessions * (1 - session_share)))
        / (2 * n_all_sessions + 7.6832), 0
    ) as session_share_low,             -- Lower bound of the share, 95 % Wilson.
    least(
        (2 * n_sessions + 3.8416 + 1.96 * sqrt(3.8416 + 4 * n_sessions * (1 - session_share)))
        / (2 * n_all_sessions + 7.6832), 1
    ) as session_share_high             -- Upper bound of the share, 95 % Wilson.
from counted
left join spelled using (place)
