"""User journeys from raw event topics to published reports.

The engine: plain typed Python, with Dagster only at its edge (`tables`, `checks`, `definitions`).
The content lies beside it: `assets/` is the graph, `sql/` is the warehouse.
"""
