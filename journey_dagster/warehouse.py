"""The one DuckDB file: open it, replace a table in it.

Belongs here: connections, the writer pool, replacing tables atomically, comments.
Does not belong here: what the tables say (`sql/`), how raw records get in (`topics`), the copy for
analysts (`analysts_copy`).

DuckDB lets one process write, or many read; an open reader locks the writer out. So the pipeline
alone opens `journey.duckdb`, every step that does so belongs to the pool `warehouse` (limit 1), and
analysts get `analytics.duckdb`, a copy that is swapped in with a rename.
"""

import re
import secrets
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
from dagster_duckdb import DuckDBResource

from journey_dagster.models import Model

POOL = "warehouse"
"""Dagster's concurrency pool of everything that opens the warehouse; its limit is 1."""


class WarehouseError(Exception):
    """Something about the warehouse that its user can mend; the message says how."""


class WarehouseBusyError(WarehouseError):
    """Another process holds the file."""


@dataclass(frozen=True)
class Column:
    """One column as it stands in the warehouse."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Written:
    """What a table holds after it was written."""

    n_rows: int | None
    """None of a view, which is not counted."""
    columns: Sequence[Column]


@contextmanager
def connect(
    path: Path, *, read_only: bool = False, memory_limit: str = "1GB"
) -> Generator[duckdb.DuckDBPyConnection]:
    """Open the warehouse, in UTC whatever the machine's clock.

    Raises:
        WarehouseBusyError: another process has it open; the message names the process.
        WarehouseError: there is nothing to read, or the file cannot be read.
    """
    if not path.exists():
        if read_only:
            raise WarehouseError(f"{path} does not exist yet. Make it: journey run")
        _create(path)
    with busy_is_clear(path):
        con = duckdb.connect(path, read_only=read_only, config={"memory_limit": memory_limit})
    with con:
        try:
            # A long query would draw a bar between the lines that are told.
            con.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
            yield con
        except duckdb.IOException as error:
            if "Corrupt database file" not in str(error):  # found when a block is first read
                raise
            raise _damaged(path, error) from error


def _damaged(path: Path, error: duckdb.Error) -> WarehouseError:
    """Damage shows as an error of any kind, an internal one with its whole stack too."""
    return WarehouseError(
        f"{path} cannot be read ({str(error).splitlines()[0]}). It can be rebuilt from "
        f"{path.parent}/raw: move it away with {path.name}.wal, then: journey run"
    )


@contextmanager
def busy_is_clear(path: Path) -> Generator[None]:
    """Says what to do when DuckDB cannot open a file."""
    try:
        yield
    except duckdb.ConnectionException:
        raise  # opened twice in one process: a mistake in the program
    except duckdb.Error as error:
        if "set lock" not in str(error):
            raise _damaged(path, error) from error
        holder = re.search(r"PID (\d+)", str(error))
        who = f"process {holder[1]}" if holder else "another process"
        raise WarehouseBusyError(
            f"{path} is in use by {who}. Wait for it, or query the analysts' copy: journey sql"
        ) from error


def _create(path: Path) -> None:
    """A write error while a database is born leaves it unopenable, so it is born elsewhere."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)  # or the new one would replay it
    born = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    duckdb.connect(born).close()
    born.replace(path)


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Generator[None]:
    """All or nothing."""
    try:
        con.begin()
        yield
        con.commit()
    except BaseException:
        # An interrupt may come before the beginning or after the end.
        with suppress(duckdb.TransactionException):
            con.rollback()
        raise


def replace(
    con: duckdb.DuckDBPyConnection, model: Model, parameters: Mapping[str, object]
) -> Written:
    """Compute a table anew, in one transaction.

    Args:
        con: the warehouse, writable.
        model: the table's file.
        parameters: values for what the file names.
    """
    ensure_schema(con, model)
    kind = "view" if model.is_view else "table"
    values = None if model.is_view else model.bind(dict(parameters))
    with transaction(con):
        con.execute(f"create or replace {kind} {model.name} as {model.sql}", values)
        comment(con, model)
    return written(con, model)


