/* One row per user and day with an event, by the calendar of the user. */
select
    user_id,                            -- Id of the user.
    (steps.occurred_at at time zone users.tz)::date as local_date, -- Day in the user's time zone.
    count(*) as n_events,               -- Events.
    count(distinct session_id) as n_sessions, -- Sessions with a step on that day.
    count(distinct page_key) as n_pages -- Distinct pages.
from core.steps as steps
join core.users as users using (user_id)
group by all
