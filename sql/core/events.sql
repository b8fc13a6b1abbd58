/* One row per distinct event: the record that stands for it.

Which records are one event is said by core.deliveries; the others stay in raw.records and are
counted here. Whose an event is comes from core.attributions and never changes which events there
are.

Kept by event_group. */
with deliveries as not materialized (
    select
        records.*,
        delivered.event_id,
        delivered.n_deliveries,
        delivered.first_received_at,
        delivered.is_late,
        delivered.is_id_conflict
    from raw.records as records
    join core.deliveries as delivered using (topic, reading, "partition", "offset")
    where delivered.is_counted
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
                lambda part: if(
                    list_bool_or(list_transform($page_ids, lambda rule: regexp_full_match(part, rule))), ':id', part
                )
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
        coalesce(
            if(deliveries.page in ('(entry)', '(exit)', '(other)', '(more)'), '/' || deliveries.page, deliveries.page),
            pages.page,
            '(unknown)'
        ) as page
    from deliveries
    left join pages using (url)
    left join merged using (user_id)
    left join stitched using (source, anonymous_id, occurred_at)
)

select
    event_id,                           -- Content-addressed id: the same event has the same id in every rebuild.
    event_group,                        -- Records that may be one event share it.
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
    (md5_number_lower(coalesce(event_name, '(unknown)')) >> 1)::bigint
        as event_name_key,              -- That name as an integer.
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
    is_late,                            -- Received more than a day after it happened.
    message_id,                         -- The id that the source gives an event, if it does.
    is_id_conflict,              -- Another event says something else under the same id of the source.
    n_deliveries,                       -- How many records said this; one is the event, the rest are duplicates.
    topic,                              -- Topic of the delivery that counts.
    reading,                            -- Its reading of the topic.
    "partition",                        -- Its partition.
    "offset"                            -- Its position in the partition.
from placed
