"""The sessions behind the numbers of the friction page.

Belongs here: which sessions a number lists, and what is told of each. Does not belong here: the
numbers themselves, and anything that names a user: people are numbered as they turn up, anew in
each document, and only one who made their report public is linked to it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from journey_dagster.friction_page.tables import Pages, plain
from journey_dagster.warehouse import columns as columns_of

PATH_STEPS = 24
"""Most steps of a session that are told."""

RECENT = 20_000
"""Sessions among which those of a list are looked for first."""

COLUMNS = ("session_id", "person", "slug", "started_at", "n_steps", "is_open", "path")

Row = Mapping[str, Any]
Keys = Sequence[tuple[str, ...]]


class Told:
    """The sessions of a document, each told once, however many lists name it."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def places(self, ids: Iterable[str]) -> list[int]:
        """The numbers of sessions, by which lists name them."""
        return [self._places.setdefault(id_, len(self._places)) for id_ in ids]

    def table(self, con: duckdb.DuckDBPyConnection, pages: Pages) -> dict[str, Any]:
        """What is told of each.

        Raises:
            KeyError: a mart names a session that is no more; it is older than the sessions.
        """
        con.register("wanted", pa.table({"session_id": pa.array(self._places, pa.string())}))
        try:
            found = con.execute(
                "select sessions.session_id, sessions.user_id, "
                "case when users.visibility = 'public' then users.slug end, sessions.started_at, "
                "sessions.n_steps, sessions.is_open, steps.path "
                "from core.sessions as sessions join wanted using (session_id) "
                "join (select session_id, list(page order by step_index) as path from core.steps "
                "semi join wanted using (session_id) where step_index < $path_steps group by all) "
                "as steps using (session_id) "
                "left join core.users as users on users.user_id = sessions.user_id",
                {"path_steps": PATH_STEPS},
            ).fetchall()
        finally:
            con.unregister("wanted")
        known = {session_id: rest for session_id, *rest in found}
        people: dict[str, int] = {}
        rows: list[list[Any]] = []
        for session_id in self._places:
            user_id, slug, started_at, n_steps, is_open, path = known[session_id]
            person = people.setdefault(user_id, len(people) + 1)
            told = [person, slug, plain(started_at), n_steps, is_open, pages.path(path)]
            rows.append([session_id, *told])
        return {"reason": None, "n_rows": len(rows), "columns": list(COLUMNS), "rows": rows}


def lost(con: duckdb.DuckDBPyConnection, rows: Sequence[Row], limit: int) -> list[list[str]]:
    """The latest closed sessions that ended with the page and event of each row."""
    return _latest(
        con,
        "select page, event, session_id from {sessions} "
        "join keys on page = exit_page and event = exit_event where not is_open",
        ("page", "event"),
        [(row["page"], row["event"]) for row in rows],
        limit,
    )


def taking(con: duckdb.DuckDBPyConnection, rows: Sequence[Row], limit: int) -> list[list[str]]:
    """The latest sessions that took the step from one page and event to the next of each row."""
    return _latest(
        con,
        "select distinct page, event, next_page, next_event, session_id from core.steps "
        "semi join {sessions} using (session_id) "
        "join keys using (page, event, next_page, next_event)",
        ("page", "event", "next_page", "next_event"),
        [(row["from_page"], row["from_event"], row["to_page"], row["to_event"]) for row in rows],
        limit,
    )


def looping(con: duckdb.DuckDBPyConnection, rows: Sequence[Row], limit: int) -> list[list[str]]:
    """The latest sessions with the loop of each row: a page again, or there and back."""
    return _latest(
        con,
        "with back as (select distinct session_id from core.steps "
        "semi join {sessions} using (session_id) "
        "join keys on steps.page = via_page and next_page = keys.page), "
        "stops as (select session_id, page as via_page, next_page as page, "
        "lag(page) over (partition by session_id order by step_index) as before "
        "from core.steps semi join back using (session_id) where next_page <> page) "
        "select distinct page, via_page, session_id from ("
        "select session_id, page, via_page from stops where before = page union all "
        "select session_id, page, page as via_page from core.steps "
        "semi join back using (session_id) where next_page = page"
        ") join keys using (page, via_page)",
        ("page", "via_page"),
        [(row["page"], row["via_page"] or row["page"]) for row in rows],
        limit,
    )


