/* One row per user, month and topic of the content, by the calendar of the user.

Added up over core.events. */
with tagged as (
    select
        events.user_id,
        date_trunc('month', events.occurred_at at time zone coalesce(clocks.tz, $default_timezone))::date as month,
        unnest(events.tags) as topic
    from core.events as events
    left join core.clocks as clocks using (user_key)
    where events.user_id is not null and not events.is_noise
)

select
    user_id,                            -- Id of the user.
    month,                              -- First day of the month.
    topic,                              -- Tag of the content.
    count(*) as n_events                -- Events on content with that tag.
from tagged
group by all
