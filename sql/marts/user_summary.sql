/* One row per registered user: the headline numbers and what they may be used to say.

Tiers: T0 no events; T1 under 3 active days or under 5 sessions; T2 under 10 active days or a span
below 28 days; T3 the rest. */
with asked as (
    select user_id, tz from core.users where is_registered
),

days as (
    select
        user_id,
        sum(n_events)::bigint as n_events,
        count(*) as active_days,
        min(local_date) as first_date,
        max(local_date) as last_date,
        max(local_date) - min(local_date) + 1 as span_days,
        arg_max(local_date, (n_events, -epoch(local_date))) as busiest_date,
        max(n_events) as busiest_date_events
    from marts.user_days
    semi join asked using (user_id)
    group by all
),

-- Days in a row share the difference between the date and its rank.
streaks as (
    select user_id, min(local_date) as start_date, max(local_date) as end_date, count(*) as n_days
    from (
        select
            user_id,
            local_date,
            local_date - row_number() over (partition by user_id order by local_date)::integer as island
        from marts.user_days
        semi join asked using (user_id)
    )
    group by user_id, island
),

longest as (
    select *
    from streaks
    qualify row_number() over (partition by user_id order by n_days desc, start_date) = 1
),

current_streaks as (
    select user_id, n_days
    from streaks
    join asked using (user_id)
    join core.horizon on end_date = (data_through at time zone tz)::date
),

sessions as (
    select
        user_id,
        count(*) as n_sessions,
        count_if(is_open)::bigint as n_open_sessions,
        max(duration_seconds) / 60 as longest_session_minutes,
        median(duration_seconds) / 60 as median_session_minutes,
        quantile_cont(duration_seconds, 0.9) / 60 as p90_session_minutes,
        median(n_steps) as median_session_steps
    from core.sessions
    semi join asked using (user_id)
    group by all
),

hours as (
    select
        user_id,
        arg_max(weekday, (n_events, -weekday, -hour)) as peak_weekday,
        arg_max(hour, (n_events, -weekday, -hour)) as peak_hour,
        max(n_events) as peak_events
    from marts.user_hour_week
    semi join asked using (user_id)
    group by all
),

pages as (
    select user_id, count(*) as n_pages
    from marts.user_pages
    semi join asked using (user_id)
    group by all
),

windows as (
    select
        data_through - $recent_days::integer * interval 1 day as recent_from,
        data_through - 2 * $recent_days::integer * interval 1 day as previous_from
    from core.horizon
),

events as (
    select
        events.user_id,
        count_if(is_noise)::bigint as n_noise,
        sum(n_deliveries - 1)::bigint as n_duplicates,
        avg((title is not null)::integer) filter (not is_noise) as title_coverage,
        avg((tags is not null)::integer) filter (not is_noise) as topic_coverage,
        avg((publication is not null)::integer) filter (not is_noise) as source_coverage,
        avg((authors is not null)::integer) filter (not is_noise) as author_coverage,
        count_if(not is_noise and occurred_at > recent_from)::bigint as n_recent_events,
        if(
            bool_or(not is_noise and occurred_at <= previous_from),
            count_if(not is_noise and occurred_at > previous_from)::bigint - n_recent_events,
            null
        ) as n_previous_events
    from core.events as events
    semi join asked using (user_id)
    left join windows on true
    group by all
)

select
    user_id,                            -- Id of the user.
    asked.tz,                           -- Time zone of all local dates and hours here.
    coalesce(days.n_events, 0) as n_events, -- Distinct events that count.
    coalesce(sessions.n_sessions, 0) as n_sessions, -- Sessions.
    coalesce(sessions.n_open_sessions, 0) as n_open_sessions, -- Of them, those that may still go on.
    coalesce(days.active_days, 0) as active_days, -- Days with an event.
    days.first_date,                    -- First active day; null without events.
    days.last_date,                     -- Last active day; null without events.
    coalesce(days.span_days, 0) as span_days, -- Days from first to last, both included.
    days.busiest_date,                  -- Day with most events, the earliest of equals; null without events.
    coalesce(days.busiest_date_events, 0) as busiest_date_events, -- Events on that day.
    coalesce(longest.n_days, 0) as longest_streak_days, -- Most active days in a row.
    longest.start_date as longest_streak_start, -- First day of that streak; null without events.
    longest.end_date as longest_streak_end, -- Last day of that streak; null without events.
    coalesce(current_streaks.n_days, 0) as current_streak_days, -- Active days in a row up to the last day of all data.
    coalesce(pages.n_pages, 0) as n_pages, -- Distinct pages.
    sessions.median_session_minutes,    -- Median length of a session; null without sessions.
    sessions.p90_session_minutes,       -- Nine of ten sessions are no longer; null without sessions.
    sessions.longest_session_minutes,   -- Length of the longest session; null without sessions.
    sessions.median_session_steps,      -- Median steps of a session; null without sessions.
    hours.peak_weekday,                 -- Weekday of the busiest hour of the week, Monday is 0; null without events.
    hours.peak_hour,                    -- Busiest hour of the week, 0 to 23; null without events.
    coalesce(hours.peak_events, 0) as peak_events, -- Events in that hour of the week.
    coalesce(events.n_recent_events, 0) as n_recent_events, -- Events in the last days of data.
    events.n_previous_events,           -- Events in as many days before; null for who began after their beginning.
    coalesce(events.n_noise, 0) as n_noise, -- Events that do not count: flagged as noise.
    coalesce(events.n_duplicates, 0) as n_duplicates, -- Further deliveries of events, not counted.
    events.title_coverage,              -- Share of events whose page has a title; null without events.
    events.topic_coverage,              -- Share of events whose content has known tags; null without events.
    events.source_coverage,             -- Share of events whose publication is known; null without events.
    events.author_coverage,             -- Share of events whose content has known authors; null without events.
    case
        when coalesce(days.n_events, 0) = 0 then 'T0'
        when days.active_days < 3 or sessions.n_sessions < 5 then 'T1'
        when days.active_days < 10 or days.span_days < 28 then 'T2'
        else 'T3'
    end as evidence_tier                -- What the data is enough for: T0 nothing, T1 counts, T2 habits, T3 the year.
from asked
left join days using (user_id)
left join longest using (user_id)
left join current_streaks using (user_id)
left join sessions using (user_id)
left join hours using (user_id)
left join pages using (user_id)
left join events using (user_id)
