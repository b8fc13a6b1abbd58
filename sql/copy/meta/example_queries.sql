/* One row per query to start from, as on the page data.html; tests run all of them. */
select
    null::varchar as table_name,        -- Table that it asks, as schema.table; of a macro, its name.
    null::varchar as title,             -- What it answers.
    null::varchar as query              -- The query.
where false
