/* One row per user whom a source calls by a name.

Kept by user_key. */
select
    user_key,                           -- The user as an integer.
    arg_max(user_name, (not is_noise, occurred_at, tie_break, event_id))
        as user_name                    -- The latest name in the source; names are not identities.
from core.events
where user_id is not null and user_name is not null
group by user_key
