/* The segments of a partition follow on one another: what one ends with, the next begins after.

A hole would be records that nobody read and nobody missed; an overlap, records read twice. */
with followed as (
    select
        topic,
        reading,
        "partition",
        first_offset,
        lag(last_offset) over (partition by topic, reading, "partition" order by first_offset) as previous
    from raw.segments
)

select * from followed where first_offset <> coalesce(previous + 1, 0)
