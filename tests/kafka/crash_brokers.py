"""The two brokers of the crash suite, each with the faults that it can be made to have.

Belongs here: one face for the mock cluster and the real Kafka. Does not belong here: when what
goes wrong (`crashes`).
"""

import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Self

from broker import Broker
from confluent_kafka import KafkaError, Message, Producer
from mock_cluster import MockCluster

Triple = tuple[bytes | None, bytes | None, int]
"""Key, value and partition of a record."""

FETCH_ERRORS = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError._TRANSPORT,
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.KAFKA_STORAGE_ERROR,
    KafkaError.INVALID_MSG,
)
"""What the client gets over by itself."""


class MockBroker(ExitStack):
    """Two brokers in this process; a world has a cluster of its own."""

    def __enter__(self) -> Self:
        self._cluster = self.enter_context(MockCluster(2))
        self.bootstrap = self._cluster.bootstrap
        return self

    def make(self, topic: str, partitions: int) -> str:
        self._cluster.topic(topic, partitions)
        self._partitions = partitions
        self._topic = topic
        return topic

    def produce(self, topic: str, records: Sequence[Triple], *, transaction: bool) -> list[int]:
        send = self._cluster.transaction if transaction else self._cluster.produce
        return send(topic, records)

    def cut(self, topic: str, partition: int, before: int) -> None:
        self._cluster.delete_records(topic, partition, before)

    def annoy(self, rng: random.Random) -> int:
        """Let requests of the next run fail; how many."""
        api = rng.choice(("Fetch", "Fetch", "Fetch", "ListOffsets", "Metadata"))
        errors = [rng.choice(FETCH_ERRORS[: None if api == "Fetch" else 3]) for _ in range(3)]
        errors = errors[: rng.randint(1, 3)]
        self._cluster.fail(api, *errors)
        return len(errors)

    def shake(self, rng: random.Random) -> int:
        """Break something while a run is under way, and mend it."""
        time.sleep(rng.random() * 0.3)
        match rng.randrange(3):
            case 0:
                self._cluster.leader(
                    self._topic, rng.randrange(self._partitions), rng.randint(1, 2)
                )
            case 1:
                self._cluster.down()
                time.sleep(rng.random() * 0.2)
                self._cluster.up()
            case _:
                self._cluster.round_trip(rng.randint(1, 60))
        return 1

    def calm(self) -> None:
        """Forget what is left of the faults."""
        for api in ("Fetch", "ListOffsets", "Metadata"):
            self._cluster.clear(api)
        self._cluster.round_trip(0)
        self._cluster.up()


class RealBroker(ExitStack):
    """One Apache Kafka for all worlds; each has a topic of its own."""

    _running: Broker | None = None
    _made = 0

    def __init__(self, running: Broker) -> None:
        super().__init__()
        self._running = running
        self.bootstrap = running.bootstrap

    def make(self, topic: str, partitions: int) -> str:
        RealBroker._made += 1
        return self._running.create(f"{topic}-{RealBroker._made}-{time.time_ns()}", partitions)

    def produce(self, topic: str, records: Sequence[Triple], *, transaction: bool) -> list[int]:
        offsets: dict[int, int] = {}

        def arrived(number: int) -> object:
            def note(error: KafkaError | None, message: Message) -> None:
                if error is None:
                    offsets[number] = message.offset()

            return note

        settings = {"bootstrap.servers": self.bootstrap, "linger.ms": 1, "log_level": 0}
        if transaction:
            settings["transactional.id"] = f"crashes-{time.time_ns()}"
        with Producer({**settings, "enable.idempotence": True}) as producer:
            if transaction:
                producer.init_transactions(20)
                producer.begin_transaction()
            for number, (key, value, partition) in enumerate(records):
                producer.produce(
                    topic, key=key, value=value, partition=partition, on_delivery=arrived(number)
                )
            producer.flush(20)
            if transaction:
                producer.commit_transaction(20)
        return [offsets[number] for number in range(len(records))]

    def cut(self, topic: str, partition: int, before: int) -> None:
        self._running.delete_records(topic, partition, before)

    def annoy(self, rng: random.Random) -> int:
        """A real broker answers as it likes."""
        del rng
        return 0

    def shake(self, rng: random.Random) -> int:
        """Now and then the broker dies while a run is under way, and comes back."""
        if rng.random() < 0.6:
            return 0
        time.sleep(rng.random() * 0.4)
        self._running.kill()
        self._running.start()
        return 1

    def calm(self) -> None:
        """All is mended already."""
