"""The tables of the friction page: which rows of which mart, in which order, and their CSV twins.

Belongs here: reading a mart into a table of the document, whatever state the mart is in, and the
same rows as CSV. Does not belong here: figures (`flows`), lists of sessions (`sessions`), sentences
(`words`), computing anything (`sql/marts/`).

A table is `columns` and `rows`, `n_rows` in the mart, and a `reason` where there is nothing to
show. The document holds the first rows, its twin up to `TWIN_ROWS`. Pages are named once for the
whole document; wherever a page stands, the number is its place in that list.
"""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

import duckdb

from journey_dagster.warehouse import columns as columns_of

TWIN_ROWS = 10_000
"""Most rows of a CSV twin."""

RETENTION_WEEKS = 12
RETENTION_COHORTS = 17
"""What of the retention triangle the document holds: its averages and the latest cohorts."""

_PAGE_COLUMNS = frozenset({"page", "from_page", "to_page", "via_page"})
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]")
"""What a spreadsheet runs, as `friction_export.tables` has it for DuckDB."""


@dataclass(frozen=True)
class Source:
    """Where the rows of a table come from."""

    mart: str
    columns: tuple[str, ...]
    order: str
    """What stands first, as an ORDER BY over the mart; the columns break ties."""
    limit: int
    """Rows in the document."""
    empty: str
    """Why the mart can be without rows."""
    needs: tuple[str, ...] = ()
    """Columns without which the table says nothing; the others may be missing, and are null."""
    where: str = "true"
    """Which rows of the mart are the table's, as a condition over the needed columns."""
    most: tuple[str, int] | None = None
    """A column, and the value that rows of the document do not exceed in it."""


_COMPARED = (
    "page", "event", "n_visits", "n_lost", "rate", "n_visits_against", "n_lost_against",
    "rate_against", "rate_difference", "difference_low", "difference_high", "is_significant",
)  # fmt: skip
_COMPARED_NEEDS = ("comparison", "page", "event", "rate_difference")
_COMPARED_ORDER = "is_significant desc nulls last, least(n_visits,n_visits_against) desc nulls last"

SOURCES: Mapping[str, Source] = {
    "chokepoints": Source(
        "marts.friction",
        ("page", "event", "n_visits", "n_sessions", "n_sessions_lost", "n_users_lost",
         "exit_rate", "exit_rate_low", "exit_rate_high", "is_natural_exit", "has_support",
         "friction_rank", "is_chokepoint", "n_expected_lost", "baseline_exit_rate", "p_value",
         "p_adjusted", "session_share", "betweenness", "telomesh_score", "n_backtracks",
         "n_repeats", "n_retries", "median_dwell_seconds"),
        "friction_rank nulls last, n_visits desc",
        120,
        "No session is closed yet, so none was lost.",
        ("page", "event", "n_visits", "n_sessions_lost", "exit_rate"),
    ),
    "fragile_flows": Source(
        "marts.fragile_flows",
        ("session_id", "started_at", "duration_seconds", "n_steps", "n_chokepoint_steps",
         "is_completed", "ends_at_chokepoint"),
        "n_chokepoint_steps desc, started_at desc",
        50,
        "No session holds two chokepoints.",
        ("session_id",),
    ),
    "fragile_paths": Source(
        "marts.fragile_paths",
        ("path", "n_sessions", "n_users", "n_lost", "n_completed", "lost_rate", "lost_rate_low",
         "lost_rate_high", "baseline_n_sessions", "baseline_n_lost", "baseline_rate", "lift",
         "median_seconds", "has_support", "path_rank"),
        "path_rank nulls last, n_sessions desc",
        30,
        "No path over two chokepoints is taken often enough.",
        ("path", "n_sessions"),
    ),
    "pairs": Source(
        "marts.transition_pairs",
        ("from_page", "from_event", "to_page", "to_event", "n", "n_sessions", "n_users",
         "is_from_chokepoint", "is_to_chokepoint"),
        "is_from_chokepoint or is_to_chokepoint desc, n desc",
        60,
        "No session has a second step.",
        ("from_page", "to_page", "n"),
    ),
    "loops": Source(
        "marts.loops",
        ("kind", "page", "via_page", "n", "n_sessions", "n_users"),
        "n_sessions desc, n desc",
        40,
        "No session came back to a page.",
        ("kind", "page", "n"),
    ),
    "recurring": Source(
        "marts.recurring_paths",
        ("path", "n", "n_sessions", "n_users", "expected_n", "lift"),
        "n - expected_n desc nulls last, n desc",
        30,
        "No sequence of pages recurs often enough.",
        ("path", "n"),
    ),
    "paths": Source(
        "marts.paths",
        ("path", "n_sessions", "n_users", "session_share", "path_rank"),
        "path_rank nulls last, n_sessions desc",
        20,
        "There is no session.",
        ("path", "n_sessions"),
    ),
    "periods": Source(
        "marts.friction_comparisons",
        (*_COMPARED, "against_from", "period_from", "period_until"),
        _COMPARED_ORDER,
        60,
        "No page and event was visited in both periods.",
        _COMPARED_NEEDS,
        "comparison = 'periods' and rate_difference is not null",
    ),
    "visitors": Source(
        "marts.friction_comparisons",
        _COMPARED,
        _COMPARED_ORDER,
        60,
        "No page and event was visited both in a first session and in a later one.",
        _COMPARED_NEEDS,
        "comparison = 'visitors' and rate_difference is not null",
    ),
    "funnels": Source(
        "marts.funnel_steps",
        ("funnel", "window_hours", "step_no", "step", "n_users_started", "n_reached",
         "n_in_progress", "n_previous", "previous_rate", "previous_rate_low",
         "previous_rate_high", "start_rate", "start_rate_low", "start_rate_high",
         "median_seconds", "reached_any_order", "n_users_seen"),
        "funnel, step_no",
        60,
        "No funnel is configured, or nobody started one.",
        ("funnel", "step", "n_reached"),
    ),
    "retention": Source(
        "marts.retention",
        ("cohort_week", "week_no", "n_users", "n_retained", "rate", "low", "high",
         "n_retained_or_later", "rate_or_later", "low_or_later", "high_or_later", "is_finished"),
        "cohort_week desc nulls first, week_no",
        RETENTION_COHORTS * (RETENTION_WEEKS + 1),
        "Nobody has come for a first time yet.",
        ("cohort_week", "week_no", "n_users", "rate"),
        most=("week_no", RETENTION_WEEKS),
    ),
    "metrics": Source(
        "marts.graph_metrics",
        ("metric", "value", "reason", "low", "high", "detail"),
        "metric",
        60,
        "There is no graph to measure.",
        ("metric", "value"),
    ),
}  # fmt: skip


