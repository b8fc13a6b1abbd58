/* The manifest and the warehouse count the same: events, duplicates, quarantined records. */
with listed as (
    select
        coalesce(sum(n_events), 0) as n_events,
        coalesce(sum(n_accepted - n_superseded), 0) as n_accepted,
        coalesce(sum(n_quarantined), 0) as n_quarantined
    from meta.manifest
)

select
    listed.*,
    (select count(*) from core.events) as events,
    (select coalesce(sum(n_deliveries), 0) from core.events) as deliveries,
    (select count(*) from meta.quarantine) as quarantined
from listed
where listed.n_events <> (select count(*) from core.events)
    or listed.n_accepted <> (select coalesce(sum(n_deliveries), 0) from core.events)
    or listed.n_quarantined <> (select count(*) from meta.quarantine)
