"""Every table of `sql/` without rows, in memory, and a way to fill some and compute another.

Belongs here: what test_sql.py and test_properties.py share. Does not belong here: cases.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, groupby
from typing import Any
from uuid import UUID

import duckdb

from journey_dagster.models import QUERIES, Model, every_model
from journey_dagster.settings import Settings

MODELS = {model.name: model for model in every_model()}
DEFAULTS = Settings.model_construct().sql_parameters()
"""The defaults in the code, whatever the environment of the machine says."""


def empty_tables() -> duckdb.DuckDBPyConnection:
    """All tables, upstream first, with the columns that their files give and no rows.

    Views stand as tables too, so that a case can say what is in them; only one that reads nothing
    says so itself. Beside each table stand the rows that went from it and those that came to it:
    `gone.core_events` and `come.core_events`.
    """
    con = duckdb.connect(config={"threads": 1})  # on few rows a second one only waits
    con.execute("set TimeZone = 'UTC'")
    for schema in ("gone", "come"):
        con.execute(f"create schema {schema}")
    standing: set[str] = set()

    def build(model: Model) -> None:
        if model.name in standing or model.schema in QUERIES:
            return
        for upstream in model.reads:
            build(MODELS[upstream])
        con.execute(f"create schema if not exists {model.schema}")
        rows = "" if model.is_view and not model.reads else "with no data"
        con.execute(f"create table {model.name} as {model.sql} {rows}", bound(model))
        for schema in ("gone", "come"):
            flat = model.name.replace(".", "_")
            con.execute(f"create table {schema}.{flat} as from {model.name}")
        standing.add(model.name)

    for model in MODELS.values():
        build(model)
    return con


def bound(model: Model, given: Mapping[str, object] | None = None) -> dict[str, object]:
    """The file's parameters: the defaults, no users, and what is given."""
    return model.bind({**DEFAULTS, "users": [], **(given or {})})


def columns(con: duckdb.DuckDBPyConnection, model: Model) -> dict[str, str]:
    """Output columns of a file and their types."""
    return {row[0]: row[1] for row in con.execute(f"describe {model.sql}", bound(model)).fetchall()}


@contextmanager
def undone(con: duckdb.DuckDBPyConnection) -> Generator[duckdb.DuckDBPyConnection]:
    """A transaction that leaves no trace."""
    con.begin()
    try:
        yield con
    finally:
        con.rollback()


def fill(
    con: duckdb.DuckDBPyConnection, table: str, rows: str | Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows by the names of their columns; the rest is null. A text is a SELECT of rows."""
    if isinstance(rows, str):
        con.execute(f"insert into {table} by name {rows}")
        return
    for names, alike in groupby(rows, key=tuple):
        cells = [[_cell(*named) for named in row.items()] for row in alike]
        named = ", ".join(f'"{name}"' for name in names)
        places = ", ".join(f"({', '.join('?' * len(names))})" for _ in cells)
        con.execute(f"insert into {table} ({named}) values {places}", [*chain(*cells)])


def _cell(column: str, value: object) -> object:
    """What is stored; of an event a short name will do, and they sort as names do."""
    if column == "event_id" and isinstance(value, str | int) and len(str(value)) <= 16:
        return UUID(bytes=str(value).encode().ljust(16, b"\0"))
    return value


def compute(con: duckdb.DuckDBPyConnection, *tables: str, **parameters: object) -> None:
    """Compute tables one after the other from what stands."""
    for name in tables:
        model = MODELS[name]
        con.execute(f"delete from {name}")
        con.execute(f"insert into {name} by name {model.sql}", bound(model, parameters))
