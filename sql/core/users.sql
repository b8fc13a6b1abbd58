/* One row per user: everyone with an event, and everyone registered.

The registry states the time zone; where nobody did, the default clock is used and it is said so. */
with seen as (
    select user_id, user_name, first_event_at, last_event_at, ids.n_events
    from core.user_ids as ids
    left join core.user_names using (user_key)
    left join core.user_spans using (user_key)
)

select
    user_id,                            -- Id of the user, as the source has it.
    (md5_number_lower(user_id) >> 1)::bigint as user_key, -- The user as an integer.
    registry.slug,                      -- Name of the user in addresses and partitions; null when not registered.
    coalesce(registry.display_name, seen.user_name) as display_name, -- Name to show; null when nobody gave one.
    coalesce(clocks.tz, $default_timezone) as tz, -- IANA time zone of the user's clock.
    clocks.tz is not null as has_known_tz, -- False: nobody stated the zone, the default is used.
    registry.avatar,                    -- Emoji to show.
    coalesce(registry.visibility, 'private') as visibility, -- Who may see the report: private, unlisted, public.
    registry.user_id is not null as is_registered, -- Gets a report.
    seen.first_event_at,                -- First event that counts; null when there is none.
    seen.last_event_at,                 -- Last event that counts; null when there is none.
    coalesce(seen.n_events, 0) as n_events -- Distinct events, noise included.
from seen
full join raw.registry as registry using (user_id)
left join core.clocks as clocks using (user_id)