def ensure(con: duckdb.DuckDBPyConnection, model: Model) -> bool:
    """Make a table that Python fills, with the columns its file declares, unless it stands.

    Returns:
        Whether it was made: when the declared columns changed, the table is made anew and empty,
        and what fills it fills it again from its own source.
    """
    if stands(con, model):
        return False
    with transaction(con):
        con.execute(f"create or replace table {model.name} as {model.sql}")
        comment(con, model)
    return True


def stands(con: duckdb.DuckDBPyConnection, model: Model) -> bool:
    """Whether a table that Python fills is there with the columns its file declares today."""
    ensure_schema(con, model)
    return _same_shape(con, model)


def insert(
    con: duckdb.DuckDBPyConnection,
    model: Model,
    rows: pa.Table,
    computed: Mapping[str, str] | None = None,
) -> None:
    """Add rows to a table that Python fills, by the names of their columns.

    Args:
        con: the warehouse, writable.
        model: the table's file.
        rows: what to add.
        computed: column to what is stored in it, where that is not the value itself.
    """
    if rows.num_rows == 0:
        return
    con.register("arrived", rows)
    try:
        stored = {name: f'"{name}"' for name in rows.column_names} | {**(computed or {})}
        names = ", ".join(f'"{name}"' for name in stored)
        values = ", ".join(stored.values())
        con.execute(f"insert into {model.name} ({names}) select {values} from arrived")
    finally:
        con.unregister("arrived")


def ensure_schema(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Make the schema that a table lives in."""
    con.execute(f"create schema if not exists {model.schema}")


def comment(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Write the file's words onto the table; a table that is created anew has lost them."""
    kind = "view" if model.is_view else "table"
    standing = {column.name for column in columns(con, model.name)}
    comments = [f"comment on {kind} {model.name} is {quote(model.description)}"]
    comments += [
        f'comment on column {model.name}."{name}" is {quote(words)}'
        for name, words in model.columns.items()
        if name in standing
    ]
    con.execute("; ".join(comments))


def written(con: duckdb.DuckDBPyConnection, model: Model) -> Written:
    """Look at a table as it stands."""
    n_rows = None if model.is_view else count(con, model.name)
    return Written(n_rows, columns(con, model.name))


def count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """Rows of a table."""
    row = con.execute(f"select count(*) from {table}").fetchone()
    return int(row[0]) if row else 0


def standing(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The tables and views that there are, as `schema.table`."""
    rows = con.execute(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_catalog = current_database()"
    ).fetchall()
    return {row[0] for row in rows}


def columns(con: duckdb.DuckDBPyConnection, table: str) -> list[Column]:
    """Columns of a table with their types and comments, in order; empty if there is none."""
    schema, name = table.split(".")
    rows = con.execute(
        "select column_name, data_type, coalesce(comment, '') from duckdb_columns() "
        "where schema_name = $schema and table_name = $name "
        "and database_name = current_database() order by column_index",
        {"schema": schema, "name": name},
    ).fetchall()
    return [Column(*row) for row in rows]


def _same_shape(con: duckdb.DuckDBPyConnection, model: Model) -> bool:
    """Whether the table stands with the columns that its SELECT gives today."""
    standing = [(column.name, column.type) for column in columns(con, model.name)]
    today = con.execute(f"describe {model.sql}").fetchall()
    return standing == [(row[0], row[1]) for row in today]


def quote(words: str) -> str:
    """A text as a literal of SQL, where no parameter can be bound."""
    return "'" + words.replace("'", "''") + "'"


class Warehouse(DuckDBResource):
    """The warehouse as a Dagster resource.

    The base class opens with up to 100 s of retries and leaves the file locked when a step raises;
    here the pool keeps writers apart, and a connection closes whatever happens.
    """

    memory_limit: str = "1GB"

    @contextmanager
    def get_connection(self, *, read_only: bool = False) -> Generator[duckdb.DuckDBPyConnection]:
        """Open the warehouse for a step."""
        path = Path(self.database)
        with connect(path, read_only=read_only, memory_limit=self.memory_limit) as con:
            yield con
