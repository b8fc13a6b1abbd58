"""Parts of a report that stand on facts and steps: comparisons, lists, the journey, an avatar."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import duckdb
import pytest

from journey_dagster.avatars import suggested
from journey_dagster.facts import Fact
from journey_dagster.report_definitions import comparisons, interest_lists
from journey_dagster.report_journey import LEAST_SESSIONS, PAGES, QUERY, STEPS, journey
from journey_dagster.report_sources import sources
from journey_dagster.reports import build
from journey_dagster.settings import Settings
from journey_dagster.warehouse import connect


@pytest.mark.parametrize(
    ("topic", "emoji"),
    [
        ("Trail Running", "🏃"),
        ("trail-running", "🏃"),
        ("sea-kayaking", "🛶"),
        ("ski", "⛷️"),
        ("patriot", None),
        ("skincare", None),
        ("support", None),
        ("stowe-mountain-resort-vt", None),
        ("pinkbike-announcements", None),
        ("", None),
    ],
)
def test_an_avatar_needs_a_whole_word(topic: str, emoji: str | None) -> None:
    found = suggested([("field-notes", 90), (topic, 12)])
    assert (found["emoji"] if found else None) == emoji
    if found:
        assert (found["topic"], found["n_events"]) == (topic, 12)
        assert found["word"] in topic.lower()


def test_the_first_topic_that_fits_decides_and_a_chance_does_not() -> None:
    told = suggested([("yoga", 9), ("cycling", 8)])
    assert told is not None
    assert told["emoji"] == "🧘"
    assert suggested([("yoga", 2)]) is None
    assert suggested([]) is None


def fact(name: str, value: float, text: str | None = None, n: int = 1) -> tuple[str, Fact]:
    return name, Fact(name, name, value, text, "events", None, n, f"{name}, defined")


def test_numbers_stand_beside_others_only_where_facts_say_so() -> None:
    facts = dict([fact("recent_events", 12), fact("previous_events", 8)])
    assert comparisons("n_events", facts, 30)["previous"] == {
        "days": 30, "now": 12, "before": 8, "definition": "previous_events, defined",
    }  # fmt: skip
    assert comparisons("n_sessions", facts, 30) == {"previous": None, "cohort": None}
    assert comparisons("n_events", {}, 30) == {"previous": None, "cohort": None}
    placed = dict([fact("cohort_sessions", 80, n=412)])
    assert comparisons("n_sessions", placed, 30)["cohort"] == {
        "fewer_percent": 80, "n_others": 412, "definition": "cohort_sessions, defined",
    }  # fmt: skip


def test_interests_are_listed_in_the_order_of_their_facts() -> None:
    facts = dict(
        [
            fact("core_2", 11, "maps"),
            fact("core_1", 40, "gravel"),
            fact("rising_1", 34, "sleep"),
            fact("rising_1_before", 3),
        ]
    )
    assert interest_lists(facts) == {
        "core": [{"topic": "gravel", "n_events": 40}, {"topic": "maps", "n_events": 11}],
        "rising": [{"topic": "sleep", "before": 3, "now": 34}],
        "fading": [],
    }


def test_few_sessions_give_paths_and_no_steps() -> None:
    rows = [(0, ["/", "/a", "/"], False, 2, 9, 4), (1, ["/", "/a"], False, 2, 9, 4)]
    found = journey(LEAST_SESSIONS - 1, rows)
    assert found["nodes"] == found["links"] == []
    assert found["paths"] == [{"pages": ["/", "/a", "/"], "is_longer": False, "n": 2}]
    assert (found["n_paths"], found["n_longer"]) == (9, 4)


def test_what_follows_a_question_mark_is_not_part_of_a_way() -> None:
    pages = ["/", "/a?token=1", "/b/c#d", "?token=2", "/b/e", "/a"]
    with duckdb.connect() as con:
        con.execute("create schema core")
        con.execute("create table core.page_names (page_key integer, page varchar)")
        con.executemany("insert into core.page_names values ($1, $2)", [*enumerate(pages)])
        con.execute("create table core.user_ids as select 1 as user_key, 'u' as user_id")
        con.execute(
            "create table core.placements as select 1 as user_key, 1 as session_key, "
            "page_key as step_index, page_key from core.page_names"
        )
        rows = [row[1:] for row in con.execute(QUERY, {"users": ["u"]}).fetchall()]
    shown = journey(1, rows)["paths"]
    assert shown == [{"pages": ["/", "/a", "/b/…", "/", "/b/…"], "is_longer": True, "n": 1}]


def test_sources_are_put_on_the_months_and_the_unknown_is_last() -> None:
    day = datetime(2025, 3, 1, tzinfo=UTC).date
    rows = [
        (None, day(), 9, day(), day()),
        ("Velo", day(), 2, day(), day()),
        ("Velo", day().replace(month=5), 1, day().replace(month=5), day().replace(month=5, day=7)),
    ]
    velo, unknown = sources(rows, ["2025-03", "2025-04", "2025-05"])
    assert (velo["name"], velo["n_events"], velo["by_month"]) == ("Velo", 3, [2, 0, 1])
    assert (velo["first_seen_date"], velo["last_seen_date"]) == ("2025-03-01", "2025-05-07")
    assert unknown["name"] is None


def test_every_step_of_every_journey_holds_all_sessions(demo_home: Settings) -> None:
    with connect(demo_home.database, read_only=True) as con:
        ids = [row[0] for row in con.execute("select user_id from core.users").fetchall()]
        now = datetime(2026, 1, 1, tzinfo=UTC)
        found = [report.document for report in build(con, ids, demo_home, now)]
    drawn = 0
    for document in found:
        part, n_sessions = document["journey"], document["sessions"]["n"]
        assert part["n_sessions"] == n_sessions
        if n_sessions < LEAST_SESSIONS:
            assert not part["nodes"]
            assert sum(path["n"] for path in part["paths"]) == n_sessions
            assert part["n_paths"] == len(part["paths"])
            continue
        drawn += 1
        columns, flows = Counter[int](), Counter[tuple[str, int]]()
        for node in part["nodes"]:
            columns[node["step"]] += node["n"]
        assert columns == dict.fromkeys(range(1, STEPS + 1), n_sessions)
        per_step = Counter(node["step"] for node in part["nodes"] if node["kind"] == "page")
        assert max(per_step.values()) <= PAGES
        for link in part["links"]:
            flows["out", link["from"]] += link["n"]
            flows["in", link["to"]] += link["n"]
            steps = [part["nodes"][link[end]]["step"] for end in ("from", "to")]
            assert steps[1] == steps[0] + 1
        for index, node in enumerate(part["nodes"]):
            assert node["step"] == STEPS or flows["out", index] == node["n"]
            assert node["step"] == 1 or flows["in", index] == node["n"]
        ways = [path["pages"] for path in part["paths"]]
        assert not [way for way in ways if any(a == b for a, b in pairwise(way))]
    assert drawn > 0
