"""Brings the tables up to date with what arrived, by computing again only what changed.

Belongs here: which tables can be brought forward, the order, what is written down about it.
Does not belong here: how one table is (`changes`), what it says (`sql/`), Dagster (`tables`).

All tables that can be are brought forward in one transaction, so they stay in step with each other.
A table that cannot (it is new, its file or a parameter changed, or it reads one of those) is
computed from the beginning afterwards. Both ways give the same rows (docs/adr/0014).
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from graphlib import TopologicalSorter
from typing import Literal

import duckdb

from journey_dagster.changes import Change, Changes
from journey_dagster.models import Model, every_model, model
from journey_dagster.warehouse import (
    columns,
    comment,
    ensure,
    ensure_schema,
    replace,
    transaction,
)

How = Literal["rebuilt", "changed", "unchanged"]

RECORDS = "raw.records"
SEGMENTS = "raw.segments"
ARRIVALS = frozenset({RECORDS, SEGMENTS, "meta.quarantine"})
"""Tables that only grow, by whole segments."""

REFRESHES = model("meta/refreshes.sql")


def refresh(
    con: duckdb.DuckDBPyConnection,
    tables: Iterable[Model],
    parameters: Mapping[str, object],
    told: Callable[[Model, How], None] = lambda _model, _how: None,
) -> dict[str, How]:
    """Bring tables up to date, each after those that it reads.

    What reads one of them and is not among them falls behind: the next refresh that has it computes
    it from the beginning.

    Args:
        con: the warehouse, writable; what Python fills stands in it.
        tables: the tables.
        parameters: values for what the files name.
        told: hears of each table when it is done.

    Returns:
        Table to what was done.
    """
    asked = {each.name: each for each in tables}
    every = {each.name: each for each in every_model()}
    order = _in_order(every, asked)
    ensure(con, REFRESHES)
    outside = _outside(con, every, order)
    versions = _versions(every, order, parameters) | outside
    behind = _behind(con, every, order, versions)
    done: dict[str, How] = {}

    def tell(each: Model, how: How) -> None:
        done[each.name] = how
        told(each, how)

    changes = Changes(con, every, parameters)
    try:
        with transaction(con):
            _note_outside(changes, outside)
            for each in order:
                if each.name not in behind:
                    tell(each, "changed" if changes.bring_forward(each) else "unchanged")
            fallen = _downstream(every, changes.of.keys() | behind) - asked.keys()
            _write_down(con, outside, gone=behind | fallen)
    finally:
        changes.forget()
    for each in order:
        if each.name in behind:
            _rebuild(con, each, parameters, versions[each.name])
            tell(each, "rebuilt")
    return done


def _downstream(every: Mapping[str, Model], changed: Iterable[str]) -> set[str]:
    """All that reads a changed table, also through views and other tables."""
    found = set(changed)
    while more := {each.name for each in every.values() if each.reads & found} - found:
        found |= more
    return found


def distrust(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
    """Have these tables computed from the beginning by the next refresh: they may be wrong.

    Args:
        con: the warehouse, writable.
        tables: their names; of a view, what it reads.
    """
    every = {each.name: each for each in every_model()}
    suspects = {*tables}
    for name in tables:
        if name in every and every[name].is_view:
            suspects |= every[name].reads
    ensure(con, REFRESHES)
    con.execute(
        f"delete from {REFRESHES.name} where table_name = any($names)", {"names": sorted(suspects)}
    )


def _in_order(every: Mapping[str, Model], asked: Mapping[str, Model]) -> list[Model]:
    """The tables asked for, each after those that it, or the query for its part, reads.

    That query may also read what comes after the table: it finds it as it was before.
    """

    def upstream(name: str) -> frozenset[str]:
        reads = every[name].reads & every.keys()
        return reads.union(*(upstream(read) for read in reads))

    before: dict[str, frozenset[str]] = {}
    for name, each in asked.items():
        touched = every.get(f"touched.{name.replace('.', '_')}")
        looked_at = touched.reads & asked.keys() if touched else frozenset[str]()
        also = {read for read in looked_at if name not in upstream(read)}
        before[name] = (each.reads | also) & asked.keys()
    return [asked[name] for name in TopologicalSorter(before).static_order()]


def _versions(
    every: Mapping[str, Model], tables: Iterable[Model], parameters: Mapping[str, object]
) -> dict[str, str]:
    """What each table is made by: its file, what its file leans on, and the parameters."""
    found: dict[str, str] = {}
    for each in tables:
        leans_on = [every[name] for name in sorted(each.reads & every.keys())]
        texts = [each.sql, *(other.sql for other in leans_on if other.is_view)]
        if touched := every.get(f"touched.{each.name.replace('.', '_')}"):
            texts.append(touched.sql)
        bound = {name: str(parameters[name]) for name in sorted(each.parameters)}
        found[each.name] = hashlib.sha256(json.dumps([texts, bound]).encode()).hexdigest()[:16]
    return found


def _outside(
    con: duckdb.DuckDBPyConnection, every: Mapping[str, Model], tables: Iterable[Model]
) -> dict[str, str]:
    """The small tables that others fill, with a hash of all that they hold."""
    tables = list(tables)
    names = {name for each in tables for name in each.reads} - {each.name for each in tables}
    found: dict[str, str] = {}
    kept = {each.name for each in every.values() if each.reads}  # fell behind if not in step
    for name in sorted(names - ARRIVALS - kept):
        rows = con.execute(
            "select coalesce(md5(string_agg(row, '' order by row)), '') "
            f"from (select md5(held::varchar) as row from {name} as held)"
        ).fetchall()
        found[name] = rows[0][0]
    return found


def _behind(
    con: duckdb.DuckDBPyConnection,
    every: Mapping[str, Model],
    order: Iterable[Model],
    versions: Mapping[str, str],
) -> set[str]:
    """The tables that have to be computed from the beginning.

    One whose part is found by looking at another needs that to stand as it was at the last refresh.
    """
    standing = dict(con.execute(f"select table_name, version from {REFRESHES.name}").fetchall())
    there = {
        row[0]
        for row in con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() union all "
            "select schema_name || '.' || view_name from duckdb_views()"
        ).fetchall()
    }
    order = list(order)
    new = {
        each.name
        for each in order
        if standing.get(each.name) != versions[each.name] or each.name not in there
    }
    stale = new | {each.name for each in every.values() if each.reads} - standing.keys()
    behind: set[str] = set()
    for each in order:
        touched = every.get(f"touched.{each.name.replace('.', '_')}")
        looks_at = touched.reads - {*touched.changes_read.values()} if touched else set[str]()
        if each.name in new or each.reads & behind or looks_at & stale:
            behind.add(each.name)
    return behind


def _note_outside(changes: Changes, outside: Mapping[str, str]) -> None:
    """What changed in the tables that others fill."""
    con = changes.con
    standing = dict(con.execute(f"select table_name, version from {REFRESHES.name}").fetchall())
    for name, version in outside.items():
        if standing.get(name) != version:
            changes.of[name] = None
    new = f"(from {SEGMENTS} where not is_taken)"
    if con.execute(f"select 1 from {new} limit 1").fetchall():
        changes.of |= dict.fromkeys(ARRIVALS)
        come = changes.relation(
            "come_raw_records",
            f"select event_group from {RECORDS} as records semi join {new} as segments "
            "on records.topic = segments.topic and records.reading = segments.reading "
            'and records."partition" = segments."partition" '
            'and records."offset" between segments.first_offset and segments.last_offset',
        )
        none = changes.view("gone_raw_records", f"from {come} where false")
        changes.of[RECORDS] = Change(none, come, none, come)


def _write_down(
    con: duckdb.DuckDBPyConnection, outside: Mapping[str, str], gone: Iterable[str]
) -> None:
    """What is in step, at the end of the transaction."""
    con.execute(
        f"delete from {REFRESHES.name} where table_name = any($names)",
        {"names": sorted({*gone, *outside})},
    )
    for name, version in outside.items():
        con.execute(f"insert into {REFRESHES.name} values ($1, $2)", [name, version])
    con.execute(f"update {SEGMENTS} set is_taken = true where not is_taken")


def _rebuild(
    con: duckdb.DuckDBPyConnection, each: Model, parameters: Mapping[str, object], version: str
) -> None:
    if each.is_appended:
        _begin(con, each)
    else:
        replace(con, each, parameters)
    con.execute(f"insert into {REFRESHES.name} values ($1, $2)", [each.name, version])


def _begin(con: duckdb.DuckDBPyConnection, each: Model) -> None:
    """Make a table that refreshes add to, unless it stands."""
    shape = each.reading(each.changes_read)
    con.execute(f"create or replace temp table begun as from ({shape}) limit 0")
    standing, today = (
        con.execute(f"describe {name}").fetchall() if name == "begun" or columns(con, name) else []
        for name in (each.name, "begun")
    )
    if standing != today:
        ensure_schema(con, each)
        with transaction(con):
            con.execute(f"create or replace table {each.name} as from begun")
            comment(con, each)
    con.execute("drop table begun")
