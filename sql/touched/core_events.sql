/* One row per group of records whose event is computed again: what it is or whose it is has changed. */
with attributed as (
    from gone.core_attributions
    union all
    from come.core_attributions
)

select
    event_group                         -- Records that may be one event share it.
from come.raw_records
union
select event_group from gone.core_deliveries
union
select event_group from come.core_deliveries
union
select records.event_group
from raw.records as records
semi join attributed on attributed.kind = 'user' and attributed.id = records.user_id
union
select records.event_group
from raw.records as records
semi join attributed
    on attributed.kind = 'anonymous' and attributed.source = records.source and attributed.id = records.anonymous_id
