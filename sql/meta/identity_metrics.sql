/* One row per source: how far identity reaches, and how much of it is in doubt.

A cluster counts for every source with evidence in it. */
with seen as (
    select
        source,
        count(*) as n_events,
        count(stated_user_id) as n_stated,
        count(*) filter (is_stitched) as n_stitched,
        count(*) filter (user_id is null) as n_anonymous,
        count(distinct anonymous_id) as n_devices
    from core.events
    group by all
),

evidence as (
    select source, from_node as node from core.identity_edges
    union
    select source, to_node from core.identity_edges
),

touched as (
    select distinct evidence.source, cluster_id, n_ids, is_suspicious
    from evidence
    join core.identities using (node)
),

clusters as (
    select
        source,
        count(*) filter (n_ids > 1) as n_clusters,
        count(*) filter (is_suspicious) as n_suspicious,
        max(n_ids) as n_largest
    from touched
    group by all
),

shared as (
    select source, count(*) as n_shared from core.identities where n_owners > 1 group by all
)

select
    source,                             -- Shape of the records.
    n_events,                           -- Distinct events.
    n_stated as n_events_stated,        -- Of them, events that state their user.
    n_stitched as n_events_stitched,    -- Of them, events whose user comes from their anonymous id.
    n_anonymous as n_events_anonymous,  -- Of them, events of nobody known.
    n_stitched / nullif(n_events - n_stated, 0)
        as stitch_coverage,             -- Share of the events without a stated user that got one; null without such.
    n_devices,                          -- Distinct anonymous ids.
    coalesce(n_shared, 0) as n_shared_devices, -- Anonymous ids of several persons.
    coalesce(n_clusters, 0) as n_clusters, -- Clusters of more than one id.
    coalesce(n_suspicious, 0) as n_suspicious_clusters, -- Clusters that were not merged.
    coalesce(n_largest, 0) as n_ids_in_largest -- Ids in the largest cluster.
from seen
left join clusters using (source)
left join shared using (source)
