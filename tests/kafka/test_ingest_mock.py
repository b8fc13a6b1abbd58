"""Topics are read whole, once, and go on where they stand (against librdkafka's mock cluster).

Belongs here: what a run makes of what a topic holds. Does not belong here: brokers that lose
records or fail (`test_ingest_losses`, `test_ingest_faults`).
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from homes_kafka import KafkaHome, ksql, nameless, plain, segment, views
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mock_cluster import MockCluster, Record

from journey_dagster.topics import kafka
from journey_dagster.topics.broker import look

COMPLETE = ("complete", 0)


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    with MockCluster() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, cluster: MockCluster) -> KafkaHome:
    return KafkaHome(tmp_path / "home", cluster.bootstrap)


def fill(cluster: MockCluster, topic: str, records: list, partitions: int = 1) -> None:
    cluster.topic(topic, partitions)
    cluster.produce(topic, records)


def test_many_topics_and_partitions_are_read_at_once_and_once(
    cluster: MockCluster, home: KafkaHome
):
    names = ["a", "b", "c"]
    for name in names:
        fill(cluster, name, [one for n in range(4) for one in views(range(5), name, n)], 4)
    assert home.consumed(*names) == [20, 20, 20]
    home.invariants(*names)
    segments = home.segments()
    assert [one[3:] for one in segments] == [(0, 4)] * 12
    assert home.consumed(*names) == [0, 0, 0]
    assert home.segments() == segments
    assert {state[2:] for state in home.states()} == {COMPLETE}


def test_what_comes_later_is_read_by_the_next_run(cluster: MockCluster, home: KafkaHome):
    fill(cluster, "t", views(range(3), "a", 0), 2)
    [first] = home.ingest("t")
    cluster.produce("t", views(range(3, 5), "a", 0) + views(range(2), "b", 1))
    [second] = home.ingest("t")
    assert (first.n_consumed, first.n_kept) == (3, 3)
    assert (second.n_consumed, second.n_kept, second.n_duplicates) == (4, 4, 0)
    home.invariants("t")
    assert len(home.events("*")) == 7


def test_a_topic_larger_than_memory_lands_in_many_segments(
    cluster: MockCluster, home: KafkaHome, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(kafka, "RECORDS", 10)
    monkeypatch.setattr(kafka, "_AT_ONCE", 4)
    fill(cluster, "t", views(range(50), "a", 0) + views(range(30), "b", 1), 2)
    told: list[tuple[int, int]] = []
    home.ingest("t", progress=lambda done, whole: told.append((done, whole)))
    assert len(home.segments()) >= 8
    assert told == sorted(told)
    assert told[-1] == (80, 80)
    home.invariants("t")


def test_a_topic_bound_to_a_user_gives_them_what_names_nobody(
    cluster: MockCluster, home: KafkaHome
):
    fill(cluster, "mine", [(None, nameless(n), 0) for n in range(3)] + views([9], "other"))
    home.ingest("mine=user:1")
    assert home.events("user_id") == [("other",), *[("user:1",)] * 3]
    home.invariants("mine")


def test_the_binding_holds_for_what_a_later_run_reads_without_it(
    cluster: MockCluster, home: KafkaHome
):
    fill(cluster, "mine", [(None, nameless(1), 0)])
    home.ingest("mine=user-1")
    cluster.produce("mine", [(None, nameless(2), 0)])
    home.ingest("mine")
    assert home.events("user_id") == [("user-1",)] * 2


def test_a_key_names_the_user_where_the_record_does_not(cluster: MockCluster, home: KafkaHome):
    fill(cluster, "keyed", [(user, nameless(n), 0) for n in range(2) for user in ("a", "b")])
    home.ingest("keyed")
    assert home.events("user_id") == [("a",), ("a",), ("b",), ("b",)]
    home.invariants("keyed")


def test_who_is_named_nowhere_is_nobody_and_no_shared_user(cluster: MockCluster, home: KafkaHome):
    keys = [None, b"", b"null", b"None", b"undefined"]
    fill(cluster, "t", [(key, nameless(n), 0) for n, key in enumerate(keys)])
    [receipt] = home.ingest("t")
    assert receipt.n_kept == 5
    assert home.events("user_id, user_key") == [(None, None)] * 5
    home.invariants("t")


def test_a_key_that_says_another_user_is_set_aside(cluster: MockCluster, home: KafkaHome):
    fill(cluster, "t", [("b", ksql("a", 1), 0), (b"\xff", nameless(1), 0)])
    [receipt] = home.ingest("t")
    assert receipt.quarantined == {"bad_encoding": 1, "identity_conflict": 1}
    home.invariants("t")


def test_users_are_told_apart_by_id_alone(cluster: MockCluster, home: KafkaHome):
    fill(cluster, "one", [(None, ksql("u1", 1, USERNAME="Robin"), 0)])
    twin = [(None, ksql("u1", 2, USERNAME="Rob"), 0), (None, ksql("u2", 1, USERNAME="Robin"), 0)]
    fill(cluster, "two", twin)
    home.ingest("one", "two")
    assert home.events("user_id, user_name, topic") == [
        ("u1", "Rob", "two"),
        ("u1", "Robin", "one"),
        ("u2", "Robin", "two"),
    ]


def test_an_event_in_two_topics_is_one_event(cluster: MockCluster, home: KafkaHome):
    for topic in ("one", "two"):
        fill(cluster, topic, views(range(3)))
    home.ingest("one")
    [second] = home.ingest("two")
    assert (second.n_consumed, second.n_kept, second.n_duplicates) == (3, 0, 3)
    assert home.events("n_deliveries") == [(2,)] * 3
    home.invariants("one", "two")


SHAPES = {"ksql": ksql, "segment": segment, "json": plain}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_shape_is_told_by_the_first_records_and_kept(
    cluster: MockCluster, home: KafkaHome, shape: str
):
    make: Callable[[str, object], bytes] = SHAPES[shape]
    fill(cluster, "t", [(None, b"poison", 0), (None, make("a", 1), 0), (None, make("a", 2), 0)])
    [first] = home.ingest("t")
    assert (first.n_kept, first.quarantined) == (2, {"bad_json": 1})
    others = [other for name, other in SHAPES.items() if name != shape]
    cluster.produce("t", [(None, other("b", 1), 0) for other in others])
    cluster.produce("t", [(None, make("a", 3), 0)])
    home.ingest("t")
    assert set(home.rows("select source from raw.records")) == {(shape,)}
    assert home.rows("select count(*) from raw.records where user_id = 'a'") == [(3,)]
    home.invariants("t")


def test_a_stated_shape_goes_before_the_one_told(cluster: MockCluster, home: KafkaHome):
    fill(cluster, "t", [(None, ksql("a", 1), 0)])
    [receipt] = home.ingest("t:segment")
    assert receipt.n_kept == 0
    assert receipt.n_quarantined == 1
    cluster.produce("t", [(None, segment("a", 2), 0)])
    assert home.ingest("t")[0].n_kept == 1


def test_tombstones_are_counted_and_no_error(cluster: MockCluster, home: KafkaHome):
    fill(cluster, "t", [("a", ksql("a", 1), 0), ("a", None, 0), ("b", None, 0), ("b", b"", 0)])
    [receipt] = home.ingest("t")
    assert (receipt.n_consumed, receipt.n_kept, receipt.n_tombstones) == (4, 1, 2)
    assert receipt.n_quarantined == 1, "an empty value is no tombstone"
    home.invariants("t")


POISON = {
    b"{": "bad_json",
    b"\xff\xfe": "bad_encoding",
    b"[1]": "not_object",
    b"null": "not_object",
    b'{"TIMESTAMP": NaN}': "bad_json",
    b'{"USERID": "a", "USERID": "b"}': "duplicate_key",
    b"[" * 5000: "too_deep",
    b"\x00": "bad_json",
}


def test_poison_is_kept_with_its_bytes_and_costs_no_other(cluster: MockCluster, home: KafkaHome):
    poison = [(b"\x00\xff", value, 0) for value in POISON]
    fill(cluster, "t", [*views(range(2)), *poison, *views(range(2, 4))])
    [receipt] = home.ingest("t")
    assert (receipt.n_kept, receipt.n_quarantined) == (4, len(POISON))
    found = home.rows("select value, key, reason from meta.quarantine")
    assert found == sorted((value, b"\x00\xff", why) for value, why in POISON.items())
    home.invariants("t")


def test_keys_headers_and_the_brokers_clock_are_kept(cluster: MockCluster, home: KafkaHome):
    headers = [("h", b"1"), ("h", None), ("\u00e9", b"\xff")]
    at = 1_767_225_600_123
    fill(cluster, "t", [Record(b"k", ksql(None, 1), 0, headers, at), (None, ksql("b", 2), 0)])
    home.ingest("t")
    kept = home.landed()["t", 1, 0, 0]
    assert (kept.key, kept.headers, kept.at) == (b"k", tuple(headers), at)
    assert home.events("epoch_ms(received_at)")[0] == (at,)
    home.invariants("t")


def test_an_empty_topic_is_complete(cluster: MockCluster, home: KafkaHome):
    cluster.topic("t", 2)
    assert home.consumed("t") == [0]
    assert home.states() == [("t", 0, *COMPLETE), ("t", 1, *COMPLETE)]
    home.invariants("t")
    cluster.produce("t", views([1], partition=1))
    assert home.consumed("t") == [1]


def test_what_ends_with_a_marker_is_read_to_its_end(cluster: MockCluster, home: KafkaHome):
    cluster.topic("t", 2)
    cluster.transaction("t", views(range(3)))
    cluster.transaction("t", views(range(3, 5)))
    assert home.consumed("t") == [5]
    assert home.segments() == [("t", 1, 0, 0, 6)]
    assert home.states()[0] == ("t", 0, *COMPLETE)
    home.invariants("t")
    assert home.consumed("t") == [0]
    assert len(home.segments()) == 1
    cluster.transaction("t", views([5]))
    assert home.consumed("t") == [1]
    home.invariants("t")


@pytest.mark.parametrize("name", [".hidden", "..", "._", "t" * 249, "A.b_c-D"], ids=str)
def test_a_topic_of_any_name_is_read(cluster: MockCluster, home: KafkaHome, name: str):
    if name == "..":
        name = "...three"  # Kafka itself takes neither one dot nor two
    fill(cluster, name, views(range(3)))
    assert home.consumed(name) == [3]
    assert home.consumed(name) == [0]
    assert home.states() == [(name, 0, *COMPLETE)]
    home.invariants(name)


def test_a_topic_still_written_to_is_read_to_where_it_was(
    cluster: MockCluster, home: KafkaHome, monkeypatch: pytest.MonkeyPatch
):
    fill(cluster, "t", views(range(5)))
    looked = threading.Event()
    written = threading.Event()

    def write() -> None:
        assert looked.wait(10)
        for n in range(5, 15):
            cluster.produce("t", views([n]))
        written.set()

    def look_and_wait(*args: object) -> list:
        found = look(*args)
        looked.set()
        assert written.wait(10)
        return found

    monkeypatch.setattr(kafka.broker, "look", look_and_wait)
    writer = threading.Thread(target=write)
    writer.start()
    assert home.consumed("t") == [5]
    writer.join()
    assert home.states() == [("t", 0, "still replaying", 10)]
    home.invariants("t")
    assert home.consumed("t") == [10]
    assert home.states() == [("t", 0, *COMPLETE)]
    home.invariants("t")


RECORDS = st.one_of(
    st.builds(ksql, st.sampled_from(["a", "b"]), st.integers(0, 9)),
    st.builds(nameless, st.integers(0, 3)),
    st.sampled_from([None, *POISON]),
    st.binary(max_size=20),
)
PARTS = st.lists(
    st.lists(
        st.tuples(st.sampled_from([None, b"a", b"b"]), RECORDS, st.integers(0, 2)), max_size=9
    ),
    min_size=1,
    max_size=3,
)


@given(parts=PARTS)
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_however_a_topic_is_split_into_runs_its_events_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[tuple]]
):
    said = "user_id, page, message_id, n_deliveries, noise_reason"
    root = tmp_path_factory.mktemp("split")
    with MockCluster() as cluster:
        cluster.topic("t", 3)
        in_runs = KafkaHome(root / "runs", cluster.bootstrap)
        for part in parts:
            cluster.produce("t", part)
            assert in_runs.consumed("t:ksql") == [len(part)]
        in_runs.invariants("t")
        at_once = KafkaHome(root / "once", cluster.bootstrap)
        assert at_once.consumed("t:ksql") == [sum(map(len, parts))]
        assert in_runs.events(said) == at_once.events(said)
        quarantine = "select reason, key, value from meta.quarantine"
        assert in_runs.rows(quarantine) == at_once.rows(quarantine)
