/* One row per user and page. */
with visited as (
    select
        user_id,
        steps.page,
        count(*) as n_events,
        count(distinct (steps.occurred_at at time zone users.tz)::date) as n_days,
        max(steps.occurred_at at time zone users.tz)::date as last_seen_date
    from core.steps as steps
    join core.users as users using (user_id)
    group by all
)

select
    user_id,                            -- Id of the user.
    page,                               -- Page.
    pages.title,                        -- The title seen most often; null when none was.
    visited.n_events,                   -- Events of the user on it.
    n_days,                             -- Distinct days, by the user's calendar.
    last_seen_date,                     -- Last of those days.
    pages.is_generic,                   -- Home, search, account and the like; not ranked.
    case when not pages.is_generic then row_number() over (
        partition by user_id, pages.is_generic order by visited.n_events desc, n_days desc, page
    ) end as page_rank                  -- Rank among the user's pages; null when generic.
from visited
join core.pages as pages using (page)
