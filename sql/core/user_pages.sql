/* One row per user and page.

A title is one that the user saw: what others saw there may hold their names.

Kept by user_key, page_key. */
with seen as (
    select
        events.user_key,
        page_key,
        title,
        (events.occurred_at at time zone coalesce(clocks.tz, $default_timezone))::date as local_date,
        count(*) as n_events
    from core.events as events
    left join core.clocks as clocks using (user_key)
    where events.user_id is not null and not events.is_noise
    group by all
),

titles as (
    select user_key, page_key, arg_min(title, (-n_events, title)) as title
    from (
        select user_key, page_key, title, sum(n_events) as n_events
        from seen
        where title is not null
        group by all
    )
    group by all
),

counted as (
    select
        user_key,
        page_key,
        sum(n_events)::bigint as n_events,
        count(distinct local_date) as n_days,
        max(local_date) as last_seen_date
    from seen
    group by all
)

select
    users.user_id,                      -- Id of the user.
    user_key,                           -- The user as an integer.
    pages.page,                         -- Page.
    page_key,                           -- The page as an integer.
    titles.title,                       -- The title that the user saw most often; null when none.
    counted.n_events,                   -- Events of the user on it.
    n_days,                             -- Distinct days, by the user's calendar.
    last_seen_date                      -- Last of those days.
from counted
left join titles using (user_key, page_key)
join core.user_ids as users using (user_key)
join core.page_names as pages using (page_key)
