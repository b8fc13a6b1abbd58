"""The documents of an export: the size of it all, scores by page, patterns, the report.

Belongs here: what each document says. Does not belong here: CSV (`tables`), the graph (`graph`).

What cannot be told is null, and `not_estimable` says why.
"""

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb

from journey_dagster.friction_export.stream import rows_of, write_list, write_object
from journey_dagster.friction_export.tables import FINAL_REPORT, iso

MADE_BY = "journey export friction"
"""Says in `dataset_info.json` that a folder is ours to replace."""

TOP = 5
"""Pages and chokepoints that the report names."""

_WAYS = "marts.transitions where from_page <> '(entry)' and to_page <> '(exit)'"

_SIZES = f"""
    select
        (select sum(n_steps)::bigint from core.sessions) as total_events,
        n_users as unique_users, n_sessions as total_sessions, sessions_per_user,
        mean_flow_length as avg_flow_length, n_pages as node_count,
        (select count(*) from (select distinct from_page, to_page from {_WAYS})) as edge_count,
        (select coalesce(sum(n), 0)::bigint from {_WAYS}) as transition_count,
        n_edge_events as unique_edge_events,
        (select count(*) from core.sessions where is_open) as open_sessions,
        n_unattributed_events as unattributed_events
    from marts.flow_metrics
"""

_NODE_MAP = """
    select page, max(telomesh_score) filter (not is_natural_exit) as score
    from marts.friction
    group by all
    order by page
"""

_STEPS = """
    select session_id, steps.user_id, steps.page
    from core.steps as steps
    join core.sessions as sessions using (session_id)
    order by steps.user_id, sessions.started_at, session_id, steps.step_index
"""

_PATTERNS = """
    select path, n, n_sessions, n_users, expected_n, lift
    from marts.recurring_paths
    order by n desc, path
"""

_LOOPS = f"""
    select from_page as page, sum(n)::bigint as n from {_WAYS} and from_page = to_page
    group by all
    order by page
"""

_INFO = f"""
    select
        (select count(distinct user_key) from core.sessions) as num_users,
        (select sum(n_steps)::bigint from core.sessions) as num_events,
        (select count(*) from core.sessions) as num_sessions,
        (select list(distinct source order by source) from core.events) as sources,
        (select {iso("min(started_at)")} from core.sessions) as data_from,
        (select {iso("max(ended_at)")} from core.sessions) as data_through
"""

_CENTRAL = f"""
    select page, betweenness, betweenness_error, session_share, n_sessions
    from marts.page_centrality
    where degenerate_reason is null
    order by betweenness desc, page
    limit {TOP}
"""

_DEGENERATE = "select any_value(degenerate_reason) as reason from marts.page_centrality"

_CHOKEPOINTS = f"""
    select
        page, event, n_visits, n_sessions_lost as sessions_lost, n_users_lost as users_lost,
        exit_rate, exit_rate_low, exit_rate_high, baseline_exit_rate, p_value, p_adjusted,
        n_expected_lost, betweenness, telomesh_score
    from marts.friction
    where is_chokepoint
    order by friction_rank nulls last, page, event
    limit {TOP}
"""


def write_metrics(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write how many events, users, sessions, pages and ways there are."""
    measured = _measured(con)
    components = measured.get("connected_components")
    members: dict[str, object] = {
        **_one(con, _SIZES),
        **_most_common(con, "count(*)", "core.steps where true", "event"),
        **_most_common(con, "sum(n)::bigint", _WAYS, "edge_event"),
        "connected_components": _value(components),
        "not_estimable": _reasons({"connected_components": components}),
    }
    write_object(path, members)


def write_node_map(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Write each page's highest score; null where scores mean nothing (the report says why).

    Returns:
        The number of pages.
    """
    scores = {row["page"]: row["score"] for row in rows_of(con, _NODE_MAP)}
    write_object(path, scores)
    return len(scores)


def write_paths(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Write the pages of each session, in the order of `session_flows.csv`.

    Sorted rows are put together one session at a time: lists of all sessions do not fit into
    memory, while DuckDB sorts on the disk.

    Returns:
        The number of sessions.
    """
    steps = groupby(rows_of(con, _STEPS), key=itemgetter("user_id", "session_id"))
    return write_list(
        path,
        (
            {"session_id": name, "user_id": user, "path": [step["page"] for step in taken]}
            for (user, name), taken in steps
        ),
    )


def write_patterns(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Write the windows of pages that recur, with how often chance alone would make them.

    Returns:
        The number of windows.
    """
    counted = _one(con, f"select count(*) as n from ({_PATTERNS})")
    members = {
        "recurring_patterns": rows_of(con, _PATTERNS),
        "total_patterns": counted["n"],
        "node_loop_counts": {row["page"]: row["n"] for row in rows_of(con, _LOOPS)},
    }
    return write_object(path, members)["recurring_patterns"]


def write_report(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write the measures of the graph's structure, its most central pages, the chokepoints."""
    measured = _measured(con)
    degenerate = _one(con, _DEGENERATE)["reason"]
    reasons = _reasons(measured)
    if degenerate:
        reasons["top_betweenness_nodes"] = degenerate
    members: dict[str, object] = {
        **{name: _value(row) for name, row in measured.items()},
        "intervals": {
            name: {"low": row["low"], "high": row["high"]}
            for name, row in measured.items()
            if row["low"] is not None
        },
        "details": {name: row["detail"] for name, row in measured.items() if row["detail"]},
        "not_estimable": reasons,
        "top_betweenness_nodes": rows_of(con, _CENTRAL),
        "top_chokepoints": rows_of(con, _CHOKEPOINTS),
    }
    write_object(path, members)


def write_info(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    """Write what the export was made of.

    Args:
        con: the warehouse.
        path: the file.
        name: what the data is called.
    """
    members = {"dataset_name": name, **_one(con, _INFO), "made_by": MADE_BY}
    write_object(path, members)


def _one(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any]:
    return next(rows_of(con, query))


def _most_common(
    con: duckdb.DuckDBPyConnection, counted: str, rows: str, name: str
) -> dict[str, Any]:
    """The most common event, the first by name among equals; null where there is none."""
    query = f"select event, {counted} as n from {rows} group by all order by n desc, event limit 1"
    found = next(rows_of(con, query), {"event": None, "n": 0})
    return {f"most_common_{name}": found["event"], f"most_common_{name}_count": found["n"]}


def _measured(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """The measures of the graph's structure, by name."""
    return {row["metric"]: row for row in rows_of(con, FINAL_REPORT)}


def _value(row: dict[str, Any] | None) -> float | int | None:
    """A measure's value, whole numbers as such."""
    value = row["value"] if row else None
    return int(value) if value is not None and float(value).is_integer() else value


def _reasons(measured: Mapping[str, dict[str, Any] | None]) -> dict[str, str]:
    """Of the measures without a value, why."""
    return {
        name: (row["reason"] if row else None) or "not measured"
        for name, row in measured.items()
        if row is None or row["value"] is None
    }
