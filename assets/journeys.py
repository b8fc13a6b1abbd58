"""The one truth of events and the journeys in it; only what changed is computed again."""

from journey_dagster.tables import table, tables

journeys = tables(
    "journeys",
    # which record stands for which event, and whose it is
    "core/superseded.sql",
    "core/deliveries.sql",
    "core/identity_edges.sql",
    "core/identities.sql",
    "core/attributions.sql",
    "core/events.sql",
    "core/horizon.sql",
    # users and pages
    "core/clocks.sql",
    "core/user_names.sql",
    "core/user_spans.sql",
    "core/users.sql",
    "core/page_titles.sql",
    "core/user_pages.sql",
    "core/pages.sql",
    # journeys
    "core/user_ids.sql",
    "core/page_names.sql",
    "core/event_names.sql",
    "core/placements.sql",
    "core/steps.sql",
    "core/sessions.sql",
    "core/ways.sql",
    "marts/transitions.sql",
    "marts/page_flows.sql",
    "marts/flow_metrics.sql",
    "marts/daily_metrics.sql",
    "marts/sankey.sql",
    "marts/paths.sql",
    "marts/loops.sql",
    "marts/funnel_steps.sql",
    "marts/retention.sql",
    # what friction is told from
    "marts/visits.sql",
    "marts/visit_positions.sql",
    "marts/page_ways.sql",
    "marts/recurring_paths.sql",
    "marts/friction_comparisons.sql",
    # what is known of each user
    "marts/user_days.sql",
    "marts/user_hour_week.sql",
    "marts/user_pages.sql",
    "marts/user_sources.sql",
    "marts/user_authors.sql",
    "marts/user_topics_monthly.sql",
    "marts/user_recent.sql",
    "marts/user_sessions.sql",
    "marts/user_cohort.sql",
    "marts/fact_definitions.sql",
    "meta/late_data.sql",
)

identity_metrics = table("meta/identity_metrics.sql")
