"""Kafka brokers for tests, without Java: librdkafka's own mock cluster, driven by ctypes.

Here belongs what a test does to a broker: start it, make and delete topics, put records in, cut
them off, make requests fail, take the network away. What a test does as a client (consumers, what
it expects of them) does not belong here, nor does anything that knows of Journey.

The library is the very one that `confluent_kafka` has loaded, so broker and clients are always of
one version. Its mock has no stability promise: where a function is missing, tests are skipped with
the reason, or fail if JOURNEY_REQUIRE_ALL is set.

The mock is not a broker. What it does not do, seen with librdkafka 2.16.0:

- It keeps 5 MiB a partition and then drops the oldest batches without a word. `produce` refuses.
- Records of an aborted or open transaction are delivered, whatever the isolation level. Only the
  commit marker behaves: it takes an offset that is never delivered. Its checksum is 0, so a
  consumer with `check.crcs` cannot get past it.
- No offsets by time, no compaction, no CreateTopics, no DescribeConfigs, no SASL, no TLS.
- A client that produces to a topic nobody made gets one of 4 partitions. `produce` refuses.
"""

import ctypes
import functools
import itertools
import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

import pytest
from confluent_kafka import KafkaError, KafkaException, Message, Producer, cimpl

APIS = {
    "Produce": 0,
    "Fetch": 1,
    "ListOffsets": 2,
    "Metadata": 3,
    "OffsetCommit": 8,
    "OffsetFetch": 9,
    "FindCoordinator": 10,
    "JoinGroup": 11,
    "Heartbeat": 12,
    "LeaveGroup": 13,
    "SyncGroup": 14,
    "ApiVersions": 18,
    "InitProducerId": 22,
    "OffsetForLeaderEpoch": 23,
    "AddPartitionsToTxn": 24,
    "EndTxn": 26,
}
"""Requests that can be made to fail, by the numbers of Kafka's protocol."""

ROOM = 5 * 1024 * 1024
"""Bytes of batches that the mock keeps of a partition."""

OVERHEAD = 100
"""Bytes a record takes beside its own, at most: alone in a batch of its own."""

PATIENCE = 10.0
"""Seconds until a record that no broker took is an error."""

ALL = -1
"""Every broker, where one is asked for."""

_HANDLE, _TEXT, _INT = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
_INT16, _INT32, _INT64, _SIZE = ctypes.c_int16, ctypes.c_int32, ctypes.c_int64, ctypes.c_size_t

_FUNCTIONS: dict[str, tuple[type | None, ...]] = {
    "conf_new": (_HANDLE,),
    "conf_destroy": (None, _HANDLE),
    "conf_set": (_INT, _HANDLE, _TEXT, _TEXT, _TEXT, _SIZE),
    "new": (_HANDLE, _INT, _HANDLE, _TEXT, _SIZE),
    "destroy": (None, _HANDLE),
    "mock_cluster_new": (_HANDLE, _HANDLE, _INT),
    "mock_cluster_destroy": (None, _HANDLE),
    "mock_cluster_bootstraps": (_TEXT, _HANDLE),
    "mock_set_controller_id": (None, _HANDLE, _INT32),
    "mock_topic_create": (_INT, _HANDLE, _TEXT, _INT, _INT),
    "mock_topic_delete": (_INT, _HANDLE, _TEXT),
    "mock_partition_delete_records": (_INT, _HANDLE, _TEXT, _INT32, _INT64),
    "mock_partition_set_leader": (_INT, _HANDLE, _TEXT, _INT32, _INT32),
    "mock_push_request_errors_array": (None, _HANDLE, _INT16, _SIZE, ctypes.POINTER(_INT)),
    "mock_clear_request_errors": (None, _HANDLE, _INT16),
    "mock_broker_set_down": (_INT, _HANDLE, _INT32),
    "mock_broker_set_up": (_INT, _HANDLE, _INT32),
    "mock_broker_set_rtt": (_INT, _HANDLE, _INT32, _INT),
}
"""What is called: by name, what it returns and then what it takes."""