def fragile(con: duckdb.DuckDBPyConnection, rows: Sequence[Row], limit: int) -> list[list[str]]:
    """The latest fragile flows that met the chokepoints of each row, in their order."""
    if "chokepoint_path" not in {column.name for column in columns_of(con, "marts.fragile_flows")}:
        return [[] for _ in rows]
    found = con.execute(
        "select chokepoint_path, session_id from marts.fragile_flows qualify row_number() over "
        "(partition by chokepoint_path order by started_at desc, session_id) <= $limit "
        "order by started_at desc, session_id",
        {"limit": limit},
    ).fetchall()
    lists: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path, session_id in found:
        lists[tuple(path)].append(session_id)
    return [lists[tuple(row["path"])] for row in rows]


def _latest(
    con: duckdb.DuckDBPyConnection, query: str, names: Sequence[str], keys: Keys, limit: int
) -> list[list[str]]:
    """The latest sessions of each key.

    Most keys have enough of them among the latest sessions of all; only the others are looked for
    everywhere, and they are rare, so that this stays cheap however many sessions there are.

    Args:
        con: the warehouse.
        query: selects keys and sessions, from the keys asked for and `{sessions}`.
        names: columns of a key.
        keys: what to look for.
        limit: sessions for each.
    """
    recent = f"(from core.sessions order by started_at desc, session_id limit {RECENT}) as sessions"
    lists = _first(con, query.format(sessions=recent), names, keys, limit)
    scarce = [key for key in dict.fromkeys(keys) if len(lists[key]) < limit]
    everywhere = "core.sessions as sessions"
    lists |= _first(con, query.format(sessions=everywhere), names, scarce, limit)
    return [lists[key] for key in keys]


def _first(
    con: duckdb.DuckDBPyConnection, query: str, names: Sequence[str], keys: Keys, limit: int
) -> dict[tuple[str, ...], list[str]]:
    columns = {
        name: pa.array([key[i] for key in keys], pa.string()) for i, name in enumerate(names)
    }
    picked = ", ".join(names)
    con.register("keys", pa.table(columns))
    try:
        found = con.execute(
            f"select {picked}, session_id from ({query}) as found "
            "join core.sessions using (session_id) qualify row_number() over "
            f"(partition by {picked} order by started_at desc, session_id) <= $limit "
            "order by started_at desc, session_id",
            {"limit": limit},
        ).fetchall()
    finally:
        con.unregister("keys")
    lists: dict[tuple[str, ...], list[str]] = {key: [] for key in keys}
    for *key, session_id in found:
        lists[tuple(key)].append(session_id)
    return lists


def next_pages(
    con: duckdb.DuckDBPyConnection, rows: Sequence[Row], limit: int
) -> list[list[tuple[str, int]]]:
    """Where sessions most often go after the page and event of each row, leaving included."""
    keys = [(row["page"], row["event"]) for row in rows]
    con.register(
        "keys",
        pa.table(
            {
                "page": pa.array([page for page, _ in keys], pa.string()),
                "event": pa.array([event for _, event in keys], pa.string()),
            }
        ),
    )
    try:
        found = con.execute(
            "select page, event, next_page, count(*) as n from core.steps "
            "semi join keys using (page, event) group by page, event, next_page "
            "qualify row_number() over (partition by page, event order by n desc, next_page) "
            "<= $limit order by n desc, next_page",
            {"limit": limit},
        ).fetchall()
    finally:
        con.unregister("keys")
    after: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for page, event, next_page, n in found:
        after[page, event].append((next_page, n))
    return [after[key] for key in keys]
