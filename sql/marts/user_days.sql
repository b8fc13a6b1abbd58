/* One row per user and day with an event, by the calendar of the user.

Kept by user_key, local_date. */
with counted as (
    select
        user_key,
        (placed.occurred_at at time zone coalesce(clocks.tz, $default_timezone))::date as local_date,
        count(*) as n_events,
        count(distinct session_key) as n_sessions,
        count(distinct page_key) as n_pages
    from core.placements as placed
    left join core.clocks as clocks using (user_key)
    group by all
)

select
    users.user_id,                      -- Id of the user.
    user_key,                           -- The user as an integer.
    local_date,                         -- Day in the user's time zone.
    counted.n_events,                   -- Events.
    n_sessions,                         -- Sessions with a step on that day.
    n_pages                             -- Distinct pages.
from counted
join core.user_ids as users using (user_key)
