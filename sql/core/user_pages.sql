/* One row per user and page.

Kept by user_key, page_key. */
with counted as (
    select
        user_key,
        page_key,
        count(*) as n_events,
        count(distinct (placed.occurred_at at time zone coalesce(clocks.tz, $default_timezone))::date) as n_days,
        max(placed.occurred_at at time zone coalesce(clocks.tz, $default_timezone))::date as last_seen_date
    from core.placements as placed
    left join core.clocks as clocks using (user_key)
    group by all
)

select
    users.user_id,                      -- Id of the user.
    user_key,                           -- The user as an integer.
    pages.page,                         -- Page.
    page_key,                           -- The page as an integer.
    counted.n_events,                   -- Events of the user on it.
    n_days,                             -- Distinct days, by the user's calendar.
    last_seen_date                      -- Last of those days.
from counted
join core.user_ids as users using (user_key)
join core.page_names as pages using (page_key)
