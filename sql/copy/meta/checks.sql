/* One row per check: what it holds the data to, and what it said last.

The verdicts are those that were recorded when the checks were judged. Those of users are counted in
one row; a check that the run had not come to when the copy was made tells of the run before. */
select
    null::varchar as table_name,        -- Table that the check is shown on.
    null::varchar as check_name,        -- Name of the check.
    null::varchar as description,       -- What it looks for.
    null::varchar as outcome,           -- passed, warned, failed, or unknown: the latest run did not come to it.
    null::bigint as n_wrong,            -- Rows or users at fault; null of a check that does not count them.
    null::timestamptz as judged_at      -- When it was judged, in UTC; null when it never was.
where false
