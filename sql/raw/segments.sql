/* One row per raw segment that was loaded: which records it holds and what became of them.

Filled in the transaction that loads the segment; meta.manifest adds what is known later. */
select
    null::varchar as topic,             -- Topic of the segment.
    null::integer as "partition",       -- Partition of the topic.
    null::bigint as first_offset,       -- Offset of its first record.
    null::bigint as last_offset,        -- Offset of its last record.
    null::varchar as source,            -- Shape of the source: csv, ksql.
    null::varchar as file,              -- Name of the file that the records came from.
    null::varchar as path,              -- Where the segment lies, below the raw folder.
    null::varchar as sha256,            -- Checksum of the segment's bytes.
    null::varchar as load_id,           -- The load that wrote it; a file is one load, named by its content.
    null::timestamptz as landed_at,     -- When its bytes arrived here.
    null::bigint as n_consumed,         -- Records in the segment.
    null::bigint as n_accepted,         -- Records read as events, duplicates included.
    null::bigint as n_quarantined,      -- Records that could not be read; meta.quarantine holds them.
    null::bigint as n_tombstones,       -- Records without a value: deletions on a compacted topic.
    null::bigint as n_erased            -- Records taken out because a user asked to be forgotten.
where false
