/* One row per user with an event: the id and its key.

Names of keys.

Added up over core.events. */
select
    user_id,                            -- Id of the user, as the source has it.
    user_key,                           -- The user as an integer.
    count(*) as n_events                -- Events, noise included.
from core.events
where user_id is not null
group by all
