/* One row per user and publication or application; events that state none have a row of their own.

Added up over core.events. */
select
    user_id,                            -- Id of the user.
    publication,                        -- Publication or application; null is not known.
    count(*) as n_events                -- Events.
from core.events
where user_id is not null and not is_noise
group by all
