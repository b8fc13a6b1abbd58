/* One row per user, weekday and hour with an event, by the clock of the user; daylight saving included. */
select
    user_id,                            -- Id of the user.
    isodow(steps.occurred_at at time zone users.tz) - 1 as weekday, -- Weekday, Monday is 0.
    hour(steps.occurred_at at time zone users.tz) as hour, -- Hour of the clock, 0 to 23.
    count(*) as n_events                -- Events.
from core.steps as steps
join core.users as users using (user_id)
group by all
