"""One truth of events, and the journeys in it: sessions, steps, ways between pages, friction."""

from journey_dagster.tables import table

events = table("core/events.sql")
users = table("core/users.sql")
pages = table("core/pages.sql")
steps = table("core/steps.sql")
sessions = table("core/sessions.sql")

transitions = table("marts/transitions.sql")
page_flows = table("marts/page_flows.sql")
friction = table("marts/friction.sql")
flow_metrics = table("marts/flow_metrics.sql")
