/* One row per user, weekday and hour with an event, by the clock of the user; daylight saving included.

Added up over core.placements. */
with counted as (
    select
        user_key,
        isodow(placed.occurred_at at time zone coalesce(clocks.tz, $default_timezone)) - 1 as weekday,
        hour(placed.occurred_at at time zone coalesce(clocks.tz, $default_timezone)) as hour,
        count(*) as n_events
    from core.placements as placed
    left join core.clocks as clocks using (user_key)
    group by all
)

select
    users.user_id,                      -- Id of the user.
    weekday,                            -- Weekday, Monday is 0.
    hour,                               -- Hour of the clock, 0 to 23.
    counted.n_events                    -- Events.
from counted
join core.user_ids as users using (user_key)
