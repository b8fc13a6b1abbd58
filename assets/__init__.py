"""The graph, from top to bottom: topics, events, journeys, users, reports.

Belongs here: bindings, one line a table. Does not belong here: logic, which is in `journey_dagster`,
and SQL, which is in `sql/` under the names used here.
"""
