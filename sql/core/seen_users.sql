/* One row per user with an event.

Kept by user_key. */
select
    user_id,                            -- Id of the user, as the source has it.
    user_key,                           -- The user as an integer.
    arg_max(user_name, (not is_noise, occurred_at, tie_break, event_id))
        filter (user_name is not null) as user_name, -- The latest name in the source; null when it has none.
    min(occurred_at) filter (not is_noise) as first_event_at, -- First event that counts; null when there is none.
    max(occurred_at) filter (not is_noise) as last_event_at, -- Last event that counts; null when there is none.
    count(*) as n_events                -- Distinct events, noise included.
from core.events
where user_id is not null
group by all
