"""How sessions flow is what plain Python makes of the same steps, however odd they are.

Belongs here: sankey, paths, loops, funnels and retention over random steps; the file of funnels.
Does not belong here: single behaviours of the SQL (`sql/marts/*.yaml`), macros (`test_macros`).
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import groupby, pairwise
from math import sqrt
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import dagster as dg
import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_docs import HOWTO, follow

from journey_dagster import funnels
from journey_dagster.checks import offending
from journey_dagster.definitions import build_defs
from journey_dagster.models import Model
from journey_dagster.models import model as read_model
from journey_dagster.settings import Settings

SHAPES = """
create schema core; create schema marts; create schema raw;
create table core.steps (
    session_id varchar, session_key bigint, step_index integer, user_id varchar, user_key bigint,
    page varchar, event varchar, occurred_at timestamptz, dwell_seconds double,
    is_exit boolean, next_page varchar
);
create table core.sessions (
    session_id varchar, session_key bigint, user_id varchar, user_key bigint,
    started_at timestamptz, ended_at timestamptz
);
create table core.users (user_id varchar, tz varchar);
create table marts.user_days (user_id varchar, local_date date);
"""
DEFAULTS = Settings.model_construct().sql_parameters()
START = datetime(2025, 3, 1, 12, tzinfo=UTC)
model: Callable[[str], Model] = cache(read_model)
"""A file is parsed once, not for every example."""

Row = dict[str, Any]


class Seen(NamedTuple):
    """A step of a session."""

    user: int
    session_id: str
    step_index: int
    at: datetime
    page: str
    event: str


Session = list[Seen]

STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 20, 60, 100]),
        st.sampled_from(["/a", "/a", "/b", "/c"]),
        st.sampled_from(["view", "click"]),
    ),
    min_size=1,
    max_size=9,
)
VISITS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([0, 30, 300, 9000]), STEPS), max_size=12
)


@st.composite
def sessions(draw: st.DrawFn) -> list[Session]:
    """Sessions of a few users on few pages, with moments of many steps and of many sessions."""
    made: list[Session] = []
    now: dict[int, datetime] = defaultdict(lambda: START)
    for no, (user, pause, steps) in enumerate(draw(VISITS)):
        now[user] += timedelta(seconds=pause)
        made.append([])
        for step_index, (wait, page, event) in enumerate(steps):
            now[user] += timedelta(seconds=wait)
            made[-1].append(Seen(user, f"s{no:02}", step_index, now[user], page, event))
    return made


def law(*strategies: st.SearchStrategy[Any], examples: int = 100) -> Callable[..., Any]:
    """A test over random input."""
    calm = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    return lambda test: calm(given(*strategies)(test))


@pytest.fixture(scope="session")
def shapes() -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables that flows are made of, empty."""
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(SHAPES)
        con.execute(f"create table raw.funnels as {model('raw/funnels.sql').sql}")
        yield con


