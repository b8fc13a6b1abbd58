/* One row per user and page of the last days of data, its latest visit; at most twenty a user.

A view. */
with visits as (
    select
        steps.user_id,
        steps.page,
        steps.event_id,
        steps.occurred_at,
        users.tz,
        row_number() over (
            partition by steps.user_id, steps.page order by steps.occurred_at desc, steps.event_id
        ) as visit_no
    from core.steps as steps
    join core.users as users using (user_key)
    join core.horizon on true
    where steps.occurred_at > horizon.recent_from
)

select
    user_id,                            -- Id of the user.
    row_number() over (
        partition by user_id order by visits.occurred_at desc, visits.event_id
    ) as recent_rank,                   -- 1 is the latest.
    visits.occurred_at at time zone visits.tz as at_local, -- When, by the user's clock.
    page,                               -- Page.
    coalesce(events.title, visited.title) as title, -- The title that the user saw then, or most often; null when none.
    events.publication                  -- Publication or application; null is not known.
from visits
join core.pages as pages using (page)
join core.events as events using (event_id, user_id)
left join core.user_pages as visited using (user_id, page)
where visit_no = 1 and not pages.is_generic
qualify recent_rank <= 20
