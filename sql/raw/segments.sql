/* One row per raw segment that was loaded: which records it holds and what became of them.

Filled in the transaction that loads the segment; meta.manifest adds what is known later. */
select
    null::varchar as topic,             -- Topic of the segment.
    null::integer as reading,           -- Which reading of the topic from its beginning.
    null::integer as "partition",       -- Partition of the topic.
    null::bigint as first_offset,       -- First offset that it covers.
    null::bigint as last_offset,        -- Last offset that it covers; some in between may hold no record.
    null::varchar as source,            -- Where it came from: the shape of a file, or kafka.
    null::varchar as file,              -- Name of the file that the records came from; null for kafka.
    null::varchar as cluster_id,        -- The broker's name for itself; null for files.
    null::varchar as topic_id,          -- The broker's id of the topic: made anew, it has another.
    null::varchar as gap,               -- Why these offsets hold no records, where the broker had lost them.
    null::varchar as path,              -- Where the segment lies, below the raw folder.
    null::varchar as sha256,            -- Checksum of the segment's bytes.
    null::varchar as load_id,           -- The load that wrote it: a file, or one run over a topic.
    null::timestamptz as landed_at,     -- When its bytes arrived here.
    null::bigint as n_consumed,         -- Records in the segment.
    null::bigint as n_accepted,         -- Records read as events, duplicates included.
    null::bigint as n_quarantined,      -- Records that could not be read; meta.quarantine holds them.
    null::bigint as n_tombstones,       -- Records without a value: deletions on a compacted topic.
    null::bigint as n_erased,           -- Records taken out because a user asked to be forgotten.
    null::boolean as is_taken           -- The tables of core know its records.
where false