class Record(NamedTuple):
    """What is produced; a plain tuple (key, value, partition) will do.

    The time is in milliseconds. Kafka's client reads 0 as "now", so that one time cannot be set.
    """

    key: bytes | str | None
    value: bytes | str | None
    partition: int = 0
    headers: Sequence[tuple[str, bytes | None]] = ()
    timestamp: int = 0

    def size(self) -> int:
        """Bytes it takes in the log, at most."""
        parts = [self.key, self.value, *itertools.chain.from_iterable(self.headers)]
        return OVERHEAD + 16 * len(self.headers) + sum(len(_bytes(part)) for part in parts)


@functools.cache
def shortcoming() -> str:
    """Why there can be no mock cluster here; nothing if there can."""
    try:
        library = _library()
    except OSError as error:
        return f"librdkafka cannot be opened: {error}"
    missing = [name for name in _FUNCTIONS if not hasattr(library, f"rd_kafka_{name}")]
    if missing:
        return f"this build of librdkafka has no rd_kafka_{', rd_kafka_'.join(missing)}"
    return ""


def available() -> bool:
    """Whether this machine's librdkafka brings the mock cluster."""
    return not shortcoming()


def require() -> None:
    """Skip the test where there is no mock cluster; fail if nothing may be skipped."""
    if reason := shortcoming():
        reason = f"no mock cluster: {reason}"
        if os.environ.get("JOURNEY_REQUIRE_ALL"):
            pytest.fail(reason)
        pytest.skip(reason)


