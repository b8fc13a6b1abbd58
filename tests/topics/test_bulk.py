"""Records read by columns are the events that they are when read one by one."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from journey_dagster.topics import bulk
from journey_dagster.topics.decode import decode
from journey_dagster.topics.files import Layout
from journey_dagster.topics.values import Event

JSON = Layout("json")
USUAL = {
    "user_id": "synthetic-1",
    "timestamp": "2026-01-01T10:00:00.123Z",
    "page": "/a",
    "event": "view",
    "session_id": "s",
    "event_id": "0123456789abcdef",
    "price": 1.5,
    "note": "",
}
PADDING = [json.dumps(USUAL | {"event_id": f"{n:032x}"}).encode() for n in range(60)]

times = st.one_of(
    st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
    st.sampled_from([
        "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z",
        "0000-01-01T00:00:00Z",
        "2026-01-01T00:00:00", "2026-01-01T00:00:00+02:00",
        "2026-01-01T00:00:00.1234567Z",
        "2026-01-01 00:00:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T25:00:00Z", "1767225600", "",
        "2026-01-01T00:00:00z", "202601011200",
    ]),
    st.integers(-1, 10**21),
    st.sampled_from(
        [1767225600, 1767225600000, 20260101120000, 10**8, 10**11 - 1, True, None, 1.5]
    ),
)  # fmt: skip
texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from([
        "", " ", "null", " None ", "NaN", "undefined", "unde\ufb01ned", "e\u0301", "\u00e9", "a\\b",
        'a"b', "a\tb", "http://x.org/1", "HTTPS://X.ORG", "https:/x",
        "\u2028", "\x7f", "true", "\x1cnull",
    ]),
)  # fmt: skip
scalars = st.one_of(
    texts, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)
)
records = st.fixed_dictionaries(
    {},
    optional={
        "user_id": st.one_of(texts, scalars),
        "anonymous_id": texts,
        "timestamp": times,
        "page": st.one_of(texts, scalars),
        "event": texts,
        "session_id": scalars,
        "event_id": st.one_of(texts, scalars),
        "message_id": texts,
        "url": texts,
        "event_name": texts,
        "sessionId": texts,
        "time": times,
        "title": texts,
        "price": scalars,
        "note": st.one_of(scalars, st.lists(scalars, max_size=2), st.just({"a": 1})),
    },
)


def _same_as_one_by_one(values: list[bytes], layout: Layout = JSON) -> int:
    """Checks every record that was read by columns; returns how many those were."""
    found = bulk.read(values, layout)
    if found is None:
        return 0
    singly = list(decode([(None, value) for value in values], layout))
    for row in found.iter_rows(named=True):
        event = singly[row.pop("row")]
        assert isinstance(event, Event)
        defaults = Event(0, "")._asdict()
        assert defaults | row == event._asdict()
    return len(found)


@settings(database=None, deadline=None, max_examples=300)
@given(st.lists(records, max_size=8), st.booleans())
@example([USUAL], False)
def test_any_record_is_the_same_event(given_: list[dict[str, Any]], spaced: bool) -> None:
    separators = (" , ", " : ") if spaced else (",", ":")
    values = [json.dumps(one, separators=separators).encode() for one in given_]
    raw = [json.dumps(one, ensure_ascii=False).encode() for one in given_]
    n_read = _same_as_one_by_one([*PADDING, *values, *raw])
    # Two spellings of one name leave all of them to the other way.
    assert n_read >= len(PADDING) or any("sessionId" in one for one in given_)


@pytest.mark.parametrize(
    "value",
    [
        b'{"user_id":"a","user_id":"b","timestamp":"2026-01-01T10:00:00Z","page":"/","event":"v"}',
        b'{"user_id":"a","user_id" :"b","timestamp":"2026-01-01T10:00:00Z","page":"/","event":"v"}',
        b'{"price":1,"price"\t:2,"user_id":"a","timestamp":"2026-01-01T10:00:00Z"}',
        b'{"price":NaN,"user_id":"a","timestamp":"2026-01-01T10:00:00Z"}',
        b'{"user_id":"\xff","timestamp":"2026-01-01T10:00:00Z"}',
        b'{"user_id":"a","timestamp":"2026-01-01T10:00:00Z","page":"' + b"x" * 2**20 + b'"}',
        b"[1]",
        b"",
    ],
)
def test_poison_is_left_to_the_other_way(value: bytes) -> None:
    values = [*PADDING, value]
    assert _same_as_one_by_one(values) == len(PADDING)
    found = bulk.read(values, JSON)
    assert found is not None
    assert len(PADDING) not in found["row"].to_list()


def test_usual_records_are_all_read_by_columns() -> None:
    whole_times = [json.dumps(USUAL | {"timestamp": 1767225600000 + n}).encode() for n in range(60)]
    assert _same_as_one_by_one(PADDING) == len(PADDING)
    assert _same_as_one_by_one(whole_times) == len(whole_times)


def test_a_mapping_holds_here_too() -> None:
    layout = Layout("json", mapping={"user_id": "who", "page": "where"})
    values = [
        json.dumps(
            {"who": f"u{n}", "timestamp": 1767225600, "where": "/x", "user_id": "no"}
        ).encode()
        for n in range(60)
    ]
    assert _same_as_one_by_one(values, layout) == len(values)


@pytest.mark.parametrize("layout", [Layout("ksql"), Layout("json", "Europe/Berlin")])
def test_other_shapes_and_clocks_are_read_one_by_one(layout: Layout) -> None:
    assert bulk.read(PADDING, layout) is None


def test_fields_that_differ_in_case_alone_are_left_to_the_other_way() -> None:
    values = [json.dumps(USUAL | {"X": "1", "x": "2"}).encode()] * 60
    assert bulk.read(values, JSON) is None


@pytest.mark.parametrize(
    ("usual", "other"),
    [("event_id", "message_id"), ("page", "url"), ("event", "event_name"), ("page", "page_url")],
)
def test_a_record_may_use_another_name_than_most(usual: str, other: str) -> None:
    renamed = {other if name == usual else name: value for name, value in USUAL.items()}
    both = USUAL | {other: "also"}
    values = [json.dumps(one).encode() for one in (USUAL, renamed, both)] * 40
    assert _same_as_one_by_one(values) == 80
