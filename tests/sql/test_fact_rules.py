"""What is told of users, counted once more in plain Python from their events.

Belongs here: laws of the rules in sql/marts/user_interests.sql and sql/marts/user_facts.sql, over
random lives. Does not belong here: single behaviours (the YAML files), sentences (tests/insights).

Lives are drawn around the borders of the rules: spans of 180 and 300 days, five and ten events,
windows of 90 days, midnights on clocks that change and on clocks with half hours.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sql_tables import MODELS, bound, compute, fill, undone

TABLES = (
    "core.horizon", "core.clocks", "core.user_ids", "core.page_names", "core.event_names",
    "core.placements", "core.sessions", "core.user_names", "core.user_spans", "core.users",
    "core.page_titles", "core.user_pages", "core.pages", "marts.user_days", "marts.user_hour_week",
    "marts.user_pages", "marts.user_sources", "marts.user_authors", "marts.user_topics_monthly",
    "marts.user_cohort",
)  # fmt: skip
PER_USER = ("marts.user_summary", "marts.user_interests", "marts.user_facts")
START = datetime(2024, 3, 9, 20, tzinfo=UTC)
DAYPARTS = ("night", "morning", "afternoon", "evening")
NEVER = date(1, 1, 1)

Told = dict[str, tuple[Any, ...]]


class Event(NamedTuple):
    """An event of a user, in the user's clock."""

    at: datetime
    tags: tuple[str, ...] | None

    @property
    def day(self) -> date:
        return self.at.date()


class Phase(NamedTuple):
    """A topic that is read for a while."""

    topic: str
    first_day: int
    n_events: int
    every: int


PHASES = st.builds(
    Phase,
    st.sampled_from(["art", "bikes", "cats"]),
    st.sampled_from([0, 1, 30, 90, 150, 179, 180, 200, 210, 269, 270, 275]),
    st.sampled_from([1, 3, 5, 6, 9, 10, 12]),
    st.sampled_from([0, 1, 7, 30]),
)


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[datetime, tuple[str, ...] | None]]:
    """Moments and tags: now and then something over a span, and topics that come and go."""
    span = draw(st.sampled_from([28, 179, 180, 181, 299, 300, 301, 365]))
    hour = timedelta(minutes=draw(st.sampled_from([0, 239, 240, 630, 690, 719])))
    every = draw(st.sampled_from([1, 7, 25]))
    days = [*range(0, span - 1, every), span - 1]
    plain = draw(st.sampled_from([None, (), ("art",)]))
    found = [(START + hour + timedelta(days=day), plain) for day in days]
    for phase in draw(st.lists(PHASES, max_size=5)):
        together = draw(st.sampled_from([(), ("bikes",)]))
        for n in range(phase.n_events):
            day = min(phase.first_day + n * phase.every, span - 1)
            moment = START + hour + timedelta(days=day, minutes=n)
            found.append((moment, tuple(sorted({phase.topic, *together}))))
    return found


def interests_by_the_rule(events: Sequence[Event], through: date) -> Told:
    """The words of sql/marts/user_interests.sql, and nothing clever."""
    days = [event.day for event in events]
    span = (max(days) - min(days)).days + 1
    known = [event for event in events if event.tags is not None]
    months = {(day.year, day.month) for day in days}
    by_topic = {
        topic: [event.day for event in known if topic in (event.tags or ())]
        for topic in {topic for event in known for topic in event.tags or ()}
    }
    recent, before = through - timedelta(days=90), through - timedelta(days=180)
    kinds: dict[str, list[tuple[int, str, int, int | None, str | None]]] = {
        kind: [] for kind in ("core", "casual", "emerging", "rising", "fading", "seasonal")
    }
    for topic, seen in by_topic.items():
        n = len(seen)
        n_last = sum(day > recent for day in seen)
        n_before = sum(before < day <= recent for day in seen)
        of_months = {(day.year, day.month) for day in seen}
        is_core = n >= 10 and n / len(known) >= 0.1 and len(of_months) / len(months) >= 0.5
        if is_core:
            kinds["core"].append((-n, topic, n, None, None))
        elif n >= 3:
            kinds["casual"].append((-n, topic, n, None, None))
        if span >= 180 and n >= 5 and min(seen) > recent:
            kinds["emerging"].append((-n, topic, n, None, None))
        if span >= 180 and n_last >= 2 * n_before and n_last - n_before >= 5:
            kinds["rising"].append((n_before - n_last, topic, n_last, n_before, None))
        if span >= 180 and n_before >= 2 * n_last and n_before - n_last >= 5:
            kinds["fading"].append((n_last - n_before, topic, n_last, n_before, None))
        season = season_by_the_rule(seen, days) if span >= 300 and n >= 10 else None
        if season:
            kinds["seasonal"].append((-season[0], topic, season[0], None, season[1]))
    return {
        f"{kind}_{place}": (topic, n, n_before, found)
        for kind, listed in kinds.items()
        for place, (_, topic, n, n_before, found) in enumerate(sorted(listed), 1)
        if place <= (5 if kind in {"core", "casual"} else 3)
    }


