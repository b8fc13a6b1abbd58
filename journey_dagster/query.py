"""Asks the analysts' copy: one query that only reads, within limits, printed as it comes.

Belongs here: running one query and printing its rows. Does not belong here: what there is to ask,
how a process is held to its limits (`limits`).

Nothing that a statement says can leave the copy: files, networks, extensions, secrets and variables
of the program are out of its reach, settings are locked, nothing is spilled to the disk, and only
a SELECT (or EXPLAIN) is run at all. Rows are printed as they arrive, so that a long answer takes no
more memory than a short one.
"""

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal

import duckdb
import polars as pl
import pyarrow as pa

from journey_dagster.limits import Limits, StoppedError, deadline
from journey_dagster.terminal import printable
from journey_dagster.warehouse import WarehouseError

Format = Literal["table", "csv", "json", "md"]

ROWS = 50_000
"""Rows that are held at once."""

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "temp_directory": "",
}
_READING = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}

_UNPRINTABLE_AS = {
    "binary": "bytes",
    "month_day_nano_interval": "intervals",
    "sparse_union": "a union",
    "dense_union": "a union",
}
_UNPRINTABLE = re.compile(rf"\b({'|'.join(_UNPRINTABLE_AS)})\b(?!:)")
"""Of Arrow's types, as text; a name within a struct has a colon behind it."""


@dataclass(frozen=True)
class Answer:
    """What was printed."""

    n_rows: int
    cut: bool
    """Whether fewer rows were printed than there are."""


@contextmanager
def ask(database: Path, statement: str, limits: Limits) -> Generator[Iterator[pl.DataFrame]]:
    """Run a query on a database file that nobody can write or leave through it.

    Args:
        database: the analysts' copy.
        statement: one query.
        limits: what DuckDB may use; it spills nothing.

    Yields:
        The rows part by part; at least one part, so that the columns are known.

    Raises:
        WarehouseError: there is no copy yet, or the query fails; the message is DuckDB's, in one.
        StoppedError: it ran too long, or wanted more memory.
    """
    if not database.is_file():
        raise WarehouseError(f"{database} does not exist yet. Make it: journey run")
    config = {**_CONFIG, "memory_limit": limits.memory}
    with _told(limits):
        con = duckdb.connect(database, read_only=True, config=config)
    with con, deadline(con.interrupt, limits.seconds):
        with _told(limits):
            con.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
            con.execute("set python_enable_replacements = false")  # no name of ours is a table
            con.execute("set enable_external_access = false; set lock_configuration = true")
            _check(con, statement)
            answer = con.execute(statement).to_arrow_reader(ROWS)
        with answer as rows:  # left open, it would keep the file open, and the next one waits
            _check_types(rows.schema)
            yield _frames(rows, limits)


def _check(con: duckdb.DuckDBPyConnection, statement: str) -> None:
    found = [each.type for each in con.extract_statements(statement)]
    if len(found) != 1:
        hint = ""
        if re.match(r"\s*pivot\b", statement, re.IGNORECASE):
            hint = " (a PIVOT is one when it names its values: ON column IN (...))"
        raise WarehouseError(f"the query failed: one statement at a time, please{hint}")
    if found[0] not in _READING:
        raise WarehouseError(
            f"the query failed: {found[0].name} is no query; the copy is only read, by SELECT"
        )


def _frames(rows: pa.RecordBatchReader, limits: Limits) -> Iterator[pl.DataFrame]:
    for n in count():
        with _told(limits):
            batch = next(rows, None)
            if batch is None and n:
                return
            table = rows.schema.empty_table() if batch is None else pa.Table.from_batches([batch])
            frame = pl.DataFrame(table)
        yield frame


def _check_types(schema: pa.Schema) -> None:
    """Some types have no form that all formats share, and Polars panics at writing one."""
    for name, kind in zip(schema.names, map(str, schema.types), strict=True):
        if found := _UNPRINTABLE.search(kind):
            raise WarehouseError(
                f"the query failed: the column {name} cannot be printed, it holds "
                f"{_UNPRINTABLE_AS[found[0]]}; cast it to varchar"
            )


@contextmanager
def _told(limits: Limits) -> Generator[None]:
    """Failures of a query in one line that says what to do."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException, MemoryError, OSError) as error:
        if "Interrupted!" in str(error):  # from Arrow's reader both of these are OSErrors
            raise StoppedError(
                f"the query was stopped after {limits.seconds:g} s. "
                "Ask for less of it, or give it longer: --timeout 600"
            ) from error
        if isinstance(error, MemoryError) or re.search("Out of Memory|bad_alloc", str(error)):
            raise StoppedError(
                f"the query wants more than {limits.memory} of memory. "
                "Ask for less of it, or give it more: --memory 4GB"
            ) from error
        raise WarehouseError(f"the query failed: {_line(error)}") from error


def _line(error: Exception) -> str:
    """DuckDB's message without the statement below it; what it proposes instead is kept."""
    return " ".join(re.split(r"\n+LINE \d+:", str(error))[0].split())


def show(
    frames: Iterator[pl.DataFrame], format_: Format, limit: int, write: Callable[[str], object]
) -> Answer:
    """Write rows as text.

    Args:
        frames: the rows.
        format_: table and md are cut at `limit` rows, csv and json are whole.
        limit: rows of a table.
        write: takes the text, part by part.
    """
    if format_ == "csv":
        n_rows = 0
        for n, frame in enumerate(frames):
            write(_flat(frame).write_csv(include_header=n == 0))
            n_rows += frame.height
        return Answer(n_rows, cut=False)
    if format_ == "json":
        n_rows = 0
        for frame in frames:
            text = frame.write_json()[1:-1]
            write(("," if n_rows and text else "" if n_rows else "[") + text)
            n_rows += frame.height
        write("]\n")
        return Answer(n_rows, cut=False)
    shown, n_rows = pl.DataFrame(), 0
    for frame in frames:
        if n_rows < limit:
            shown = pl.concat([shown, frame.head(limit - n_rows)]) if n_rows else frame.head(limit)
        n_rows += frame.height
    with pl.Config(
        tbl_rows=-1,
        tbl_cols=-1,
        tbl_width_chars=10_000,
        fmt_str_lengths=200,
        fmt_table_cell_list_len=20,
        tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True,
        tbl_formatting="MARKDOWN" if format_ == "md" else "UTF8_BORDERS_ONLY",
        thousands_separator=False,
        float_precision=None,
    ):
        write(printable(str(shown)) + "\n")
    return Answer(n_rows, cut=n_rows > limit)


def _flat(rows: pl.DataFrame) -> pl.DataFrame:
    """CSV knows no lists: they are written as JSON."""
    nested = [name for name, kind in rows.schema.items() if kind.is_nested()]
    return rows.with_columns(
        pl.Series(
            name,
            [
                None if value is None else pl.Series([value]).to_frame("v").write_json()[6:-2]
                for value in rows[name].to_list()
            ],
            dtype=pl.String,
        )
        for name in nested
    )
