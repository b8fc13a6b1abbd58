"""How records reach a topic: late, out of order, some of them twice.

Here belongs what the broker adds to a record (`_kafka_*`) and the order of the file. What a record
says belongs to `magazine`.

The concept: a topic is filled user after user, each user's records in the order in which they
were received. Within a partition the offsets grow by one, whoever wrote the record.
"""

import json
from collections.abc import Iterable, Iterator
from operator import attrgetter
from random import Random
from typing import NamedTuple, final
from zlib import crc32

from journey_dagster.synth.magazine import Record, View

PARTITIONS = 4
_TWICE = 0.12
_LATE, _LATE_AGAIN = 0.05, 0.30
_SECOND, _HOUR = 1_000, 3_600_000


class Delivery(NamedTuple):
    """One arrival of a record at the broker."""

    received_at: int
    record: Record


def deliver(rng: Random, views: Iterable[View]) -> list[Delivery]:
    """Every record once, some twice, in the order of arrival."""
    arrived: list[Delivery] = []
    for view in views:
        # A phone without a network sends hours later; a producer's retry can be just as late.
        first = view.at + _delay(rng, _LATE)
        arrived.append(Delivery(first, view.record))
        if rng.random() < _TWICE:
            arrived.append(Delivery(first + _delay(rng, _LATE_AGAIN), view.record))
    arrived.sort(key=attrgetter("received_at"))
    return arrived


def _delay(rng: Random, late: float) -> int:
    """Milliseconds: under two seconds, or up to nine hours when late."""
    longest = 9 * _HOUR if rng.random() < late else 2 * _SECOND
    return 1 + int(longest * rng.random())


@final
class TopicLog:
    """The partitions of one topic, and the offsets they have reached."""

    def __init__(self) -> None:
        self._next = [0] * PARTITIONS

    def keyed(self, key: str, deliveries: Iterable[Delivery]) -> Iterator[str]:
        """Append the records of one key; the lines carry it, all in its own partition."""
        partition = crc32(key.encode()) % PARTITIONS
        for delivery in deliveries:
            yield self._line(partition, delivery, {"_user_id": key})

    def unkeyed(self, rng: Random, deliveries: Iterable[Delivery]) -> Iterator[str]:
        """Append records without a key: any partition takes them."""
        for delivery in deliveries:
            yield self._line(rng.randrange(PARTITIONS), delivery, {})

    def _line(self, partition: int, delivery: Delivery, key: Record) -> str:
        offset = self._next[partition]
        self._next[partition] += 1
        broker = {
            "_kafka_partition": partition,
            "_kafka_offset": offset,
            "_kafka_timestamp": delivery.received_at,
        }
        return json.dumps({**delivery.record, **key, **broker}, ensure_ascii=False)