def season_by_the_rule(seen: Sequence[date], days: Sequence[date]) -> tuple[int, str] | None:
    """Events in the season and its months, if there is one."""
    seasons: list[tuple[int, int, int]] = []
    for first in range(12):
        three = [(first + step) % 12 + 1 for step in range(3)]
        within = sum(day.month in three for day in seen)
        alike = sum(day.month in three for day in days)
        if within / len(seen) >= 0.6 and alike / len(days) < 0.45:
            seasons.append((-within, -sum(day.month == three[1] for day in seen), first))
    if not seasons:
        return None
    n, _, first = min(seasons)
    return -n, f"{first + 1:02d}-{(first + 2) % 12 + 1:02d}"


def streaks_by_the_rule(days: set[date]) -> list[tuple[int, date, date]]:
    """Length, first and last day of each run of days."""
    found: list[tuple[int, date, date]] = []
    for before, day in pairwise([NEVER, *sorted(days)]):
        if (day - before).days == 1:
            n, first, _ = found.pop()
            found.append((n + 1, first, day))
        else:
            found.append((1, day, day))
    return found


def share_with_fewer(mine: int, others: Sequence[int]) -> int:
    return int(100 * sum(other < mine for other in others) / len(others)) // 5 * 5


def first_of(counts: Counter[Any]) -> tuple[Any, int]:
    """The largest count, the first of equals."""
    return min(counts.items(), key=lambda item: (-item[1], item[0]))


def calm(examples: int) -> Callable[..., Any]:
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


def told(con: duckdb.DuckDBPyConnection, users: Sequence[str]) -> dict[str, Told]:
    """User to fact id to value, text and support."""
    compute(con, *TABLES, *PER_USER)
    check = MODELS["checks.facts_are_sound"]
    assert con.execute(check.sql, bound(check, {"users": users})).fetchall() == []
    found: dict[str, Told] = {user: {} for user in users}
    for user, fact_id, *fact in con.execute(
        "select user_id, fact_id, value, value_text, n from marts.user_facts"
    ).fetchall():
        found[user][fact_id] = tuple(fact)
    return found


def live(
    con: duckdb.DuckDBPyConnection, users: dict[str, tuple[str, Sequence[Any]]]
) -> dict[str, list[Event]]:
    """Store the lives of users, who all have one name, and give them by their own clocks."""
    fill(con, "raw.registry", [{"user_id": user, "tz": users[user][0]} for user in users])
    moments = [
        {"user_id": user, "tie_break": n, "occurred_at": at, "tags": tags}
        for user, (_, life) in users.items()
        for n, (at, tags) in enumerate(life)
    ]
    shape = {"user_id": pa.string(), "tie_break": pa.int64(),
             "occurred_at": pa.timestamp("us", "UTC"), "tags": pa.list_(pa.string())}  # fmt: skip
    con.register("moments", pa.Table.from_pylist(moments, pa.schema(shape)))
    fill(
        con,
        "core.events",
        "select *, md5(user_id || tie_break)::uuid as event_id, 'Robin' as user_name, "
        "(md5_number_lower(user_id) >> 1)::bigint as user_key, 'view' as event_name, "
        "1 as event_name_key, '/a' as page, 2 as page_key, 'A' as title, false as is_noise, "
        "1 as n_deliveries from moments",
    )
    con.unregister("moments")
    return {
        user: [Event(at.astimezone(ZoneInfo(tz)), tags) for at, tags in life]
        for user, (tz, life) in users.items()
    }


