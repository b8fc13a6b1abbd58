/* One row per partition of a broker's topic: how far it is read, and whether more is to come. */
select
    topic,                              -- Topic.
    reading,                            -- Which reading of the topic from its beginning.
    "partition",                        -- Partition of the topic.
    low_offset,                         -- First offset that the broker still held.
    end_offset,                         -- End of the partition when the last run began.
    next_offset,                        -- First offset that is not here yet.
    end_after - next_offset as lag,     -- Offsets between here and the end when the run was over.
    case
        when lost_from is not null then 'gap'
        when next_offset < end_offset then 'behind'
        when end_after > next_offset then 'still replaying'
        else 'complete'
    end as state,                       -- complete, still replaying (more came meanwhile), behind, gap.
    looked_at                           -- When the last run began.
from raw.watermarks
