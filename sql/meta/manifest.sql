/* One row per raw segment: what it holds, and what became of every record in it.

The law: consumed = accepted + quarantined + tombstones + erased; and of the accepted, each is an
event or a duplicate of one. */
with counted as (
    select segments.path, count(*) as n_events
    from core.events as events
    asof join raw.segments as segments
        on events.topic = segments.topic
        and events."partition" = segments."partition"
        and events."offset" >= segments.first_offset
    group by all
)

select
    segments.topic,                     -- Topic of the segment.
    segments."partition",               -- Partition of the topic.
    segments.first_offset,              -- Offset of its first record.
    segments.last_offset,               -- Offset of its last record.
    segments.source,                    -- Shape of the source: csv, ksql.
    segments.file,                      -- Name of the file that the records came from.
    path,                               -- Where the segment lies, below the raw folder.
    segments.sha256,                    -- Checksum of the segment's bytes.
    segments.load_id,                   -- The load that wrote it.
    segments.landed_at,                 -- When its bytes arrived here.
    segments.n_consumed,                -- Records in the segment.
    segments.n_accepted,                -- Records read as events, duplicates included.
    segments.n_quarantined,             -- Records that could not be read; meta.quarantine holds them.
    segments.n_tombstones,              -- Records without a value.
    segments.n_erased,                  -- Records taken out because a user asked to be forgotten.
    coalesce(counted.n_events, 0) as n_events, -- Of the accepted: events that were seen here first.
    segments.n_accepted - coalesce(counted.n_events, 0)
        as n_duplicates                 -- Of the accepted: deliveries of an event seen elsewhere.
from raw.segments as segments
left join counted using (path)
