/* One row per range of offsets that a broker no longer had when they were to be read.

Whoever accepts a gap does so knowingly: until then the run is red and reads nothing past it. */
select
    topic,                              -- Topic.
    reading,                            -- Which reading of the topic from its beginning.
    "partition",                        -- Partition of the topic.
    first_offset,                       -- First offset that was lost.
    last_offset,                        -- Last offset that was lost; some may never have held a record.
    gap as reason,                      -- before_reading: gone when it began; truncated: gone before its turn.
    true as is_accepted,                -- Reading went on past it.
    landed_at as found_at               -- When it was found.
from raw.segments
where gap is not null
union all by name
select
    topic,
    reading,
    "partition",
    lost_from as first_offset,
    low_offset - 1 as last_offset,
    'truncated' as reason,
    false as is_accepted,
    looked_at as found_at
from raw.watermarks
where lost_from is not null
