/* One row per partition of a broker's topic: what the broker held when it was last read.

Filled by every ingest; it describes the broker, so it is not rebuilt from the raw segments. */
select
    null::varchar as topic,             -- Topic, by the name that its records carry here.
    null::integer as reading,           -- Which reading of the topic from its beginning.
    null::integer as "partition",       -- Partition of the topic.
    null::bigint as low_offset,         -- First offset that the broker still held.
    null::bigint as end_offset,         -- End of the partition when the run began: it was read up to there.
    null::bigint as end_after,          -- End of the partition when the run was over.
    null::bigint as next_offset,        -- First offset that is not here yet.
    null::bigint as lost_from,          -- First offset that the broker lost and nobody accepted; null is none.
    null::timestamptz as looked_at      -- When the run began.
where false
