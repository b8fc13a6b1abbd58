"""The data dictionary's data: every table and macro that analysts get, from the files' own words.

Belongs here: putting the document together into the contract `dictionary.v1.schema.json`.
Does not belong here: what a table or a macro is (its file below `sql/`), the example queries of
tables (`examples.sql`), when a table was computed and what its checks said (`status_page`).

Words come from the files, types and numbers of rows from the warehouse, neighbours and checks from
the graph. The same warehouse gives the same bytes.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from journey_dagster.analysts_copy import OWN, PRIVATE_COLUMNS, own_columns
from journey_dagster.friction_page.tables import plain
from journey_dagster.macros import Macro, every_macro
from journey_dagster.models import Model
from journey_dagster.recorded import Check, Place
from journey_dagster.reports import data_through
from journey_dagster.settings import Settings
from journey_dagster.status_page import TABLES, row_counts
from journey_dagster.warehouse import columns, standing

SCHEMA_VERSION = "1.0"

EXAMPLES = Path(__file__).with_name("examples.sql")

SCHEMAS = {
    "core": "One truth: events, users, sessions, steps, pages.",
    "marts": "What people ask for: ways, friction, funnels, and the parts of a report.",
    "meta": "The books: what arrived, what was set aside, what came late; and what the copy "
    "tells of itself.",
}

_EXAMPLE = re.compile(r"^-- (\w+\.\w+): (.+)\n((?:(?!--).*\n?)+)", re.MULTILINE)
_GRAIN = re.compile(r"(?<=[.])\s+(?=[A-Z$`])")
"""Between the first sentence of a description and the rest of its paragraph."""


@dataclass(frozen=True)
class Example:
    """A query to start from."""

    table: str
    title: str
    sql: str


def examples() -> list[Example]:
    """The queries of `examples.sql`; each is headed by its table and what it answers."""
    text = EXAMPLES.read_text(encoding="utf-8")
    return [
        Example(table, title, sql.strip().removesuffix(";"))
        for table, title, sql in _EXAMPLE.findall(text)
    ]


def build(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    places: Mapping[str, Place],
    checks: Sequence[Check],
    generated_at: datetime,
) -> dict[str, Any]:
    """The dictionary, as the warehouse stands.

    Args:
        con: the warehouse; it is only read.
        settings: for the name of the data.
        places: each asset's neighbours.
        checks: all there are.
        generated_at: when the document says it was made.
    """
    there = standing(con)
    counted = row_counts(con, there)
    asked: defaultdict[str, list[Example]] = defaultdict(list)
    for each in examples():
        asked[each.table].append(each)
    return {
        "schema_version": SCHEMA_VERSION,
        "generated_at": plain(generated_at),
        "data_through": data_through(con) if "core.horizon" in there else None,
        "dataset": settings.dataset,
        "schemas": [{"name": name, "description": words} for name, words in SCHEMAS.items()],
        "tables": [
            {
                **_words(table),
                "state": ("view" if table.is_view else "built")
                if table.name in there
                else "missing",
                "n_rows": counted.get(table.name),
                "columns": _columns(con, table),
                **_neighbours(table, places),
                "checks": [
                    {"name": check.name, "description": check.description}
                    for check in checks
                    if check.table == table.name
                ],
                "examples": [{"title": e.title, "sql": e.sql} for e in asked[table.name]],
            }
            for table in TABLES
        ]
        + _own(places, asked),
        "macros": [_macro(macro) for macro in every_macro()],
    }


def _own(
    places: Mapping[str, Place], asked: Mapping[str, Sequence[Example]]
) -> list[dict[str, Any]]:
    """The tables that only the copy has; they are made with it, so the warehouse counts none."""
    found = own_columns()
    return [
        {
            **_words(table),
            "state": "copy",
            "n_rows": None,
            "columns": [
                {"name": column.name, "type": column.type, "description": column.description}
                for column in found[table.name]
            ],
            **_neighbours(table, places),
            "checks": [],
            "examples": [{"title": e.title, "sql": e.sql} for e in asked[table.name]],
        }
        for table in OWN
    ]


def _words(table: Model) -> dict[str, Any]:
    return {"name": table.name, "schema": table.schema, **_described(table.description)}


def _macro(macro: Macro) -> dict[str, Any]:
    return {
        "name": macro.name,
        "signature": macro.signature,
        **_described(macro.description),
        "parameters": [
            {"name": each.name, "default": each.default, "description": each.description}
            for each in macro.parameters
        ],
        "columns": [
            {"name": name, "description": words} for name, words in macro.model.columns.items()
        ],
        "reads": sorted(macro.model.reads),
        "example": macro.example,
    }


def _described(words: str) -> dict[str, Any]:
    """What a file says: the grain is its first sentence."""
    first, *more = words.split("\n\n")
    grain, *rest = _GRAIN.split(first, maxsplit=1)
    return {"grain": grain, "description": [*rest, *more]}


def _columns(con: duckdb.DuckDBPyConnection, table: Model) -> list[dict[str, str]]:
    """The columns as they stand; those of a table that is not built yet have no type."""
    types = {column.name: column.type for column in columns(con, table.name)}
    hidden = PRIVATE_COLUMNS.get(table.name, set())
    return [
        {"name": name, "type": types.get(name, ""), "description": table.columns.get(name, "")}
        for name in (types or table.columns)
        if name not in hidden
    ]


def _neighbours(table: Model, places: Mapping[str, Place]) -> dict[str, list[str]]:
    place = places.get(table.name, Place(tuple(sorted(table.reads)), ()))
    in_the_copy = {each.name for each in OWN if table.name in each.reads}
    return {"reads": [*place.reads], "read_by": sorted({*place.read_by, *in_the_copy})}
