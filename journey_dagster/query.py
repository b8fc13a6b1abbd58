"""Asks the analysts' copy, read-only.

Belongs here: running one query and printing its rows. Does not belong here: what there is to ask.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
import polars as pl

from journey_dagster.terminal import printable
from journey_dagster.warehouse import WarehouseError

Format = Literal["table", "csv", "json", "md"]


@dataclass(frozen=True)
class Answer:
    """Rows as text."""

    text: str
    n_rows: int
    cut: bool
    """Whether the text holds fewer rows than there are."""


def query(database: Path, statement: str, format_: Format, limit: int) -> Answer:
    """Run a query on a database file that nobody can write or leave through it.

    Args:
        database: the analysts' copy.
        statement: one query.
        format_: table and md are cut at `limit` rows, csv and json are whole.
        limit: rows of a table.

    Raises:
        WarehouseError: there is no copy yet, or the query fails; the message is DuckDB's.
    """
    if not database.is_file():
        raise WarehouseError(f"{database} does not exist yet. Make it: journey run")
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    try:
        with duckdb.connect(database, read_only=True, config=config) as con:
            con.execute("set TimeZone = 'UTC'")
            con.execute("set enable_external_access = false")
            con.execute("set lock_configuration = true")
            if len(con.extract_statements(statement)) != 1:
                raise WarehouseError("the query failed: one statement at a time, please")
            rows = con.execute(statement).pl()
    except pl.exceptions.PolarsError as error:
        raise WarehouseError(
            f"the query failed: a column cannot be printed ({error}); cast it to varchar"
        ) from error
    except duckdb.Error as error:
        raise WarehouseError(f"the query failed: {error}") from error
    if format_ == "csv":
        return Answer(_flat(rows).write_csv().rstrip("\n"), rows.height, cut=False)
    if format_ == "json":
        return Answer(rows.write_json(), rows.height, cut=False)
    shown = rows.head(limit)
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
        return Answer(printable(str(shown)), rows.height, cut=rows.height > limit)


def _flat(rows: pl.DataFrame) -> pl.DataFrame:
    """CSV knows no lists: they are written as JSON."""
    nested = [
        name
        for name, kind in rows.schema.items()
        if isinstance(kind, pl.List | pl.Struct | pl.Array)
    ]
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
