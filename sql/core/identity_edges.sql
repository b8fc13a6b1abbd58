/* One row per piece of evidence that two ids are one person: a pair of ids, by source and kind.

An id is user:ID, shared by all sources, or anonymous:SOURCE:ID, a device of its source. Records that
state both were seen together; a record may also declare another id the same as its own. What an
operator vetoed (`journey users unlink`) is no evidence. */
with stated as (
    select
        source,
        'user:' || user_id as user_node,
        'anonymous:' || source || ':' || anonymous_id as device_node,
        case
            when same_as like 'user:_%' then same_as
            when same_as like 'anonymous:_%' then 'anonymous:' || source || substr(same_as, 10)
        end as declared_node,
        if(occurred_at between $earliest_event::date and landed_at + interval 1 day, occurred_at, null) as said_at
    from raw.records
    anti join core.superseded using (topic, reading, "partition", "offset")
    where same_as is not null or (user_id is not null and anonymous_id is not null)
),

pieces as (
    select device_node as from_node, user_node as to_node, source, 'seen_together' as kind, said_at
    from stated
    where device_node is not null and user_node is not null
    union all
    select
        least(coalesce(user_node, device_node), declared_node),
        greatest(coalesce(user_node, device_node), declared_node),
        source,
        'declared',
        said_at
    from stated
    where declared_node <> coalesce(user_node, device_node)
)

select
    from_node,                          -- One id; of a device and a user, the device.
    to_node,                            -- The other id; the greater of the two.
    source,                             -- Shape of the records that say so.
    kind,                               -- How they say it: seen_together or declared.
    count(*) as n_records,              -- Records that say so, duplicates included.
    min(said_at) as first_at,                -- First time, in UTC; null when no record has a possible time.
    max(said_at) as last_at                  -- Last time, in UTC.
from pieces
anti join raw.identity_vetoes using (from_node, to_node)
group by all
