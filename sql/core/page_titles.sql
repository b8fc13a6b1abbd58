/* One row per page and title that it was seen with; a page without any has one row of null.

Added up over core.events. */
select
    page,                               -- Page, normalised.
    page_key,                           -- The page as an integer.
    title,                              -- A title of it; null is none stated.
    count(*) as n_events                -- Events that count.
from core.events
where not is_noise
group by all
