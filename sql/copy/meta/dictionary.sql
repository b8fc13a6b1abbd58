/* One row per column of this file: what it holds, and what a row of its table is. */
select
    columns.schema_name,                -- Layer of the table.
    columns.table_name,                 -- Name of the table.
    columns.column_index,               -- Position of the column in the table, from 1.
    columns.column_name,                -- Name of the column.
    columns.data_type,                  -- Type in DuckDB.
    columns.comment as description,     -- What the column holds.
    tables.comment as table_description -- What a row of the table is.
from duckdb_columns() as columns
join (
    select database_name, schema_name, table_name, comment from duckdb_tables()
    union all
    select database_name, schema_name, view_name as table_name, comment from duckdb_views()
) as tables using (database_name, schema_name, table_name)
where columns.database_name = current_database() and not columns.internal
order by all