class MockCluster:
    """Brokers of one process, numbered from 1, on ports of their own of 127.0.0.1."""

    def __init__(self, brokers: int = 1) -> None:
        self.brokers = brokers
        self.bootstrap = ""
        self._client: int | None = None
        self._cluster: int | None = None
        self._room: dict[str, list[int]] = {}
        self._transactions = itertools.count(1)

    def __enter__(self) -> Self:
        require()
        self._client = _client()
        self._cluster = _call("mock_cluster_new", self._client, self.brokers)
        assert self._cluster, f"no mock cluster of {self.brokers} brokers"
        # Without a controller no client may ask for topic ids.
        _call("mock_set_controller_id", self._cluster, 1)
        self.bootstrap = _call("mock_cluster_bootstraps", self._cluster).decode()
        return self

    def __exit__(self, *_: object) -> None:
        _call("mock_cluster_destroy", self._cluster)
        _call("destroy", self._client)
        self._cluster = self._client = None

    def topic(self, name: str, partitions: int = 1) -> None:
        """Make a topic."""
        self._do("topic_create", name.encode(), partitions, 1)
        self._room[name] = [ROOM] * partitions

    def delete_topic(self, name: str) -> None:
        """Delete a topic with its records; made again, it starts at 0 with another topic id."""
        self._do("topic_delete", name.encode())
        del self._room[name]

    def delete_records(self, name: str, partition: int, before: int) -> None:
        """Cut off what lies before an offset, as retention does."""
        self._do("partition_delete_records", name.encode(), partition, before)

    def leader(self, topic: str, partition: int, broker: int) -> None:
        """Let another broker lead a partition; its records go along."""
        self._do("partition_set_leader", topic.encode(), partition, broker)

    def fail(self, api: str, *errors: int) -> None:
        """Answer the next requests of this kind with these errors, one each, from any client.

        `KafkaError._TRANSPORT` hangs up. Errors wait for requests, also for those of `produce`.
        """
        codes = (_INT * len(errors))(*errors)
        self._do("push_request_errors_array", APIS[api], len(errors), codes)

    def clear(self, api: str) -> None:
        """Forget the errors that no request has met."""
        self._do("clear_request_errors", APIS[api])

    def down(self, broker: int = ALL) -> None:
        """Hang up and take no connections."""
        self._do("broker_set_down", broker)

    def up(self, broker: int = ALL) -> None:
        """Take connections again, at the same address."""
        self._do("broker_set_up", broker)

    def round_trip(self, ms: int, broker: int = ALL) -> None:
        """Hold back every answer for so long."""
        self._do("broker_set_rtt", broker, ms)

    def produce(self, topic: str, records: Iterable[Record | tuple]) -> list[int]:
        """Put records in, in this order; their offsets."""
        with Producer(self._settings()) as producer:
            return self._send(producer, topic, records)

    def transaction(self, topic: str, records: Iterable[Record | tuple]) -> list[int]:
        """Put records in as one transaction; then its marker takes an offset in each partition."""
        batch = [Record(*record) for record in records]
        self._take_room(topic, [Record(None, None, n) for n in {r.partition for r in batch}])
        name = f"mock-{next(self._transactions)}"
        with Producer({**self._settings(), "transactional.id": name}) as producer:
            producer.init_transactions(PATIENCE)
            producer.begin_transaction()
            offsets = self._send(producer, topic, batch)
            producer.commit_transaction(PATIENCE)
        return offsets

    def _settings(self) -> dict[str, str | int]:
        return {
            "bootstrap.servers": self.bootstrap,
            "linger.ms": 1,
            "log_level": 0,  # what goes wrong is raised
            "max.in.flight": 1,  # keeps the order where requests fail and are sent again
            "message.max.bytes": 2 * ROOM,
            "message.timeout.ms": int(PATIENCE * 1000),
            "queue.buffering.max.messages": 0,  # no limit: a call is sent whole
        }

    def _send(self, producer: Producer, topic: str, records: Iterable[Record | tuple]) -> list[int]:
        batch = [Record(*record) for record in records]
        self._take_room(topic, batch)
        offsets: dict[int, int] = {}

        def arrived(number: int, error: KafkaError | None, message: Message) -> None:
            if error is None:
                offsets[number] = message.offset()

        for number, record in enumerate(batch):
            producer.produce(
                topic,
                key=record.key,
                value=record.value,
                partition=record.partition,
                headers=list(record.headers),
                timestamp=record.timestamp,
                on_delivery=functools.partial(arrived, number),
            )
        left = producer.flush(PATIENCE + 1)
        assert left == 0, f"{left} records are still on their way"
        assert len(offsets) == len(batch), f"{len(batch) - len(offsets)} records were not taken"
        return [offsets[number] for number in range(len(batch))]

    def _take_room(self, topic: str, records: list[Record]) -> None:
        if topic not in self._room:
            raise ValueError(f"no topic {topic} was made")
        left = list(self._room[topic])
        for record in records:
            if record.partition not in range(len(left)):
                raise ValueError(f"{topic} has no partition {record.partition}")
            left[record.partition] -= record.size()
        if min(left) < 0:
            raise ValueError(f"the mock keeps {ROOM:,} bytes a partition: {topic} would lose some")
        self._room[topic] = left

    def _do(self, name: str, *arguments: object) -> None:
        code = _call(f"mock_{name}", self._cluster, *arguments)
        if code:
            raise KafkaException(KafkaError(code))


@functools.cache
def _library() -> ctypes.CDLL:
    """Librdkafka as confluent_kafka has loaded it.

    A name that is looked up in an extension module is also looked up in what it is linked with,
    wherever a wheel or a distribution puts that.
    """
    return ctypes.CDLL(cimpl.__file__)


@functools.cache
def _function(name: str) -> ctypes._CFuncPtr:
    function = getattr(_library(), f"rd_kafka_{name}")
    function.restype, *function.argtypes = _FUNCTIONS[name]
    return function


def _call(name: str, *arguments: object) -> int | bytes | None:
    return _function(name)(*arguments)


def _client() -> int:
    """A client that only carries the cluster: a producer without brokers."""
    why = ctypes.create_string_buffer(512)
    conf = _call("conf_new")
    _call("conf_set", conf, b"log_level", b"0", why, len(why))
    client = _call("new", 0, conf, why, len(why))
    if not client:
        _call("conf_destroy", conf)
        raise OSError(why.value.decode())
    return client


def _bytes(part: bytes | str | None) -> bytes:
    return part.encode() if isinstance(part, str) else part or b""
