/* One row per distinct event, from the delivery that landed first.

Two records are one event when their source gives both the same id and they say the same; where a
source has no ids, equal records of one topic are as many events as they are, and equal records of
another topic are those again. Duplicates stay in raw.records and are counted here. */
with repeated as (
    select
        *,
        case when message_id is null then row_number() over (
            partition by source, topic, fingerprint order by "partition", "offset"
        ) end as occurrence
    from raw.records
),

identified as (
    select
        *,
        md5(concat_ws('|', source, fingerprint, coalesce(message_id, '#' || occurrence))) as event_id
    from repeated
),

deliveries as (
    select
        *,
        row_number() over same as delivery_no,
        count(*) over (partition by event_id) as n_deliveries,
        min(received_at) over (partition by event_id) as first_received_at
    from identified
    window same as (partition by event_id order by landed_at, topic, "partition", "offset")
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

placed as (
    select
        deliveries.* exclude (page),
        coalesce(
            if(deliveries.page in ('(entry)', '(exit)'), '/' || deliveries.page, deliveries.page),
            pages.page,
            '(unknown)'
        ) as page
    from deliveries
    left join pages using (url)
    where delivery_no = 1
)

select
    event_id,                           -- Content-addressed id: the same event has the same id in every rebuild.
    source,                             -- Shape of the source: csv, ksql.
    user_id,                            -- Id of the user; null is nobody known, never a shared stranger.
    anonymous_id,                       -- Id of a device or browser, where the source has one.
    user_name,                          -- Name of the user as the source has it; names are not identities.
    (md5_number_lower(user_id) >> 1)::bigint as user_key, -- The user as an integer; null with user_id.
    nullif(nullif(trim(session_id), ''), '-1') as source_session_id, -- The session that the source names; null is none.
    occurred_at,                        -- When it happened, in UTC.
    first_received_at as received_at,   -- When a broker received it first; null where no source says.
    "offset" as tie_break,              -- Order among events of one moment: their order at the source.
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
    end as noise_reason,                -- Why the event is kept out of sessions; null when it is not.
    noise_reason is not null as is_noise, -- Kept out of sessions and of everything after.
    message_id,                         -- The id that the source gives an event, if it does.
    message_id is not null and count(*) over (partition by source, message_id) > 1
        as is_id_conflict,              -- Another event says something else under the same id of the source.
    n_deliveries,                       -- How many records said this; one is the event, the rest are duplicates.
    topic,                              -- Topic of the delivery that counts.
    "partition",                        -- Its partition.
    "offset"                            -- Its position in the partition.
from placed
