/* One row per user, month and topic of the content, by the calendar of the user. */
with tagged as (
    select
        user_id,
        date_trunc('month', events.occurred_at at time zone users.tz)::date as month,
        unnest(events.tags) as topic
    from core.steps
    join core.events as events using (event_id, user_id)
    join core.users as users using (user_id)
)

select
    user_id,                            -- Id of the user.
    month,                              -- First day of the month.
    topic,                              -- Tag of the content.
    count(*) as n_events                -- Events on content with that tag.
from tagged
group by all
