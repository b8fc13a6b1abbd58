/* One row per user and page, with its rank.

A view. */
select
    user_id,                            -- Id of the user.
    page,                               -- Page.
    visited.title,                      -- The title that the user saw most often; null when none.
    visited.n_events,                   -- Events of the user on it.
    n_days,                             -- Distinct days, by the user's calendar.
    last_seen_date,                     -- Last of those days.
    pages.is_generic,                   -- Home, search, account and the like; not ranked.
    case when not pages.is_generic then row_number() over (
        partition by user_id, pages.is_generic order by visited.n_events desc, n_days desc, page
    ) end as page_rank                  -- Rank among the user's pages; null when generic.
from core.user_pages as visited
join core.pages as pages using (page)
