/* One row per page: its name and its key.

Names of keys.

Added up over core.events. */
select
    page,                               -- Page, normalised.
    page_key,                           -- The page as an integer.
    count(*) as n_events                -- Events on it, noise included.
from core.events
group by all
