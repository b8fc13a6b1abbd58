"""The mock cluster does what tests of Kafka build on, and lacks what they must not build on.

What Journey does with a broker's faults is tested elsewhere; here no module of Journey is used.
"""

import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import mock_cluster
import pytest
from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from mock_cluster import ROOM, MockCluster, Record

OFFSET_OUT_OF_RANGE = KafkaError._AUTO_OFFSET_RESET
END = KafkaError._PARTITION_EOF


def consumer(
    cluster: MockCluster, hear: Callable[[KafkaError], None] = print, **settings: object
) -> AbstractContextManager[Consumer]:
    """A consumer that tells of the end and of offsets that are gone."""
    named = {name.replace("_", "."): value for name, value in settings.items()}
    return Consumer(
        {
            "bootstrap.servers": cluster.bootstrap,
            "group.id": "test",
            "auto.offset.reset": "error",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 20,
            "fetch.error.backoff.ms": 20,
            "log_level": 0,
            "error_cb": hear,
            **named,
        }
    )


def read(
    client: Consumer, count: int | None = None, seconds: float = 10
) -> tuple[list[Message], list[int]]:
    """Records and errors, until so many records or, without a number, the end or a lost offset."""
    records, errors = [], []
    give_up = time.monotonic() + seconds
    while (count is None or len(records) < count) and time.monotonic() < give_up:
        message = client.poll(0.05)
        if message is None:
            continue
        if message.error() is None:
            records.append(message)
            continue
        errors.append(message.error().code())
        if count is None and errors[-1] in {END, OFFSET_OUT_OF_RANGE}:
            break
    return records, errors


def read_from(cluster: MockCluster, offset: int = 0, **settings: object) -> tuple[list, list[int]]:
    """Offsets and values of partition 0 of the topic of these tests, and errors."""
    with consumer(cluster, **settings) as client:
        client.assign([TopicPartition("events", 0, offset)])
        records, errors = read(client)
        return [(record.offset(), record.value()) for record in records], errors


def fill(cluster: MockCluster, count: int, word: str = "v") -> list[int]:
    return cluster.produce("events", [(None, f"{word}{n}", 0) for n in range(count)])


def topic_id(cluster: MockCluster) -> str:
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap, "log_level": 0})
    asked = admin.describe_topics(TopicCollection(["events"]), request_timeout=5)
    return str(asked["events"].result().topic_id)


def test_it_starts_with_as_many_brokers_as_asked_and_is_gone_afterwards():
    with MockCluster(brokers=3) as cluster:
        assert re.fullmatch(r"(127\.0\.0\.1:\d+,?){3}", cluster.bootstrap)
        with consumer(cluster) as client:
            assert set(client.list_topics(timeout=5).brokers) == {1, 2, 3}
    with consumer(cluster) as client, pytest.raises(KafkaException, match="_TRANSPORT"):
        client.list_topics(timeout=0.3)


def test_clusters_know_nothing_of_each_other():
    with MockCluster() as one, MockCluster() as other:
        one.topic("events")
        with consumer(one) as client, consumer(other) as stranger:
            here, there = client.list_topics(timeout=5), stranger.list_topics(timeout=5)
        assert here.cluster_id != there.cluster_id
        assert set(here.topics) == {"events"}
        assert not there.topics


def test_what_is_produced_is_consumed_whole_and_in_order():
    with MockCluster() as cluster:
        cluster.topic("events", partitions=2)
        offsets = cluster.produce(
            "events",
            [
                ("k", "v", 1),
                (None, None, 1),
                Record(b"", b"\x00\xff", 0, [("h", b"1"), ("h", None)], 1_700_000_000_123),
                Record(None, "before 1970", 0, timestamp=-5),
            ],
        )
        assert offsets == [0, 1, 0, 1]
        with consumer(cluster) as client:
            client.assign([TopicPartition("events", partition, 0) for partition in (0, 1)])
            records, errors = read(client, 4)
        assert set(errors) <= {END}
        by_place = {(record.partition(), record.offset()): record for record in records}
        assert by_place[0, 0].key() == b""
        assert by_place[0, 0].value() == b"\x00\xff"
        assert by_place[0, 0].headers() == [("h", b"1"), ("h", None)]
        assert by_place[0, 0].timestamp()[1] == 1_700_000_000_123
        assert by_place[0, 1].timestamp()[1] == -5
        assert by_place[1, 0].key() == b"k"
        assert by_place[1, 1].value() is None


