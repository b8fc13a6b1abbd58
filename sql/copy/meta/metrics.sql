/* One row per metric: what it means, its unit, where it stands and what is made of it.

A metric is a column of marts that counts or measures, or a fact that is told of users. Its
definition is the comment of the column, or that of marts.fact_definitions: there is no other. The
unit of a column is said by its name. Bounds of intervals stand beside the metric that they are of,
as _low and _high, and are none of their own. */
with measures as (
    select
        schema_name || '.' || table_name as table_name,
        column_name,
        comment as definition,
        case
            when regexp_matches(column_name, '(^|_)(rate|share|coverage|probability)(_|$)') then 'share of 1'
            when regexp_matches(column_name, '_(seconds|minutes|hours|days)$')
                then regexp_extract(column_name, '_([a-z]+)$', 1)
            when starts_with(column_name, 'fewer_') then 'count'
            when ends_with(column_name, '_usd') then 'US dollars'
            when regexp_matches(column_name, '^(n|tokens|reached)(_|$)|_n$|_n_|_events$') then 'count'
            else 'number'
        end as unit
    from duckdb_columns()
    where
        database_name = current_database()
        and schema_name = 'marts'
        and regexp_matches(data_type, '^(BIGINT|INTEGER|DOUBLE|DECIMAL)')
        and not regexp_matches(
            column_name, '(^|_)(key|rank|index|no|low|high|value|band|hour|weekday|squared)(_|$)|_times_|^step$'
        )
),

stated as (
    select
        table_name || '.' || column_name as metric,
        definition, unit, table_name, column_name,
        'select ' || column_name || ' from ' || table_name as query
    from measures
    union all by name
    select
        'fact ' || fact as metric,
        label || ': ' || definition as definition,
        unit,
        'marts.user_facts' as table_name,
        'value' as column_name,
        'select user_id, value, value_text from marts.user_facts where regexp_full_match(fact_id, '''
            || replace(fact, '{k}', '[0-9]+') || ''')' as query
    from marts.fact_definitions
),

uses as (
    select table_name, list(read_by order by read_by) as used_in from meta.lineage group by table_name
)

select
    metric,                             -- Name: the table and the column, or the word fact and the fact.
    definition,                         -- What it is.
    unit,                               -- What it is counted or measured in.
    table_name,                         -- Table that holds it.
    column_name,                        -- Column that holds it.
    query,                              -- Query that reads it.
    coalesce(used_in, []) as used_in    -- Tables and pages that are made of that table.
from stated
left join uses using (table_name)
order by metric
