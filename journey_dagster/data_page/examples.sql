-- core.events: The pages that most users have seen.
select page, count(*) as n_events, count(distinct user_id) as n_users
from core.events
where not is_noise
group by page
order by n_users desc, page
limit 10;

-- core.events: How many events arrived more than a day after they happened, by month.
select date_trunc('month', occurred_at)::date as month, count(*) as n, count_if(is_late) as n_late
from core.events
group by month
order by month;

-- core.users: Who has been here longest.
select user_id, tz, first_event_at, last_event_at, n_events
from core.users
where n_events > 0
order by last_event_at - first_event_at desc, user_id
limit 10;

-- core.sessions: Half of the sessions, and nine in ten, are no longer than this.
select
    count(*) as n_sessions,
    round(quantile_cont(duration_seconds, 0.5) / 60, 1) as median_minutes,
    round(quantile_cont(duration_seconds, 0.9) / 60, 1) as p90_minutes
from core.sessions
where not is_open;

-- core.steps: Where the longest sessions went, step by step.
select session_id, step_index, page, event, dwell_seconds
from core.steps
where session_id = (select session_id from core.sessions order by n_steps desc, session_id limit 1)
order by step_index;

-- core.pages: Pages by what they are called.
select page, title, n_events, n_users
from core.pages
where title is not null
order by n_events desc, page
limit 10;

-- core.horizon: From when until when the data reaches.
from core.horizon;

-- marts.friction: The places that lose the most sessions above the usual.
select page, event, n_visits, n_sessions_lost, exit_rate_low, exit_rate, exit_rate_high
from marts.friction
where friction_rank <= 10
order by friction_rank;

-- marts.friction_comparisons: What changed most, by pairs with enough visits on both sides.
select comparison, page, event, rate_against, rate, rate_difference, is_significant
from marts.friction_comparisons
order by abs(rate_difference) desc nulls last, page
limit 10;

-- marts.transitions: The commonest ways from one page to another.
select from_page, to_page, sum(n)::bigint as n
from marts.transitions
where from_page <> '(entry)' and to_page <> '(exit)' and from_page <> to_page
group by all
order by n desc, from_page, to_page
limit 10;

-- marts.page_flows: Where sessions begin.
select page, n_entries, n_exits, n_entries / sum(n_entries) over () as share_of_entries
from marts.page_flows
order by n_entries desc, page
limit 10;

-- marts.paths: The commonest paths, whole.
select path_rank, n_sessions, session_share, path
from marts.paths
order by path_rank
limit 10;

-- marts.loops: Pages to which sessions come straight back.
select kind, page, via_page, n_sessions, n_users
from marts.loops
order by n_sessions desc, page
limit 10;

-- marts.sankey: How many sessions leave after each step.
select step_index, sum(n_sessions)::bigint as n_sessions
from marts.sankey
where to_page = '(exit)'
group by step_index
order by step_index;

-- marts.funnel_steps: Every funnel from step to step.
select funnel, step_no, step, n_reached, previous_rate, start_rate
from marts.funnel_steps
order by funnel, step_no;

-- marts.retention: Who came back a week, two and three after the first, of finished weeks.
select week_no, sum(n_retained) / sum(n_users) as rate, sum(n_users)::bigint as n_users
from marts.retention
where is_finished and week_no between 1 and 3
group by week_no
order by week_no;

-- marts.flow_metrics: The data in one row.
from marts.flow_metrics;

-- marts.graph_metrics: What is measured of the graph of pages, or why it is not.
select metric, value, low, high, reason
from marts.graph_metrics
order by metric;

-- marts.page_centrality: Pages that most ways lead through.
select page, betweenness, session_share
from marts.page_centrality
order by betweenness desc nulls last, page
limit 10;

-- marts.user_days: Days on which the most users were active, each by their own calendar.
select local_date, count(*) as n_users, sum(n_events)::bigint as n_events
from marts.user_days
group by local_date
order by n_users desc, local_date
limit 10;

-- marts.user_hour_week: The hours of a week, by users' own clocks.
select weekday, hour, sum(n_events)::bigint as n_events
from marts.user_hour_week
group by all
order by n_events desc, weekday, hour
limit 10;

-- marts.user_interests: Topics that are somebody's own.
select topic, kind, count(*) as n_users
from marts.user_interests
group by all
order by n_users desc, topic, kind
limit 10;

-- marts.user_facts: One fact of everybody.
select user_id, label, value, unit
from marts.user_facts
where fact_id = 'active_days'
order by value desc, user_id
limit 10;

-- marts.user_report: What became of everybody's report.
select status, evidence_tier, count(*) as n_users
from marts.user_report
group by all
order by all;

-- meta.manifest: Every record that arrived, accounted for.
select
    topic,
    sum(n_consumed)::bigint as n_consumed,
    sum(n_events)::bigint as n_events,
    sum(n_duplicates + n_superseded)::bigint as n_repeated,
    sum(n_quarantined + n_tombstones + n_erased)::bigint as n_set_aside
from meta.manifest
group by topic
order by topic;

-- meta.quarantine: How many records were set aside, and for how many reasons.
select count(*) as n_records, count(distinct reason) as n_reasons, count(distinct topic) as n_topics
from meta.quarantine;

-- meta.identity_metrics: How far identity reaches, by source.
select source, n_events, n_events_stated, n_events_stitched, n_events_anonymous
from meta.identity_metrics
order by source;
