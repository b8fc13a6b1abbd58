"""Two sides compared: counted once more in Python, and found to differ where they do.

Belongs here: marts.friction_comparisons as a whole. Does not belong here: single behaviours (the
cases of tests/sql), the macro that compares any two groups of users (test_fragile_flows).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from statistics import NormalDist
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from friction_worlds import compute, live_in
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Pair = tuple[str, str]
NAMES = ("user_no", "session_no", "step_index", "page", "event", "is_exit")


def world_of(sessions: Iterable[tuple[int, int, list[str]]]) -> pa.Table:
    """Steps of sessions, each a user, a number and the pages that were seen."""
    rows = [
        (user, number, at, page, "View", at == len(pages) - 1)
        for user, number, pages in sessions
        for at, page in enumerate(pages)
    ]
    columns = zip(*rows, strict=True) if rows else [()] * len(NAMES)
    types = (pa.int64(), pa.int64(), pa.int64(), pa.string(), pa.string(), pa.bool_())
    return pa.table(
        [pa.array(column, type_) for column, type_ in zip(columns, types, strict=True)], [*NAMES]
    )


def compare(con: duckdb.DuckDBPyConnection, **parameters: object) -> dict[tuple[str, Pair], Any]:
    """The rows of the table, by comparison and pair."""
    compute(con, ["marts.friction_comparisons"], parameters)
    found = con.execute("from marts.friction_comparisons")
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {(row["comparison"], (row["page"], row["event"])): row for row in rows}


# ---- counted once more --------------------------------------------------------------------------


class Side(NamedTuple):
    """What the users did on one side of a comparison of a pair: visits and exits of each."""

    visits: list[int]
    lost: list[int]

    @property
    def n(self) -> int:
        return sum(self.visits)

    @property
    def rate(self) -> float:
        return sum(self.lost) / self.n

    @property
    def variance(self) -> float:
        return self.rate * (1 - self.rate)

    @property
    def spread(self) -> float:
        pairs = zip(self.visits, self.lost, strict=True)
        return sum((lost - self.rate * visits) ** 2 for visits, lost in pairs)

    @property
    def crowding(self) -> float:
        """How many visits there are of the user of an average visit."""
        return sum(visits**2 for visits in self.visits) / self.n

    def left(self, likeness: float) -> float:
        """What the visits count for."""
        k = len(self.visits)
        by_chance = (k - 1) * self.n * self.variance / k
        own = self.spread / by_chance if by_chance else 1
        return self.n / max(1, 1 + likeness * (self.crowding - 1), own)


def likeness_of(sides: Iterable[Side]) -> float:
    """The intraclass correlation over all pairs of a comparison."""
    shared = [side for side in sides if len(side.visits) > 1]
    above = sum(s.spread - s.variance * (s.n - s.crowding) for s in shared)
    possible = sum(s.variance * (s.crowding - 1) * s.n for s in shared)
    return min(1, max(0, above / possible)) if possible else 0


def newcombe(one: Side, against: Side, n: tuple[float, float], z: float) -> tuple[float, float]:
    def wilson(rate: float, n: float) -> tuple[float, float]:
        middle, half = (
            rate + z * z / (2 * n),
            z * math.sqrt((rate * (1 - rate) + z * z / 4 / n) / n),
        )
        return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)

    (low, high), (low2, high2) = wilson(one.rate, n[0]), wilson(against.rate, n[1])
    difference = one.rate - against.rate
    return (
        difference - math.hypot(one.rate - low, high2 - against.rate),
        difference + math.hypot(high - one.rate, against.rate - low2),
    )


def sided(con: duckdb.DuckDBPyConnection, days: int) -> Iterator[tuple[str, Pair, bool, int, bool]]:
    """Each visit that is compared: in which comparison, of which pair, on which side, whose."""
    sessions = con.execute(
        "select session_key, user_key, is_open from core.sessions order by started_at, session_key"
    ).fetchall()
    firsts: dict[int, int] = {}
    for session, user, _ in sessions:
        firsts.setdefault(user, session)
    still_open = {session for session, _, is_open in sessions if is_open}
    natural = set(con.execute("select page from marts.visits where is_natural_exit").fetchall())
    steps = con.execute(
        "select session_key, user_key, page, event, occurred_at, is_exit from core.steps"
    ).fetchall()
    until = max((at for *_, at, _ in steps), default=None)
    until = until and until.replace(hour=0, minute=0, second=0, microsecond=0)
    for session, user, page, event, at, is_exit in steps:
        if session in still_open or (page,) in natural:
            continue
        yield "visitors", (page, event), session != firsts[user], user, is_exit
        if until - timedelta(2 * days) <= at < until:
            yield "periods", (page, event), at >= until - timedelta(days), user, is_exit


def counted(con: duckdb.DuckDBPyConnection, days: int) -> dict[str, dict[Pair, dict[bool, Side]]]:
    """Comparison to pair to its sides; True is the one, False what it is held against."""
    users: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    for *group, is_exit in sided(con, days):
        users[tuple(group)][0] += 1
        users[tuple(group)][1] += is_exit
    found: dict[str, Any] = defaultdict(lambda: defaultdict(dict))
    for (comparison, pair, is_one, _), (visits, lost) in users.items():
        side = found[comparison][pair].setdefault(is_one, Side([], []))
        side.visits.append(visits)
        side.lost.append(lost)
    return found


def holds(row: Mapping[str, Any], sides: Mapping[bool, Side]) -> None:
    """The counts of a row are those of its sides."""
    for side, name in ((sides.get(True), ""), (sides.get(False), "_against")):
        told = row[f"n_visits{name}"], row[f"n_lost{name}"], row[f"rate{name}"]
        expected = (side.n, sum(side.lost), side.rate) if side else (0, 0, None)
        assert told == pytest.approx(expected)


SESSIONS = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.sampled_from(range(0, 4000, 250)),
        st.lists(st.sampled_from(["/a", "/b", "/c"]), min_size=1, max_size=6),
    ),
    max_size=30,
    unique_by=lambda session: session[:2],
)


@settings(
    max_examples=80,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(SESSIONS, st.sets(st.integers(0, 29)), st.booleans(), st.sampled_from([30, 180]))
def test_all_of_it_is_what_plain_python_counts(
    con: duckdb.DuckDBPyConnection,
    sessions: list[tuple[int, int, list[str]]],
    still_open: set[int],
    is_c_natural: bool,
    days: int,
):
    live_in(con, world_of(sessions))
    keys = [user * 1_000_000 + number for user, number, _ in sessions]
    chosen = [keys[place] for place in still_open if place < len(keys)]
    con.execute("update core.sessions set is_open = session_key in $keys", {"keys": chosen})
    compute(con, ["marts.visits"], {"natural_exits": ["/c"] if is_c_natural else []})
    found = compare(con, friction_period_days=days, min_support=2, friction_error_rate=0.5)
    expected = counted(con, days)
    assert set(found) == {(name, pair) for name, pairs in expected.items() for pair in pairs}
    for comparison, pairs in expected.items():
        likeness = likeness_of(side for sides in pairs.values() for side in sides.values())
        both = {pair: sides for pair, sides in pairs.items() if len(sides) == 2}
        tested = {
            pair
            for pair, sides in both.items()
            if all(side.n >= 2 and len(side.visits) > 1 for side in sides.values())
        }
        z = NormalDist().inv_cdf(1 - 0.5 / (2 * max(1, len(tested))))
        for pair, sides in pairs.items():
            row = found[comparison, pair]
            holds(row, sides)
            if pair not in both:
                assert row["rate_difference"] is row["difference_low"] is None
                assert not row["is_significant"]
                continue
            one, against = sides[True], sides[False]
            assert row["rate_difference"] == pytest.approx(one.rate - against.rate)
            told = row["difference_low"], row["difference_high"]
            assert told == pytest.approx(newcombe(one, against, (one.n, against.n), 1.96))
            left = one.left(likeness), against.left(likeness)
            low, high = newcombe(one, against, left, z)
            if min(abs(low), abs(high)) > 0.002:  # the quantile is an approximation
                assert row["is_significant"] == (pair in tested and (low > 0 or high < 0))


# ---- found where it is --------------------------------------------------------------------------


def visitors(seed: int, planted: float = 0) -> pa.Table:
    """Users who come a few times and leave at any page alike; at /3 they do so more in the end."""
    rng = np.random.default_rng(seed)
    sessions = []
    for user in range(200):
        for number in range(1 + rng.poisson(4)):
            pages = []
            while not pages or rng.random() > 0.15 + planted * (number > 0 and pages[-1] == "/3"):
                pages.append(f"/{rng.integers(12)}")
            sessions.append((user, number, pages))
    return world_of(sessions)


def significant(con: duckdb.DuckDBPyConnection, world: pa.Table) -> set[str]:
    live_in(con, world)
    compute(con, ["marts.visits"])
    return {page for (name, (page, _)), row in compare(con).items()
            if name == "visitors" and row["is_significant"]}  # fmt: skip


def test_where_returning_visits_lose_more_is_found(con: duckdb.DuckDBPyConnection):
    assert significant(con, visitors(1, planted=0.35)) == {"/3"}


def test_where_they_do_not_hardly_anything_is(con: duckdb.DuckDBPyConnection):
    claims = sum(bool(significant(con, visitors(seed))) for seed in range(30))
    assert claims <= 3  # one or two of 30 are what an error rate of 0.05 allows
