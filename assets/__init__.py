"""The graph, from top to bottom: topics, events, journeys, users, reports.

Belongs here: bindings, one line a table. Does not belong here: logic (`journey_dagster/`) and SQL
(`sql/`, under the names used here).
"""
