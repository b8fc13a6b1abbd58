/* One row per table and what is made of it: another table, or a page of the site.

Found in the SQL by DuckDB's parser. What only waits for a table, as the reports do for all of them,
is not in here. */
select
    null::varchar as table_name,        -- The table.
    null::varchar as read_by            -- What is made of it; site.friction is the friction page.
where false
