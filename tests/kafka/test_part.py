"""A partition on its way: whatever a client hands over, each offset is taken once and in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_NOT_AVAILABLE, KafkaError
from hypothesis import given
from hypothesis import strategies as st

from journey_dagster.topics import TopicError
from journey_dagster.topics.broker import Troubles
from journey_dagster.topics.kafka import Part


@dataclass(frozen=True)
class Fake:
    """What a client hands over: a record, or an error at an offset."""

    at: int
    code: int | None = None
    stamp: tuple[int, int] = (TIMESTAMP_CREATE_TIME, 1)

    def __len__(self) -> int:
        return 10

    def error(self) -> KafkaError | None:
        return None if self.code is None else KafkaError(self.code)

    def offset(self) -> int:
        return self.at

    def topic(self) -> str:
        return "t"

    def key(self) -> bytes:
        return b"k%d" % self.at

    def value(self) -> bytes:
        return b"v%d" % self.at

    def headers(self) -> None:
        return None

    def timestamp(self) -> tuple[int, int]:
        return self.stamp


def end(at: int) -> Fake:
    return Fake(at, KafkaError._PARTITION_EOF)


def given_to(part: Part, *runs: Sequence[Fake]) -> Part:
    for run in runs:
        part.take(list(run), Troubles())
    return part


def records(*offsets: int) -> list[Fake]:
    return [Fake(at) for at in offsets]


def taken(part: Part) -> list[int]:
    return [message.offset() for message in part.messages]


def test_what_is_read_is_covered_up_to_the_end():
    part = given_to(Part(0, 5, 0), records(0, 1), records(2, 3, 4))
    assert part.is_over
    covered, batch = part.empty()
    assert covered == (0, 4)
    assert batch.offsets == [0, 1, 2, 3, 4]
    assert batch.keys == [b"k0", b"k1", b"k2", b"k3", b"k4"]
    assert part.empty() is None
    assert (part.messages, part.size) == ([], 0)


def test_what_is_emptied_in_between_follows_on_one_another():
    part = given_to(Part(0, 9, 0), records(0, 1, 3))
    assert part.empty()[0] == (0, 3)
    assert part.empty() is None
    given_to(part, records(6))
    assert part.empty()[0] == (4, 6)
    given_to(part, [end(9)])
    covered, batch = part.empty()
    assert (covered, batch.offsets) == ((7, 8), [])


def test_records_beyond_the_noted_end_are_left_to_the_next_run():
    part = given_to(Part(0, 3, 0), records(0, 1, 2, 3, 4))
    assert taken(part) == [0, 1, 2]
    assert part.is_done


def test_a_record_beyond_a_hole_at_the_end_says_that_the_end_is_reached():
    part = given_to(Part(0, 3, 0), records(0), records(7, 8))
    assert part.is_done
    covered, batch = part.empty()
    assert (covered, batch.offsets) == ((0, 2), [0])


def test_an_end_before_the_noted_one_is_no_end():
    part = given_to(Part(0, 5, 0), [end(0)], records(0, 1), [end(2)])
    assert not part.is_over
    given_to(part, records(2, 4), [end(5)])
    assert part.is_done
    assert taken(part) == [0, 1, 2, 4]


def test_an_end_in_the_midst_of_records_counts_with_them():
    part = given_to(Part(0, 5, 0), [*records(0, 1), end(2), *records(2, 3), end(5)])
    assert taken(part) == [0, 1, 2, 3]
    assert part.is_done


def test_nothing_but_the_end_covers_all():
    part = given_to(Part(3, 6, 3), [end(6)])
    covered, batch = part.empty()
    assert (covered, batch.offsets) == ((3, 5), [])


def test_a_lost_offset_ends_it_and_keeps_what_came_before():
    part = given_to(Part(0, 9, 0), [*records(0, 1), Fake(2, KafkaError._AUTO_OFFSET_RESET)])
    assert part.is_lost
    assert part.is_over
    assert not part.is_done
    assert part.empty()[0] == (0, 1)


@pytest.mark.parametrize(
    "code", [KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError._UNKNOWN_TOPIC], ids=str
)
def test_what_is_for_good_ends_the_run(code: int):
    part = Part(0, 9, 0)
    with pytest.raises(TopicError, match="What was read stays"):
        part.take([*records(0), Fake(1, code)], Troubles())
    assert taken(part) == [0]


def test_what_may_pass_is_only_noted():
    troubles = Troubles()
    part = Part(0, 9, 0)
    part.take([Fake(0, KafkaError._BAD_MSG), *records(0, 1)], troubles)
    assert taken(part) == [0, 1]
    assert not part.is_over
    assert troubles.last.code() == KafkaError._BAD_MSG


def test_a_time_that_the_broker_does_not_know_is_none():
    part = given_to(Part(0, 2, 0), [Fake(0, stamp=(TIMESTAMP_NOT_AVAILABLE, -1)), Fake(1)])
    assert part.empty()[1].broker_at == [None, 1]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[int, int, list[int], list[list[Fake]]]:
    """Start, end, the offsets that hold a record, and how they are handed over."""
    start = draw(st.integers(0, 5))
    stop = start + draw(st.integers(1, 30))
    there = sorted(draw(st.sets(st.integers(0, stop + 5))))
    flow: list[Fake] = []
    at = start
    while at < stop:
        again = draw(st.integers(max(0, at - 10), at))  # what was delivered comes again
        until = draw(st.integers(at + 1, stop + 6))
        flow += records(*(one for one in there if again <= one < until))
        flow += [end(until)] * draw(st.booleans())
        at = until
    flow.append(end(max(at, stop)))
    cuts = sorted(draw(st.sets(st.integers(0, len(flow)))) | {0, len(flow)})
    runs = [flow[a:b] for a, b in pairwise(cuts)]
    return start, stop, there, runs


@given(delivery=deliveries(), data=st.data())
def test_however_it_is_delivered_each_offset_is_taken_once(
    delivery: tuple[int, int, list[int], list[list[Fake]]], data: Any
):
    start, stop, there, runs = delivery
    part = Part(start, stop, start)
    covered: list[tuple[int, int]] = []
    offsets: list[int] = []
    for run in runs:
        if part.is_over:
            break
        given_to(part, run)
        if part.is_over or data.draw(st.booleans()):
            found = part.empty()
            if found:
                covered.append(found[0])
                offsets += found[1].offsets
    assert part.is_done
    assert offsets == [at for at in there if start <= at < stop]
    assert covered[0][0] == start
    assert covered[-1][1] == stop - 1
    assert all(b[0] == a[1] + 1 for a, b in pairwise(covered))
