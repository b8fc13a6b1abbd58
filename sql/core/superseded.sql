/* One row per record that a newer one stands in for: read again since, or provisional and made final.

What was read again is the same record at the same place, so the newest reading counts. A provisional
day of a source (an intraday table) gives way, whole, to the final one. */
with places as (
    select topic, reading, "partition", "offset" from raw.records
    union all
    select topic, reading, "partition", "offset" from meta.quarantine
),

newest as (
    select topic, "partition", "offset", max(reading) as reading
    from places
    where topic in (select topic from raw.segments where reading > 1)
    group by all
),

read_again as (
    select records.topic, records.reading, records."partition", records."offset", records.event_group
    from raw.records as records
    join newest using (topic, "partition", "offset")
    where records.reading < newest.reading
),

final_days as (
    select distinct source, day
    from raw.records
    where day is not null and not is_provisional
)

select
    topic,                              -- Topic of the record.
    reading,                            -- Reading of the topic.
    "partition",                        -- Partition of the topic.
    "offset",                           -- Position in the partition.
    event_group,                        -- Records that may be one event share it.
    'read_again' as reason              -- Why it counts no more: read_again, made_final.
from read_again
union all
select records.topic, records.reading, records."partition", records."offset", records.event_group, 'made_final' as reason
from raw.records as records
semi join final_days using (source, day)
anti join read_again using (topic, reading, "partition", "offset")
where records.is_provisional
