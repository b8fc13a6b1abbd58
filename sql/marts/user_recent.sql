/* One row per user and page of the last days of data, its latest visit; at most twenty a user. */
with latest as (
    select max(occurred_at) as data_through from core.steps
),

visits as (
    select
        user_id,
        steps.page,
        steps.event_id,
        steps.occurred_at,
        users.tz,
        row_number() over (
            partition by user_id, steps.page order by steps.occurred_at desc, steps.event_id
        ) as visit_no
    from core.steps as steps
    join core.users as users using (user_id)
    cross join latest
    where steps.occurred_at > latest.data_through - $recent_days::integer * interval 1 day
)

select
    user_id,                            -- Id of the user.
    row_number() over (
        partition by user_id order by visits.occurred_at desc, visits.event_id
    ) as recent_rank,                   -- 1 is the latest.
    visits.occurred_at at time zone visits.tz as at_local, -- When, by the user's clock.
    page,                               -- Page.
    pages.title,                        -- The title seen most often; null when none was.
    events.publication                  -- Publication or application; null is not known.
from visits
join core.pages as pages using (page)
join core.events as events using (event_id, user_id)
where visit_no = 1 and not pages.is_generic
qualify recent_rank <= 20
