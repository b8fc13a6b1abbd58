"""Fills `marts.page_centrality` and `marts.graph_metrics` from the ways in the warehouse.

Belongs here: reading the graph, writing its measures, the steps that Dagster runs. Does not belong
here: the measures themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import dagster as dg
import duckdb
import numpy as np
import pyarrow as pa

from journey_dagster.graph.centrality import Centrality, centrality
from journey_dagster.graph.metrics import Metric, measure
from journey_dagster.graph.pages import PageGraph
from journey_dagster.models import Model, model
from journey_dagster.tables import shown
from journey_dagster.warehouse import Warehouse, ensure, insert, transaction, written

CENTRALITY = model("marts/page_centrality.sql")
METRICS = model("marts/graph_metrics.sql")

READ: Mapping[str, Sequence[str]] = {
    CENTRALITY.name: ("core.steps", "marts.page_flows", "marts.page_ways"),
    METRICS.name: ("marts.page_flows", "marts.page_ways"),
}
"""What each is made from."""


def read_graph(con: duckdb.DuckDBPyConnection) -> PageGraph:
    """The pages of `marts.page_flows` and the ways of `marts.page_ways` that have support."""
    pages = [
        row[0] for row in con.execute("select page from marts.page_flows order by page").fetchall()
    ]
    place = {page: at for at, page in enumerate(pages)}
    ways = con.execute(
        "select from_page, to_page, distance from marts.page_ways where has_support order by all"
    ).fetchall()
    return PageGraph(
        pages=pages,
        starts=np.array([place[start] for start, _, _ in ways], dtype=np.int64),
        ends=np.array([place[end] for _, end, _ in ways], dtype=np.int64),
        distances=np.array([distance for _, _, distance in ways], dtype=np.float64),
    )


def fill_centrality(con: duckdb.DuckDBPyConnection) -> Centrality:
    """Compute `marts.page_centrality` anew."""
    graph = read_graph(con)
    found = centrality(graph)
    counted = con.execute(
        "select page, count(distinct session_key) as n_sessions, "
        "n_sessions / sum(count_if(is_entry)) over () from core.steps group by page"
    ).fetchall()
    passed = {page: (n, share) for page, n, share in counted}
    _replace(
        con,
        CENTRALITY,
        (
            {
                "page": page,
                "n_sessions": passed[page][0],
                "session_share": passed[page][1],
                "betweenness": None if found.values is None else float(found.values[at]),
                "betweenness_error": None if found.errors is None else float(found.errors[at]),
                "is_sampled": found.is_sampled,
                "degenerate_reason": found.degenerate_reason,
            }
            for at, page in enumerate(graph.pages)
        ),
    )
    return found


def fill_metrics(con: duckdb.DuckDBPyConnection) -> list[Metric]:
    """Compute `marts.graph_metrics` anew."""
    graph = read_graph(con)
    found = measure(graph, centrality(graph))
    _replace(con, METRICS, map(asdict, found))
    return found


def _replace(
    con: duckdb.DuckDBPyConnection, table: Model, rows: Iterable[Mapping[str, object]]
) -> None:
    ensure(con, table)
    with transaction(con):
        con.execute(f"delete from {table.name}")
        insert(con, table, pa.Table.from_pylist([dict(row) for row in rows]))


def write_centrality(warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """Fill the table of pages; say whether its ranking means anything."""
    with warehouse.get_connection() as con:
        found = fill_centrality(con)
        about = shown(written(con, CENTRALITY))
    verdict = found.degenerate_reason or "means something"
    return dg.MaterializeResult(
        metadata=about | {"is_sampled": found.is_sampled, "ranking": verdict}
    )


def write_metrics(warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """Fill the table of metrics; show those that have a value."""
    with warehouse.get_connection() as con:
        found = fill_metrics(con)
        about = shown(written(con, METRICS))
    values = {each.metric: float(each.value) for each in found if each.value is not None}
    return dg.MaterializeResult(metadata=about | values)
