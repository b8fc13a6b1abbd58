"""Flows, pairs and paths are what plain loops over the sessions find."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise

import duckdb
import pyarrow as pa
import pytest
from friction_worlds import FRICTION, compute, live_in, shop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journey_dagster.macros import MACROS, Macro
from journey_dagster.models import Model, model

Step = tuple[str, str]
Session = Sequence[Step]

STEPS = st.tuples(st.sampled_from(["/a", "/b", "/c", "/d"]), st.sampled_from(["view", "click"]))
SESSIONS = st.lists(st.lists(STEPS, min_size=1, max_size=8), min_size=1, max_size=12)
CHOKEPOINTS = st.frozensets(STEPS, max_size=4)

calm = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def world_of(sessions: Sequence[Session]) -> pa.Table:
    rows = [
        (number % 3, number, at, page, event, at == len(session) - 1)
        for number, session in enumerate(sessions)
        for at, (page, event) in enumerate(session)
    ]
    names = ("user_no", "session_no", "step_index", "page", "event", "is_exit")
    return pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))


def settle(
    con: duckdb.DuckDBPyConnection, sessions: Sequence[Session], choking: frozenset[Step]
) -> None:
    """Sessions, and which of their steps are chokepoints, whatever the exits say."""
    live_in(con, world_of(sessions))
    compute(con, FRICTION[: FRICTION.index("marts.friction") + 1])
    con.execute("update marts.friction set is_chokepoint = false")
    for page, event in choking:
        con.execute(
            "update marts.friction set is_chokepoint = true where page = $1 and event = $2",
            [page, event],
        )


def collapsed(pages: Sequence[str]) -> list[str]:
    return [page for page, _ in groupby(pages)]


@calm
@given(SESSIONS, CHOKEPOINTS)
def test_flows_with_two_chokepoints_are_fragile(con, sessions, choking):
    settle(con, sessions, choking)
    compute(con, ["marts.fragile_flows"])
    expected = []
    for number, session in enumerate(sessions):
        met = list(dict.fromkeys(step for step in session if step in choking))
        if len(met) >= 2:
            expected.append(
                (
                    f"{number % 3}-{number}",
                    len(met),
                    [page for page, _ in session],
                    collapsed([page for page, _ in met]),
                    session[-1] in choking,
                )
            )
    found = con.execute(
        "select session_id, n_chokepoint_steps, path, chokepoint_path, ends_at_chokepoint "
        "from marts.fragile_flows"
    ).fetchall()
    assert sorted(found) == sorted(expected)


@calm
@given(SESSIONS, CHOKEPOINTS)
def test_paths_of_fragile_flows_add_up_beside_one_baseline(con, sessions, choking):
    settle(con, sessions, choking)
    compute(con, ["marts.fragile_flows", "marts.fragile_paths"])
    n_lost = sum(session[-1] in choking for session in sessions)
    n_flows = con.execute("select count(*) from marts.fragile_flows").fetchone()[0]
    rows = con.execute(
        "select n_sessions, baseline_n_sessions, baseline_n_lost, lost_rate_low, lost_rate, "
        "lost_rate_high from marts.fragile_paths"
    ).fetchall()
    assert sum(row[0] for row in rows) == n_flows
    for _, all_sessions, all_lost, low, rate, high in rows:
        assert (all_sessions, all_lost) == (len(sessions), n_lost)
        assert -1e-9 <= low - 1e-9 <= rate <= high + 1e-9 <= 1 + 2e-9


@calm
@given(SESSIONS, CHOKEPOINTS)
def test_pairs_are_steps_that_follow_each_other(con, sessions, choking):
    settle(con, sessions, choking)
    compute(con, ["marts.transition_pairs"])
    n: Counter[tuple[Step, Step]] = Counter()
    where: defaultdict[tuple[Step, Step], set[int]] = defaultdict(set)
    for number, session in enumerate(sessions):
        for pair in pairwise(session):
            n[pair] += 1
            where[pair].add(number)
    expected = {
        pair: (n[pair], len(where[pair]), len({number % 3 for number in where[pair]}),
               pair[0] in choking, pair[1] in choking)
        for pair in n
    }  # fmt: skip
    rows = con.execute("from marts.transition_pairs").fetchall()
    assert {((a, b), (c, d)): rest for a, b, c, d, *rest in map(_row, rows)} == {
        pair: list(facts) for pair, facts in expected.items()
    }


def _row(row: tuple[object, ...]) -> list[object]:
    return list(row)


@calm
@given(SESSIONS)
def test_recurring_paths_are_windows_with_what_one_step_of_memory_expects(con, sessions):
    live_in(con, world_of(sessions))
    compute(con, ["marts.recurring_paths"], {"min_support": 1})
    stops = [collapsed([page for page, _ in session]) for session in sessions]
    n = _windows(stops)
    seen = Counter(page for pages in stops for page in pages)
    n_ways = sum(count for path, count in n.items() if len(path) == 2)
    leaves = Counter[str]()
    arrives = Counter[str]()
    for path, count in n.items():
        if len(path) == 2:
            leaves[path[0]] += count
            arrives[path[1]] += count
    found = con.execute("select path, n, expected_n, lift from marts.recurring_paths").fetchall()
    assert {tuple(path): count for path, count, _, _ in found} == n
    for pages, count, expected, lift in found:
        path = tuple(pages)
        if len(path) == 2:
            likely = leaves[path[0]] * arrives[path[1]] / n_ways
        else:
            likely = n[path[:2]]
            for way in pairwise(path[1:]):
                likely *= n[way] / seen[way[0]]
        assert expected == pytest.approx(likely)
        assert lift == pytest.approx(count / likely)


def test_ways_are_joined_by_one_key_whatever_the_order(con):
    """By two, the planner may start with all ways that meet in a page, which filled a disk."""
    live_in(con, world_of([[("/a", "view")]]))
    bound = model("marts/recurring_paths.sql")
    told = con.execute(f"explain (format json) {bound.sql}", bound.bind({"min_support": 1}))
    todo, keys = json.loads(told.fetchall()[0][1]), []
    while todo:
        step = todo.pop()
        todo += step["children"]
        if step["name"] == "HASH_JOIN":
            keys.append(step["extra_info"]["Conditions"])
    assert sum("way" in key for key in keys) == 5
    assert all(isinstance(key, str) for key in keys), keys


def _windows(stops: Sequence[Sequence[str]]) -> Mapping[tuple[str, ...], int]:
    return Counter(
        tuple(pages[start : start + length])
        for pages in stops
        for length in (2, 3, 4)
        for start in range(len(pages) - length + 1)
    )


@calm
@given(SESSIONS)
def test_backtracks_are_ways_there_and_back(con, sessions):
    live_in(con, world_of(sessions))
    compute(con, ["marts.visits"])
    expected: Counter[Step] = Counter()
    for session in sessions:
        last_of_stop = [list(steps)[-1] for _, steps in groupby(session, key=lambda step: step[0])]
        for before, there, after in zip(
            last_of_stop, last_of_stop[1:], last_of_stop[2:], strict=False
        ):
            expected[there] += before[0] == after[0]
    found = con.execute("select page, event, n_backtracks from marts.visits").fetchall()
    assert {(page, event): n for page, event, n in found if n} == {
        step: n for step, n in expected.items() if n
    }


@pytest.fixture
def asked(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The shop, in which the second half of the users never gets past the search."""
    world = shop(20_000, seed=6)
    columns = {name: world[name].to_pylist() for name in world.column_names}
    seen: set[tuple[int, int]] = set()
    kept = []
    for at, step in enumerate(zip(*columns.values(), strict=True)):
        user, session, _, page, event, _ = step
        if (user, session) not in seen:
            kept.append(at)
        if user >= 200 and (page, event) == ("/search", "Page View"):
            seen.add((user, session))
            columns["is_exit"][at] = True
    live_in(con, pa.table(columns).take(kept))
    compute(con, ["marts.visits"])
    con.execute(Macro(Model(MACROS / "main" / "friction_between.sql")).statement)
    return con


