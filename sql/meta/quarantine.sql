/* One row per record that could not become an event, with its bytes and the reason. */
select
    null::varchar as topic,             -- Topic of the record.
    null::integer as reading,           -- Which reading of the topic from its beginning.
    null::integer as "partition",       -- Partition of the topic.
    null::bigint as "offset",           -- Position in the partition.
    null::varchar as reason,            -- Reason code, such as bad_json or missing_time.
    null::varchar as message,           -- What exactly was wrong.
    null::blob as key,                  -- Key of the record, as it came.
    null::blob as value                 -- Value of the record, as it came.
where false
