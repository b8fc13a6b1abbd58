"""Nights that run by themselves, in real processes: ticks, a backfill, a power cut.

`make e2e` runs these and nothing else does: they wait for the minute of a schedule.
"""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from broker import Broker, kafka
from deployment import Deployment, until
from homes import journey, row_hashes
from homes_kafka import produce, views

from journey_dagster import site, users, warehouse
from journey_dagster.settings import Settings
from journey_dagster.synth import Plan, Topics, write_topics

pytestmark = pytest.mark.e2e

PLAN = Plan(users=6, events=40)
TOPIC = "views"
GUEST = "guest"
"""Who is known from the topic alone."""
HISTORY = frozenset(
    ("meta.refreshes", "meta.late_data", "raw.watermarks", "meta.topics", "marts.user_report")
)
"""How and when things arrived and were made, which a rebuild begins again; the last one holds
checksums of reports, which are compared themselves."""
CHAIN = [
    ["insights", "answers"],
    ["marts", "user_insights"],
    ["marts", "user_generations"],
    ["marts", "user_report"],
]
BACKFILL = """
mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId launchedRunIds }
    ... on PythonError { message }
  }
}
"""
STATE = """
query ($id: String!) {
  partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } }
}
"""


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    if reason := kafka.missing():
        if os.environ.get("JOURNEY_REQUIRE_ALL"):
            pytest.fail(reason)
        pytest.skip(reason)
    with Broker() as running:
        running.create(TOPIC)
        produce(running.client(), TOPIC, views(range(40), GUEST))
        yield running


@pytest.fixture(scope="module")
def topics(tmp_path_factory: pytest.TempPathFactory) -> Topics:
    return write_topics(PLAN, tmp_path_factory.mktemp("topics"))


