/* One row per page and event: what became of the steps there, in sessions that are closed.

A visit is a step. A session that may still go on has not ended anywhere, so none of its steps
count. The squares say how much the users differ, which decides how far counts can be trusted.

While visits are counted, a hash stands for the page and the event. */
with closed as not materialized (
    select steps.*, hash(page, event) as pair
    from core.steps as steps
    anti join (select session_key from core.sessions where is_open) as still_open using (session_key)
),

by_user as (
    select
        pair, user_key,
        count(*) as n_visits,
        count_if(is_exit) as n_exits,
        count_if(next_page = page and next_event = event) as n_repeats,
        count_if(next_page = page) as n_stays
    from closed
    group by all
),

by_pair as (
    select
        pair,
        sum(n_visits)::bigint as n_visits,
        sum(n_exits)::bigint as n_exits,
        sum(n_repeats)::bigint as n_repeats,
        sum(n_stays)::bigint as n_stays,
        count(*) as n_users,
        count_if(n_exits > 0)::bigint as n_users_lost,
        sum(n_visits * n_visits)::double as visits_squared,
        sum(n_visits * n_exits)::double as visits_times_exits,
        sum(n_exits * n_exits)::double as exits_squared
    from by_user
    group by all
),

passed as (
    select
        pair,
        any_value(page) as page,
        any_value(event) as event,
        count(distinct session_key) as n_sessions,
        median(dwell_seconds) as median_dwell_seconds
    from closed
    group by all
),

-- The last step on a page before another one: a page that follows itself is one stop.
stops as (
    select
        pair, next_page,
        lag(page) over (partition by session_key order by step_index) as came_from
    from closed
    where next_page <> page
),

turned as (
    select pair, count(*) as n_backtracks from stops where next_page = came_from group by all
)

select
    page,                               -- Page.
    event,                              -- Event on it.
    n_visits,                           -- Steps with this page and event.
    n_exits,                            -- Of them, the last of their session.
    n_sessions,                         -- Sessions that had one.
    n_users,                            -- Users who had one.
    n_users_lost,                       -- Users who had a session end there.
    coalesce(n_backtracks, 0) as n_backtracks, -- Steps from which it went straight back to the page before.
    n_repeats,                          -- Steps that the same page and event followed.
    list_has_any(
        $error_words::varchar[],
        string_split_regex(lower(regexp_replace(event, '([a-z])([A-Z])', '\1 \2', 'g')), '[^a-z]+')
    ) as is_error,                      -- The event reports an error: its name has one of the configured words.
    if(is_error, n_stays, 0) as n_retries, -- Errors after which the user stayed on the page; 0 where it is no error.
    median_dwell_seconds,               -- Middle time until the next step; null where every visit was the last.
    list_has_any($natural_exits::varchar[], [page, event]) as is_natural_exit, -- Leaving here is success.
    visits_squared,                     -- Sum over users of their visits squared.
    visits_times_exits,                 -- Sum over users of visits times exits.
    exits_squared                       -- Sum over users of their exits squared.
from by_pair
join passed using (pair)
left join turned using (pair)
