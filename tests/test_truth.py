"""What was planted in the synthetic topics is what the warehouse finds."""

import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from journey_dagster import users, warehouse
from journey_dagster.graph.tables import CENTRALITY, READ, fill_centrality
from journey_dagster.ingest import REGISTRY, VETOES
from journey_dagster.models import every_model
from journey_dagster.settings import Settings
from journey_dagster.synth import Plan, write_topics
from journey_dagster.topics.exports import ingest_file, layout_of

TABLES = (
    "meta.manifest", "core.users", "marts.friction", "marts.user_days", "marts.user_topics_monthly",
)  # fmt: skip


def build(con: duckdb.DuckDBPyConnection) -> None:
    """Compute the tables that are looked at, and before each what it reads."""
    every = {each.name: each for each in every_model()}
    done: set[str] = set()

    def compute(name: str) -> None:
        if name in done:
            return
        done.add(name)
        for read in sorted({*every[name].reads, *READ.get(name, ())}):
            compute(read)
        if name == CENTRALITY.name:
            fill_centrality(con)
        elif every[name].schema not in {"raw", "checks"}:
            warehouse.replace(con, every[name], Settings().sql_parameters())

    for name in TABLES:
        compute(name)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory):
    """The truth, and a warehouse made of the topics it was planted in."""
    home = tmp_path_factory.mktemp("truth")
    topics = write_topics(Plan(users=60, events=300), home / "synth")
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        for path in (topics.robin_events, topics.power_user_events, topics.shop_events):
            shape = "csv" if path.suffix == ".csv" else "ksql"
            layout = layout_of(path, shape, timezone=None, mapping={})
            ingest_file(con, Settings(home=home), path, layout, datetime.now(UTC))
        for declared in (REGISTRY, VETOES):
            warehouse.ensure(con, declared)
        registered: list[users.User] = []
        for entry in users.read_entries(topics.users):
            registered, user = users.add(registered, entry)
            con.execute(
                "insert into raw.registry (user_id, slug, tz) values (?, ?, ?)",
                [user.user_id, user.slug, user.tz],
            )
        build(con)
        yield json.loads(Path(topics.truth).read_text()), con


def test_events_and_duplicates_are_counted_as_planted(found):
    truth, con = found
    by_topic = dict(
        con.execute(
            "select split_part(file, '.', 1), (sum(n_events), sum(n_duplicates), sum(n_consumed)) "
            "from meta.manifest group by all"
        ).fetchall()
    )
    for name, planted in truth["topics"].items():
        assert tuple(map(int, by_topic[name])) == (
            planted["distinct_events"],
            planted["duplicate_records"],
            planted["records"],
        )
    per_user = dict(con.execute("select user_id, n_events from core.users").fetchall())
    assert per_user == {user["user_id"]: sum(user["events"].values()) for user in truth["users"]}


def test_sessions_of_the_shop_are_its_visits(found):
    truth, con = found
    counted = con.execute(
        "select count(distinct source_session_id), count(distinct session_id) from core.steps "
        "join core.events using (event_id) where source = 'csv'"
    ).fetchone()
    assert counted == (truth["shop"]["sessions"],) * 2


def test_planted_friction_leads_the_ranking(found):
    """Precision at k is 1: the first k pairs are the k that were planted."""
    truth, con = found
    planted = {(pair["page"], pair["event"]) for pair in truth["shop"]["friction"]}
    ranked = con.execute(
        "select page, event from marts.friction where friction_rank <= $k order by friction_rank",
        {"k": len(planted)},
    ).fetchall()
    assert set(ranked) == planted
    natural = {(pair["page"], pair["event"]) for pair in truth["shop"]["natural_exits"]}
    flagged = con.execute("select page, event from marts.friction where is_natural_exit").fetchall()
    assert natural <= set(flagged)


def test_topics_are_found_in_the_months_they_were_planted_in(found):
    truth, con = found
    months = con.execute(
        "select user_id, topic, month(month), n_events from marts.user_topics_monthly"
    ).fetchall()
    counted = {(user, topic, month): n for user, topic, month, n in months}
    for user in truth["users"]:
        for topic, by_month in user["tagged_by_month"].items():
            for month, planted in enumerate(by_month, start=1):
                assert counted.get((user["user_id"], topic, month), 0) >= planted
