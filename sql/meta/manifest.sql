/* One row per raw segment: what it holds, and what became of every record in it.

The law: consumed = accepted + quarantined + tombstones + erased; and of the accepted, each is an
event, a duplicate of one, or superseded by a newer record. */
with counted as (
    select segments.path, count(*) as n_events, count_if(events.is_late)::bigint as n_late
    from core.events as events
    asof join raw.segments as segments
        on events.topic = segments.topic
        and events.reading = segments.reading
        and events."partition" = segments."partition"
        and events."offset" >= segments.first_offset
    group by all
),

replaced as (
    select segments.path, count(*) as n_superseded
    from core.superseded as superseded
    asof join raw.segments as segments
        on superseded.topic = segments.topic
        and superseded.reading = segments.reading
        and superseded."partition" = segments."partition"
        and superseded."offset" >= segments.first_offset
    group by all
)

select
    segments.topic,                     -- Topic of the segment.
    segments.reading,                   -- Which reading of the topic from its beginning.
    segments."partition",               -- Partition of the topic.
    segments.first_offset,              -- First offset that it covers.
    segments.last_offset,               -- Last offset that it covers; some in between may hold no record.
    segments.source,                    -- Where it came from: the shape of a file, or kafka.
    segments.file,                      -- Name of the file that the records came from; null for kafka.
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
    coalesce(counted.n_late, 0) as n_late, -- Of the events: received more than a day after they happened.
    coalesce(replaced.n_superseded, 0) as n_superseded, -- Of the accepted: replaced by a newer record.
    segments.n_accepted - coalesce(counted.n_events, 0) - coalesce(replaced.n_superseded, 0)
        as n_duplicates                 -- Of the accepted: deliveries of an event seen elsewhere.
from raw.segments as segments
left join counted using (path)
left join replaced using (path)
