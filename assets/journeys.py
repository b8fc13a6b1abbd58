"""Who is who, one truth of events, and the journeys in it: sessions, steps, ways, friction."""

from journey_dagster.tables import table

identity_edges = table("core/identity_edges.sql")
identities = table("core/identities.sql")
attributions = table("core/attributions.sql")
events = table("core/events.sql")
identity_metrics = table("meta/identity_metrics.sql")
users = table("core/users.sql")
pages = table("core/pages.sql")
steps = table("core/steps.sql")
sessions = table("core/sessions.sql")

transitions = table("marts/transitions.sql")
page_flows = table("marts/page_flows.sql")
friction = table("marts/friction.sql")
flow_metrics = table("marts/flow_metrics.sql")
