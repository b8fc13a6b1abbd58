/* One row per record that a newer one stands in for: read again since, or provisional and made final.

What was read again is the same record at the same place, so the newest reading counts. A provisional
day of a source (an intraday table) gives way, whole, to the final one. */
with read_again as (
    select topic, "partition", "offset", max(reading) as newest
    from raw.records
    where topic in (select topic from raw.segments where reading > 1)
    group by all
),

final_days as (
    select distinct source, day
    from raw.records
    where day is not null and not is_provisional
)

select
    records.topic,                      -- Topic of the record.
    records.reading,                    -- Reading of the topic.
    records."partition",                -- Partition of the topic.
    records."offset",                   -- Position in the partition.
    'read_again' as reason              -- Why it counts no more: read_again, made_final.
from raw.records as records
join read_again using (topic, "partition", "offset")
where records.reading < read_again.newest
union all
select records.topic, records.reading, records."partition", records."offset", 'made_final' as reason
from raw.records as records
semi join final_days using (source, day)
where records.is_provisional
