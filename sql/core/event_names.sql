/* One row per kind of event: its name and its key.

Names of keys.

Added up over core.events. */
select
    event_name,                         -- What happened, in the words of the source.
    event_name_key,                     -- The name as an integer.
    count(*) as n_events                -- Events of that name, noise included.
from core.events
group by all
