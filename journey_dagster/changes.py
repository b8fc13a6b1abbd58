"""Computes again the part of a table that changed, and says what changed of it.

Belongs here: one table, given what changed in the tables it reads. Does not belong here: which
tables can be brought forward at all (`refresh`), what they say (`sql/`).

A table's one SELECT is run over a part of what it reads, and its rows replace those of that part.
Which part, the file says in a line of its own (docs/adr/0014):

- `Kept by a, b.`: a row depends only on rows with its a and b in what the table reads. Computed
  again are the keys of the rows that went or came there, or those that `sql/touched/` selects.
- `Kept by a within core.x.`: the same, where core.x computes all rows of an a together.
- `Added up over core.ways.`: counts per group. What the rows before had added is taken off, what
  the rows now add is added; `n_users` counts distinct users.
- `Appended at each refresh.`: rows about the changes themselves.
- `A view.`: computed when it is read.
- `Names of keys.`: its changes change no table that joins it by the key.
- none of these: the table is computed from the beginning when anything it reads has changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import duckdb

from journey_dagster.models import Model
from journey_dagster.warehouse import comment

STRETCH = ("from_at", "until_at")
"""Columns of a touched key that stand for a stretch of `occurred_at`, both ends included."""


class Change(NamedTuple):
    """What happened to a table: relations of the rows that went and that came."""

    gone: str
    come: str
    was: str
    """The part that was computed again, as it was: rows that stayed too."""
    now: str
    """The same part as it is."""
    touched: str | None = None
    """The keys of that part; None where the part is the whole table."""


@dataclass
class Changes:
    """What has changed in the tables so far, in one transaction."""

    con: duckdb.DuckDBPyConnection
    models: Mapping[str, Model]
    """Every file of `sql/`, by name."""
    parameters: Mapping[str, object]
    of: dict[str, Change | None] = field(default_factory=dict[str, "Change | None"])
    """By table that changed; None where nobody knows what."""
    _made: dict[str, str] = field(default_factory=dict[str, str])
    _columns: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def bring_forward(self, model: Model) -> bool:
        """Bring a table up to date with what it reads; whether that changed it."""
        changed = {name: self.of[name] for name in self._read(model) & self.of.keys()}
        if model.kept_by or model.added_over:
            changed = {name: change for name, change in changed.items() if not self._is_names(name)}
        if not changed or model.is_view:
            return False
        known = {name: change for name, change in changed.items() if change is not None}
        if model.is_appended:
            self._append(model)
            return True
        part: Change | None = None
        if known.keys() == changed.keys():
            if model.added_over:
                part = self._added_up(model, known)
            elif model.kept_by:
                part = self._kept(model, known)
        return self._put(model, part or self._whole(model))

    def forget(self) -> None:
        """Drop all that is temporary."""
        drops = [f"drop {kind} if exists temp.{name}" for name, kind in self._made.items()]
        if drops:
            self.con.execute("; ".join(reversed(drops)))

    def relation(self, name: str, sql: str, values: Mapping[str, object] | None = None) -> str:
        """A temporary table of a query."""
        self.con.execute(f"create or replace temp table {name} as {sql}", values or {})
        self._made[name] = "table"
        return f"temp.{name}"

    def view(self, name: str, sql: str) -> str:
        """A temporary view of a query."""
        self.con.execute(f"create or replace temp view {name} as {sql}")
        self._made[name] = "view"
        return f"temp.{name}"

    # ---- which part ------------------------------------------------------------------------------

    def _kept(self, model: Model, changed: Mapping[str, Change]) -> Change | None:
        """The part with the touched keys; None when there is no telling which they are."""
        flat = _flat(model.name)
        touched = self._touched(model, changed)
        if touched is None:
            return None
        whole_parts = {model.within: changed[model.within].now} if model.within else {}
        stand_ins = {
            name: whole_parts.get(name) or self._part(name, touched, of=flat)
            for name in self._read(model)
            if name in whole_parts or self._condition(name, touched)
        }
        was = self.relation(f"was_{flat}", f"from {self._part(model.name, touched, of=flat)}")
        now = self._select(f"now_{flat}", model, stand_ins, touched)
        return self._difference(flat, was, now, touched)

    def _touched(self, model: Model, changed: Mapping[str, Change]) -> str | None:
        name = f"touched_{_flat(model.name)}"
        if model.within:
            change = changed.get(model.within)
            parts = [change.was, change.now] if change else None
            return self.relation(name, _distinct(model.kept_by, parts)) if parts else None
        query = self.models.get(f"touched.{_flat(model.name)}")
        if query is None:
            parts = [part for change in changed.values() for part in (change.gone, change.come)]
            if not all({*model.kept_by} <= {*self._names(part)} for part in parts):
                return None
            return self.relation(name, _distinct(model.kept_by, parts))
        if not changed.keys() <= {*query.changes_read.values()}:
            return None
        return self.relation(
            name, query.reading(self._parts(query)), query.bind({**self.parameters})
        )

    def _parts(self, query: Model) -> dict[str, str]:
        """What a file finds as the rows that went or came."""
        found: dict[str, str] = {}
        for name, table in query.changes_read.items():
            change = self.of.get(table)
            found[name] = (
                getattr(change, name.split(".")[0])
                if change
                else self.view(f"none_{_flat(table)}", f"from {table} where false")
            )
        return found

    def _part(self, table: str, touched: str, *, of: str) -> str:
        """The rows of a table that agree with a touched key."""
        condition = self._condition(table, touched)
        part = f"from {table} as held semi join {touched} as touched on {condition}"
        if "touched.from_at" in condition:
            # The bounds of all stretches let DuckDB pass over the blocks of other times.
            (first, last), *_ = self.con.execute(
                "select coalesce(min(from_at)::varchar, 'infinity'), "
                f"coalesce(max(until_at)::varchar, '-infinity') from {touched}"
            ).fetchall()
            part += f" where held.occurred_at between '{first}' and '{last}'"
        return self.view(f"part_{of}_{_flat(table)}", part)

    def _condition(self, table: str, touched: str) -> str:
        """How rows of a table agree with touched keys: in all columns that both have."""
        held = {*self._names(table)}
        keys = [name for name in self._names(touched) if name not in STRETCH]
        equal = [_same(name) for name in keys if name in held]
        if {*STRETCH} <= {*self._names(touched)} and "occurred_at" in held:
            equal.append("held.occurred_at between touched.from_at and touched.until_at")
        return " and ".join(equal)

    # ---- what it holds now -----------------------------------------------------------------------

    def _select(
        self, name: str, model: Model, stand_ins: Mapping[str, str], touched: str | None = None
    ) -> str:
        """The file's SELECT over other tables than those it names; views are looked through.

        What the part of a table says of keys that were not asked for is only half of them.
        """
        views = {
            read: self.view(f"{name}_{_flat(read)}", self.models[read].reading(stand_ins))
            for read in model.reads & self.models.keys()
            if self.models[read].is_view
        }
        query = model.reading({**stand_ins, **views})
        if touched:
            condition = self._condition(model.name, touched)
            query = f"from ({query}) as held semi join {touched} as touched on {condition}"
        return self.relation(name, query, model.bind({**self.parameters}))

    def _whole(self, model: Model) -> Change:
        flat = _flat(model.name)
        was = self.relation(f"was_{flat}", f"from {model.name}")
        return self._difference(flat, was, self._select(f"now_{flat}", model, {}), None)

    def _difference(self, flat: str, was: str, now: str, touched: str | None) -> Change:
        gone = self.relation(f"gone_{flat}", f"from {was} except all from {now}")
        come = self.relation(f"come_{flat}", f"from {now} except all from {was}")
        return Change(gone, come, was, now, touched)

    def _added_up(self, model: Model, changed: Mapping[str, Change]) -> Change | None:
        """Old counts without what the rows before had added, with what the rows now add."""
        over = self.models[str(model.added_over)]
        driver = next(iter(over.reads)) if over.is_view else over.name
        if {*changed} != {driver}:
            return None
        flat = _flat(model.name)
        change = changed[driver]
        less = self._select(f"less_{flat}", model, {driver: change.was} | self._old_names(model))
        more = self._select(f"more_{flat}", model, {driver: change.now})
        counts = [name for name in self._names(model.name) if _is_count(name)]
        keys = [name for name in self._names(model.name) if not _is_count(name)]
        if "n_users" in counts:
            keys = [name for name in keys if name in self._names(over.name)]
        named = [name for name in self._names(model.name) if name not in {*keys, *counts}]
        touched = self.relation(f"touched_{flat}", _distinct(keys, [less, more]))
        was = self.relation(f"was_{flat}", f"from {self._part(model.name, touched, of=flat)}")
        sums = [name for name in counts if name != "n_users"]
        signed = [
            f"from {was}",
            f"select {', '.join([*keys, *named, *sums])} from {more}",
            f"select {', '.join([*keys, *(f'-{name} as {name}' for name in sums)])} from {less}",
        ]
        if "n_users" in counts:
            signed += self._users(flat, over, driver, keys, change)
        columns_ = {name: name for name in keys}
        columns_ |= {name: f"any_value({name})" for name in named}
        columns_ |= {name: f"sum({name})::bigint" for name in counts}
        shown = ", ".join(f"{columns_[name]} as {name}" for name in self._names(model.name))
        now = self.relation(
            f"now_{flat}",
            f"select {shown} from ({' union all by name '.join(signed)}) "
            f"group by {', '.join(keys)} having sum({sums[0]}) <> 0",
        )
        return self._difference(flat, was, now, touched)

    def _users(
        self, flat: str, over: Model, driver: str, keys: list[str], change: Change
    ) -> list[str]:
        """How many users each group gained and lost: those whom it does not know from elsewhere."""
        pairs = [*keys, "user_key"]
        before, after = (
            self.relation(
                f"{when}_users_{flat}",
                _distinct(pairs, [self._over(f"{when}_{flat}", over, driver, part)]),
            )
            for when, part in (("before", change.was), ("after", change.now))
        )
        elsewhere = self.view(
            f"elsewhere_{flat}_rows",
            f"from {driver} as held semi join "
            f"(select user_key from {before} union select user_key from {after}) using (user_key) "
            + (
                f"anti join {change.touched} as touched "
                f"on {self._condition(driver, change.touched)}"
                if change.touched
                else "where false"
            ),
        )
        rows = self._over(f"elsewhere_{flat}", over, driver, elsewhere)
        condition = " and ".join(map(_same, pairs))
        stay = self.relation(
            f"stay_{flat}",
            f"select distinct {', '.join(f'held.{name}' for name in pairs)} from {rows} as held "
            f"semi join (from {before} union from {after}) as touched on {condition}",
        )
        return [
            f"select {', '.join(keys)}, {sign}count(*) as n_users from {part} as held "
            f"anti join {stay} as touched on {condition} group by all"
            for sign, part in (("-", before), ("", after))
        ]

    def _over(self, name: str, over: Model, driver: str, part: str) -> str:
        """The rows of a table, or of a view of it, that come from a part of it."""
        return self.view(name, over.reading({driver: part})) if over.is_view else part

    # ---- putting it in place ---------------------------------------------------------------------

    def _put(self, model: Model, change: Change) -> bool:
        if not any(self._has_rows(part) for part in (change.gone, change.come)):
            return False
        if change.touched is None:
            self.con.execute(f"create or replace table {model.name} as from {change.now}")
            comment(self.con, model)
        else:
            condition = self._condition(model.name, change.touched)
            self.con.execute(
                f"delete from {model.name} as held using {change.touched} as touched "
                f"where {condition}"
            )
            self.con.execute(f"insert into {model.name} from {change.now}")
        self.of[model.name] = change
        return True

    def _append(self, model: Model) -> None:
        query = model.reading(self._parts(model))
        self.con.execute(f"insert into {model.name} {query}", model.bind({**self.parameters}))

    def _is_names(self, table: str) -> bool:
        return table in self.models and self.models[table].is_names

    def _old_names(self, model: Model) -> dict[str, str]:
        """The names that rows which went may need, beside those that stand."""
        found: dict[str, str] = {}
        for name in self._read(model) & self.of.keys():
            change = self.of[name]
            if change and self._is_names(name):
                keys = ", ".join(key for key in self._names(name) if not _is_count(key))
                found[name] = self.view(
                    f"names_{_flat(name)}",
                    f"from {name} union all (from {change.was} anti join {name} using ({keys}))",
                )
        return found

    # ---- looking ---------------------------------------------------------------------------------

    def _read(self, model: Model) -> set[str]:
        """The tables that a file reads, through views too."""
        found: set[str] = set()
        for name in model.reads:
            upstream = self.models.get(name)
            found |= self._read(upstream) if upstream and upstream.is_view else {name}
        return found

    def _names(self, relation: str) -> list[str]:
        if relation not in self._columns:
            rows = self.con.execute(f"describe {relation}").fetchall()
            self._columns[relation] = [row[0] for row in rows]
        return self._columns[relation]

    def _has_rows(self, relation: str) -> bool:
        return bool(self.con.execute(f"select 1 from {relation} limit 1").fetchall())


def _flat(name: str) -> str:
    """A table's name as part of another: core.events as core_events."""
    return name.replace(".", "_")


def _same(column: str) -> str:
    """That a row and a touched key agree in a column; two nulls do."""
    return f"held.{column} is not distinct from touched.{column}"


def _is_count(column: str) -> bool:
    return column == "n" or column.startswith("n_")


def _distinct(keys: Iterable[str], parts: Iterable[str]) -> str:
    names = ", ".join(keys)
    return " union ".join(f"select distinct {names} from {part}" for part in parts)
