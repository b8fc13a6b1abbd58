/* One row per registered user whose time zone is known; all others go by the default clock. */
select
    user_id,                            -- Id of the user.
    (md5_number_lower(user_id) >> 1)::bigint as user_key, -- The user as an integer.
    zones.name as tz                    -- IANA time zone of the user's clock.
from raw.registry
join pg_timezone_names() as zones on zones.name = registry.tz