class Pages:
    """The names of pages, each once, in the order in which they are first met."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def place(self, page: str) -> int:
        """The number of a page."""
        return self._places.setdefault(page, len(self._places))

    def path(self, pages: Sequence[str]) -> list[int]:
        """The numbers of the pages of a path."""
        return [self.place(page) for page in pages]

    def published(self) -> list[str]:
        """The names as they may be shown."""
        return [shown(page) for page in self._places]


@dataclass(frozen=True)
class Found:
    """What a mart had."""

    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]
    """The first `TWIN_ROWS`."""
    n_rows: int
    reason: str | None


def shown(page: str) -> str:
    """A page as it may be published: what follows a question mark may be a secret."""
    return re.split(r"[?#]", page, maxsplit=1)[0] or "/"


def has_table(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether a table stands in the warehouse."""
    return bool(columns_of(con, name))


def read(con: duckdb.DuckDBPyConnection, source: Source) -> Found:
    """The rows of a mart that is there, is not there yet, or is of an older shape."""
    standing = {column.name for column in columns_of(con, source.mart)}
    missing = [name for name in source.needs if name not in standing]
    if not standing:
        return Found(source.columns, [], 0, f"{source.mart} is not built yet.")
    if missing:
        return Found(source.columns, [], 0, f"{source.mart} has no {', '.join(missing)}.")
    picked = [f'"{name}"' if name in standing else f'null as "{name}"' for name in source.columns]
    rows_of = f"{source.mart} where {source.where}"
    found = con.execute(
        f"select {', '.join(picked)} from {rows_of} "
        f"order by {_order(source, standing)} limit {TWIN_ROWS}"
    ).fetchall()
    rows = [dict(zip(source.columns, map(_number, row), strict=True)) for row in found]
    counted = con.execute(f"select count(*) from {rows_of}").fetchall()
    return Found(source.columns, rows, counted[0][0], None if rows else source.empty)


def _number(value: Any) -> Any:  # noqa: ANN401  whatever a mart holds
    return float(value) if isinstance(value, Decimal) else value


def _order(source: Source, standing: set[str]) -> str:
    """The wanted order as far as the columns are there, and then every column."""
    wanted = [
        part
        for part in source.order.split(", ")
        if set(re.findall(r"[a-z_]+", part)) - _SQL_WORDS <= standing
    ]
    ties = [f'"{name}"' for name in source.columns if name in standing]
    return ", ".join([*wanted, *ties])


_SQL_WORDS = {"desc", "nulls", "first", "last", "least", "or"}


def held(source: Source, found: Found) -> list[Mapping[str, Any]]:
    """The rows that the document holds."""
    if source.most is None:
        return list(found.rows[: source.limit])
    column, most = source.most
    return [row for row in found.rows if row[column] <= most][: source.limit]


def table(
    source: Source, found: Found, pages: Pages, more: Mapping[str, Sequence[Any]] | None = None
) -> dict[str, Any]:
    """A table of the document.

    Args:
        source: which of the rows it holds.
        found: the rows.
        pages: takes the names of pages.
        more: further columns, each with a value for every row taken.
    """
    extra = more or {}
    rows = [
        [
            *(_cell(pages, name, row[name]) for name in found.columns),
            *(column[i] for column in extra.values()),
        ]
        for i, row in enumerate(held(source, found))
    ]
    return {
        "reason": found.reason,
        "n_rows": found.n_rows,
        "columns": [*found.columns, *extra],
        "rows": rows,
    }


def _cell(pages: Pages, name: str, value: Any) -> Any:  # noqa: ANN401  whatever a mart holds
    if value is not None and name in _PAGE_COLUMNS:
        return pages.place(value)
    if isinstance(value, list):
        return pages.path(cast("list[str]", value))
    return plain(value)


def plain(value: Any) -> Any:  # noqa: ANN401  whatever a mart holds
    """A value as JSON can hold it: times in UTC, numbers to six digits."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return value


def twin(found: Found) -> bytes:
    """The rows as CSV that no spreadsheet runs as a formula; pages by name, times in UTC."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(found.columns)
    for row in found.rows:
        writer.writerow([csv_cell(name, row[name]) for name in found.columns])
    return text.getvalue().encode()


def csv_cell(name: str, value: Any) -> Any:  # noqa: ANN401  whatever a mart holds
    """A value as a cell that no spreadsheet runs, in a column of this name."""
    if isinstance(value, list):
        value = " > ".join(shown(page) for page in cast("list[str]", value))
    elif isinstance(value, str) and name in _PAGE_COLUMNS:
        value = shown(value)
    else:
        value = plain(value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
