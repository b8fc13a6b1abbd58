"""What only a real Kafka does is read as it should be: transactions, compaction, passwords, kills.

Belongs here: behaviour that the mock cluster does not have. Does not belong here: whatever it has
(`test_ingest_mock` and its neighbours), which is quicker to show there.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from broker import MECHANISMS, Broker
from confluent_kafka import Producer
from homes_kafka import KafkaHome, held, ksql, produce, views

from journey_dagster.settings import KafkaSettings
from journey_dagster.topics import TopicError, kafka
from journey_dagster.topics.broker import BrokerError, look, topic_ids
from journey_dagster.topics.kafka import GapError
from journey_dagster.topics.values import MAX_BYTES

pytestmark = pytest.mark.kafka


@pytest.fixture
def home(tmp_path: Path, broker: Broker) -> KafkaHome:
    return KafkaHome(tmp_path / "home", broker.bootstrap, timeout_seconds=10)


def transactional(broker: Broker, name: str) -> Producer:
    producer = Producer({**broker.client(), "transactional.id": name, "linger.ms": 1})
    producer.init_transactions(20)
    return producer


def send(producer: Producer, topic: str, records: list[tuple]) -> None:
    for key, value, partition in records:
        producer.produce(topic, key=key, value=value, partition=partition)
    assert producer.flush(20) == 0


def users_of(home: KafkaHome) -> list[str]:
    return [row[0] for row in home.rows("select distinct user_id from raw.records")]


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_was_aborted_is_not_seen_and_holes_are_none(broker: Broker, home: KafkaHome):
    topic = broker.create("in-aborted")
    producer = transactional(broker, "in-aborted")
    for user, end in (("a", "commit"), ("aborted", "abort"), ("b", "commit"), ("gone", "abort")):
        producer.begin_transaction()
        send(producer, topic, views(range(3), user))
        getattr(producer, f"{end}_transaction")(20)
    assert home.consumed(topic) == [6]
    assert users_of(home) == ["a", "b"]
    assert home.segments() == [(topic, 1, 0, 0, 15)]
    assert home.states() == [(topic, 0, "complete", 0)]
    home.invariants(topic)
    assert home.consumed(topic) == [0]
    assert len(home.segments()) == 1


def test_a_topic_of_nothing_but_markers_is_complete(broker: Broker, home: KafkaHome):
    topic = broker.create("in-markers")
    producer = transactional(broker, "in-markers")
    for _ in range(3):
        producer.begin_transaction()
        send(producer, topic, views(range(1)))
        producer.abort_transaction(20)
    assert home.consumed(topic) == [0]
    assert home.segments() == [(topic, 1, 0, 0, 5)]
    assert home.states() == [(topic, 0, "complete", 0)]
    home.invariants(topic)
    assert home.consumed(topic) == [0]


def test_an_open_transaction_is_left_to_the_run_after_its_end(broker: Broker, home: KafkaHome):
    topic = broker.create("in-open", 2)
    produce(broker.client(), topic, views(range(2), "before"))
    producer = transactional(broker, "in-open")
    producer.begin_transaction()
    send(producer, topic, views(range(3), "open"))
    produce(broker.client(), topic, views(range(2), "behind") + views(range(2), "beside", 1))
    assert home.consumed(topic) == [4]
    assert users_of(home) == ["before", "beside"]
    assert {state[2:] for state in home.states()} == {("complete", 0)}
    home.invariants(topic)
    producer.commit_transaction(20)
    assert home.consumed(topic) == [5]
    assert users_of(home) == ["before", "behind", "beside", "open"]
    assert home.states()[0] == (topic, 0, "complete", 0)
    home.invariants(topic)


def test_what_compaction_took_is_no_gap(broker: Broker, home: KafkaHome):
    topic = broker.create(
        "in-compacted", cleanup_policy="compact", segment_ms=50, min_cleanable_dirty_ratio=0.01
    )
    client = broker.client()
    produce(client, topic, [(user, ksql(user, n), 0) for n in range(3) for user in ("a", "b")])
    time.sleep(0.1)  # the segment ends by age, with the next record
    produce(client, topic, [("c", ksql("c", 1), 0)])
    wait_for(lambda: len(held(home.client, topic)) == 3)
    assert home.consumed(topic) == [3]
    assert home.segments() == [(topic, 1, 0, 0, 6)]
    assert home.gaps() == []
    home.invariants(topic)


def test_records_that_retention_took_are_a_gap(broker: Broker, home: KafkaHome):
    topic = broker.create("in-retained", 2)
    produce(broker.client(), topic, views(range(10)))
    broker.delete_records(topic, 0, 3)
    assert home.consumed(topic) == [7]
    produce(broker.client(), topic, views(range(10, 20)))
    broker.delete_records(topic, 0, 15)
    with pytest.raises(GapError, match="at offset 10 of partition 0"):
        home.ingest(topic)
    assert home.red()
    assert home.consumed(topic, accept_gap=True) == [5]
    assert home.gaps() == [
        (topic, 0, 0, 2, "before_reading", True),
        (topic, 0, 10, 14, "truncated", True),
    ]
    home.invariants(topic)


def test_a_topic_made_anew_goes_on_under_another_name(broker: Broker, home: KafkaHome):
    topic = broker.create("in-anew")
    produce(broker.client(), topic, views(range(3)))
    home.ingest(topic)
    broker.delete(topic)
    broker.create(topic)
    produce(broker.client(), topic, views(range(2, 8)))
    with pytest.raises(TopicError, match="its topic id was"):
        home.ingest(topic)
    [receipt] = home.ingest(topic, accept_gap=True)
    assert (receipt.topic, receipt.n_kept, receipt.n_duplicates) == (f"{topic}@2", 5, 1)
    home.invariants(topic)


def test_partitions_that_were_added_are_read_from_their_start(broker: Broker, home: KafkaHome):
    topic = broker.create("in-growing")
    produce(broker.client(), topic, views(range(3)))
    home.ingest(topic)
    broker.add_partitions(topic, 3)
    produce(broker.client(), topic, views(range(2), "new", 2) + views([3]))
    assert home.consumed(topic) == [3]
    assert [state[:3] for state in home.states()] == [(topic, n, "complete") for n in range(3)]
    home.invariants(topic)


def test_a_record_of_9_mb_is_set_aside_and_costs_no_other(broker: Broker, home: KafkaHome):
    topic = broker.create("in-large", max_message_bytes=12 * 2**20)
    large = ksql("a", 2, X="x" * 9 * 2**20)
    within = ksql("a", 3, X="")
    within = ksql("a", 3, X="x" * (MAX_BYTES - len(within)))
    values = [ksql("a", 1), large, within, ksql("a", 4)]
    produce(broker.client(), topic, [(None, value, 0) for value in values])
    [receipt] = home.ingest(topic)
    assert (receipt.n_kept, receipt.quarantined) == (3, {"too_large": 1})
    assert home.rows("select value from meta.quarantine") == [(large,)]
    home.invariants(topic)


LOGINS = [
    *[("SASL_PLAINTEXT", mechanism) for mechanism in MECHANISMS],
    ("SASL_SSL", "PLAIN"),
    ("SASL_SSL", "SCRAM-SHA-512"),
]


@pytest.fixture(scope="module")
def secured(broker: Broker) -> str:
    topic = broker.create("in-secured")
    produce(broker.client(), topic, views(range(3)))
    return topic


def login(broker: Broker, protocol: str, mechanism: str, user: str, password: str) -> dict:
    ca = broker.certificates / "ca.pem" if protocol.endswith("SSL") else None
    return {
        "bootstrap": broker.listeners[protocol], "security_protocol": protocol,
        "sasl_mechanism": mechanism, "sasl_username": user, "sasl_password": password,
        "ssl_ca_location": ca, "timeout_seconds": 10,
    }  # fmt: skip


@pytest.mark.parametrize("way", LOGINS, ids="-".join)
def test_a_password_opens_and_a_wrong_one_ends_at_once(
    broker: Broker, users: dict, secured: str, tmp_path: Path, way: tuple[str, str]
):
    protocol, mechanism = way
    [(user, password)] = users.items()
    home = KafkaHome(tmp_path / "home", **login(broker, protocol, mechanism, user, password))
    assert home.consumed(secured) == [3]
    home.kafka = home.kafka.model_copy(update={"sasl_password": _secret("canary-guess")})
    start = time.monotonic()
    with pytest.raises(TopicError, match=r"refuses us: .*Check the KAFKA_\* settings") as raised:
        home.ingest(secured)
    assert time.monotonic() - start < 5
    assert "canary" not in str(raised.value)
    assert password not in str(raised.value)


def _secret(text: str) -> object:
    return KafkaSettings(sasl_password=text).sasl_password


def test_the_keys_of_a_cloud_are_user_and_password(
    broker: Broker, users: dict, secured: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    [(user, password)] = users.items()
    home = KafkaHome(tmp_path / "home", None)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", broker.listeners["SASL_SSL"])
    monkeypatch.setenv("KAFKA_API_KEY", user)
    monkeypatch.setenv("KAFKA_API_SECRET", password)
    monkeypatch.setenv("KAFKA_SSL_CA_LOCATION", str(broker.certificates / "ca.pem"))
    home.kafka = KafkaSettings()
    assert home.kafka.protocol == "SASL_SSL"
    assert home.consumed(secured) == [3]


def test_our_certificate_opens_and_a_strangers_does_not(
    broker: Broker, secured: str, tmp_path: Path
):
    home = KafkaHome(
        tmp_path / "home",
        broker.listeners["SSL"],
        ssl_ca_location=broker.certificates / "ca.pem",
        ssl_certificate_location=broker.certificates / "client.pem",
        ssl_key_location=broker.certificates / "client.key",
        timeout_seconds=10,
    )
    assert home.kafka.protocol == "SSL"
    assert home.consumed(secured) == [3]
    stranger = {
        "ssl_certificate_location": broker.certificates / "stranger.pem",
        "ssl_key_location": broker.certificates / "stranger.key",
        "timeout_seconds": 2,
    }
    home.kafka = home.kafka.model_copy(update=stranger)
    with pytest.raises((TopicError, BrokerError)):
        home.ingest(secured)
    home.kafka = home.kafka.model_copy(update={"ssl_ca_location": None})
    with pytest.raises((TopicError, BrokerError)):
        home.ingest(secured)
    home.invariants()


@pytest.fixture
def mortal(able: None) -> Iterator[Broker]:
    """A Kafka of the test's own, to be killed."""
    del able
    with Broker() as running:
        yield running


