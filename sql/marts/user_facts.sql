/* One row per fact that a report or a model may use of a registered user.

What each fact is, and the evidence it needs, is said by marts.fact_definitions; what cannot be told
of a user, because nobody stated it or the evidence is thin, has no row. Among equals the first by
name leads, or the earliest. */
with summary as (
    select * from marts.user_summary
),

of_summary as (
    select
        user_id,
        unnest([
            {fact: 'n_events', value: n_events, value_text: null, n: n_events},
            {fact: 'n_sessions', value: n_sessions, value_text: null, n: n_sessions},
            {fact: 'active_days', value: active_days, value_text: null, n: n_events},
            {fact: 'span_days', value: span_days, value_text: null, n: n_events},
            {fact: 'n_pages', value: n_pages, value_text: null, n: n_events},
            {fact: 'first_date', value: null, value_text: strftime(first_date, '%Y-%m-%d'), n: n_events},
            {fact: 'last_date', value: null, value_text: strftime(last_date, '%Y-%m-%d'), n: n_events},
            {fact: 'busiest_date', value: busiest_date_events, value_text: strftime(busiest_date, '%Y-%m-%d'),
             n: n_events},
            {fact: 'longest_streak', value: longest_streak_days, value_text: null, n: active_days},
            {fact: 'longest_streak_start', value: null, value_text: strftime(longest_streak_start, '%Y-%m-%d'),
             n: active_days},
            {fact: 'current_streak', value: if(current_streak_days >= 2, current_streak_days, null),
             value_text: null, n: active_days},
            {fact: 'median_session', value: round(median_session_minutes, 1), value_text: null, n: n_sessions},
            {fact: 'p90_session', value: round(p90_session_minutes, 1), value_text: null, n: n_sessions},
            {fact: 'longest_session', value: round(longest_session_minutes, 1), value_text: null, n: n_sessions},
            {fact: 'median_steps', value: median_session_steps, value_text: null, n: n_sessions},
            {fact: 'peak_weekday', value: peak_weekday, value_text: null, n: peak_events},
            {fact: 'peak_hour', value: peak_hour, value_text: null, n: peak_events},
            {fact: 'recent_events', value: n_recent_events, value_text: null, n: n_events},
            {fact: 'previous_events', value: n_previous_events, value_text: null, n: n_events}
        ], recursive := true)
    from summary
),

months as (
    select user_id, date_trunc('month', local_date)::date as month, sum(n_events)::bigint as n_events
    from marts.user_days
    semi join summary using (user_id)
    group by all
),

hours as (
    select * from marts.user_hour_week semi join summary using (user_id)
),

weekdays as (
    select user_id, weekday, sum(n_events)::bigint as n_events from hours group by all
),

dayparts as (
    select user_id, hour // 6 as part_no, sum(n_events)::bigint as n_events from hours group by all
),

of_calendar as (
    select
        user_id,
        'top_month' as fact,
        max(n_events) as value,
        strftime(arg_max(month, (n_events, -epoch(month))), '%Y-%m') as value_text,
        max(n_events) as n
    from months
    group by all
    union all
    select user_id, 'top_weekday', arg_max(weekday, (n_events, -weekday)), null, max(n_events)
    from weekdays
    group by all
    union all
    select
        user_id,
        'weekend_share',
        floor(100 * sum(if(weekday >= 5, n_events, 0)) / sum(n_events) + 0.5),
        null,
        sum(n_events)
    from weekdays
    group by all
    union all
    select
        user_id,
        'top_daypart',
        max(n_events),
        ['night', 'morning', 'afternoon', 'evening'][arg_max(part_no, (n_events, -part_no)) + 1],
        max(n_events)
    from dayparts
    group by all
),

pages as (
    select * from marts.user_pages semi join summary using (user_id)
),

of_pages as (
    select
        user_id,
        if(page_rank = 1, 'top_page', 'top_page_{k}') as fact,
        page_rank as k,
        n_events as value,
        -- What follows a question mark in a page may be a secret.
        coalesce(title, regexp_replace(page, '[?#].*$', '', 's')) as value_text,
        null as coverage,
        n_events as n
    from pages
    where page_rank <= 5
    union all
    select user_id, 'revisited_page', null, n_days, title, title_coverage, pages.n_events
    from pages
    join summary using (user_id)
    where n_days >= 2 and title is not null and not is_generic
    qualify row_number() over (partition by user_id order by n_days desc, pages.n_events desc, page) = 1
    union all
    select user_id, 'n_revisited', null, count_if(n_days > 1), null, null, sum(n_events)
    from pages
    group by all
),

-- Publications, topics and authors, where they are known.
topic_months as (
    select * from marts.user_topics_monthly semi join summary using (user_id)
),

