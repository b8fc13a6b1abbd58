"""The step that reads topics in a run: what it tells of them, and when it stops everything after.

Belongs here: Dagster's view of a broker. Does not belong here: what is read (`kafka/`).
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

sys.path.append(str(Path(__file__).parent / "kafka"))

from homes_kafka import KafkaHome, views
from mock_cluster import MockCluster

from journey_dagster import runs, users
from journey_dagster.definitions import build_defs
from journey_dagster.instance import open_instance
from journey_dagster.settings import Settings
from journey_dagster.tables import key

CANARY = "canary-of-a-password"


@pytest.fixture(autouse=True)
def own_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test looks at the developer's broker; every test has something to keep secret."""
    for name in [name for name in os.environ if name.startswith("KAFKA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KAFKA_TIMEOUT_SECONDS", "1")
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", CANARY)
    monkeypatch.setenv("KAFKA_SSL_KEY_PASSWORD", CANARY)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockCluster]:
    with MockCluster() as running:
        running.topic("t", 2)
        running.produce("t", [*views(range(5)), (None, b"{", 1), (b"k", None, 1)])
        monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", running.bootstrap)
        monkeypatch.setenv("KAFKA_TOPICS", "t")
        yield running


def step(settings: Settings) -> dg.ExecuteInProcessResult:
    """The step alone, recorded where a run is."""
    job = build_defs(settings).resolve_job_def("nightly")
    with open_instance(settings) as instance:
        return job.execute_in_process(
            asset_selection=[key("raw.watermarks")], instance=instance, raise_on_error=False
        )


def told(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    """The metadata of the step."""
    [event] = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def failure(result: dg.ExecuteInProcessResult) -> str:
    [failed] = [event for event in result.all_events if event.is_step_failure]
    return failed.step_failure_data.user_failure_data.description


def refuse_canaries(settings: Settings) -> None:
    """No file of the home, Dagster's own among them, holds the secret."""
    looked = [path for path in settings.home.rglob("*") if path.is_file()]
    assert any(".db" in path.name for path in looked), "Dagster keeps its records in the home"
    assert not [path for path in looked if CANARY.encode() in path.read_bytes()]


def test_the_step_tells_what_became_of_the_records(cluster: MockCluster, settings: Settings):
    first = told(step(settings))
    counts = {
        "n_topics": 1, "n_consumed": 7, "n_accepted": 5, "n_kept": 5, "n_duplicates": 0,
        "n_tombstones": 1, "n_quarantined": 1, "quarantined_bad_json": 1, "lag": 0,
        "state": "complete", "dagster/row_count": 2,
    }  # fmt: skip
    assert first.items() >= counts.items()
    again = told(step(settings))
    assert (again["n_topics"], again["n_consumed"], again["state"]) == (1, 0, "complete")
    KafkaHome(settings.home, cluster.bootstrap).invariants("t")
    refuse_canaries(settings)


def test_without_topics_nothing_is_asked_and_all_is_well(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    result = step(settings)
    assert result.success
    assert told(result).items() >= {"n_topics": 0, "n_consumed": 0, "state": "no topics"}.items()


def test_a_broker_that_is_down_is_red_with_a_clear_line(cluster: MockCluster, settings: Settings):
    cluster.down()
    result = step(settings)
    assert not result.success
    assert "Is the broker up, and KAFKA_BOOTSTRAP_SERVERS right?" in failure(result)
    refuse_canaries(settings)
    cluster.up()
    assert told(step(settings))["n_consumed"] == 7


def test_topics_without_a_broker_are_red_with_what_to_set(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("KAFKA_TOPICS", "t")
    assert "Set KAFKA_BOOTSTRAP_SERVERS=host:9092" in failure(step(settings))


@pytest.mark.usefixtures("cluster")
def test_a_refused_login_is_red_without_the_secret(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("KAFKA_SASL_USERNAME", "somebody")
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT")
    assert not step(settings).success
    refuse_canaries(settings)


@pytest.mark.usefixtures("cluster")
def test_an_unknown_topic_is_red_with_those_there_are(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("KAFKA_TOPICS", "t,tt")
    assert "no topic 'tt' that we may see; there is t" in failure(step(settings))


def test_a_gap_stops_a_run_by_its_check_and_nothing_is_published(
    cluster: MockCluster, settings: Settings
):
    def quiet(_line: str) -> None:
        pass

    registered, user = users.add([], users.Entry("robin", display_name="Synthetic Robin"))
    users.save(settings.registry, registered)
    assert runs.run(settings, quiet).succeeded
    pages = {path: path.read_bytes() for path in settings.site.rglob("*") if path.is_file()}
    assert any(user.slug in path.name for path in pages)
    copied = settings.analytics.stat()
    cluster.produce("t", views(range(5, 20)))
    cluster.delete_records("t", 0, 10)
    stopped = runs.run(settings, quiet)
    assert not stopped.succeeded
    assert len(stopped.failed_checks) == 1
    assert stopped.failed_checks[0].startswith("meta.gaps, gaps_are_accepted: n_wrong 1")
    after = {path: path.read_bytes() for path in settings.site.rglob("*") if path.is_file()}
    # Two documents are about the warehouse itself, and say what stopped and what it holds now.
    books = {settings.site / "data" / name for name in ("status.json", "dictionary.json")}
    assert '"state":"gap"' in after[settings.site / "data" / "status.json"].decode()
    assert {path for path, content in after.items() if content != pages.get(path)} <= books
    assert after.keys() == pages.keys()
    assert settings.analytics.stat().st_mtime_ns == copied.st_mtime_ns
    home = KafkaHome(settings.home, cluster.bootstrap)
    assert home.gaps() == [("t", 0, 5, 9, "truncated", False)]
    home.ingest("t", accept_gap=True)
    assert not home.red()
    home.invariants("t")
    refuse_canaries(settings)
