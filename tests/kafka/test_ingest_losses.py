"""What a broker loses is told and never passed over in silence (against the mock cluster).

Belongs here: records deleted before they were read, topics made anew, topics read once more from
their beginning. Does not belong here: brokers that fail and lose nothing (`test_ingest_faults`).
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from homes_kafka import KafkaHome, nameless, views
from mock_cluster import MockCluster

from journey_dagster.topics import TopicError, broker, kafka
from journey_dagster.topics.kafka import GapError


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    with MockCluster() as running:
        running.topic("t", 2)
        yield running


@pytest.fixture
def home(tmp_path: Path, cluster: MockCluster) -> KafkaHome:
    return KafkaHome(tmp_path / "home", cluster.bootstrap)


def after_the_look(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """Let something happen between the first look at a broker and the first record read."""
    looked = broker.look
    pending = [happens]

    def look(*args: object) -> list[broker.Held]:
        found = looked(*args)
        while pending:
            pending.pop()()
        return found

    monkeypatch.setattr(broker, "look", look)


def test_what_was_gone_before_the_first_reading_is_on_record(cluster: MockCluster, home: KafkaHome):
    cluster.produce("t", views(range(10)))
    cluster.delete_records("t", 0, 4)
    assert home.consumed("t") == [6]
    assert home.gaps() == [("t", 0, 0, 3, "before_reading", True)]
    assert not home.red()
    home.invariants("t")
    assert home.consumed("t") == [0]


def test_a_topic_of_which_all_is_gone_is_complete(cluster: MockCluster, home: KafkaHome):
    cluster.produce("t", views(range(10)))
    cluster.delete_records("t", 0, 10)
    assert home.consumed("t") == [0]
    assert home.gaps() == [("t", 0, 0, 9, "before_reading", True)]
    assert {state for _, _, state, _ in home.states()} == {"complete"}
    home.invariants("t")


@pytest.mark.parametrize("low", [4, 9, 10])
def test_a_gap_between_runs_is_red_until_it_is_accepted(
    cluster: MockCluster, home: KafkaHome, low: int
):
    cluster.produce("t", views(range(3)))
    home.ingest("t")
    cluster.produce("t", views(range(3, 10)) + views(range(4), "b", 1))
    cluster.delete_records("t", 0, low)
    for _ in ("told", "told again"):
        with pytest.raises(GapError, match=r"at offset 3 of partition 0.*--accept-gap"):
            home.ingest("t")
        assert home.gaps() == [("t", 0, 3, low - 1, "truncated", False)]
        assert home.red()
        assert home.states() == [("t", 0, "gap", 7), ("t", 1, "complete", 0)]
    home.invariants("t")
    assert home.rows('select count(*) from raw.records where "partition" = 1') == [(4,)]
    assert home.consumed("t", accept_gap=True) == [10 - low]
    assert home.gaps() == [("t", 0, 3, low - 1, "truncated", True)]
    assert not home.red()
    assert {state for _, _, state, _ in home.states()} == {"complete"}
    home.invariants("t")
    assert home.consumed("t") == [0]


def test_an_accepted_gap_is_known_to_a_warehouse_rebuilt_from_raw(
    cluster: MockCluster, home: KafkaHome
):
    cluster.produce("t", views(range(10)))
    home.ingest("t")
    cluster.produce("t", views(range(10, 20)))
    cluster.delete_records("t", 0, 15)
    home.ingest("t", accept_gap=True)
    home.settings.database.unlink()
    assert home.consumed("t") == [0]
    assert home.gaps() == [("t", 0, 10, 14, "truncated", True)]
    home.invariants("t")


def test_a_gap_of_one_topic_costs_no_other(cluster: MockCluster, home: KafkaHome):
    cluster.topic("sound")
    cluster.produce("t", views(range(3)))
    home.ingest("t", "sound")
    cluster.produce("t", views(range(3, 6)))
    cluster.produce("sound", views(range(5)))
    cluster.delete_records("t", 0, 5)
    with pytest.raises(GapError):
        home.ingest("t", "sound")
    assert ("sound", 1, 0, 0, 4) in home.segments()
    home.invariants("t", "sound")


def test_what_is_lost_after_the_look_is_a_gap(
    cluster: MockCluster, home: KafkaHome, monkeypatch: pytest.MonkeyPatch
):
    cluster.produce("t", views(range(3)))
    home.ingest("t")
    cluster.produce("t", views(range(3, 10)) + views(range(2), "b", 1))
    after_the_look(monkeypatch, lambda: cluster.delete_records("t", 0, 6))
    with pytest.raises(GapError, match="at offset 3 of partition 0"):
        home.ingest("t")
    assert home.gaps() == [("t", 0, 3, 5, "truncated", False)]
    assert ("t", 1, 1, 0, 1) in home.segments()
    home.invariants("t")
    assert home.consumed("t", accept_gap=True) == [4]
    home.invariants("t")


def test_what_is_lost_while_it_is_read_is_a_gap(
    cluster: MockCluster, home: KafkaHome, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(kafka, "RECORDS", 5)
    monkeypatch.setattr(kafka, "_AT_ONCE", 5)
    monkeypatch.setitem(kafka.TUNING, "queued.min.messages", 1)
    for n in range(8):
        cluster.produce("t", views(range(5 * n, 5 * n + 5)))

    def lose(_done: int, _all: int) -> None:
        cluster.delete_records("t", 0, 38)

    with pytest.raises(GapError, match="partition 0"):
        home.ingest("t", progress=lose)
    [(topic, n, first, last, reason, is_accepted)] = home.gaps()
    assert (topic, n, last, reason, is_accepted) == ("t", 0, 37, "truncated", False)
    assert 5 <= first < 37
    assert home.red()
    home.invariants("t")
    assert home.consumed("t", accept_gap=True) == [2]
    assert home.rows("select count(*) from raw.records") == [(first + 2,)]
    home.invariants("t")


@pytest.mark.parametrize("n_new", [2, 8], ids=["shorter", "longer"])
def test_a_topic_made_anew_is_another_topic(cluster: MockCluster, home: KafkaHome, n_new: int):
    cluster.produce("t", views(range(5)))
    home.ingest("t")
    cluster.delete_topic("t")
    cluster.topic("t", 2)
    cluster.produce("t", views(range(4, 4 + n_new)))
    with pytest.raises(TopicError, match=r"topic id was .* as t@2: journey ingest .*--accept-gap"):
        home.ingest("t")
    home.invariants()
    [receipt] = home.ingest("t", accept_gap=True)
    assert (receipt.topic, receipt.n_consumed, receipt.n_duplicates) == ("t@2", n_new, 1)
    assert len(home.events("*")) == 4 + n_new
    assert {topic for topic, *_ in home.segments()} == {"t", "t@2"}
    assert home.states()[0] == ("t@2", 0, "complete", 0)
    home.invariants("t")
    cluster.produce("t", views([99]))
    assert home.consumed("t") == [1]
    home.invariants("t")
    cluster.delete_topic("t")
    cluster.topic("t")
    assert home.ingest("t", accept_gap=True)[0].topic == "t@3"


def test_records_without_ids_in_a_topic_made_anew_are_those_again(
    cluster: MockCluster, home: KafkaHome
):
    same = [(None, nameless(1), 0)]
    cluster.produce("t", same * 3)
    home.ingest("t=user-1")
    cluster.delete_topic("t")
    cluster.topic("t", 2)
    cluster.produce("t", same * 4)
    [receipt] = home.ingest("t=user-1", accept_gap=True)
    assert (receipt.n_kept, receipt.n_duplicates) == (1, 3)
    assert home.events("n_deliveries") == [(1,), (2,), (2,), (2,)]
    home.invariants("t")


@pytest.mark.parametrize("read_before", [0, 5])
def test_a_topic_made_anew_while_it_is_read_gives_nothing_of_it(
    cluster: MockCluster, home: KafkaHome, monkeypatch: pytest.MonkeyPatch, read_before: int
):
    cluster.produce("t", views(range(read_before)))
    home.ingest("t")
    before = home.segments()
    cluster.produce("t", views(range(read_before, 10)))
    asked = broker.topic_ids

    def ask(*args: object) -> dict[str, str]:
        monkeypatch.setattr(broker, "topic_ids", asked)
        cluster.delete_topic("t")
        cluster.topic("t", 2)
        cluster.produce("t", views(range(20), "new"))
        return asked(*args)

    monkeypatch.setattr(broker, "topic_ids", ask)
    with pytest.raises(TopicError, match="made anew while it was read"):
        home.ingest("t")
    assert home.segments() == before
    home.invariants()
    assert home.consumed("t", accept_gap=True) == [20]
    home.invariants("t")


def test_another_cluster_under_the_old_address_is_another_topic(
    cluster: MockCluster, home: KafkaHome
):
    cluster.produce("t", views(range(5)))
    home.ingest("t")
    with MockCluster() as other:
        other.topic("t", 2)
        other.produce("t", views(range(9)))
        moved = KafkaHome(home.settings.home, other.bootstrap)
        with pytest.raises(TopicError, match="its cluster was"):
            moved.ingest("t")


def test_read_once_more_nothing_counts_twice(cluster: MockCluster, home: KafkaHome):
    cluster.produce("t", views(range(5)) + [(b"a", nameless(1), 1)] * 3 + [(None, b"{", 1)])
    said = "event_id, user_id, message_id, n_deliveries"
    home.ingest("t")
    once = home.events(said)
    [again] = home.ingest("t", from_beginning=True)
    assert (again.n_consumed, again.n_kept, again.n_duplicates) == (9, 0, 8)
    assert home.events(said) == once
    assert home.rows("select sum(n_superseded)::int from meta.manifest where reading = 1") == [(8,)]
    home.invariants("t")
    cluster.produce("t", views([5]))
    assert home.consumed("t") == [1]
    assert ("t", 2, 0, 5, 5) in home.segments()
    assert len(home.events("*")) == 9
    home.invariants("t")


def test_read_once_more_after_a_truncation_what_is_gone_stays(
    cluster: MockCluster, home: KafkaHome
):
    cluster.produce("t", [(b"a", nameless(1), 0)] * 5)
    home.ingest("t")
    cluster.delete_records("t", 0, 3)
    [again] = home.ingest("t", from_beginning=True)
    assert again.n_consumed == 2
    assert len(home.events("*")) == 5
    assert home.gaps() == [("t", 0, 0, 2, "before_reading", True)]
    home.invariants("t")


def test_read_once_more_for_another_user_the_newest_reading_counts(
    cluster: MockCluster, home: KafkaHome
):
    cluster.produce("t", [(None, nameless(n), 0) for n in range(3)])
    home.ingest("t=wrong")
    assert home.events("user_id") == [("wrong",)] * 3
    home.ingest("t=right", from_beginning=True)
    assert home.events("user_id") == [("right",)] * 3
    home.invariants("t")
    cluster.produce("t", [(None, nameless(3), 0)])
    home.ingest("t")
    assert home.events("user_id") == [("right",)] * 4
    home.ingest("t=third", from_beginning=True)
    assert home.events("user_id, reading") == [("third", 3)] * 4
    home.invariants("t")
