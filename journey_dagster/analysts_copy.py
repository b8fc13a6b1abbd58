"""The analysts' copy: the warehouse as others get it, described by itself, swapped in whole.

Belongs here: which tables and columns analysts get, the copy's own tables and views, dated names.
Does not belong here: the pipeline's own file (`warehouse`), what the copy's own tables say
(`sql/copy/`), whose rows Python brings (`meta_tables`), asking the copy (`query`).

A copy is written under another name and renamed, so it is there whole or not at all, no reader ever
waits for the writer and the writer never waits for a reader: they never have the same file open.
Whoever reads for hours opens a dated name, which stays what it is until its days are over.
"""

import re
import secrets
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from journey_dagster import macros
from journey_dagster.durable import sync
from journey_dagster.models import Model, every_model
from journey_dagster.settings import SQL
from journey_dagster.warehouse import (
    Column,
    WarehouseError,
    busy_is_clear,
    columns,
    comment,
    count,
    ensure,
    ensure_schema,
    insert,
    quote,
    standing,
)

PRIVATE = frozenset({"raw"})
"""Schemas that analysts do not get."""

PRIVATE_COLUMNS = {"meta.quarantine": {"value", "key"}}
"""Columns that analysts do not get: what could not be read could be anything."""

OWN = tuple(Model(path) for path in sorted((SQL / "copy").glob("*/*.sql")))
"""The tables that only the copy has: what it tells of itself."""

LONGEST_WRITE = 6 * 3600
"""Seconds after which a file that is not in its place yet was given up."""

_DATED = "%Y%m%dT%H%M%SZ"


def publish(
    database: Path,
    copy: Path,
    told: Mapping[str, pa.Table] | None = None,
    *,
    keep_days: int = 0,
) -> dict[str, int]:
    """Copy what analysts may see into a new file and swap it in; open readers keep the old one.

    The file is written at DuckDB's storage version 1.0, which every later version reads. Raw
    records and quarantined bytes stay behind. The views, the macros of `sql/macros/` and the tables
    of `sql/copy/` are made in it, and everything in it carries its words.

    Args:
        database: the warehouse.
        copy: the name that is swapped.
        told: rows of the copy's own tables that no SELECT can know, by table.
        keep_days: the copy also gets a dated name, which is removed after so many days; 0: none.

    Returns:
        Rows per table copied.

    Raises:
        WarehouseError: the warehouse does not exist or is in use.
    """
    if not database.exists():
        raise WarehouseError(f"{database} does not exist yet. Make it: journey run")
    _sweep(copy)
    new = copy.with_name(f".{copy.name}.{secrets.token_hex(4)}")
    try:
        with duckdb.connect() as con:
            con.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
            with busy_is_clear(database):
                con.execute(f"attach {quote(str(database))} as journey (read_only)")
            con.execute(f"attach {quote(str(new))} as copy (storage_version 'v1.0.0')")
            con.execute("use journey")
            rows = {table: _copy_table(con, table) for table in _public_tables(con)}
            con.execute("use copy")
            _create_views(con, rows)
            _create_own(con, told or {})
            macros.create(con)
        sync(new)
        _swap_in(new, copy, keep_days)
    finally:
        new.unlink(missing_ok=True)
        new.with_name(new.name + ".wal").unlink(missing_ok=True)
    return rows


def dated(copy: Path) -> dict[Path, datetime]:
    """The dated names of a copy, the oldest first, and when each was made, in UTC."""
    shape = re.compile(rf"{re.escape(copy.stem)}-(\d{{8}}T\d{{6}}Z){re.escape(copy.suffix)}")
    found = {path: shape.fullmatch(path.name) for path in sorted(copy.parent.glob("*"))}
    return {
        path: datetime.strptime(match[1], _DATED).replace(tzinfo=UTC)
        for path, match in found.items()
        if match
    }


def lasting(copy: Path) -> Path:
    """The name to open for hours: the latest dated one, which no run swaps, or else the copy's own.

    Raises:
        WarehouseError: there is no copy.
    """
    if not copy.is_file():
        raise WarehouseError(f"{copy} does not exist yet. Make it: journey run")
    return next(reversed(dated(copy)), copy)


def own_columns() -> dict[str, list[Column]]:
    """The columns of the tables that only the copy has, by table."""
    names = {each.name for each in OWN}
    with duckdb.connect() as con:
        for each in every_model():
            if any(each.name in own.reads for own in OWN) and each.name not in names:
                ensure(con, each)
        _create_own(con, {})
        return {name: columns(con, name) for name in sorted(names)}


def _sweep(copy: Path) -> None:
    """Remove what a killed run left half written; what is being written now is younger."""
    for left in copy.parent.glob(f".{copy.name}.*"):
        with suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - LONGEST_WRITE:
                left.unlink()


def _swap_in(new: Path, copy: Path, keep_days: int) -> None:
    """Give the file its names: the dated one is a second name of the same file and costs nothing.

    The plain name is first: a kill in between leaves a copy without a dated name, not the reverse.
    """
    now = datetime.now(UTC)
    link = new.with_name(f"{new.name}.dated")
    try:
        if keep_days:
            with suppress(OSError):  # a file system without links: dated names are not to be had
                link.hardlink_to(new)
        new.replace(copy)
        if link.exists():
            link.replace(copy.with_name(f"{copy.stem}-{now:{_DATED}}{copy.suffix}"))
    finally:
        link.unlink(missing_ok=True)
    for path, made_at in dated(copy).items():
        if made_at <= now - timedelta(days=keep_days):
            path.unlink(missing_ok=True)
    sync(copy.parent)


def _public_tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    rows = con.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where database_name = current_database() order by all"
    ).fetchall()
    return [f"{schema}.{name}" for schema, name in rows if schema not in PRIVATE]


def _copy_table(con: duckdb.DuckDBPyConnection, table: str) -> int:
    hidden = PRIVATE_COLUMNS.get(table, set())
    kept = [column for column in columns(con, table) if column.name not in hidden]
    names = ", ".join(f'"{column.name}"' for column in kept)
    con.execute(f"create schema if not exists copy.{table.split('.', maxsplit=1)[0]}")
    con.execute(f"create table copy.{table} as select {names} from {table}")
    about = con.execute(
        "select comment from duckdb_tables() where database_name = current_database() "
        "and schema_name || '.' || table_name = $table",
        {"table": table},
    ).fetchone()
    if about and about[0]:
        con.execute(f"comment on table copy.{table} is {quote(about[0])}")
    for column in kept:
        con.execute(
            f'comment on column copy.{table}."{column.name}" is {quote(column.description)}'
        )
    return count(con, f"copy.{table}")


def _create_views(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
    """The views over what was copied."""
    there = {*tables}
    views = [model for model in every_model() if model.is_view]
    for view in sorted(views, key=lambda view: len(view.reads & {each.name for each in views})):
        if view.reads <= there:
            ensure_schema(con, view)
            con.execute(f"create view {view.name} as {view.sql}")
            comment(con, view)
            there.add(view.name)


def _create_own(con: duckdb.DuckDBPyConnection, told: Mapping[str, pa.Table]) -> None:
    """The copy's own tables; all stand with their words before the first is filled.

    So the dictionary describes itself too. One that reads what is not there is left out.
    """
    there = standing(con) | {each.name for each in OWN}
    own = [each for each in OWN if each.reads <= there]
    for each in own:
        ensure_schema(con, each)
        con.execute(f"create table {each.name} as {each.sql} with no data")
        comment(con, each)
    for each in own:
        if each.name in told:
            insert(con, each, told[each.name])
        else:
            con.execute(f"insert into {each.name} by name {each.sql}")