names as (
    select user_id, 'source' as kind, publication as name, sum(n_events)::bigint as n_events
    from marts.user_sources
    semi join summary using (user_id)
    where publication is not null
    group by all
    union all
    select user_id, 'topic', topic, sum(n_events)::bigint from topic_months group by all
    union all
    select user_id, 'author', author, n_events from marts.user_authors semi join summary using (user_id)
),

ranked as (
    select
        names.*,
        row_number() over (partition by user_id, kind order by names.n_events desc, name) as place,
        case kind when 'source' then source_coverage when 'topic' then topic_coverage else author_coverage end
            as coverage
    from names
    join summary using (user_id)
),

of_names as (
    select
        user_id,
        'top_' || kind || if(place = 1 and kind <> 'author', '', '_{k}') as fact,
        place as k,
        n_events as value,
        name as value_text,
        coverage,
        n_events as n
    from ranked
    where place <= if(kind = 'topic', 5, 3)
    union all
    select user_id, 'n_' || kind || 's', null, count(*), null, coverage, sum(n_events)
    from ranked
    group by all
    union all
    select
        user_id,
        'topic_peak_{k}',
        place,
        max(topic_months.n_events),
        strftime(arg_max(month, (topic_months.n_events, -epoch(month))), '%Y-%m'),
        coverage,
        ranked.n_events
    from ranked
    join topic_months using (user_id)
    where kind = 'topic' and place <= 5 and topic = name
    group by all
),

interests as (
    select interests.*, topic_coverage
    from marts.user_interests as interests
    join summary using (user_id)
),

of_interests as (
    select
        user_id,
        kind || '_{k}' as fact,
        interest_rank as k,
        n_events as value,
        topic as value_text,
        topic_coverage as coverage,
        n_support as n
    from interests
    union all
    select user_id, kind || '_{k}_before', interest_rank, n_before, null, topic_coverage, n_support from interests
    union all
    select user_id, kind || '_{k}_months', interest_rank, null, months, topic_coverage, n_support from interests
),

firsts as (
    select
        user_id,
        arg_min(pages.title, (occurred_at, tie_break, event_id))
            filter (pages.title is not null and not is_generic) as title,
        arg_min(tags[1], (occurred_at, tie_break, event_id)) filter (tags[1] is not null) as topic
    from core.events
    join core.pages as pages using (page_key)
    semi join summary using (user_id)
    where not is_noise
    group by all
),

of_firsts as (
    select
        user_id,
        'first_page' as fact,
        null as value,
        title as value_text,
        title_coverage as coverage,
        summary.n_events as n
    from firsts
    join summary using (user_id)
    union all
    select user_id, 'first_topic', names.n_events, topic, topic_coverage, names.n_events
    from firsts
    join names using (user_id)
    join summary using (user_id)
    where kind = 'topic' and name = topic
),

recent as (
    select *, row_number() over (partition by user_id order by recent_rank) as place
    from marts.user_recent
    semi join summary using (user_id)
    where title is not null
),

of_recent as (
    select user_id, 'recent_{k}' as fact, place as k, title as value_text from recent where place <= 8
    union all
    select user_id, 'recent_{k}_date', place, strftime(at_local, '%Y-%m-%d') from recent where place <= 8
),

of_cohort as (
    select
        user_id,
        unnest([
            {fact: 'cohort_events', value: fewer_events},
            {fact: 'cohort_active_days', value: fewer_active_days},
            {fact: 'cohort_sessions', value: fewer_sessions}
        ], recursive := true),
        n_others as n
    from marts.user_cohort
    semi join summary using (user_id)
    where n_others >= 20
),

facts as (
    select *, null::bigint as k, null::double as coverage from of_summary
    union all by name
    select * from of_calendar
    union all by name
    select * from of_pages
    union all by name
    select * from of_names
    union all by name
    select * from of_interests
    union all by name
    select * from of_firsts
    union all by name
    select *, 1 as n from of_recent
    union all by name
    select * from of_cohort
)

select
    user_id,                            -- Id of the user.
    replace(fact, '{k}', coalesce(k, 1)::varchar) as fact_id, -- Name of the fact; texts cite it.
    replace(label, '{k}', coalesce(k, 1)::varchar) as label, -- The fact in a few words.
    value::double as value,             -- The number; null where the fact is a name or a date alone.
    value_text::varchar as value_text,  -- The name or the date, where there is one.
    unit,                               -- What the value counts or is: events, days, hour, weekday, date.
    coverage,                           -- Share of events that the fact could be taken from; null where it is all.
    n::bigint as n,                     -- Events, days or sessions that support it.
    definition                          -- How it is computed, in a sentence; no user's data is in it.
from facts
join marts.fact_definitions using (fact)
join summary using (user_id)
where evidence_tier >= tier and (value is not null or value_text is not null)