def test_a_broker_killed_in_the_middle_of_a_run_costs_nothing(
    mortal: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(kafka, "RECORDS", 500)
    monkeypatch.setattr(kafka, "_AT_ONCE", 100)
    monkeypatch.setitem(kafka.TUNING, "queued.min.messages", 1)
    monkeypatch.setitem(kafka.TUNING, "fetch.message.max.bytes", 20_000)
    home = KafkaHome(tmp_path / "home", mortal.bootstrap, timeout_seconds=2)
    topic = mortal.create("killed", 2)
    for n in range(10):
        numbers = range(100 * n, 100 * n + 100)
        produce(mortal.client(), topic, views(numbers, "a", 0) + views(numbers, "b", 1))
    killed: list[int] = []

    def kill(done: int, _all: int) -> None:
        if not killed:
            mortal.kill()
        killed.append(done)

    with pytest.raises(BrokerError, match=r"goes on|does not answer"):
        home.ingest(topic, progress=kill)
    assert 0 < killed[-1] < 2000
    home.invariants()
    mortal.start()
    home.kafka = home.kafka.model_copy(update={"timeout_seconds": 20})
    assert home.consumed(topic) == [2000 - killed[-1]]
    assert {state[2:] for state in home.states()} == {("complete", 0)}
    home.invariants(topic)


def test_a_look_consumes_nothing_and_knows_the_ids(broker: Broker, home: KafkaHome):
    topic = broker.create("in-looked")
    produce(broker.client(), topic, views(range(3)))
    [held_] = look(home.kafka, [topic])
    assert (held_.partitions[0].low, held_.partitions[0].end) == (0, 3)
    assert topic_ids(home.kafka, [topic, "in-no-such-topic"]) == {topic: held_.topic_id}
    assert not any(one.name.startswith("__") for one in look(home.kafka))
    assert not broker.admin.list_consumer_groups().result().valid
