/* One row per recorded run of the pipeline, the latest thousand of them.

The run that made this copy is in here as it stood then: started, without an end. */
select
    null::varchar as run_id,            -- The run, as in the Dagster UI.
    null::varchar as job,               -- What was run: nightly, warehouse, reports or a stage.
    null::varchar as status,            -- success, failure, canceled, or what it was when the copy was made.
    null::timestamptz as started_at,    -- When it began, in UTC; null when it never did.
    null::timestamptz as ended_at,      -- When it ended; null while it runs.
    null::timestamptz as data_through,  -- Latest event that counted; null of a run that made no copy.
    null::varchar as code_version       -- Version of the program and a hash of its files; null as above.
where false
