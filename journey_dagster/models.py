"""Reads `sql/`: one file is one table or one check, and the file says all there is to say.

Belongs here: a file's name, description, column docs, what it reads, its parameters, its version.
Does not belong here: running SQL (`warehouse`) and binding it to Dagster (`tables`, `checks`).

Conventions of a file: one SELECT in plain DuckDB SQL; a leading block comment that starts with the
grain ("One row per session."); behind a column, a line comment that describes it. A check that
names `$users` is per user. What a file reads is found by DuckDB's parser, never typed by hand.
"""

import copy
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

import duckdb

from journey_dagster.settings import SQL

_HEAD = re.compile(r"\A\s*/\*(.*?)\*/", re.DOTALL)
_COLUMN = re.compile(r'"?(\w+)"?\s*,?\s*--\s*(.+?)\s*$')
"""The last name before a line comment, and the comment: `count(*) as n_events,  -- Events.`"""
_KEPT = re.compile(r"^Kept by (\w+(?:, \w+)*)(?: within (\w+\.\w+))?\.$", re.MULTILINE)
_ADDED = re.compile(r"^Added up over (\w+\.\w+)\.$", re.MULTILINE)


QUERIES = frozenset({"checks", "touched"})
"""Folders whose files are no tables: what is wrong (`checks`), what changed (`touched`)."""


