"""Where sessions are lost: the graph of pages, chokepoints, the flows that meet them."""

import dagster as dg

from journey_dagster.checks import check
from journey_dagster.graph import tables as graph
from journey_dagster.tables import spec, table
from journey_dagster.warehouse import POOL

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

friction = table("marts/friction.sql")
transition_pairs = table("marts/transition_pairs.sql")
fragile_flows = table("marts/fragile_flows.sql")
fragile_paths = table("marts/fragile_paths.sql")

friction_adds_up = check("checks/friction_adds_up.sql", on="marts.friction")
pairs_are_ways = check("checks/pairs_are_ways.sql", on="marts.transition_pairs")
fragile_paths_add_up = check("checks/fragile_paths_add_up.sql", on="marts.fragile_paths")