@calm(100)
@given(
    lives(),
    lives(),
    st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"]),
    st.sampled_from(["UTC", "Pacific/Auckland"]),
)
def test_facts_are_those_of_the_rules(tables, of_u, of_v, tz_u, tz_v):
    with undone(tables) as con:
        events = live(con, {"u": (tz_u, of_u), "v": (tz_v, of_v)})
        found = told(con, ["u", "v"])
        tiers = dict(
            con.execute("select user_id, evidence_tier from marts.user_summary").fetchall()
        )
        kinds = con.execute(
            "select user_id, kind || '_' || interest_rank, topic, n_events, n_before, months "
            "from marts.user_interests"
        ).fetchall()
    data_through = max(at for at, _ in [*of_u, *of_v])
    for user, tz in (("u", tz_u), ("v", tz_v)):
        mine, facts = events[user], found[user]
        through = data_through.astimezone(ZoneInfo(tz)).date()
        expected = interests_by_the_rule(mine, through) if tiers[user] == "T3" else {}
        assert {name: tuple(rest) for owner, name, *rest in kinds if owner == user} == expected
        for name, (topic, n, n_before, months) in expected.items():
            assert facts[name][:2] == (n, topic)
            if n_before is not None:
                assert facts[f"{name}_before"][:2] == (n_before, None)
            if months:
                assert facts[f"{name}_months"][:2] == (None, months)
        if tiers[user] == "T1":
            continue
        assert_habits(facts, mine, through)


def assert_habits(facts: Told, mine: Sequence[Event], through: date) -> None:
    streaks = streaks_by_the_rule({event.day for event in mine})
    n, first, _ = min(streaks, key=lambda streak: (-streak[0], streak[1]))
    assert facts["longest_streak"][0] == n
    assert facts["longest_streak_start"][1] == first.isoformat()
    current = next((n for n, _, last in streaks if last == through and n >= 2), None)
    assert facts.get("current_streak", (None,))[0] == current
    weekday, n = first_of(Counter(event.at.weekday() for event in mine))
    assert facts["top_weekday"] == (weekday, None, n)
    part, n = first_of(Counter(event.at.hour // 6 for event in mine))
    assert facts["top_daypart"] == (n, DAYPARTS[part], n)
    weekend = sum(event.at.weekday() >= 5 for event in mine)
    assert facts["weekend_share"][0] == (200 * weekend + len(mine)) // (2 * len(mine))
    n_days = len({event.day for event in mine})
    assert facts.get("revisited_page") == (n_days, "A", len(mine))


@calm(20)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(3, 6)), min_size=18, max_size=24),
)
def test_the_cohort_is_all_others(tables, shapes):
    """A user has some events on each of some days; each day is a session or two."""
    users = {f"u{n:02d}": shape for n, shape in enumerate(shapes)}
    with undone(tables) as con:
        live(
            con,
            {
                user: ("UTC", [
                    (START + timedelta(days=day, hours=hour % 2), None)
                    for day in range(n_days)
                    for hour in range(n_events)
                ])
                for user, (n_events, n_days) in users.items()
            },
        )  # fmt: skip
        found = told(con, sorted(users))
    sizes = {
        user: (n_events * n_days, n_days, min(n_events, 2) * n_days)
        for user, (n_events, n_days) in users.items()
    }
    for user, mine in sizes.items():
        others = [size for other, size in sizes.items() if other != user]
        is_told = len(others) >= 20 and mine[2] >= 5
        for place, name in enumerate(("events", "active_days", "sessions")):
            expected = share_with_fewer(mine[place], [size[place] for size in others])
            assert found[user].get(f"cohort_{name}") == (
                (expected, None, len(others)) if is_told else None
            )


def test_no_label_and_no_definition_holds_a_users_data(con):
    theirs = "zyzzyva"
    life = [(START + timedelta(days=day), (theirs,)) for day in range(200)]
    live(con, {theirs: ("UTC", life)})
    con.execute("update core.events set title = $1, publication = $1, authors = [$1]", [theirs])
    told(con, [theirs])
    ours = con.execute("select label || definition from marts.user_facts").fetchall()
    assert len(ours) > 30
    assert not [words for (words,) in ours if theirs in words]
