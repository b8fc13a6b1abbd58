/* One row per user, day and publication or application; events that state none have rows of their own.

By the calendar of the user.

Added up over core.events. */
select
    events.user_id,                     -- Id of the user.
    (events.occurred_at at time zone coalesce(clocks.tz, $default_timezone))::date
        as local_date,                  -- Day in the user's time zone.
    events.publication,                 -- Publication or application; null is not known.
    count(*) as n_events                -- Events.
from core.events as events
left join core.clocks as clocks using (user_key)
where events.user_id is not null and not events.is_noise
group by all
