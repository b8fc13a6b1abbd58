/* One row per registered user: whether the report is out, and if not, why.

Filled by what writes reports. */
select
    null::varchar as user_id,           -- Id of the user.
    null::varchar as slug,              -- Name of the user in addresses and partitions.
    null::varchar as display_name,      -- Name to show.
    null::varchar as avatar,            -- Emoji to show.
    null::varchar as status,            -- published, no_data or withheld.
    null::varchar as reason,            -- Why it is withheld; null when it is not.
    null::varchar as evidence_tier,     -- What the data is enough for.
    null::bigint as n_events,           -- Distinct events that count.
    null::bigint as n_sessions,         -- Sessions.
    null::bigint as active_days,        -- Days with an event.
    null::date as last_event_date,      -- Last active day, by the user's calendar.
    null::json as months,               -- Events per month, for the landing page.
    null::varchar as sha256,            -- Checksum of the report file; null when it is withheld.
    null::varchar as made_from          -- What the report was made from; while it is the same, so is the report.
where false