@dataclass(frozen=True)
class Model:
    """One SELECT in one file: `sql/<schema>/<table>.sql`."""

    path: Path

    @property
    def schema(self) -> str:
        """The folder's name."""
        return self.path.parent.name

    @property
    def table(self) -> str:
        """The file's name."""
        return self.path.stem

    @property
    def name(self) -> str:
        """Schema and table, as SQL and Dagster's asset key spell it."""
        return f"{self.schema}.{self.table}"

    @cached_property
    def sql(self) -> str:
        """The file's text, as an analyst would paste it."""
        return self.path.read_text(encoding="utf-8").rstrip().removesuffix(";")

    @cached_property
    def description(self) -> str:
        """The leading comment, unwrapped; its first sentence is the grain.

        Raises:
            ValueError: the file does not start with a block comment.
        """
        head = _HEAD.match(self.sql)
        if head is None:
            raise ValueError(f"{self.path}: starts without a /* comment */ that says what a row is")
        paragraphs = re.split(r"\n\s*\n", head[1].strip())
        return "\n\n".join(re.sub(r"\s+", " ", text).strip() for text in paragraphs)

    @cached_property
    def columns(self) -> dict[str, str]:
        """Column name to description; the last comment on a name wins, that of the final SELECT."""
        body = _HEAD.sub("", self.sql)
        found = (_COLUMN.search(line) for line in body.splitlines())
        return {match[1]: match[2] for match in found if match}

    @property
    def version(self) -> str:
        """Changes when the text changes."""
        return hashlib.sha256(self.sql.encode()).hexdigest()[:12]

    @property
    def per_user(self) -> bool:
        """Whether a check judges each of the users asked for."""
        return "users" in self.parameters

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The names of its bound parameters, without the dollar sign."""
        return frozenset(
            node["identifier"] for node in self._nodes() if node.get("type") == "VALUE_PARAMETER"
        )

    @cached_property
    def reads(self) -> frozenset[str]:
        """The tables it selects from, as `schema.table`; its own CTEs are not among them.

        The rows that went from a table or came to it are that table.
        """
        return frozenset(_table_of(name) for name in self._named)

    @property
    def changes_read(self) -> dict[str, str]:
        """Of what it selects from, `gone.core_events` and the like, and the table each is of."""
        return {name: _table_of(name) for name in self._named if name != _table_of(name)}

    @cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(
            f"{node['schema_name']}.{node['table_name']}"
            for node in self._nodes()
            if node.get("type") == "BASE_TABLE" and node["schema_name"]
        )

    @property
    def kept_by(self) -> tuple[str, ...]:
        """The columns that say which rows have to be computed again; none is all of them."""
        kept = _KEPT.search(self.description)
        return tuple(kept[1].split(", ")) if kept else ()

    @property
    def within(self) -> str | None:
        """The table that computes all rows of a key of `kept_by` together."""
        kept = _KEPT.search(self.description)
        return kept[2] if kept else None

    @property
    def added_over(self) -> str | None:
        """The table whose rows the counts of this one add up."""
        added = _ADDED.search(self.description)
        return added[1] if added else None

    @property
    def is_appended(self) -> bool:
        """Whether each refresh adds rows about itself."""
        return "Appended at each refresh." in self.description.split("\n\n")

    @property
    def is_view(self) -> bool:
        """Whether it is computed when it is read."""
        return "A view." in self.description.split("\n\n")

    @property
    def is_names(self) -> bool:
        """Whether it only says what the names of keys are, which never changes."""
        return "Names of keys." in self.description.split("\n\n")

    def reading(self, stand_ins: Mapping[str, str]) -> str:
        """The SELECT over other tables than those it names.

        Args:
            stand_ins: table to what is read in its place, as `schema.table`.
        """
        asked = tuple(sorted(stand_ins.items()))
        if asked not in self._read_anew:
            self._read_anew[asked] = self._reading(stand_ins)
        return self._read_anew[asked]

    @cached_property
    def _read_anew(self) -> dict[tuple[tuple[str, str], ...], str]:
        return {}

    def _reading(self, stand_ins: Mapping[str, str]) -> str:
        tree = copy.deepcopy(self._tree)
        for node in _objects(tree):
            name = f"{node.get('schema_name')}.{node.get('table_name')}"
            if node.get("type") == "BASE_TABLE" and name in stand_ins:
                node["alias"] = node["alias"] or node["table_name"]
                node["schema_name"], node["table_name"] = stand_ins[name].split(".")
        text = json.dumps(tree)
        row = _parser().execute("select json_deserialize_sql($1::json)", [text]).fetchone()
        return str(row[0]) if row else ""

    def bind(self, values: dict[str, object]) -> dict[str, object]:
        """The parameters that this file names, out of all there are.

        Raises:
            KeyError: the file names a parameter that nobody sets.
        """
        return {name: values[name] for name in self.parameters}

    @cached_property
    def _tree(self) -> dict[str, Any]:
        row = _parser().execute("select json_serialize_sql($1)", [self.sql]).fetchone()
        tree: dict[str, Any] = json.loads(row[0]) if row else {}
        if tree.get("error"):
            raise ValueError(f"{self.path}: {tree['error_message']}")
        return tree

    def _nodes(self) -> list[dict[str, Any]]:
        return _objects(self._tree)


def _parser() -> duckdb.DuckDBPyConnection:
    """DuckDB's own parser; a cursor of its own for every thread."""
    return _in_memory().cursor()


@cache
def _in_memory() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def _table_of(name: str) -> str:
    """`core.events` of itself, of `gone.core_events` and of `come.core_events`."""
    schema, table = name.split(".")
    return table.replace("_", ".", 1) if schema in {"gone", "come"} else name


def _objects(tree: Any) -> list[dict[str, Any]]:  # noqa: ANN401  it is JSON
    """Every object of a parsed statement."""
    found: list[dict[str, Any]] = []
    todo: list[Any] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            fields = cast("dict[str, Any]", node)
            found.append(fields)
            todo.extend(fields.values())
        elif isinstance(node, list):
            todo.extend(cast("list[Any]", node))
    return found


def model(file: str) -> Model:
    """The model of a file below `sql/`, such as `marts/user_days.sql`.

    Raises:
        FileNotFoundError: there is no such file.
    """
    path = SQL / file
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist; a table is one file below sql/")
    return Model(path)


@cache
def every_model() -> tuple[Model, ...]:
    """All files below `sql/`, sorted by name."""
    return tuple(Model(path) for path in sorted(SQL.glob("*/*.sql")))