def test_segments_differ_where_they_differ(asked: duckdb.DuckDBPyConnection):
    found = asked.execute(
        "select page, event, rate, rate_against, rate_difference, difference_low, difference_high, "
        "is_significant from friction_between("
        "[format('synthetic-{}', i) for i in range(200, 400)], "
        "[format('synthetic-{}', i) for i in range(200)])"
    ).fetchall()
    significant = {(page, event) for page, event, *_, is_significant in found if is_significant}
    assert significant == {("/search", "Page View")}
    for _, _, rate, against, difference, low, high, _ in found:
        assert difference == pytest.approx(rate - against)
        assert -1 - 1e-9 <= low <= difference <= high <= 1 + 1e-9


def test_a_segment_does_not_differ_from_itself_nor_from_one_like_it(asked):
    same = asked.execute(
        "from friction_between(['synthetic-1', 'synthetic-2'], ['synthetic-2', 'synthetic-1'])"
    ).fetchall()
    assert same == []
    alike = asked.execute(
        "select count(*), count(*) filter (is_significant) from friction_between("
        "[format('synthetic-{}', i) for i in range(0, 200, 2)], "
        "[format('synthetic-{}', i) for i in range(1, 200, 2)])"
    ).fetchone()
    assert alike[0] > 50
    assert alike[1] == 0
