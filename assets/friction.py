"""Where sessions are lost: visits, the graph of pages, chokepoints, the flows that meet them."""

import dagster as dg

from journey_dagster.checks import check
from journey_dagster.graph import tables as graph
from journey_dagster.tables import spec, tables
from journey_dagster.warehouse import POOL

visits = tables(
    "visits",
    "marts/visits.sql",
    "marts/visit_positions.sql",
    "marts/page_ways.sql",
    "marts/recurring_paths.sql",
    "marts/friction_changes.sql",
)

page_centrality = dg.multi_asset(
    name="page_centrality",
    specs=[spec(graph.CENTRALITY, also_reads=graph.READ[graph.CENTRALITY.name])],
    pool=POOL,
)(graph.write_centrality)

graph_metrics = dg.multi_asset(
    name="graph_metrics",
    specs=[spec(graph.METRICS, also_reads=graph.READ[graph.METRICS.name])],
    pool=POOL,
)(graph.write_metrics)

friction = tables(
    "friction",
    "marts/friction.sql",
    "marts/transition_pairs.sql",
    "marts/fragile_flows.sql",
    "marts/fragile_paths.sql",
)

friction_rates_hold = check("checks/friction_rates_hold.sql", on="marts.friction")
friction_adds_up = check("checks/friction_adds_up.sql", on="marts.friction")
pairs_are_ways = check("checks/pairs_are_ways.sql", on="marts.transition_pairs")
fragile_paths_add_up = check("checks/fragile_paths_add_up.sql", on="marts.fragile_paths")
