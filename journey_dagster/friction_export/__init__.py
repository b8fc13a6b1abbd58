"""Writes friction as files, under the names that users of TeloMesh know: CSV, JSON, GraphML.

Belongs here: which files there are, and the folder they go to.
Does not belong here: computing any of it (`sql/marts`).

Everything is read from the analysts' copy as of one moment. What is long goes from DuckDB to its
file without being held in memory, and the same warehouse gives the same bytes.
docs/how-to/telomesh.md says what each file is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from journey_dagster import warehouse
from journey_dagster.folders import whole
from journey_dagster.friction_export import documents, graph, tables
from journey_dagster.settings import Settings
from journey_dagster.warehouse import WarehouseError

INFO = "dataset_info.json"

_Writer = Callable[[duckdb.DuckDBPyConnection, Path], int | None]

WRITERS: Mapping[str, _Writer] = {
    "session_flows.csv": partial(tables.write_csv, query=tables.SESSION_FLOWS),
    "event_chokepoints.csv": partial(tables.write_csv, query=tables.EVENT_CHOKEPOINTS),
    "high_friction_flows.csv": partial(tables.write_csv, query=tables.HIGH_FRICTION_FLOWS),
    "decision_table.csv": partial(tables.write_csv, query=tables.DECISION_TABLE),
    "final_report.csv": partial(tables.write_csv, query=tables.FINAL_REPORT),
    "final_report.json": documents.write_report,
    "metrics.json": documents.write_metrics,
    "friction_node_map.json": documents.write_node_map,
    "recurring_patterns.json": documents.write_patterns,
    "session_paths.json": documents.write_paths,
    "user_graph.graphml": graph.write_graphml,
    "user_graph.json": graph.write_node_link,
}

READS = (
    "core.events",
    "core.sessions",
    "core.steps",
    "marts.flow_metrics",
    "marts.fragile_flows",
    "marts.friction",
    "marts.graph_metrics",
    "marts.page_centrality",
    "marts.page_flows",
    "marts.recurring_paths",
    "marts.transitions",
)


@dataclass(frozen=True)
class File:
    """A file that was written."""

    path: Path
    n_rows: int | None
    """Its rows, the edges of a graph, the items of a list; None where nothing is counted."""
    n_bytes: int


def export(settings: Settings, place: Path) -> list[File]:
    """Write all files into a folder, which is replaced as a whole.

    Args:
        settings: where the analysts' copy is, and what the data is called.
        place: the folder; one that an earlier export wrote is replaced, a stranger's is not.

    Returns:
        The files in the order of their writing.

    Raises:
        WarehouseError: there is no copy, nothing in it to export, or it is of another version.
        FolderError: the folder is somebody else's.
    """
    copy = settings.analytics
    with warehouse.connect(copy, read_only=True, memory_limit=settings.memory_limit) as con:
        _refuse_unready(con, copy)
        with whole(place, {*WRITERS, INFO}, _is_ours) as folder:
            try:
                counts = {name: write(con, folder / name) for name, write in WRITERS.items()}
                documents.write_info(con, folder / INFO, settings.dataset)
            except duckdb.BinderException as error:
                raise WarehouseError(
                    f"{copy} is of another version ({str(error).splitlines()[0]}). "
                    "Make it anew: journey run"
                ) from error
            counts[INFO] = None
            sizes = {name: (folder / name).stat().st_size for name in counts}
    return [File(place / name, n_rows, sizes[name]) for name, n_rows in counts.items()]


def _is_ours(folder: Path) -> bool:
    try:
        info = msgspec.json.decode((folder / INFO).read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError):
        return False
    return info.get("made_by") == documents.MADE_BY


def _refuse_unready(con: duckdb.DuckDBPyConnection, copy: Path) -> None:
    missing = sorted(set(READS) - warehouse.standing(con))
    if missing:
        more = f" and {len(missing) - 1} more" if missing[1:] else ""
        raise WarehouseError(f"{copy} has no {missing[0]}{more} yet. Make it: journey run")
    if not warehouse.count(con, "core.sessions"):
        raise WarehouseError(
            f"{copy} holds no session, so there is nothing to export. "
            "Take topics in with: journey ingest file. Then: journey run"
        )