@contextmanager
def filled(
    con: duckdb.DuckDBPyConnection, made: Sequence[Session]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The steps and sessions in their tables, for as long as it takes."""
    con.begin()
    try:
        fill(con, "core.steps", [row for session in made for row in step_rows(session)])
        fill(con, "core.sessions", [session_row(session) for session in made])
        yield con
    finally:
        con.rollback()


def step_rows(session: Session) -> list[Row]:
    last: list[Seen | None] = [None]
    return [
        {
            "session_id": step.session_id,
            "session_key": key_of(step.session_id),
            "step_index": step.step_index,
            "user_id": f"synthetic-{step.user}",
            "user_key": step.user,
            "page": step.page,
            "event": step.event,
            "occurred_at": step.at,
            "dwell_seconds": (after.at - step.at).total_seconds() if after else None,
            "is_exit": after is None,
            "next_page": after.page if after else "(exit)",
        }
        for step, after in pairwise([*session, *last])
        if step
    ]


def key_of(session_id: str) -> int:
    return int.from_bytes(session_id.encode())


def session_row(session: Session) -> Row:
    return {
        "session_id": session[0].session_id,
        "session_key": key_of(session[0].session_id),
        "user_id": f"synthetic-{session[0].user}",
        "user_key": session[0].user,
        "started_at": session[0].at,
        "ended_at": session[-1].at,
    }


def fill(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row]) -> None:
    if rows:
        con.register("arrived", pa.Table.from_pylist(list(rows)))
        con.execute(f"insert into {table} by name from arrived")
        con.unregister("arrived")


def answer(con: duckdb.DuckDBPyConnection, name: str, **parameters: object) -> list[Row]:
    """The rows of a table, computed from what stands, and its own checks passed."""
    bound = model(f"marts/{name}.sql")
    con.execute(
        f"create or replace table {bound.name} as {bound.sql}",
        bound.bind({**DEFAULTS, **parameters}),
    )
    return rows_of(con, f"from {bound.name}")


def rows_of(con: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    found = con.execute(query)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def passes(con: duckdb.DuckDBPyConnection, check: str, **parameters: int) -> bool:
    told = Settings.model_construct(**parameters)
    return offending(con, model(f"checks/{check}.sql"), told)[1] == []


def stops(session: Session) -> list[str]:
    """The pages of a session, a page that follows itself once."""
    return [page for page, _ in groupby(step.page for step in session)]


def wilson(k: int, n: int) -> Any:
    """The interval as the textbook has it, to compare with."""
    z, p = 1.96, k / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return pytest.approx((max(centre - half, 0), min(centre + half, 1)), abs=1e-9)


# ---- step by step -------------------------------------------------------------------------------


def links(made: Sequence[Session], n_steps: int, n_pages: int) -> Counter[tuple[int, str, str]]:
    ways = [stops(session) for session in made]
    busiest = [
        sorted(counted, key=lambda page: (-counted[page], page))[:n_pages]
        for counted in (Counter(way[no] for way in ways if no < len(way)) for no in range(n_steps))
    ]

    def node(way: list[str], column: int) -> str:
        """Where a session is in a column; column 0 is before its first stop."""
        if column == 0:
            return "(entry)"
        if column > len(way):
            return "(exit)"
        if column > n_steps:
            return "(more)"
        page = way[column - 1]
        return page if page in busiest[column - 1] else "(other)"

    return Counter(
        (column, node(way, column), node(way, column + 1))
        for way in ways
        for column in range(n_steps + 1)
    )


@law(sessions(), st.integers(1, 6), st.integers(1, 3))
def test_each_step_of_the_diagram_holds_every_session(
    shapes: duckdb.DuckDBPyConnection, made: list[Session], n_steps: int, n_pages: int
):
    with filled(shapes, made) as con:
        found = answer(con, "sankey", sankey_steps=n_steps, sankey_pages=n_pages)
        assert passes(con, "sankey_adds_up", sankey_steps=n_steps)
    by_link = {(row["step_index"], row["from_page"], row["to_page"]): row for row in found}
    assert len(by_link) == len(found)
    expected = links(made, n_steps, n_pages)
    assert {link: row["n_sessions"] for link, row in by_link.items()} == expected


@law(sessions(), st.integers(1, 4))
def test_paths_are_the_stops_of_sessions(
    shapes: duckdb.DuckDBPyConnection, made: list[Session], top: int
):
    with filled(shapes, made) as con:
        found = answer(con, "paths", top_paths=top)
        assert passes(con, "paths_add_up")
    users: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for session in made:
        users[tuple(stops(session))].append(session[0].user)
    listed = sorted((row for row in found if row["path_rank"]), key=lambda row: row["path_rank"])
    by_size = sorted((len(each) for each in users.values()), reverse=True)
    assert [row["n_sessions"] for row in listed] == by_size[:top]
    assert listed == sorted(listed, key=lambda row: (-row["n_sessions"], row["path"]))
    assert [row["path_rank"] for row in listed] == list(range(1, len(listed) + 1))
    for row in listed:
        of_path = users.pop(tuple(row["path"]))
        assert (row["n_sessions"], row["n_users"]) == (len(of_path), len(set(of_path)))
    others = [user for each in users.values() for user in each]
    rest = [(row["path"], row["n_sessions"], row["n_users"]) for row in found if row not in listed]
    assert rest == ([(["(other)"], len(others), len(set(others)))] if others else [])
    for row in found:
        assert row["n_all_sessions"] == len(made)
        assert row["session_share"] == row["n_sessions"] / len(made)
        bounds = row["session_share_low"], row["session_share_high"]
        assert bounds == wilson(row["n_sessions"], len(made))


@law(sessions())
def test_loops_are_repeats_and_ways_there_and_back(
    shapes: duckdb.DuckDBPyConnection, made: list[Session]
):
    with filled(shapes, made) as con:
        found = answer(con, "loops")
    seen: defaultdict[tuple[str, str, str | None], list[tuple[str, int]]] = defaultdict(list)
    for session in made:
        who = session[0].session_id, session[0].user
        for one, other in pairwise(session):
            if one.page == other.page:
                seen["repeat", one.page, None].append(who)
        way = stops(session)
        for first, via, last in zip(way, way[1:], way[2:], strict=False):
            if first == last:
                seen["backtrack", first, via].append(who)
    assert {
        (row["kind"], row["page"], row["via_page"]): (row["n"], row["n_sessions"], row["n_users"])
        for row in found
    } == {
        loop: (len(whose), len(set(whose)), len({user for _, user in whose}))
        for loop, whose in seen.items()
    }


# ---- funnels ------------------------------------------------------------------------------------

NAMES = st.none() | st.lists(st.sampled_from(["/a", "/b", "/c"]), min_size=1, max_size=2)
EVENTS = st.none() | st.lists(st.sampled_from(["view", "click"]), min_size=1, max_size=2)
FUNNEL = st.lists(st.tuples(NAMES, EVENTS), min_size=2, max_size=4)
WINDOW = st.sampled_from([20, 60, 121, 400, 86_400])


class Attempt(NamedTuple):
    """How far a user gets from one beginning; the best is the least."""

    minus_depth: int
    end: int
    minus_start: int
    seconds: tuple[float, ...]


def attempt(mine: Sequence[Seen], start: int, steps: Sequence[Any], window: timedelta) -> Attempt:
    """Take each next event that fits, as long as there is time."""
    at = start
    seconds = [0.0]
    for step in steps[1:]:
        later = (
            no
            for no in range(at + 1, len(mine))
            if fits(mine[no], step) and mine[no].at - mine[start].at <= window
        )
        no = next(later, None)
        if no is None:
            break
        at = no
        seconds.append((mine[no].at - mine[start].at).total_seconds())
    return Attempt(-len(seconds), at, -start, tuple(seconds))


def fits(seen: Seen, step: Any) -> bool:
    pages, events = step
    return (pages is None or seen.page in pages) and (events is None or seen.event in events)


def ways_through(made: Sequence[Session], steps: Sequence[Any], window: timedelta) -> list[Row]:
    """The funnel by trying every beginning of every user."""
    started = {session[0].session_id: session[0].at for session in made}
    everyone: defaultdict[int, list[Seen]] = defaultdict(list)
    for seen in sorted(
        (seen for session in made for seen in session),
        key=lambda seen: (seen.at, started[seen.session_id], seen.session_id, seen.step_index),
    ):
        everyone[seen.user].append(seen)
    through = max((seen.at for mine in everyone.values() for seen in mine), default=START)
    best: list[tuple[float, ...]] = []
    under_way: list[int] = []
    in_any_order: list[int] = []
    did: list[list[bool]] = []
    for mine in everyone.values():
        did.append([any(fits(seen, step) for seen in mine) for step in steps])
        starts = [no for no, seen in enumerate(mine) if fits(seen, steps[0])]
        if not starts:
            continue
        found = min(attempt(mine, start, steps, window) for start in starts)
        if len(found.seconds) < len(steps) and mine[starts[-1]].at + window >= through:
            under_way.append(len(found.seconds))
        else:
            best.append(found.seconds)
            in_any_order.append((*did[-1], False).index(False))
    return [
        {
            "step_no": no,
            "n_users_started": len(best),
            "n_reached": sum(len(seconds) >= no for seconds in best),
            "n_in_progress": sum(depth >= no for depth in under_way),
            "reached_any_order": sum(depth >= no for depth in in_any_order),
            "n_users_seen": sum(done[no - 1] for done in did),
            "median_seconds": median(
                [seconds[no - 1] for seconds in best if len(seconds) >= no] or [-1]
            ),
        }
        for no in range(1, len(steps) + 1)
    ]


def funnel_rows(name: str, steps: Sequence[Any], window: float) -> list[Row]:
    return [
        {
            "funnel": name,
            "window_hours": window / 3600,
            "step_no": step_no,
            "step": f"step {step_no}",
            "pages": pages,
            "events": events,
        }
        for step_no, (pages, events) in enumerate(steps, 1)
    ]


@law(sessions(), FUNNEL, WINDOW, FUNNEL, examples=200)
def test_funnels_are_the_best_of_all_attempts(
    shapes: duckdb.DuckDBPyConnection,
    made: list[Session],
    steps: list[Any],
    window: int,
    others: list[Any],
):
    with filled(shapes, made) as con:
        fill(con, "raw.funnels", funnel_rows("asked", steps, window))
        fill(con, "raw.funnels", funnel_rows("beside it", others, 300))
        answer(con, "funnel_steps")
        assert passes(con, "funnels_narrow")
        found = rows_of(con, "from marts.funnel_steps where funnel = 'asked' order by step_no")
    expected = ways_through(made, steps, timedelta(seconds=window))
    told = [
        {name: row[name] for name in expected[0]} | {"median_seconds": row["median_seconds"] or 0}
        for row in found
    ]
    assert told == [row | {"median_seconds": max(row["median_seconds"], 0)} for row in expected]
    for before, row in pairwise([None, *found]):
        assert row is not None
        assert (row["median_seconds"] is None) == (row["n_reached"] == 0)
        holds(row, "start", row["n_users_started"], is_known=row["step_no"] == 1)
        holds(row, "previous", before["n_reached"] if before else 0)


def holds(row: Row, rate: str, n: int, *, is_known: bool = False) -> None:
    """A rate is k of n, inside the interval of its own; without n there is none of the three."""
    found = [row[f"{rate}_rate{end}"] for end in ("", "_low", "_high")]
    if n == 0:
        assert found == [None, None, None]
    elif is_known:
        assert found == [1, 1, 1]
    else:
        assert found[0] == row["n_reached"] / n
        assert tuple(found[1:]) == wilson(row["n_reached"], n)


# ---- retention ----------------------------------------------------------------------------------

ZONES = ("UTC", "Pacific/Auckland", "America/Los_Angeles", "Asia/Kolkata")
CAME = st.dictionaries(
    st.tuples(st.integers(0, 5), st.sampled_from(ZONES)),
    st.sets(st.integers(0, 40), min_size=1, max_size=6),
    max_size=6,
)


@contextmanager
def visited(
    con: duckdb.DuckDBPyConnection, came: Mapping[tuple[int, str], set[int]], hours: int
) -> Iterator[tuple[dict[str, list[date]], dict[str, str], datetime]]:
    """Users with their days and zones in the tables; the data ends hours after the last day."""
    days = {
        f"synthetic-{no}-{zone}": sorted(START.date() + timedelta(days=day) for day in found)
        for (no, zone), found in came.items()
    }
    zones = {f"synthetic-{no}-{zone}": zone for no, zone in came}
    last = max((day for found in days.values() for day in found), default=START.date())
    through = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(hours=hours)
    con.begin()
    try:
        fill(con, "core.users", [{"user_id": user, "tz": zone} for user, zone in zones.items()])
        fill(con, "core.sessions", [{"user_id": user, "ended_at": through} for user in days])
        fill(
            con,
            "marts.user_days",
            [{"user_id": user, "local_date": day} for user, found in days.items() for day in found],
        )
        yield days, zones, through
    finally:
        con.rollback()


@law(CAME, st.integers(0, 30))
def test_retention_is_counted_week_by_week(
    shapes: duckdb.DuckDBPyConnection, came: dict[tuple[int, str], set[int]], hours: int
):
    with visited(shapes, came, hours) as (days, zones, through):
        found = answer(shapes, "retention")
        assert passes(shapes, "retention_holds")
    weeks = {
        user: {day - timedelta(days=day.weekday()) for day in of_user}
        for user, of_user in days.items()
    }
    last = max((week for of_user in weeks.values() for week in of_user), default=None)
    expected: dict[tuple[date | None, int], tuple[int, int, int, bool]] = {}
    for cohort in {min(of_user) for of_user in weeks.values()}:
        mine = [user for user in weeks if min(weeks[user]) == cohort]
        for no in range((last - cohort).days // 7 + 1):
            week = cohort + timedelta(weeks=no)
            ends = datetime(week.year, week.month, week.day) + timedelta(weeks=1)  # noqa: DTZ001
            expected[cohort, no] = (
                len(mine),
                sum(week in weeks[user] for user in mine),
                sum(max(weeks[user]) >= week for user in mine),
                all(through >= ends.replace(tzinfo=ZoneInfo(zones[user])) for user in mine),
            )
    for no in {no for _, no in expected}:
        done = [cell for (_, week_no), cell in expected.items() if week_no == no and cell[3]]
        if done:
            expected[None, no] = (*(sum(cell[n] for cell in done) for n in range(3)), True)
    columns = ("n_users", "n_retained", "n_retained_or_later", "is_finished")
    cells = {(row["cohort_week"], row["week_no"]): row for row in found}
    assert len(cells) == len(found)
    assert {cell: tuple(row[name] for name in columns) for cell, row in cells.items()} == expected
    for row in found:
        for kind in ("", "_or_later"):
            k, n = row[f"n_retained{kind}"], row["n_users"]
            assert row[f"rate{kind}"] == k / n
            bounds = row[f"low{kind}"], row[f"high{kind}"]
            assert bounds == ((1, 1) if row["week_no"] == 0 else wilson(k, n))


# ---- the file of funnels ------------------------------------------------------------------------


def test_a_home_without_the_file_has_no_funnels(tmp_path: Path):
    assert funnels.load(tmp_path / "funnels.json") == []
    assert funnels.table([]).num_rows == 0


def test_steps_are_pages_events_or_both_and_lists_of_them(tmp_path: Path):
    path = tmp_path / "funnels.json"
    steps = ["/a", {"page": ["/b", "/c"], "event": "Pay"}, {"event": ["x"], "name": "The X"}]
    path.write_text(json.dumps([{"name": "f", "window_hours": 1.5, "steps": steps}]))
    assert funnels.table(funnels.load(path)).to_pylist() == [
        {"funnel": "f", "window_hours": 1.5, "step_no": 1, "step": None}
        | {"pages": ["/a"], "events": None},
        {"funnel": "f", "window_hours": 1.5, "step_no": 2, "step": None}
        | {"pages": ["/b", "/c"], "events": ["Pay"]},
        {"funnel": "f", "window_hours": 1.5, "step_no": 3, "step": "The X"}
        | {"pages": None, "events": ["x"]},
    ]


TWO = ["/a", "/b"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[", r"Input data was truncated.*should be a list of funnels"),
        ({}, r"Expected `array`, got `object`.*should be a list"),
        ([{"name": "f", "steps": TWO}], r"missing required field `window_hours` - at `\$\[0\]`"),
        ([{"name": "f", "window_hours": 1, "steps": TWO, "x": 1}], r"unknown field `x`"),
        (
            [{"name": "f", "window_hours": 1, "steps": ["/a", {"pages": "/b"}]}],
            r"unknown field `pages` - at `\$\[0\].steps\[1\]`",
        ),
        ([{"name": " ", "window_hours": 1, "steps": TWO}], r"funnel ' ' has no name"),
        ([{"name": "f", "window_hours": 0, "steps": TWO}], r"funnel 'f' has a window of 0 hours"),
        ([{"name": "f", "window_hours": 1e300, "steps": TWO}], r"at most 87840"),
        ([{"name": "f", "window_hours": 1, "steps": ["/a"]}], r"has 1 steps; it takes at least 2"),
        (
            [{"name": "f", "window_hours": 1, "steps": ["/a", {"name": "x"}]}],
            r"names neither page nor event in step 2",
        ),
        (
            [{"name": "f", "window_hours": 1, "steps": ["/a", {"page": []}]}],
            r"has an empty page in step 2",
        ),
        (
            [{"name": "f", "window_hours": 1, "steps": [{"event": ["x", ""]}, "/a"]}],
            r"has an empty event in step 1",
        ),
        (
            [{"name": "f", "window_hours": 1, "steps": [{"page": "/a", "name": ""}, "/b"]}],
            r"has an empty name in step 1",
        ),
        ([{"name": "f", "window_hours": 1, "steps": TWO}] * 2, r"funnel 'f' stands twice"),
    ],
)
def test_what_is_wrong_with_the_file_is_said_in_a_line(tmp_path: Path, content: Any, said: str):
    path = tmp_path / "funnels.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(funnels.FunnelsError, match=said) as refused:
        funnels.load(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


def take_in(there: Settings) -> dg.ExecuteInProcessResult:
    job = build_defs(there).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        asset_selection=[dg.AssetKey(["raw", "funnels"])], raise_on_error=False
    )


def test_a_run_takes_the_file_over_whole(settings: Settings):
    settings.home.mkdir(parents=True)
    for names in (["f", "g"], ["g"], []):
        settings.funnels.write_text(
            json.dumps([{"name": name, "window_hours": 1, "steps": TWO} for name in names])
        )
        assert take_in(settings).success
        with duckdb.connect(settings.database, read_only=True) as con:
            found = con.execute("select distinct funnel from raw.funnels order by 1").fetchall()
        assert [name for (name,) in found] == names


def test_a_file_that_is_wrong_fails_the_step_with_its_line(settings: Settings):
    settings.home.mkdir(parents=True)
    settings.funnels.write_text('[{"name": "f", "window_hours": 1, "steps": ["/a"]}]')
    failed = take_in(settings).get_step_failure_events()
    assert [event.step_failure_data.user_failure_data.description for event in failed] == [
        f"{settings.funnels}: funnel 'f' has 1 steps; it takes at least 2"
    ]


def test_the_how_to_works_as_it_says(tmp_path: Path):
    follow(HOWTO / "funnels.md", tmp_path)
