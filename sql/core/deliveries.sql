/* One row per record that counts: which event it delivers, and whether it is the one that stands for it.

Two records are one event when their source gives both the same id and they say the same; where a
source has no ids, equal records of one topic are as many events as they are, and equal records of
another topic are those again. Of the deliveries of an event the highest revision stands for it,
where a source has revisions, and then the first. Every event is traced to its records by this.

Kept by event_group. */
with counting as not materialized (
    select
        topic, reading, "partition", "offset", event_group, source, fingerprint, message_id, occurred_at, received_at,
        landed_at, revision
    from raw.records
    anti join core.superseded using (topic, reading, "partition", "offset")
),

-- Amplitude promises an id for seven days; after a longer pause it is another event's.
reused as (
    select
        topic,
        reading,
        "partition",
        "offset",
        count_if(is_new) over (partition by fingerprint, message_id order by occurred_at, landed_at, "offset") as use_no
    from (
        select
            *,
            coalesce(occurred_at > interval 7 day + lag(occurred_at) over (
                partition by fingerprint, message_id order by occurred_at, landed_at, "offset"
            ), false) as is_new
        from counting
        where source = 'amplitude' and message_id is not null
    )
),

-- Records that have an id of their source, and those that are told apart by counting equal ones.
identified as materialized (
    select
        counting.* exclude (fingerprint),
        md5(concat_ws(
            '|', source, fingerprint, message_id || if(use_no > 0, '+' || use_no, '')
        ))::uuid as event_id
    from counting
    left join (from reused where use_no > 0) using (topic, reading, "partition", "offset")
    where message_id is not null
    union all by name
    select
        * exclude (fingerprint),
        md5(concat_ws('|', source, fingerprint, '#' || row_number() over (
            partition by source, topic, fingerprint order by "partition", "offset"
        )))::uuid as event_id
    from counting
    where message_id is null
),

-- Nearly every event is delivered once, so only the others are sorted.
repeated as (
    select event_id, count(*) as n_deliveries, min(received_at) as first_received_at
    from identified
    group by event_id
    having count(*) > 1
),

standing as (
    select topic, reading, "partition", "offset", true as is_first
    from identified
    semi join repeated using (event_id)
    qualify row_number() over (
        partition by event_id
        order by revision desc nulls last, landed_at, topic, reading, "partition", "offset"
    ) = 1
),

conflicting as (
    select source, message_id, true as is_conflict
    from identified
    where message_id is not null
    group by source, message_id
    having min(event_id) <> max(event_id)
)

select
    topic,                              -- Topic of the record.
    reading,                            -- Reading of the topic.
    "partition",                        -- Partition of the topic.
    "offset",                           -- Position in the partition.
    event_group,                        -- Records that may be one event share it.
    event_id,                           -- The event that it delivers, content-addressed: the same in every rebuild.
    n_deliveries is null or coalesce(is_first, false)
        as is_counted,                  -- It stands for the event; the others are duplicates of it.
    coalesce(n_deliveries, 1) as n_deliveries, -- How many records deliver the event.
    if(n_deliveries is null, received_at, first_received_at)
        as first_received_at,           -- When a broker or vendor received the event first; null where none says.
    coalesce(if(n_deliveries is null, received_at, first_received_at) > occurred_at + interval 1 day, false)
        as is_late,                     -- Received more than a day after it happened.
    coalesce(is_conflict, false) as is_id_conflict, -- Another event says something else under its id.
    landed_at                           -- When the bytes of the record arrived here.
from identified
left join repeated using (event_id)
left join standing using (topic, reading, "partition", "offset")
left join conflicting using (source, message_id)