@pytest.fixture(scope="module")
def deployment(
    broker: Broker, topics: Topics, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """A deployment that has had its first night, and no other until a test wants one."""
    home = tmp_path_factory.mktemp("deployment") / "home"
    settings = Settings(home=home)
    registered: list[users.User] = []
    for entry in [*users.read_entries(topics.users), users.Entry(GUEST)]:
        registered, _ = users.add(registered, entry)
    home.mkdir()
    users.save(settings.registry, registered)
    take(home, topics.power_user_events, "ksql")
    told = {
        "JOURNEY_AUTOMATE": "true",
        "JOURNEY_NIGHTLY": "* * * * *",
        "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap,
        "KAFKA_TOPICS": TOPIC,
        "JOURNEY_ALERT_COMMAND": f"tee -a {home / 'alerts.txt'}",
    }
    with Deployment(home, **told) as running:
        first = begun(running)
        assert running.ended(first) == "SUCCESS", running.log()
        running.schedule_nights(False)
        running.rest()
        yield running


def take(home: Path, path: Path, format_: str) -> None:
    done = journey("ingest", "file", str(path), "--format", format_, home=home)
    assert done.returncode == 0, done.stderr


def begun(deployment: Deployment, *, besides: frozenset[str] = frozenset()) -> str:
    """The first run that the schedule starts, besides those known."""
    return until(
        "the schedule starts a run",
        lambda: next(
            (run for tick in deployment.ticks() for run in tick["runIds"] if run not in besides),
            None,
        ),
    )


def in_the_middle(deployment: Deployment) -> str:
    """A night that the schedule started, which has made the events and not yet the reports."""
    run = begun(deployment, besides=frozenset(deployment.runs()))
    until(f"run {run} makes the events", lambda: "core.events" in deployment.made(run))
    assert "everyone.reports" not in deployment.made(run)
    return run


def reports(home: Path) -> dict[str, Path]:
    """Slug to where the report is."""
    settings = Settings(home=home)
    slugs = [user.slug for user in users.load(settings.registry)]
    return {slug: site.report_path(settings.site, slug) for slug in slugs}


def documents(home: Path) -> dict[str, Any]:
    """All reports, but for when they were made."""
    found = {slug: json.loads(path.read_text()) for slug, path in reports(home).items()}
    return {slug: report | {"generated_at": None} for slug, report in found.items()}


def test_a_night_needs_nobody(deployment: Deployment):
    settings = Settings(home=deployment.home)
    made = reports(deployment.home)
    for path in made.values():
        site.validate("report.v1", json.loads(path.read_text()))
    with warehouse.connect(settings.database, read_only=True) as con:
        read = con.execute("select topic, sum(n_events)::int from meta.manifest group by 1")
        counted = dict(read.fetchall())
    assert counted[TOPIC] == 40
    assert len(counted) == 2
    partitions = (
        'query { assetNodeOrError(assetKey: {path: ["marts", "user_report"]}) '
        "{ ... on AssetNode { partitionKeys } } }"
    )
    until(
        "the sensor adds a partition for each user",
        lambda: set(deployment.ask(partitions)["assetNodeOrError"]["partitionKeys"]) == set(made),
    )


def test_a_backfill_of_three_users_from_the_ui(deployment: Deployment):
    made = reports(deployment.home)
    before = {slug: json.loads(path.read_text()) for slug, path in made.items()}
    chosen = sorted(made)[1:4]
    for slug in chosen:
        made[slug].unlink()
    launched = deployment.ask(
        BACKFILL,
        params={"assetSelection": [{"path": path} for path in CHAIN], "partitionNames": chosen},
    )["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    over = until(
        "the backfill ends",
        lambda: next(
            iter(
                {deployment.ask(STATE, id=launched["backfillId"])["partitionBackfillOrError"]
                 ["status"]} - {"REQUESTED", "COMPLETING"}
            ),
            None,
        ),
    )  # fmt: skip
    assert over == "COMPLETED_SUCCESS", deployment.log()
    after = {slug: json.loads(path.read_text()) for slug, path in made.items()}
    for slug in chosen:
        assert after[slug].pop("generated_at") > before[slug].pop("generated_at")
    assert after == before


def test_a_killed_night_costs_nothing_but_itself(
    deployment: Deployment, broker: Broker, topics: Topics, tmp_path: Path
):
    """Its worker killed, then all processes at once; the night after makes all good."""
    settings = Settings(home=deployment.home)
    produce(broker.client(), TOPIC, views(range(20, 60), GUEST))  # half of them for the second time
    take(deployment.home, topics.robin_events, "ksql")
    take(deployment.home, topics.shop_events, "csv")
    deployment.schedule_nights(True)

    first = in_the_middle(deployment)
    os.kill(deployment.worker(first), signal.SIGKILL)
    assert deployment.ended(first) == "FAILURE"

    second = in_the_middle(deployment)
    deployment.kill()
    deployment.start()
    assert deployment.ended(second) == "FAILURE"

    last = begun(deployment, besides=frozenset(deployment.runs()))
    assert deployment.ended(last) == "SUCCESS", deployment.log()
    deployment.schedule_nights(False)
    deployment.rest()
    told = deployment.home / "alerts.txt"
    for killed in (first, second):
        until("somebody is told", lambda run=killed: told.exists() and run in told.read_text())
        assert told.read_text().count(f"/runs/{killed}") == 1

    found = row_hashes(settings.database, HISTORY)
    assert found["core.events"][0] == PLAN.users * PLAN.events + 60
    clean = tmp_path / "clean"
    kept = shutil.ignore_patterns(".dagster", "journey.duckdb*", "analytics*", "*.log", "*.txt")
    shutil.copytree(deployment.home, clean, ignore=kept)
    given = {name: word for name, word in deployment.environment.items() if "KAFKA" in name}
    rebuilt = journey("run", home=clean, **given)
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert row_hashes(clean / "journey.duckdb", HISTORY) == found
    assert documents(clean) == documents(deployment.home)
