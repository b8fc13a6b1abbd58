/* One row per record that could be read as an event, duplicates included, as its source stated it.

Filled from the raw segments by the strict parser; core.events makes the one truth of it. */
select
    null::varchar as topic,             -- Topic the record came by; a file is a topic.
    null::integer as reading,           -- Which reading of the topic from its beginning; nearly always the first.
    null::integer as "partition",       -- Partition of the topic.
    null::bigint as "offset",           -- Position in the partition; in a file, the ordinal of the record.
    null::varchar as source,            -- Shape of the records: csv, ksql, mixpanel and so on.
    null::timestamptz as landed_at,     -- When its bytes arrived here.
    null::timestamptz as received_at,   -- When the broker or the vendor received it, where it says so.
    null::timestamptz as occurred_at,   -- When it happened, by the clock of the source.
    null::varchar as message_id,        -- The id that the source gives an event, if it does.
    null::varchar as fingerprint,       -- Hash of what the record says; equal for two deliveries of it.
    null::bigint as event_group,        -- Records that may be one event share it: of their id, or fingerprint.
    null::varchar as user_id,           -- Id of the user; null is nobody known, never a shared stranger.
    null::varchar as anonymous_id,      -- Id of a device or browser, where the source has one.
    null::varchar as user_name,         -- Name of the user as the source has it; names are not identities.
    null::varchar as session_id,        -- The session that the source names, as it came.
    null::varchar as event_name,        -- What happened, in the words of the source.
    null::varchar as page,              -- The page as the source names it; null where it gives an address.
    null::varchar as url,               -- Address of the page, unscrubbed.
    null::varchar as title,             -- Title of the page.
    null::varchar as referrer,          -- Address the user came from, unscrubbed.
    null::varchar as publication,       -- Publication or application that the event belongs to.
    null::varchar[] as tags,            -- Tags of the content; null is unknown, empty is none.
    null::varchar[] as authors,         -- Authors of the content; null is unknown, empty is none.
    null::json as properties,           -- All else that the record says.
    null::bigint as tie_break,          -- Order among events of one moment, where the source states one.
    null::bigint as revision,           -- Of the deliveries of one event the highest counts; null is lowest.
    null::varchar as day,               -- Day of the source's calendar it was exported under, where that matters.
    null::boolean as is_provisional,    -- Stands only until a final export of its day arrives.
    null::varchar as noise_reason,      -- Why it is no step of a journey, where its kind says so.
    null::varchar as same_as            -- Another id declared to be the same person, as kind:id.
where false
