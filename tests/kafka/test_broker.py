"""The Kafka the tests run against does what a Kafka does, and scripts/kafka.py runs one."""

import os
import shutil
import socket
import subprocess
import sys
import time

import pytest
from broker import MECHANISMS, Broker, kafka
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from journey_dagster.settings import ROOT

pytestmark = pytest.mark.kafka
SCRIPT = [sys.executable, str(ROOT / "scripts" / "kafka.py")]


def produce(broker: Broker, topic: str, *pairs: tuple[str, str]) -> None:
    producer = Producer(broker.client())
    for key, value in pairs:
        producer.produce(topic, key=key, value=value, partition=0)
    assert producer.flush(20) == 0


def consume(settings: dict, topic: str, **more: object) -> list[tuple[int, str, str]]:
    """All of partition 0, as offset, key, value."""
    given = {"group.id": "nobody", "enable.auto.commit": False, "auto.offset.reset": "earliest"}
    options = {name.replace("_", "."): value for name, value in more.items()}
    consumer = Consumer({**settings, **given, "enable.partition.eof": True, **options})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found = []
    try:
        while True:
            message = consumer.poll(20)
            assert message is not None
            if message.error():
                assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                return found
            found.append((message.offset(), message.key().decode(), message.value().decode()))
    finally:
        consumer.close()


def refused(settings: dict, why: str) -> bool:
    """Whether a client is refused with these words.

    (The code tells less: where TLS 1.3 is spoken, a client whose certificate is not taken has
    finished its part and sees a lost connection.)
    """
    errors: list[KafkaError] = []
    client = AdminClient({**settings, "error_cb": errors.append, "log_level": 0})
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not any(why in error.str() for error in errors):
        client.poll(0.05)
    return any(why in error.str() for error in errors)


def wait_for(true, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_what_is_produced_is_consumed(broker: Broker):
    topic = broker.create("plain")
    pairs = [(f"k{n}", f"v{n}") for n in range(100)]
    produce(broker, topic, *pairs)
    assert consume(broker.client(), topic) == [(n, *pair) for n, pair in enumerate(pairs)]


def test_topics_grow_and_go(broker: Broker):
    topic = broker.create("growing", 2)
    broker.add_partitions(topic, 3)
    assert len(broker.admin.list_topics(topic).topics[topic].partitions) == 3
    broker.delete(topic)
    assert topic not in broker.admin.list_topics().topics


def test_a_topic_made_anew_begins_anew(broker: Broker):
    topic = broker.create("anew")
    produce(broker, topic, ("k", "old"), ("k", "old"))
    broker.delete(topic)
    broker.create(topic)
    assert broker.offsets(topic) == (0, 0)


def test_nobody_makes_a_topic_by_naming_it(broker: Broker):
    unknown = broker.admin.list_topics("never-made").topics["never-made"]
    assert unknown.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART


def test_a_killed_broker_comes_back_with_its_data(able: None):
    del able
    with Broker() as broker:
        topic = broker.create("kept")
        produce(broker, topic, ("k", "before"))
        broker.kill()
        assert not kafka.serves(int(broker.bootstrap.split(":")[1]))
        broker.start()
        produce(broker, topic, ("k", "after"))
        broker.stop()
        broker.start()
        assert consume(broker.client(), topic) == [(0, "k", "before"), (1, "k", "after")]
    assert not broker.home.exists()


def test_deleted_records_move_the_low_watermark(broker: Broker):
    topic = broker.create("truncated")
    produce(broker, topic, *(("k", f"v{n}") for n in range(10)))
    assert broker.delete_records(topic, 0, 7) == 7
    assert broker.offsets(topic) == (7, 10)
    assert [offset for offset, _, _ in consume(broker.client(), topic)] == [7, 8, 9]


def test_retention_takes_what_is_too_old(broker: Broker):
    topic = broker.create("retained", retention_ms=1, segment_ms=50)
    produce(broker, topic, ("k", "gone soon"))
    wait_for(lambda: broker.offsets(topic) == (1, 1))


def test_compaction_leaves_holes(broker: Broker):
    topic = broker.create(
        "compacted", cleanup_policy="compact", segment_ms=50, min_cleanable_dirty_ratio=0.01
    )
    produce(broker, topic, ("a", "1"), ("b", "1"), ("a", "2"), ("c", "1"), ("b", "2"))
    time.sleep(0.1)  # the segment ends by age, with the next record
    produce(broker, topic, ("d", "1"))
    compacted = [(2, "a", "2"), (3, "c", "1"), (4, "b", "2"), (5, "d", "1")]
    wait_for(lambda: consume(broker.client(), topic) == compacted)


def test_aborted_records_are_not_read_committed(broker: Broker):
    topic = broker.create("transactions")
    producer = Producer({**broker.client(), "transactional.id": "tests"})
    producer.init_transactions(20)
    for value, end in (("a", "commit"), ("b", "abort"), ("c", "commit")):
        producer.begin_transaction()
        producer.produce(topic, key="k", value=value)
        producer.flush(20)
        getattr(producer, f"{end}_transaction")(20)
    read = [(0, "k", "a"), (2, "k", "b"), (4, "k", "c")]  # each end takes an offset
    assert consume(broker.client(), topic, isolation_level="read_uncommitted") == read
    del read[1]
    assert consume(broker.client(), topic, isolation_level="read_committed") == read


@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_the_right_password_opens_and_a_wrong_one_does_not(
    broker: Broker, users: dict[str, str], protocol: str, mechanism: str
):
    [(user, password)] = users.items()
    settings = {**broker.client(protocol), "sasl.mechanism": mechanism, "sasl.username": user}
    with_password = {**settings, "sasl.password": password}
    assert AdminClient(with_password).list_topics(timeout=20).brokers
    wrong = {**settings, "sasl.password": "guessed"}
    assert refused(wrong, "SASL authentication error: Authentication failed")


def test_only_our_own_certificate_opens(broker: Broker):
    topic = broker.create("secured")
    produce(broker, topic, ("k", "v"))
    settings = broker.client("SSL")
    assert consume(settings, topic) == [(0, "k", "v")]
    strange = {
        "ssl.certificate.location": str(broker.certificates / "stranger.pem"),
        "ssl.key.location": str(broker.certificates / "stranger.key"),
    }
    assert refused({**settings, **strange}, "alert certificate unknown")
    without = {name: value for name, value in settings.items() if name not in strange}
    assert refused(without, "alert bad certificate")
    trusting_nobody = {k: v for k, v in settings.items() if k != "ssl.ca.location"}
    assert refused(trusting_nobody, "broker certificate could not be verified")


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SCRIPT, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        timeout=120,
    )


