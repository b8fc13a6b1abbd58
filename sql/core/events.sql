/* One row per distinct event.

Two records are one event when their source gives both the same id and they say the same; where a
source has no ids, equal records of one topic are as many events as they are, and equal records of
another topic are those again. Duplicates stay in raw.records and are counted here. Of the deliveries
of an event the highest revision counts, where a source has revisions, and then the first.

Whose an event is comes last, from core.attributions, so it never changes which events there are. */
with counting as not materialized (
    select *
    from raw.records
    anti join core.superseded using (topic, reading, "partition", "offset")
),

-- Amplitude promises an id for seven days; after a longer pause it is another event's.
reused as (
    select
        topic,
        reading,
        "partition",
        "offset",
        count_if(is_new) over (partition by fingerprint order by occurred_at, landed_at, "offset") as use_no
    from (
        select
            *,
            coalesce(occurred_at - lag(occurred_at) over (
                partition by fingerprint order by occurred_at, landed_at, "offset"
            ) > interval 7 day, false) as is_new
        from counting
        where source = 'amplitude' and message_id is not null
    )
),

-- Records that have an id of their source, and those that are told apart by counting equal ones.
identified as not materialized (
    select
        counting.*,
        md5(concat_ws(
            '|', source, fingerprint, message_id || if(use_no > 0, '+' || use_no, '')
        )) as event_id
    from counting
    left join (from reused where use_no > 0) using (topic, reading, "partition", "offset")
    where message_id is not null
    union all by name
    select
        *,
        md5(concat_ws('|', source, fingerprint, '#' || row_number() over (
            partition by source, topic, fingerprint order by "partition", "offset"
        ))) as event_id
    from counting
    where message_id is null
),

-- Nearly every event is delivered once, so only the others are sorted.
repeated as (
    select event_id, count(*) as n_deliveries, min(received_at) as first_received_at
    from identified
    group by event_id
    having count(*) > 1
),

counted as (
    select topic, reading, "partition", "offset"
    from identified
    semi join repeated using (event_id)
    qualify row_number() over (
        partition by event_id
        order by revision desc nulls last, landed_at, topic, reading, "partition", "offset"
    ) = 1
),

deliveries as not materialized (
    select identified.* exclude (received_at), 1 as n_deliveries, received_at as first_received_at
    from identified
    anti join repeated using (event_id)
    union all by name
    select identified.* exclude (received_at), n_deliveries, first_received_at
    from identified
    join repeated using (event_id)
    semi join counted using (topic, reading, "partition", "offset")
),

conflicting as (
    select source, message_id, true as is_conflict
    from identified
    where message_id is not null
    group by source, message_id
    having min(event_id) <> max(event_id)
),

-- Addresses repeat, so each is normalised once.
addresses as (
    select distinct url from deliveries where page is null and url is not null
),

stripped as (
    select
        url,
        regexp_replace(
            regexp_replace(url, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*', ''), '[?#].*$', '', 's'
        ) as path
    from addresses
),

pages as (
    select
        url,
        '/' || array_to_string(
            list_transform(
                list_filter(string_split(path, '/'), lambda part: part <> ''),
                lambda part: case
                    when regexp_full_match(part, '[0-9]+') then ':id'
                    when regexp_full_match(part, '[0-9A-Fa-f]{8}(-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}') then ':id'
                    when regexp_full_match(part, '[0-9a-f]{16,}') then ':id'
                    else part
                end
            ), '/'
        ) as page
    from stripped
),

merged as (
    select id as user_id, user_id as canonical_user_id from core.attributions where kind = 'user'
),

-- The user of each moment in which a device was used by nobody known.
stitched as (
    select moments.*, slices.user_id as device_user_id
    from (
        select distinct source, anonymous_id, occurred_at
        from raw.records
        where user_id is null and anonymous_id is not null
    ) as moments
    asof join (
        select *, coalesce(from_at, '-infinity') as begins_at from core.attributions where kind = 'anonymous'
    ) as slices
        on slices.source = moments.source
        and slices.id = moments.anonymous_id
        and slices.begins_at <= moments.occurred_at
    where coalesce(moments.occurred_at <= slices.until_at, true)
),

placed as (
    select
        deliveries.* exclude (user_id, page, noise_reason),
        deliveries.user_id as stated_user_id,
        coalesce(merged.canonical_user_id, deliveries.user_id, stitched.device_user_id) as user_id,
        deliveries.noise_reason as stated_noise,
        coalesce(conflicting.is_conflict, false) as is_id_conflict,
        coalesce(
            if(deliveries.page in ('(entry)', '(exit)'), '/' || deliveries.page, deliveries.page),
            pages.page,
            '(unknown)'
        ) as page
    from deliveries
    left join pages using (url)
    left join merged using (user_id)
    left join stitched using (source, anonymous_id, occurred_at)
    left join conflicting using (source, message_id)
)

select
    event_id,                           -- Content-addressed id: the same event has the same id in every rebuild.
    source,                             -- Shape of the records: csv, ksql, mixpanel and so on.
    user_id,                            -- Id of the user, canonically; null is nobody known, never a shared stranger.
    stated_user_id,                     -- Id of the user in the words of the record; null where it states none.
    stated_user_id is null and user_id is not null
        as is_stitched,                 -- The user comes from the anonymous id, not from the record.
    anonymous_id,                       -- Id of a device or browser, where the source has one.
    user_name,                          -- Name of the user as the source has it; names are not identities.
    (md5_number_lower(user_id) >> 1)::bigint as user_key, -- The user as an integer; null with user_id.
    nullif(nullif(trim(session_id), ''), '-1') as source_session_id, -- The session that the source names; null is none.
    occurred_at,                        -- When it happened, in UTC.
    first_received_at as received_at,   -- When a broker or vendor received it first; null where none says.
    coalesce(tie_break, "offset") as tie_break, -- Order among events of one moment: their order at the source.
    coalesce(event_name, '(unknown)') as event_name, -- What happened, in the words of the source.
    page,                               -- Page: as the source names it, or the path of its address with ids as :id.
    (md5_number_lower(page) >> 1)::bigint as page_key, -- The page as an integer.
    url,                                -- Address of the page, unscrubbed: never to be published as it is.
    title,                              -- Title of the page.
    referrer,                           -- Address the user came from, unscrubbed.
    publication,                        -- Publication or application that the event belongs to.
    list_sort(list_distinct(list_transform(tags, lambda tag: lower(tag))))
        as tags,                        -- Tags of the content; null is unknown, empty is none.
    authors,                            -- Authors of the content; null is unknown, empty is none.
    properties,                         -- All else that the record says.
    case
        when occurred_at < $earliest_event::date then 'before_earliest'
        when occurred_at > landed_at + interval 1 day then 'in_future'
        else stated_noise
    end as noise_reason,                -- Why the event is kept out of sessions; null when it is not.
    noise_reason is not null as is_noise, -- Kept out of sessions and of everything after.
    coalesce(first_received_at > occurred_at + interval 1 day, false)
        as is_late,                     -- Received more than a day after it happened.
    message_id,                         -- The id that the source gives an event, if it does.
    is_id_conflict,              -- Another event says something else under the same id of the source.
    n_deliveries,                       -- How many records said this; one is the event, the rest are duplicates.
    landed_at,                          -- When the bytes of the delivery that counts arrived here.
    topic,                              -- Topic of the delivery that counts.
    reading,                            -- Its reading of the topic.
    "partition",                        -- Its partition.
    "offset"                            -- Its position in the partition.
from placed
