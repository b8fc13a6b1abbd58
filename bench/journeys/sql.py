"""Contenders in DuckDB: two floors, journeys in the leanest way, and the project's own SQL files.

The project's files are read when the bench runs, with all that they read in turn. Given are the
events, a view of the file where the number of a row is the id of its event and keys are hashes of
the strings, and the names of keys, which are made of the file first: that time counts.
"""

from collections.abc import Callable
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from journey_dagster.models import Model, every_model, model
from journey_dagster.settings import Settings
from journeys import GAP_US, Totals

TABLES = ("core/steps.sql", "core/sessions.sql", "marts/transitions.sql")

duckdb.execute("select $one", {"one": 1})  # binding values imports a lot: not while it counts

KEYS = """
select hash(user_id) as user_key, hash(page) as page_key, epoch_us(occurred_at) as us
from read_parquet($file)
"""

NAMES = {
    "user_ids": ("user_id", "user_id", "user"),
    "page_names": ("page", "page", "page"),
    "event_names": ("event", "event_name", "event_name"),
}
"""Tables of core that name keys: the column of the file, its name there, what the key is of."""

NAMED = """
select {column} as {name}, (hash({column}) >> 1)::bigint as {key}_key, count(*) as n_events
from read_parquet($file)
group by all
"""

EVENTS = """
select
    file_row_number::varchar as event_id, user_id, (hash(user_id) >> 1)::bigint as user_key,
    page, (hash(page) >> 1)::bigint as page_key, event as event_name,
    (hash(event) >> 1)::bigint as event_name_key, null::varchar as source_session_id,
    occurred_at::timestamptz as occurred_at, file_row_number as tie_break, false as is_noise
from read_parquet({file}, file_row_number => true)
"""

LEAN = {
    # One pass over the events in order; a null next page is the end of a session.
    "looked": f"""
        select
            user_key, page_key, us, row_number() over moments as place,
            lead(us) over moments as next_us,
            if(next_us - us <= $gap, lead(page_key) over moments, null) as next_page_key
        from ({KEYS})
        window moments as (partition by user_key order by us)
    """,
    "pages": "select page, hash(page) as page_key from read_parquet($file) group by page",
    "names": "select user_id, hash(user_id) as user_key from read_parquet($file) group by user_id",
    "ways": """
        select pages.page, next_pages.page as next_page, n
        from (select page_key, next_page_key, count(*) as n from looked group by all)
        join pages using (page_key)
        join pages as next_pages on next_pages.page_key = next_page_key
    """,
    # A session starts after the end of the one before it, or with the user's first event.
    "sessions": """
        select user_key, started_us, us as ended_us, place - places_before as n_steps
        from (
            select
                *,
                coalesce(lag(if(next_page_key is null, next_us, us)) over ends, us) as started_us,
                coalesce(lag(if(next_page_key is null, place, 0)) over ends, 0) as places_before
            from looked
            where next_page_key is null or place = 1
            window ends as (partition by user_key order by place)
        )
        where next_page_key is null
    """,
    "users": """
        select
            user_id, sum(n_steps) as n_events, count(*) as n_sessions,
            min(started_us) as first_us, max(ended_us) as last_us
        from sessions
        join names using (user_key)
        group by user_id
    """,
}

CHECKED = """
select
    (select sum(n_events)::bigint from users) as n_events,
    (select count(*) from users) as n_users,
    (select sum(n_events * n_events)::bigint from users) as users_squared,
    (select sum(n_sessions)::bigint from users) as n_sessions,
    (select sum(n_steps * n_steps)::bigint from sessions) as sessions_squared,
    (select sum(ended_us - started_us)::bigint from sessions) as durations,
    (select count(*) from ways) as n_ways,
    (select sum(n * n)::bigint from ways) as ways_squared
"""


def scan(file: Path) -> Callable[[], Totals]:
    """Floor: read the four columns and hash them."""
    con = duckdb.connect()
    con.execute(
        "select bit_xor(hash(user_id)), bit_xor(hash(occurred_at)), bit_xor(hash(page)), "
        "bit_xor(hash(event)) from read_parquet($file)",
        {"file": str(file)},
    ).fetchone()
    return dict


def sort(file: Path) -> Callable[[], Totals]:
    """Floor: users and pages as integers, sorted by user and time."""
    con = duckdb.connect()
    con.execute(f"create table sorted as {KEYS} order by user_key, us", {"file": str(file)})
    return dict


def lean(file: Path) -> Callable[[], Totals]:
    """Ours, lean: one window, no row per step is kept for anyone."""
    con = duckdb.connect()
    for name, sql in LEAN.items():
        values = {"file": str(file), "gap": GAP_US}
        asked = {key: value for key, value in values.items() if f"${key}" in sql}
        con.execute(f"create table {name} as {sql}", asked)
    return partial(_totals, con)


def steps(file: Path) -> Callable[[], Totals]:
    """Ours, with a stored row per step: the SQL files, on the disk, in the memory they get."""
    con = duckdb.connect("journey.duckdb")
    con.execute(f"set memory_limit = '{Settings().memory_limit}'")
    return _steps(con, file)


def steps_in_memory(file: Path) -> Callable[[], Totals]:
    """The same in memory, with as much of it as they take."""
    return _steps(duckdb.connect(), file)


def _steps(con: duckdb.DuckDBPyConnection, file: Path) -> Callable[[], Totals]:
    con.execute("set TimeZone = 'UTC'; create schema core")
    for table, (column, name, key) in NAMES.items():
        named = NAMED.format(column=column, name=name, key=key)
        con.execute(f"create table core.{table} as {named}", {"file": str(file)})
    con.execute(f"create view core.events as {EVENTS.format(file=repr(str(file)))}")
    for each in _in_order():
        con.execute(f"create schema if not exists {each.schema}")
        values = each.bind(Settings().sql_parameters())
        kind = "view" if each.is_view else "table"
        con.execute(f"create {kind} {each.name} as {each.sql}", values)
    con.execute(
        "create table users as select user_id, sum(n_steps)::bigint as n_events, "
        "count(*) as n_sessions, min(started_at) as first_at, max(ended_at) as last_at "
        "from core.sessions group by user_id"
    )
    con.execute(
        "create view ways as select from_page, to_page, sum(n)::bigint as n from marts.transitions "
        "where from_page <> '(entry)' and to_page <> '(exit)' group by all"
    )
    con.execute(
        "create view sessions as select n_steps, epoch_us(started_at) as started_us, "
        "epoch_us(ended_at) as ended_us from core.sessions"
    )
    return partial(_totals, con)


def _in_order() -> list[Model]:
    """The tables asked for and those they read, down to what is given."""
    given = {"core.events", *(f"core.{table}" for table in NAMES)}
    every = {each.name: each for each in every_model()}
    graph: dict[str, set[str]] = {}
    todo = [model(file).name for file in TABLES]
    while todo:
        name = todo.pop()
        graph[name] = {*every[name].reads} - given
        todo += graph[name] - graph.keys()
    return [every[name] for name in TopologicalSorter(graph).static_order()]


def _totals(con: duckdb.DuckDBPyConnection) -> Totals:
    found = con.execute(CHECKED)
    names = [column[0] for column in found.description or []]
    return dict(zip(names, found.fetchall()[0], strict=True))
