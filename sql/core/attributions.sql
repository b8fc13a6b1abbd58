/* One row per id, or slice of its time, whose events go to a user that they do not state.

An id of a user that was merged into another has one row, and so has a device of one person. On a
device of several persons, moments with a known user decide: what lies between two of the same user,
before the first or after the last is theirs; what lies between two different users is nobody's. */
with shared as (
    select * from core.identities where n_owners > 1 and not is_suspicious
),

stated as (
    select
        source,
        user_id,
        anonymous_id,
        occurred_at,
        if(same_as like 'user:%', substr(same_as, 6), null) as declared_user_id,
        if(same_as like 'anonymous:%', substr(same_as, 11), null) as declared_anonymous_id
    from raw.records
    anti join core.superseded using (topic, reading, "partition", "offset")
    where occurred_at between $earliest_event::date and landed_at + interval 1 day
        and (same_as is not null or (user_id is not null and anonymous_id is not null))
),

known as (
    select source, anonymous_id, user_id, occurred_at from stated
    union all
    select source, declared_anonymous_id, user_id, occurred_at from stated
    union all
    select source, anonymous_id, declared_user_id, occurred_at from stated where user_id is null
),

evidence as (
    select distinct shared.cluster_id, persons.user_id, persons.is_suspicious, known.occurred_at as said_at
    from known
    join shared on shared.source = known.source and shared.id = known.anonymous_id
    join core.identities as persons on persons.kind = 'user' and persons.id = known.user_id
    semi join core.identity_edges as edges
        on edges.from_node = shared.node and edges.to_node = persons.node
),

moments as (
    select cluster_id, said_at, if(count(*) = 1 and not any_value(is_suspicious), min(user_id), null) as user_id
    from evidence
    group by all
),

numbered as (
    select
        *,
        user_id is distinct from lag(user_id) over moment as is_other,
        lag(said_at) over moment is null as is_first,
        lead(said_at) over moment is null as is_last
    from moments
    window moment as (partition by cluster_id order by said_at)
),

runs as (
    select *, count_if(is_other) over (partition by cluster_id order by said_at) as run_no
    from numbered
),

slices as (
    select
        cluster_id,
        user_id,
        if(bool_or(is_first), null, min(said_at)) as from_at,
        if(bool_or(is_last), null, max(said_at)) as until_at
    from runs
    where user_id is not null
    group by cluster_id, run_no, user_id
)

select
    kind,                               -- What it is an id of: user or anonymous.
    source,                             -- Source of the device; null for users.
    id,                                 -- The id.
    from_at,                            -- First moment of the slice, in UTC; null is from the beginning.
    until_at,                           -- Last moment of the slice, itself included; null is for good.
    user_id                             -- The user that events with this id go to.
from (
    select kind, source, id, null::timestamptz as from_at, null::timestamptz as until_at, user_id
    from core.identities
    where user_id is not null and (kind = 'anonymous' or user_id <> id)
    union all
    select shared.kind, shared.source, shared.id, slices.from_at, slices.until_at, slices.user_id
    from slices
    join shared using (cluster_id)
)