def test_it_refuses_what_it_could_not_keep():
    with MockCluster() as cluster:
        cluster.topic("events")
        cluster.produce("events", [(None, bytes(ROOM // 5), 0)] * 4)
        with pytest.raises(ValueError, match="would lose some"):
            cluster.produce("events", [(None, bytes(ROOM // 5), 0)])
        with consumer(cluster) as client:
            assert client.get_watermark_offsets(TopicPartition("events", 0), timeout=5) == (0, 4)


def test_without_the_refusal_it_would_drop_the_oldest_in_silence():
    with MockCluster() as cluster:
        cluster.topic("events")
        cluster._room["events"] = [3 * ROOM]
        for _ in range(3):
            cluster.produce("events", [(None, bytes(ROOM // 2 - 1000), 0)])
        with consumer(cluster) as client:
            assert client.get_watermark_offsets(TopicPartition("events", 0), timeout=5) == (1, 3)


@pytest.mark.parametrize(
    ("topic", "partition"), [("typo", 0), ("events", 1), ("events", -1)], ids=str
)
def test_it_refuses_a_topic_or_partition_nobody_made(topic: str, partition: int):
    with MockCluster() as cluster:
        cluster.topic("events")
        with pytest.raises(ValueError, match=r"no topic|no partition"):
            cluster.produce(topic, [(None, "v", partition)])


def test_truncation_is_seen_by_who_comes_too_late_and_only_by_them():
    with MockCluster() as cluster:
        cluster.topic("events")
        fill(cluster, 10)
        cluster.delete_records("events", 0, 4)
        assert read_from(cluster, 3) == ([], [OFFSET_OUT_OF_RANGE])
        records, errors = read_from(cluster, 4)
        assert [offset for offset, _ in records] == [4, 5, 6, 7, 8, 9]
        assert errors == [END]
        with consumer(cluster) as client:
            assert client.get_watermark_offsets(TopicPartition("events", 0), timeout=5) == (4, 10)
        with pytest.raises(KafkaException, match="out of range"):
            cluster.delete_records("events", 0, 11)


def test_an_offset_beyond_the_end_is_out_of_range():
    with MockCluster() as cluster:
        cluster.topic("events")
        fill(cluster, 3)
        assert read_from(cluster, 3) == ([], [END])
        assert read_from(cluster, 4) == ([], [OFFSET_OUT_OF_RANGE])


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KafkaError.NOT_LEADER_FOR_PARTITION, []),
        (KafkaError.KAFKA_STORAGE_ERROR, []),
        (KafkaError._TRANSPORT, []),
        (KafkaError.INVALID_MSG, [KafkaError.INVALID_MSG]),
    ],
)
def test_a_failed_fetch_is_tried_again(error: int, told: list[int]):
    with MockCluster() as cluster:
        cluster.topic("events")
        fill(cluster, 20)
        cluster.fail("Fetch", error)
        records, errors = read_from(cluster)
        assert [offset for offset, _ in records] == list(range(20))
        assert errors == [*told, END]


def test_errors_that_were_cleared_meet_nobody():
    with MockCluster() as cluster:
        cluster.topic("events")
        fill(cluster, 1)
        cluster.fail("Fetch", *[KafkaError.TOPIC_AUTHORIZATION_FAILED] * 5)
        cluster.clear("Fetch")
        assert read_from(cluster) == ([(0, b"v0")], [END])


@pytest.mark.parametrize(
    ("api", "ask"),
    [
        ("Metadata", lambda client: client.list_topics("events", timeout=5)),
        (
            "ListOffsets",
            lambda client: client.get_watermark_offsets(TopicPartition("events", 0), timeout=5),
        ),
    ],
)
def test_a_question_can_be_refused(api: str, ask: Callable[[Consumer], object]):
    with MockCluster() as cluster:
        cluster.topic("events")
        with consumer(cluster) as client:
            cluster.fail(api, *[KafkaError.TOPIC_AUTHORIZATION_FAILED] * 5)
            with pytest.raises(KafkaException, match="TOPIC_AUTHORIZATION_FAILED"):
                ask(client)
            cluster.clear(api)
            ask(client)


def test_all_brokers_down_is_silence_and_then_everything():
    with MockCluster(brokers=2) as cluster:
        cluster.topic("events")
        fill(cluster, 20)
        cluster.down()
        heard = []
        with consumer(cluster, hear=heard.append) as client:
            client.assign([TopicPartition("events", 0, 0)])
            assert read(client, seconds=0.6) == ([], [])
            assert KafkaError._ALL_BROKERS_DOWN in {error.code() for error in heard}
            cluster.up()
            records, errors = read(client)
        assert [record.offset() for record in records] == list(range(20))
        assert errors == [END]


def test_nothing_produced_is_lost_without_a_word(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mock_cluster, "PATIENCE", 0.5)
    with MockCluster() as cluster:
        cluster.topic("events")
        cluster.down()
        with pytest.raises(AssertionError, match="2 records"):
            fill(cluster, 2)


def test_a_slow_broker_is_slow_and_complete():
    with MockCluster() as cluster:
        cluster.topic("events")
        fill(cluster, 3)
        cluster.round_trip(100)
        before = time.monotonic()
        records, _ = read_from(cluster)
        assert time.monotonic() - before > 0.2
        assert len(records) == 3


def test_another_leader_serves_the_same_records():
    with MockCluster(brokers=2) as cluster:
        cluster.topic("events")
        for broker in (1, 2):
            cluster.leader("events", 0, broker)
            fill(cluster, 2)
            with consumer(cluster) as client:
                partition = client.list_topics(timeout=5).topics["events"].partitions[0]
            assert partition.leader == broker
        assert [offset for offset, _ in read_from(cluster)[0]] == [0, 1, 2, 3]
        with pytest.raises(KafkaException):
            cluster.leader("events", 0, 9)


def test_a_transaction_leaves_a_hole():
    with MockCluster() as cluster:
        cluster.topic("events", partitions=2)
        assert cluster.transaction("events", [(None, "a", 0), (None, "b", 0)]) == [0, 1]
        assert cluster.transaction("events", [(None, "c", 0), (None, "d", 1)]) == [3, 0]
        assert fill(cluster, 1) == [5]
        records, errors = read_from(cluster, isolation_level="read_committed")
        assert records == [(0, b"a"), (1, b"b"), (3, b"c"), (5, b"v0")]
        assert errors == [END]


def test_a_hole_at_the_end_is_passed_by_the_position_alone():
    with MockCluster() as cluster:
        cluster.topic("events")
        cluster.transaction("events", [(None, "a", 0)])
        with consumer(cluster) as client:
            there = TopicPartition("events", 0, 0)
            client.assign([there])
            records, _ = read(client)
            assert [record.offset() for record in records] == [0]
            assert client.position([there])[0].offset == 2
            assert client.get_watermark_offsets(there, timeout=5) == (0, 2)


def test_not_to_build_on_aborted_records_are_delivered():
    with MockCluster() as cluster:
        cluster.topic("events")
        with Producer({**cluster._settings(), "transactional.id": "aborts"}) as producer:
            producer.init_transactions(5)
            producer.begin_transaction()
            producer.produce("events", "taken back", partition=0)
            producer.flush(5)
            producer.abort_transaction(5)
        records, _ = read_from(cluster, isolation_level="read_committed")
        assert records == [(0, b"taken back")]


def test_a_topic_made_again_starts_anew_with_another_id():
    with MockCluster() as cluster:
        cluster.topic("events")
        fill(cluster, 9, "old")
        before = topic_id(cluster)
        cluster.delete_topic("events")
        cluster.topic("events")
        fill(cluster, 2, "new")
        assert topic_id(cluster) not in {before, ""}
        assert read_from(cluster) == ([(0, b"new0"), (1, b"new1")], [END])
        assert read_from(cluster, 9) == ([], [OFFSET_OUT_OF_RANGE])


def test_who_goes_on_in_a_topic_made_again_misses_its_start_in_silence():
    with MockCluster() as cluster:
        cluster.topic("events")
        fill(cluster, 3, "old")
        cluster.delete_topic("events")
        cluster.topic("events")
        fill(cluster, 5, "new")
        assert read_from(cluster, 3) == ([(3, b"new3"), (4, b"new4")], [END])


def test_a_topic_that_is_gone_cannot_be_deleted_and_one_that_is_there_not_made():
    with MockCluster() as cluster:
        cluster.topic("events")
        with pytest.raises(KafkaException, match="exists"):
            cluster.topic("events")
        cluster.delete_topic("events")
        with pytest.raises(KafkaException, match="Unknown topic"):
            cluster.delete_topic("events")


def test_a_library_without_the_mock_skips_with_the_reason(monkeypatch: pytest.MonkeyPatch):
    assert mock_cluster.available()
    monkeypatch.setattr(mock_cluster, "_FUNCTIONS", {"mock_of_another_age": (None,)})
    monkeypatch.setattr(mock_cluster, "shortcoming", mock_cluster.shortcoming.__wrapped__)
    assert not mock_cluster.available()
    monkeypatch.delenv("JOURNEY_REQUIRE_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception, match="rd_kafka_mock_of_another_age"):
        MockCluster().__enter__()
    monkeypatch.setenv("JOURNEY_REQUIRE_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="rd_kafka_mock_of_another_age"):
        MockCluster().__enter__()
