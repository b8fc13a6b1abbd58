/* One row per fact that a report or a model may use of a user asked for. */
with summary as (
    select * from marts.user_summary where user_id = any($users::varchar[])
),

-- Among equals the first by name leads.
top_page as (
    -- What follows a question mark in a page may be a secret.
    select user_id, coalesce(title, regexp_replace(page, '[?#].*$', '', 's')) as name, n_events
    from marts.user_pages
    where user_id = any($users::varchar[]) and page_rank = 1
),

top_source as (
    select user_id, arg_min(publication, (-n_events, publication)) as name, max(n_events) as n_events
    from marts.user_sources
    where user_id = any($users::varchar[]) and publication is not null
    group by all
),

topics as (
    select user_id, topic, sum(n_events)::bigint as n_events
    from marts.user_topics_monthly
    where user_id = any($users::varchar[])
    group by all
),

top_topic as (
    select user_id, arg_min(topic, (-n_events, topic)) as name, max(n_events) as n_events
    from topics
    group by all
),

months as (
    select user_id, date_trunc('month', local_date)::date as month, sum(n_events)::bigint as n_events
    from marts.user_days
    where user_id = any($users::varchar[])
    group by all
),

top_month as (
    select user_id, arg_max(month, (n_events, -epoch(month))) as month, max(n_events) as n_events
    from months
    group by all
),

facts as (
    select user_id, 'n_events' as fact_id, 'Events recorded' as label, n_events::double as value, null::varchar as value_text, 'events' as unit, null::double as coverage, n_events as n from summary
    union all
    select user_id, 'n_sessions', 'Sessions', n_sessions, null, 'sessions', null, n_sessions from summary
    union all
    select user_id, 'active_days', 'Active days', active_days, null, 'days', null, n_events from summary
    union all
    select user_id, 'span_days', 'Days from first to last event', span_days, null, 'days', null, n_events from summary where n_events > 0
    union all
    select user_id, 'n_pages', 'Distinct pages', n_pages, null, 'pages', null, n_events from summary where n_events > 0
    union all
    select user_id, 'first_date', 'First active day', null, strftime(first_date, '%Y-%m-%d'), 'date', null, n_events from summary where n_events > 0
    union all
    select user_id, 'last_date', 'Last active day', null, strftime(last_date, '%Y-%m-%d'), 'date', null, n_events from summary where n_events > 0
    union all
    select user_id, 'busiest_date', 'Busiest day', busiest_date_events, strftime(busiest_date, '%Y-%m-%d'), 'date', null, n_events from summary where n_events > 0
    union all
    select user_id, 'longest_streak', 'Longest streak', longest_streak_days, null, 'days', null, active_days from summary where n_events > 0
    union all
    select user_id, 'median_session', 'Median session', round(median_session_minutes, 1), null, 'minutes', null, n_sessions from summary where n_sessions > 0
    union all
    select user_id, 'peak_weekday', 'Weekday of the busiest hour', peak_weekday, null, 'weekday', null, peak_events from summary where n_events > 0
    union all
    select user_id, 'peak_hour', 'Busiest hour of the week', peak_hour, null, 'hour', null, peak_events from summary where n_events > 0
    union all
    select user_id, 'recent_events', 'Events in the last days of data', n_recent_events, null, 'events', null, n_events from summary where n_events > 0
    union all
    select user_id, 'top_page', 'Page with most events', top_page.n_events, name, 'events', null, top_page.n_events from top_page join summary using (user_id)
    union all
    select user_id, 'top_source', 'Publication with most events', top_source.n_events, name, 'events', source_coverage, top_source.n_events from top_source join summary using (user_id)
    union all
    select user_id, 'top_topic', 'Most frequent topic', top_topic.n_events, name, 'events', topic_coverage, top_topic.n_events from top_topic join summary using (user_id)
    union all
    select user_id, 'top_month', 'Busiest month', top_month.n_events, strftime(month, '%Y-%m'), 'month', null, top_month.n_events from top_month join summary using (user_id)
)

select
    user_id,                            -- Id of the user.
    fact_id,                            -- Name of the fact; texts cite it.
    label,                              -- The fact in a few words.
    value,                              -- The number; null where the fact is a name or a date alone.
    value_text,                         -- The name or the date, where there is one.
    unit,                               -- What the value counts or is: events, days, hour, weekday, date.
    coverage,                           -- Share of events that the fact could be taken from; null where it is all.
    n                                   -- Events, days or sessions that support it.
from facts
