"""What must hold of sessions, flows and days for any events, not only for those of the cases.

Belongs here: laws of DESIGN section 4 over random events. Does not belong here: single behaviours.

Events are drawn around the border of 30 minutes, on few users and pages, with and without session
ids of the source, so that pauses, ties and changes of the id meet often.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import available_timezones

import duckdb
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sql_tables import DEFAULTS, MODELS, bound, compute, fill, undone

STEPS = (
    "core.events", "core.horizon", "core.user_ids", "core.page_names", "core.event_names",
    "core.placements", "core.steps",
)  # fmt: skip
JOURNEYS = (*STEPS, "core.sessions", "core.ways", "marts.transitions")
GAP = timedelta(microseconds=int(str(DEFAULTS["session_gap_us"])))
ZONES = sorted(available_timezones() - {"localtime"})
START = datetime(2024, 3, 9, 22, tzinfo=UTC)

Row = dict[str, Any]


class Said(NamedTuple):
    """What a record says; equal for two deliveries of it."""

    user: str | None
    pause: int
    page: str
    event: str
    session: str | None
    year: int
    has_id: bool


SAID = st.builds(
    Said,
    user=st.sampled_from(["u", "u", "u", "u", "v", None]),
    pause=st.sampled_from([0, 1, 5, 29, 30, 31, 60]),
    page=st.sampled_from(["/a", "/b", "/c"]),
    event=st.sampled_from(["view", "click"]),
    session=st.sampled_from([None, "a", "b", "-1"]),
    year=st.sampled_from([2024] * 15 + [1970]),
    has_id=st.booleans(),
)


@st.composite
def recorded(draw: st.DrawFn) -> list[Row]:
    """Records of one topic in the order of time, some of them delivered again later on."""
    rows: list[Row] = []
    at = START
    for no, said in enumerate(draw(st.lists(SAID, min_size=3, max_size=30))):
        at += timedelta(minutes=said.pause)
        rows.append(
            {
                "occurred_at": at.replace(year=said.year),
                "message_id": f"m{no}" if said.has_id else None,
                "fingerprint": f"f{no}" if said.has_id else f"{at}{said}",
                "user_id": said.user,
                "page": said.page,
                "event_name": said.event,
                "session_id": said.session,
            }
        )
    again = draw(st.lists(st.sampled_from(rows), max_size=4))
    return delivered([*draw(st.permutations(rows)), *again], topic="a")


def delivered(rows: Sequence[Row], topic: str, first: int = 0) -> list[Row]:
    """Rows as they stand in a topic, one after the other."""
    place = {
        "source": "csv",
        "topic": topic,
        "reading": 1,
        "partition": 0,
        "landed_at": datetime(2025, 1, 1, tzinfo=UTC),
    }
    return [{**row, **place, "offset": offset} for offset, row in enumerate(rows, first)]


def law(*strategies: st.SearchStrategy[Any], examples: int = 100) -> Callable[..., Any]:
    """A test over random input; all examples share the empty tables and leave them empty."""
    calm = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    return lambda test: calm(given(*strategies)(test))


def rows_of(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return con.execute(sql).fetchall()


def content(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """What the tables of journeys hold, in an order of their own, but for n_deliveries."""
    kept = {"core.events": "* exclude (n_deliveries)"}
    return {
        table: rows_of(con, f"select {kept.get(table, '*')} from {table} order by all")
        for table in JOURNEYS
    }


def sessions_by_the_rule(events: Sequence[tuple[Any, ...]]) -> set[tuple[str, ...]]:
    """Sessions as tuples of event ids, by the words of core/placements.sql and nothing clever."""
    found: list[list[str]] = []
    for _, of_user in groupby(sorted(events), key=lambda event: event[0]):
        last_at: datetime | None = None
        stated: str | None = None
        for _, at, _, event_id, source_session in of_user:
            after_pause = last_at is None or at - last_at > GAP
            if after_pause:
                stated = None
            other_id = None not in (stated, source_session) and stated != source_session
            if after_pause or other_id:
                found.append([])
            found[-1].append(event_id)
            stated = source_session or stated
            last_at = at
    return {tuple(session) for session in found}


@law(recorded(), examples=250)
def test_sessions_follow_the_rule(tables: duckdb.DuckDBPyConnection, records: list[Row]) -> None:
    with undone(tables) as con:
        fill(con, "raw.records", records)
        compute(con, "core.deliveries", *STEPS, "core.sessions")
        events = rows_of(
            con,
            "select user_id, occurred_at, tie_break, event_id, source_session_id from core.events "
            "where user_id is not null and not is_noise",
        )
        steps = rows_of(
            con, "select session_id, event_id from core.steps order by session_id, step_index"
        )
        sessions: defaultdict[str, list[str]] = defaultdict(list)
        for session_id, event_id in steps:
            sessions[session_id].append(event_id)
        assert set(map(tuple, sessions.values())) == sessions_by_the_rule(events)
        assert len(sessions) == len(rows_of(con, "from core.sessions"))
        ends = "select min(occurred_at), max(occurred_at) from core.steps having count(*) > 0"
        assert rows_of(con, "select data_from, data_through from core.horizon") == rows_of(
            con, ends
        )
        check = MODELS["checks.sessions_hold_all_steps"]
        assert con.execute(check.sql, bound(check)).fetchall() == []


@law(recorded())
def test_flows_balance(tables: duckdb.DuckDBPyConnection, records: list[Row]) -> None:
    with undone(tables) as con:
        fill(con, "raw.records", records)
        compute(con, "core.deliveries", *JOURNEYS, "marts.page_flows")
        flows = rows_of(con, "select n_entries, n_inflow, n_outflow, n_exits from marts.page_flows")
        assert all(entries + inflow == outflow + exits for entries, inflow, outflow, exits in flows)
        n_sessions = len(rows_of(con, "from core.sessions"))
        assert sum(flow[0] for flow in flows) == sum(flow[3] for flow in flows) == n_sessions


@law(recorded(), st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(
    tables: duckdb.DuckDBPyConnection, records: list[Row], dice: random.Random
) -> None:
    found = []
    for rows in (records, dice.sample(records, len(records))):
        with undone(tables) as con:
            fill(con, "raw.records", rows)
            compute(con, "core.deliveries", *JOURNEYS)
            deliveries = rows_of(con, "select event_id, n_deliveries from core.events order by all")
            found.append(
                (content(con), deliveries, rows_of(con, "from core.deliveries order by all"))
            )
    assert found[0] == found[1]


@law(recorded(), st.sampled_from(["a", "z"]), st.randoms(use_true_random=False))
def test_later_deliveries_change_their_number_only(
    tables: duckdb.DuckDBPyConnection, records: list[Row], topic: str, dice: random.Random
) -> None:
    with_id = [row for row in records if row["message_id"]]
    again = dice.choices(with_id, k=5) if with_id else []
    found = []
    for rows in (records, records + delivered(again, topic, first=len(records))):
        with undone(tables) as con:
            fill(con, "raw.records", rows)
            compute(con, "core.deliveries", *JOURNEYS)
            found.append(content(con))
            assert rows_of(con, "select sum(n_deliveries) from core.events") == [(len(rows),)]
            assert rows_of(con, "select count(*) from core.deliveries") == [(len(rows),)]
    assert found[0] == found[1]


@law(recorded(), st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_days_hours_pages_and_sources_hold_every_step(
    tables: duckdb.DuckDBPyConnection, records: list[Row], of_u: str, of_v: str
) -> None:
    counted = ("marts.user_days", "marts.user_hour_week", "core.user_pages", "marts.user_sources")
    with undone(tables) as con:
        fill(con, "raw.records", records)
        fill(con, "raw.registry", [{"user_id": "u", "tz": of_u}, {"user_id": "v", "tz": of_v}])
        compute(con, "core.deliveries", *STEPS, "core.sessions", "core.clocks", *counted)
        compute(con, "core.user_names", "core.user_spans", "core.users")
        steps = rows_of(con, "select user_id, count(*) from core.steps group by all order by all")
        for table in counted:
            events = f"select user_id, sum(n_events) from {table} group by all order by all"
            assert rows_of(con, events) == steps, table
        ends = (
            "select user_id, min(occurred_at), max(occurred_at) from core.steps group by all "
            "order by all"
        )
        reach = (
            "select user_id, first_event_at, last_event_at from core.users "
            "where last_event_at is not null order by all"
        )
        assert rows_of(con, reach) == rows_of(con, ends)
        zones = dict(rows_of(con, "select user_id, tz from core.users where has_known_tz"))
        assert zones == {"u": of_u, "v": of_v}


@law(
    st.lists(st.timedeltas(timedelta(days=-12_000), timedelta(days=5_000)), min_size=1),
    st.sampled_from(ZONES),
)
@example([datetime(2011, 12, 30, 9, 30, tzinfo=UTC) - START], "Pacific/Apia")
@example([datetime(1993, 8, 21, 11, 30, tzinfo=UTC) - START], "Pacific/Kwajalein")
def test_a_touched_day_is_found_whole_in_its_stretch_of_time(
    tables: duckdb.DuckDBPyConnection, moments: list[timedelta], tz: str
) -> None:
    """Whatever the clock did: islands that left out a day, too."""
    came = [{"user_key": 1, "occurred_at": START + after} for after in moments]
    around = [timedelta(hours=hours) for hours in (-24, -23, -12, 0, 12, 23, 24)]
    steps = [{**step, "occurred_at": step["occurred_at"] + by} for step in came for by in around]
    touched = MODELS["touched.marts_user_days"]
    with undone(tables) as con:
        fill(con, "core.user_ids", [{"user_id": "u", "user_key": 1}])
        fill(con, "core.clocks", [{"user_key": 1, "tz": tz}])
        fill(con, "core.placements", steps)
        fill(con, "come.core_placements", came)
        compute(con, "marts.user_days")
        con.execute(f"create table touched as {touched.sql}", bound(touched))
        found = con.execute(
            "select local_date, count(*) from core.placements "
            "join touched on local_date = (occurred_at at time zone $tz)::date "
            "and occurred_at between from_at and until_at group by all order by all",
            {"tz": tz},
        ).fetchall()
        assert {day for (day,) in rows_of(con, "select local_date from touched")} == {
            day
            for (day,) in con.execute(
                "select (occurred_at at time zone $tz)::date from come.core_placements", {"tz": tz}
            ).fetchall()
        }
        assert found == rows_of(
            con,
            "select local_date, n_events from marts.user_days "
            "semi join touched using (user_key, local_date) order by all",
        )
