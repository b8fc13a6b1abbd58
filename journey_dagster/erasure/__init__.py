"""A user is forgotten: everywhere, for good, with a receipt; and records grow too old to be kept.

Belongs here: what is removed from where, in which order, and how that is finished after a kill.
Does not belong here: which records are whose (`topics.suppression`), who is who (`sql/core`).

    person     who is meant: all ids of one person, and what there is of them
    journal    what is under way, so that a kill leaves nothing half done
    steps      the removal, place by place: records, lists, warehouse, ledger, site, Dagster
    history    what Dagster recorded
    receipt    the pages published anew, and what is written down of it all
    ageing     records that are too old

The order is: the ids go on the list that keeps their records out; then everything that holds them
is removed; then a run computes all from what is left; then what was published is replaced. A kill
is made good by whatever command comes next (docs/adr/0016).
"""
