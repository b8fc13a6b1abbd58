"""A broker that fails loses nothing of what was read, and says why (against the mock cluster).

Belongs here: silence, slowness, errors of requests, refusals, leaders that change. Does not belong
here: brokers that lose records (`test_ingest_losses`).
"""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaError
from homes_kafka import KafkaHome, views
from mock_cluster import MockCluster

from journey_dagster.settings import KafkaSettings
from journey_dagster.topics import TopicError, kafka
from journey_dagster.topics.broker import BrokerError, look

PATIENCE = 1.0


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    with MockCluster(brokers=2) as running:
        running.topic("t", 2)
        running.produce("t", [one for n in (0, 1) for one in views(range(40), "ab"[n], n)])
        yield running


@pytest.fixture
def home(tmp_path: Path, cluster: MockCluster) -> KafkaHome:
    return KafkaHome(tmp_path / "home", cluster.bootstrap, timeout_seconds=PATIENCE)


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of a few records, and a client that fetches no further than it is asked."""
    monkeypatch.setattr(kafka, "RECORDS", 10)
    monkeypatch.setattr(kafka, "_AT_ONCE", 5)
    monkeypatch.setitem(kafka.TUNING, "queued.min.messages", 1)


def test_a_broker_that_is_down_is_told_soon_and_nothing_is_made(
    cluster: MockCluster, home: KafkaHome
):
    cluster.down()
    start = time.monotonic()
    with pytest.raises(BrokerError, match=r"does not answer.*Is the broker up") as raised:
        home.ingest("t")
    assert time.monotonic() - start < PATIENCE + 20  # a client that is not told waits for minutes
    assert home.kafka.bootstrap_servers in str(raised.value)
    home.invariants()
    cluster.up()
    assert home.consumed("t") == [80]


def test_a_broker_that_falls_silent_costs_nothing_that_was_read(
    cluster: MockCluster, home: KafkaHome, in_parts: None
):
    del in_parts
    for n in range(4):
        cluster.produce("t", views(range(40 + 20 * n, 60 + 20 * n), "a"))
    went: list[int] = []

    def go_down(done: int, _all: int) -> None:
        if not went:
            cluster.down()
        went.append(done)

    start = time.monotonic()
    with pytest.raises(BrokerError, match=r"was silent|does not answer"):
        home.ingest("t", progress=go_down)
    assert time.monotonic() - start < 4 * PATIENCE + 1
    assert 0 < went[-1] < 160
    assert "behind" in {state for _, _, state, _ in home.states()}
    home.invariants()
    cluster.up()
    assert home.consumed("t") == [160 - went[-1]]
    home.invariants("t")


def test_silence_names_where_it_was(
    cluster: MockCluster, home: KafkaHome, monkeypatch: pytest.MonkeyPatch
):
    def look_and_cut(*args: object) -> list:
        found = look(*args)
        cluster.down()
        return found

    monkeypatch.setattr(kafka.broker, "look", look_and_cut)
    with pytest.raises(
        BrokerError,
        match=r"was silent for 1 s at t, partition [01], offset 0 of 40 \(.*another run goes on",
    ):
        home.ingest("t")
    home.invariants()


def test_a_slow_broker_is_read_whole(cluster: MockCluster, home: KafkaHome):
    home.kafka = home.kafka.model_copy(update={"timeout_seconds": 10})
    cluster.round_trip(200)
    assert home.consumed("t") == [80]
    cluster.round_trip(0)
    home.invariants("t")


def test_a_broker_slower_than_our_patience_is_told(cluster: MockCluster, home: KafkaHome):
    cluster.round_trip(int(PATIENCE * 3000))
    with pytest.raises(BrokerError):
        home.ingest("t")
    cluster.round_trip(0)
    home.invariants()


PASSING = {
    "not leader": KafkaError.NOT_LEADER_FOR_PARTITION,
    "storage": KafkaError.KAFKA_STORAGE_ERROR,
    "unknown topic": KafkaError.UNKNOWN_TOPIC_OR_PART,
    "hangs up": KafkaError._TRANSPORT,
    "corrupt": KafkaError.INVALID_MSG,
    "timed out": KafkaError.REQUEST_TIMED_OUT,
    "unknown": KafkaError.UNKNOWN,
}


@pytest.mark.parametrize("name", PASSING)
def test_an_error_that_passes_is_passed_over(cluster: MockCluster, home: KafkaHome, name: str):
    home.kafka = home.kafka.model_copy(update={"timeout_seconds": 5})
    cluster.fail("Fetch", *[PASSING[name]] * 2)
    assert home.consumed("t") == [80]
    home.invariants("t")


def test_errors_without_end_are_told_with_the_last_of_them(cluster: MockCluster, home: KafkaHome):
    cluster.fail("Fetch", *[KafkaError.INVALID_MSG] * 500)
    with pytest.raises(
        BrokerError, match=r"silent for 1 s at t, partition \d, offset 0 of 40 \(.+\)"
    ):
        home.ingest("t")
    cluster.clear("Fetch")
    home.invariants()
    assert home.consumed("t") == [80]


@pytest.mark.parametrize("api", ["Metadata", "ListOffsets", "ApiVersions"])
def test_a_first_answer_that_fails_is_asked_again_or_told(
    cluster: MockCluster, home: KafkaHome, api: str
):
    cluster.fail(api, KafkaError._TRANSPORT)
    try:
        assert home.consumed("t") == [80]
    except BrokerError:
        assert home.consumed("t") == [80]
    home.invariants("t")


def test_another_leader_is_followed(cluster: MockCluster, home: KafkaHome, in_parts: None):
    del in_parts
    home.kafka = home.kafka.model_copy(update={"timeout_seconds": 5})

    def move(done: int, _all: int) -> None:
        for n in (0, 1):
            cluster.leader("t", n, 1 + done % 2)

    assert home.consumed("t", progress=move) == [80]
    home.invariants("t")


def test_rights_that_are_gone_end_it_at_once(cluster: MockCluster, home: KafkaHome):
    home.kafka = home.kafka.model_copy(update={"timeout_seconds": 30})
    cluster.fail("Fetch", *[KafkaError.TOPIC_AUTHORIZATION_FAILED] * 50)
    start = time.monotonic()
    with pytest.raises(TopicError, match=r"t: .*[Aa]uthorization failed.*What was read stays"):
        home.ingest("t")
    assert time.monotonic() - start < 10
    cluster.clear("Fetch")
    home.invariants()
    assert home.consumed("t") == [80]


def test_an_unknown_topic_is_told_with_those_near_it(cluster: MockCluster, home: KafkaHome):
    cluster.topic("page-views")
    with pytest.raises(
        TopicError, match="no topic 'page-view' that we may see; there is page-views"
    ):
        home.ingest("page-view")
    with pytest.raises(
        TopicError, match="no topic 'zzzzzz' that we may see; there is page-views, t"
    ):
        home.ingest("t", "zzzzzz")
    assert not home.segments(), "one wrong name, and nothing is read"
    home.invariants()


def test_without_an_address_it_is_told_what_to_set(tmp_path: Path):
    home = KafkaHome(tmp_path / "home", None)
    with pytest.raises(TopicError, match="Set KAFKA_BOOTSTRAP_SERVERS=host:9092"):
        home.ingest("t")


@pytest.mark.usefixtures("cluster", "in_parts")
def test_a_run_that_ends_between_segment_and_load_is_made_good(
    home: KafkaHome, monkeypatch: pytest.MonkeyPatch
):
    load = kafka.load
    left = [2]

    def load_some(*args: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return load(*args)

    with monkeypatch.context() as patch:
        patch.setattr(kafka, "load", load_some)
        with pytest.raises(KeyboardInterrupt):
            home.ingest("t")
    landed = len(home.landed())
    assert landed > home.rows("select count(*) from raw.records")[0][0]
    assert home.consumed("t") == [80 - landed]
    home.invariants("t")


def test_many_homes_read_one_topic_and_nobody_takes_from_another(
    cluster: MockCluster, tmp_path: Path
):
    homes = [KafkaHome(tmp_path / name / "home", cluster.bootstrap) for name in ("a", "b")]
    threads = [threading.Thread(target=home.ingest, args=("t",)) for home in homes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for home in homes:
        home.invariants("t")
        assert home.rows("select count(*) from raw.records") == [(80,)]


def test_settings_hide_what_is_secret():
    kafka_settings = KafkaSettings(sasl_username="u", sasl_password="canary-1")  # noqa: S106
    assert "canary-1" not in f"{kafka_settings!r} {kafka_settings} {kafka_settings.model_dump()}"
