/* One row per id that some evidence ties to another: whose it is.

Ids of one kind that a source declared the same are one person, or one device, to a fixpoint. A device
whose evidence names one person is that person's, and in one cluster with them. A device of several
is shared: it unites nobody, is a cluster of its own, and core.attributions slices its time. A
suspicious cluster is not merged: its users keep their own ids, and its devices are nobody's. */
with recursive declared as (
    select from_node as node, to_node as other from core.identity_edges
    where kind = 'declared' and starts_with(from_node, 'user:') = starts_with(to_node, 'user:')
),

ways as (
    select node, other from declared
    union
    select other, node from declared
),

-- Every id ends with the least id that declared edges lead to. In each round an id, and the id that
-- it had so far, take over what the neighbours' own have: some rounds do even for a long chain.
labels as (
    select distinct node, node as label from ways
    union all
    (
        with offers as (
            select ways.node, far.label
            from ways
            join labels as near on near.node = ways.other
            join labels as far on far.node = near.label
            union all
            select mine.label, far.label
            from ways
            join labels as mine on mine.node = ways.node
            join labels as near on near.node = ways.other
            join labels as far on far.node = near.label
            union all
            select node, label from labels
        ),

        best as (
            select node, min(label) as label from offers group by all
        )

        select best.node, best.label
        from best
        where exists (select 1 from best join labels using (node) where best.label <> labels.label)
    )
),

declared_groups as (
    select node, min(label) as group_node from labels group by all
),

nodes as (
    select node, coalesce(group_node, node) as group_node
    from (
        select from_node as node from core.identity_edges
        union
        select to_node from core.identity_edges
    )
    left join declared_groups using (node)
),

owned as (
    select device.group_node, person.group_node as owner_node
    from core.identity_edges as edges
    join nodes as device on device.node = edges.from_node
    join nodes as person on person.node = edges.to_node
    where edges.from_node like 'anonymous:%' and edges.to_node like 'user:%'
    group by all
),

devices as (
    select group_node, count(*) as n_owners, if(count(*) = 1, min(owner_node), null) as owner_node
    from owned
    group by all
),

clustered as (
    select
        node,
        if(starts_with(node, 'user:'), 'user', 'anonymous') as kind,
        if(kind = 'anonymous', split_part(node, ':', 2), null) as source,
        substr(node, if(kind = 'user', 6, 12 + length(source))) as id,
        coalesce(owner_node, group_node) as cluster_id,
        if(kind = 'anonymous', coalesce(n_owners, 0), null) as n_owners
    from nodes
    left join devices using (group_node)
),

clusters as (
    select
        cluster_id,
        count(*) as n_ids,
        count(*) filter (kind = 'user') as n_users,
        count(registry.user_id) as n_registered,
        min(registry.user_id) as registered_user_id,
        min(id) filter (kind = 'user') as first_user_id,
        case
            when n_registered > 1 then 'two_registered'
            when n_ids > $max_identity_cluster then 'too_many_ids'
            when max(n_owners) > $max_identity_cluster then 'too_many_users'
        end as suspicion
    from clustered
    left join raw.registry as registry on kind = 'user' and registry.user_id = id
    group by all
),

-- Only where several users became one, and none of them is registered, does it matter who came first.
first_seen as (
    select
        clustered.cluster_id,
        arg_min(records.user_id, (records.occurred_at, records.user_id)) as user_id
    from raw.records as records
    anti join core.superseded using (topic, reading, "partition", "offset")
    join clustered on clustered.kind = 'user' and clustered.id = records.user_id
    join clusters using (cluster_id)
    where clusters.n_users > 1
        and clusters.n_registered = 0
        and records.occurred_at between $earliest_event::date and records.landed_at + interval 1 day
    group by all
)

select
    node,                               -- The id as user:ID or anonymous:SOURCE:ID.
    kind,                               -- What it is an id of: user, or anonymous for a device or browser.
    source,                             -- Source of the device; null for users, who are shared by all sources.
    id,                                 -- The id itself.
    cluster_id,                         -- Cluster of ids that are one person: its least user, else its least device.
    n_ids,                              -- Ids in the cluster.
    n_users,                            -- Ids of users among them.
    n_owners,                           -- Persons that a device's evidence names; several share it. Null for users.
    case
        when kind = 'user' and suspicion is not null then id
        when suspicion is null and n_users > 0 then coalesce(registered_user_id, first_seen.user_id, first_user_id)
    end as user_id,                     -- The user it is, canonically; null for devices that are nobody's alone.
    suspicion is not null as is_suspicious, -- The cluster is too good to be true, so it is not merged.
    suspicion                           -- Why: two_registered, too_many_ids, too_many_users; null when it is not.
from clustered
join clusters using (cluster_id)
left join first_seen using (cluster_id)
