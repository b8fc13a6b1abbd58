"""Reads `sql/macros/`: one file is one question that analysts ask, as a table macro of DuckDB.

Belongs here: a macro's parameters, its example, the statement that creates it.
Does not belong here: the questions (`sql/macros/<schema>/<name>.sql`), tables (`models`), which
database gets them (`analysts_copy`).

A file is one SELECT as all others below `sql/`; the macro's parameters stand in it as `$name`. The
leading comment describes the macro, then each parameter in a paragraph of its own, in their order,
and last an example that a test runs on the demo:

    $within = interval 30 day: Time from the first step to the last.

    Example: from funnel(['/cart', '/order/confirmation'], within := interval 7 day)

What is after the equals sign is the default, in SQL; without one the parameter must be given. A
name that is a parameter cannot be a column that the SELECT names without its table.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import duckdb

from journey_dagster.models import Model
from journey_dagster.settings import SQL

MACROS = SQL / "macros"

_PARAMETER = re.compile(r"\$(\w+)(?: = (.+?))?: (.+)", re.DOTALL)
_EXAMPLE = "Example: "


@dataclass(frozen=True)
class Parameter:
    """One parameter of a macro."""

    name: str
    default: str | None
    """SQL; None must be given."""
    description: str


@dataclass(frozen=True)
class Macro:
    """One table macro in one file."""

    model: Model

    @property
    def name(self) -> str:
        """What analysts call; macros of the schema `main` need no prefix."""
        return self.model.table

    @property
    def description(self) -> str:
        """What it answers, without its parameters and its example."""
        return "\n\n".join(
            text for text in self._paragraphs if not text.startswith(("$", _EXAMPLE))
        )

    @cached_property
    def parameters(self) -> Sequence[Parameter]:
        """The parameters in their order.

        Raises:
            ValueError: those described are not those that the SELECT names.
        """
        found = [_PARAMETER.fullmatch(text) for text in self._paragraphs if text.startswith("$")]
        parameters = [Parameter(*match.groups()) for match in found if match]
        if frozenset(each.name for each in parameters) != self.model.parameters:
            raise ValueError(
                f"{self.model.path}: describes other parameters than it names, "
                f"{', '.join(sorted(self.model.parameters))}"
            )
        return parameters

    @property
    def example(self) -> str:
        """A query that uses it.

        Raises:
            ValueError: there is none.
        """
        found = [text for text in self._paragraphs if text.startswith(_EXAMPLE)]
        if not found:
            raise ValueError(f"{self.model.path}: has no paragraph that starts with {_EXAMPLE!r}")
        return found[0].removeprefix(_EXAMPLE)

    @property
    def signature(self) -> str:
        """Name and parameters, as they are called."""
        told = (
            each.name if each.default is None else f"{each.name} := {each.default}"
            for each in self.parameters
        )
        return f"{self.name}({', '.join(told)})"

    @property
    def statement(self) -> str:
        """The statement that creates it."""
        body = self.model.sql
        for each in self.parameters:
            body = re.sub(rf"\${each.name}\b", each.name, body)
        return f"create macro {self.model.schema}.{self.signature} as table {body}"

    @property
    def _paragraphs(self) -> list[str]:
        return self.model.description.split("\n\n")


def every_macro() -> list[Macro]:
    """All macros, sorted by name."""
    return [Macro(Model(path)) for path in sorted(MACROS.glob("*/*.sql"))]


def create(con: duckdb.DuckDBPyConnection) -> list[Macro]:
    """Create the macros with their descriptions in the database in use.

    One that reads a table or a view that is not there is left out: it could not be asked.

    Returns:
        The macros created.
    """
    standing = {
        f"{schema}.{name}"
        for schema, name in con.execute(
            "select schema_name, table_name from duckdb_tables() "
            "where database_name = current_database() "
            "union all select schema_name, view_name from duckdb_views() "
            "where database_name = current_database()"
        ).fetchall()
    }
    made = [macro for macro in every_macro() if macro.model.reads <= standing]
    for macro in made:
        con.execute(macro.statement)
        words = macro.model.description.replace("'", "''")
        con.execute(f"comment on macro table {macro.model.schema}.{macro.name} is '{words}'")
    return made
