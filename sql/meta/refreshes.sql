/* One row per table that is in step with what it reads.

The program fills it: a table without a row is computed from the beginning, and so is one whose
version is another. */
select
    null::varchar as table_name,        -- The table.
    null::varchar as version            -- Hash of its file and parameters; of a table from outside, of all it holds.
where false