def test_the_script_starts_one_that_stays_and_stops_it(able: None, tmp_path):
    del able
    where = ["--port", str(kafka.free_port()), "--home", str(tmp_path / "a broker")]
    address = f"127.0.0.1:{where[1]}"
    try:
        for said in ("is up", "was up already"):
            done = run("up", *where)
            assert (done.returncode, done.stderr) == (0, "")
            assert f"{said} at {address}" in done.stdout
        assert AdminClient({"bootstrap.servers": address}).list_topics(timeout=20).brokers
        elsewhere = run("up", *where[:1], str(kafka.free_port()), *where[2:])
        assert elsewhere.returncode == 1
        assert f"runs at {address}" in elsewhere.stderr
    finally:
        downs = [run("down", *where), run("down", *where), run("down", "--erase", *where)]
    assert [done.returncode for done in downs] == [0, 0, 0]
    assert "is down" in downs[0].stdout
    assert "was not running" in downs[1].stdout
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_held_is_named(able: None, tmp_path):
    del able
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = run("up", "--port", port, "--home", str(tmp_path / "broker"))
    assert done.returncode == 1
    assert f"port {port} is held by another process" in done.stderr


def test_a_broker_that_cannot_start_says_why(able: None):
    del able
    why = r"(?s)log\.cleaner\.threads.*the whole log: "
    broker = Broker({"log.cleaner.threads": "many"})
    with pytest.raises(kafka.KafkaError, match=why), broker:
        pass
    assert not broker.home.exists()


def test_a_jar_that_is_not_the_pinned_one_is_named(able: None, tmp_path):
    del able
    assert kafka.faults(kafka.jars()) == []
    there = shutil.copytree(kafka.jars(), tmp_path / "jars")
    client, server = (f"kafka-{name}-{kafka.VERSION}.jar" for name in ("clients", "server"))
    (there / client).write_bytes(b"something else")
    (there / server).rename(there / "more.jar")
    assert kafka.faults(there) == [
        f"{client} has another sha256 than is pinned",
        f"{server} is missing",
        "more.jar is not pinned",
    ]


def test_what_maven_brings_is_checked(tmp_path):
    jar = f"kafka-clients-{kafka.VERSION}.jar"
    (tmp_path / "bin").mkdir()
    for name in ("java", "mvn"):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\nmkdir "${{6#*=}}" && echo no jar > "${{6#*=}}/{jar}"\n')
        program.chmod(0o755)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    done = run("fetch", PATH=path, XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 1
    assert f"{jar} has another sha256 than is pinned" in done.stderr
    assert list((tmp_path / "journey").iterdir()) == []


def test_without_java_it_says_what_to_install(tmp_path):
    done = run("fetch", PATH="", XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 1
    assert "apt install default-jre-headless maven" in done.stderr
    assert list(tmp_path.iterdir()) == []
