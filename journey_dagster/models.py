"""Reads `sql/`: one file is one table or one check, and the file says all there is to say.

Belongs here: a file's name, description, column docs, what it reads, its parameters, its version.
Does not belong here: running SQL (`warehouse`) and binding it to Dagster (`tables`, `checks`).

Conventions of a file: one SELECT in plain DuckDB SQL; a leading block comment that starts with the
grain ("One row per session."); behind a column, a line comment that describes it. Naming `$users`
makes it per-user. What it reads is found by DuckDB's own parser, never typed by hand.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import duckdb

from journey_dagster.settings import SQL

_HEAD = re.compile(r"\A\s*/\*(.*?)\*/", re.DOTALL)
_COLUMN = re.compile(r'"?(\w+)"?\s*,?\s*--\s*(.+?)\s*$')
"""The last name before a line comment, and the comment: `count(*) as n_events,  -- Events.`"""


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
        """Whether the file computes only the users asked for."""
        return "users" in self.parameters

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The names of its bound parameters, without the dollar sign."""
        return frozenset(
            node["identifier"] for node in self._nodes() if node.get("type") == "VALUE_PARAMETER"
        )

    @cached_property
    def reads(self) -> frozenset[str]:
        """The tables it selects from, as `schema.table`; its own CTEs are not among them."""
        return frozenset(
            f"{node['schema_name']}.{node['table_name']}"
            for node in self._nodes()
            if node.get("type") == "BASE_TABLE" and node["schema_name"]
        )

    def bind(self, values: dict[str, object]) -> dict[str, object]:
        """The parameters that this file names, out of all there are.

        Raises:
            KeyError: the file names a parameter that nobody sets.
        """
        return {name: values[name] for name in self.parameters}

    @cached_property
    def _tree(self) -> dict[str, Any]:
        with duckdb.connect() as con:
            row = con.execute("select json_serialize_sql($1)", [self.sql]).fetchone()
        tree: dict[str, Any] = json.loads(row[0]) if row else {}
        if tree.get("error"):
            raise ValueError(f"{self.path}: {tree['error_message']}")
        return tree

    def _nodes(self) -> list[dict[str, Any]]:
        """Every object of the parsed statement."""
        found: list[dict[str, Any]] = []
        todo: list[Any] = [self._tree]
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


def every_model() -> list[Model]:
    """All files below `sql/`, sorted by name."""
    return [Model(path) for path in sorted(SQL.glob("*/*.sql"))]
