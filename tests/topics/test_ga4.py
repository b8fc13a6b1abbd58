"""A row of GA4's BigQuery export becomes one event, whichever way it left BigQuery."""

import csv
import dataclasses
import io
import itertools
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import topic_files
from hypothesis import given, settings
from hypothesis import strategies as st
from topic_files import LANDED_AT, Home, lines, micros, read

from journey_dagster.settings import Settings
from journey_dagster.topics import TopicError, ga4
from journey_dagster.topics.exports import ingest_file, layout_of
from journey_dagster.topics.files import Layout
from journey_dagster.topics.load import Receipt
from journey_dagster.topics.shapes import guess
from journey_dagster.topics.values import Event, Rejection

quick = settings(database=None, deadline=None, max_examples=100)

GA4 = Layout("ga4")
INTRADAY = Layout("ga4", is_provisional=True)
AT = micros("2026-03-01T10:00:00.123456+00:00")
NULLS = {"string_value": None, "int_value": None, "float_value": None, "double_value": None}


def param(key: str, value: object, *, nulls: bool = False) -> dict[str, Any]:
    """A key with its value as BigQuery's JSON has it: whole numbers as text."""
    match value:
        case str():
            typed: dict[str, Any] = {"string_value": value}
        case int():
            typed = {"int_value": str(value)}
        case _:
            typed = {"double_value": value}
    return {"key": key, "value": (NULLS if nulls else {}) | typed}


PARAMS: dict[str, object] = {
    "ga_session_id": 1772359200,
    "ga_session_number": 3,
    "session_engaged": "1",
    "engagement_time_msec": 1200,
    "page_location": "https://shop.example/a?b=1",
    "page_title": "A",
    "page_referrer": "https://search.example/",
    "ratio": 0.5,
}


def row(*, nulls: bool = False, params: object = PARAMS, **fields: object) -> dict[str, Any]:
    """A row as BigQuery's JSON has it."""
    if isinstance(params, dict):
        params = [param(key, value, nulls=nulls) for key, value in params.items()]
    return {
        "event_date": "20260301",
        "event_timestamp": str(AT),
        "event_name": "page_view",
        "event_params": params,
        "user_pseudo_id": "11.22",
        "stream_id": "77",
        "platform": "WEB",
    } | fields


def record(**fields: Any) -> bytes:
    return json.dumps(row(**fields)).encode()


def event(value: bytes, layout: Layout = GA4) -> Event:
    return topic_files.event(value, layout)


def reason(value: bytes, layout: Layout = GA4) -> str:
    return topic_files.reason(value, layout)


def properties(value: bytes, layout: Layout = GA4) -> dict[str, Any]:
    return json.loads(event(value, layout).properties)


def table(home: Home, name: str, *records: bytes, at: datetime = LANDED_AT) -> Receipt:
    """What `journey ingest file --format ga4` does."""
    path = home.file(name, lines(*records))
    with home.connect() as con:
        layout = layout_of(path, "ga4")
        return ingest_file(con, Settings(home=home.root), path, layout, at)


def test_a_row_is_an_event() -> None:
    value = record(
        user_id="u",
        device={"category": "desktop", "time_zone_offset_seconds": "-18000",
                "web_info": {"browser": "B", "hostname": "shop.example"}},
        geo={"country": "DE", "city": ""},
        traffic_source={"source": "s", "medium": None},
        user_properties=[param("plan", "pro"), param("seats", 5)],
        event_server_timestamp_offset="2500000",
        items=[],
    )  # fmt: skip
    found = event(value)
    assert found == Event(
        occurred_at=AT,
        fingerprint=found.fingerprint,
        user_id="u",
        anonymous_id="11.22",
        message_id=found.fingerprint,
        session_id="77:1772359200",
        received_at=AT + 2_500_000,
        event_name="page_view",
        url="https://shop.example/a?b=1",
        title="A",
        referrer="https://search.example/",
        publication="shop.example",
        properties=found.properties,
        day="77|20260301",
    )
    assert json.loads(found.properties) == {
        "device.category": "desktop",
        "device.time_zone_offset_seconds": -18000,
        "device.web_info.browser": "B",
        "engagement_time_msec": 1200,
        "event_server_timestamp_offset": 2_500_000,
        "ga_session_number": 3,
        "geo.country": "DE",
        "platform": "WEB",
        "ratio": 0.5,
        "session_engaged": 1,
        "stream_id": "77",
        "traffic_source.source": "s",
        "user_properties.plan": "pro",
        "user_properties.seats": 5,
    }


def test_nulls_may_be_there_or_not() -> None:
    there = record(nulls=True, user_id=None, app_info=None, batch_page_id=None, items=[])
    assert event(there) == event(record())


def test_integers_may_be_text_or_numbers() -> None:
    typed = [
        {"key": key, "value": {"int_value": value} if isinstance(value, int) else None}
        | ({} if isinstance(value, int) else param(key, value))
        for key, value in PARAMS.items()
    ]
    assert event(record(params=typed, event_timestamp=AT)) == event(record())


def test_escaped_signs_are_the_signs() -> None:
    value = record(params={"page_location": "https://x.org/?a=1&b=<c>"})
    escaped = value.replace(b"&", b"\\u0026").replace(b"<", b"\\u003c").replace(b">", b"\\u003e")
    assert escaped != value
    assert event(escaped) == event(value)


@pytest.mark.parametrize(
    ("names", "offset", "received_at"),
    [({}, None, None), ({}, "0", AT), ({}, -5, AT - 5), ({}, "1500000", AT + 1_500_000)],
)
def test_the_server_received_it_by_its_offset(
    names: dict[str, object], offset: object, received_at: int | None
) -> None:
    found = event(record(event_server_timestamp_offset=offset, **names))
    assert found.received_at == received_at


# ---- whose it is, and in which session ----------------------------------------------------------


def test_denied_consent_is_an_event_of_nobody() -> None:
    value = record(
        user_pseudo_id=None,
        params={"page_location": "https://x.org/"},
        privacy_info={"analytics_storage": "No", "uses_transient_token": "No"},
    )
    found = event(value)
    assert (found.user_id, found.anonymous_id, found.session_id) == (None, None, None)
    assert found.message_id is None
    assert found.noise_reason is None
    assert properties(value)["analytics_storage"] == "No"
    assert properties(value).keys() >= {"uses_transient_token", "platform"}


def test_equal_events_of_strangers_are_as_many_as_they_are(home: Home) -> None:
    nobody = record(user_pseudo_id=None)
    assert table(home, "a.json", nobody, nobody).n_kept == 2
    assert len(home.events()) == 2
    assert table(home, "b.json", nobody, nobody, record()).n_kept == 1


@pytest.mark.parametrize(
    ("fields", "session_id"),
    [
        ({}, "77:1772359200"),
        ({"user_pseudo_id": None, "user_id": "u"}, "77:1772359200"),
        ({"user_pseudo_id": None}, None),
        ({"stream_id": None}, ":1772359200"),
        ({"params": []}, None),
        ({"params": {"ga_session_id": "1772359200"}}, "77:1772359200"),
        ({"params": {"ga_session_id": "s-1"}}, "77:s-1"),
    ],
)
def test_a_session_is_of_one_stream_and_of_somebody(
    fields: dict[str, Any], session_id: str | None
) -> None:
    assert event(record(**fields)).session_id == session_id


@pytest.mark.parametrize("value", ["1", 1])
def test_engaged_is_one_thing(value: object) -> None:
    engaged = record(params=PARAMS | {"session_engaged": value})
    assert properties(engaged)["session_engaged"] == 1
    assert event(engaged) == event(record())


# ---- what it is a step of -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "noise_reason"),
    [
        *((name, "system_event") for name in sorted(ga4.SYSTEM_EVENTS)),
        ("page_view", None),
        ("purchase", None),
        ("screen_view", None),
        (None, None),
    ],
)
def test_system_events_are_no_steps(name: str | None, noise_reason: str | None) -> None:
    assert len(ga4.SYSTEM_EVENTS) == 4
    assert event(record(event_name=name)).noise_reason == noise_reason


SCREEN = {"firebase_screen": "Cart", "firebase_screen_class": "CartView"}


@pytest.mark.parametrize(
    ("params", "page", "url"),
    [
        ({"page_location": "https://x.org/a"}, None, "https://x.org/a"),
        (SCREEN, "Cart", None),
        ({"firebase_screen_class": "CartView"}, "CartView", None),
        (SCREEN | {"page_location": "https://x.org/a"}, None, "https://x.org/a"),
        ({}, None, None),
    ],
)
def test_a_page_is_an_address_or_a_screen(
    params: dict[str, object], page: str | None, url: str | None
) -> None:
    found = event(record(params=params))
    assert (found.page, found.url) == (page, url)


@pytest.mark.parametrize(
    ("fields", "publication"),
    [
        ({"device": {"web_info": {"hostname": "x.org"}}, "app_info": {"id": "org.x"}}, "x.org"),
        ({"device": {"web_info": None}, "app_info": {"id": "org.x"}}, "org.x"),
        ({"event_dimensions": {"hostname": "x.org"}}, "x.org"),
        ({}, None),
    ],
)
def test_it_belongs_to_a_host_or_an_app(fields: dict[str, Any], publication: str | None) -> None:
    assert event(record(**fields)).publication == publication


def test_a_parameter_stands_before_a_field_of_its_name() -> None:
    value = record(params={"platform": "p"}, event_value_in_usd=1.5)
    assert properties(value)["platform"] == "p"
    assert properties(value)["event_value_in_usd"] == 1.5


# ---- one event ----------------------------------------------------------------------------------

ONE = event(record()).fingerprint


@pytest.mark.parametrize(
    "fields",
    [
        {"traffic_source": {"source": "later"}},
        {"session_traffic_source_last_click": {"manual_campaign": {"source": "later"}}},
        {"collected_traffic_source": {"gclid": "later"}},
        {"event_bundle_sequence_id": "5"},
        {"event_server_timestamp_offset": "5"},
        {"event_date": "2026-03-01"},
        {"user_id": "u"},
        {"is_active_user": False},
        {"is_intraday": True},
        {"params": dict(reversed(PARAMS.items()))},
        {"event_params": {"list": [{"element": param(k, v)} for k, v in PARAMS.items()]}},
        {"params": [param(k, v) for k, v in PARAMS.items()] + [param("ratio", 0.5)]},
    ],
)
def test_these_do_not_make_another_event(fields: dict[str, Any]) -> None:
    assert event(record(**fields)).fingerprint == ONE


@pytest.mark.parametrize(
    "fields",
    [
        {"user_pseudo_id": "11.23"},
        {"user_pseudo_id": None},
        {"stream_id": "78"},
        {"event_name": "click"},
        {"event_timestamp": AT + 1},
        {"batch_page_id": "1"},
        {"batch_ordering_id": "1"},
        {"batch_event_index": "1"},
        {"params": PARAMS | {"link": "x"}},
        {"params": PARAMS | {"ratio": 0.6}},
        {"params": PARAMS | {"ratio": "0.5"}},
    ],
)
def test_these_make_another_event(fields: dict[str, Any]) -> None:
    assert event(record(**fields)).fingerprint != ONE


def test_users_without_a_device_are_told_apart() -> None:
    one, other = (event(record(user_pseudo_id=None, user_id=user)) for user in "ab")
    assert one.fingerprint != other.fingerprint


def test_a_repetition_is_one_event_within_a_file_too(home: Home) -> None:
    first = table(home, "a.json", record(), record(), record(event_timestamp=AT + 1))
    assert (first.n_accepted, first.n_kept, first.n_duplicates) == (3, 2, 1)
    assert table(home, "b.json", record()).n_kept == 0
    assert home.events("n_deliveries, is_id_conflict") == [("1", "false"), ("3", "false")]


def test_a_day_exported_again_counts_once_as_it_landed_first(home: Home) -> None:
    later = LANDED_AT + timedelta(days=1)
    table(home, "events_2.json", record(traffic_source={"source": "first"}))
    again = table(home, "events_1.json", record(traffic_source={"source": "second"}), at=later)
    assert (again.n_kept, again.n_duplicates) == (0, 1)
    assert home.events("properties ->> 'traffic_source.source'") == [("first",)]


# ---- the order of a moment ----------------------------------------------------------------------

Key = tuple[int | None, int | None, int | None, int | None]


def in_order(key: Key) -> tuple[int, ...]:
    """GA4's own order, with nulls first; the bundle counts where no batch is told."""
    page, ordering, index, bundle = key
    last = bundle if (page, ordering, index) == (None, None, None) else None
    lowest = -(2**70)
    return tuple(lowest if part is None else part for part in (page, ordering, index, last))


within = st.tuples(
    st.none() | st.integers(0, 2**42 - 2),
    st.none() | st.integers(0, 2**13 - 2),
    st.none() | st.integers(0, 2**8 - 2),
    st.none() | st.integers(-(2**62), 2**62 - 1),
)
any_number = st.none() | st.integers(0, 2**63 - 1) | st.sampled_from([2**42 - 1, 2**13 - 1, 255])
beyond = st.tuples(any_number, any_number, any_number, any_number)
few = st.tuples(*[st.none() | st.integers(0, 2)] * 4)


@quick
@given(st.lists(within | few, min_size=2, max_size=5))
def test_the_packed_order_is_the_order(keys: list[Key]) -> None:
    for one, other in itertools.pairwise(keys):
        packed, other_packed = ga4.tie_break(*one), ga4.tie_break(*other)
        if packed is None or other_packed is None:
            continue
        assert -(2**63) <= packed < 2**63
        assert (packed < other_packed) == (in_order(one) < in_order(other))


@quick
@given(beyond, beyond | within)
def test_beyond_its_limits_the_order_ties_and_never_turns(one: Key, other: Key) -> None:
    packed, other_packed = ga4.tie_break(*one), ga4.tie_break(*other)
    if packed is not None and other_packed is not None and in_order(one) < in_order(other):
        assert -(2**63) <= packed <= other_packed < 2**63


def test_no_batch_no_order() -> None:
    assert ga4.tie_break(None, None, None, None) is None
    assert event(record()).tie_break is None


@pytest.mark.parametrize("number", [-1, -(2**63)])
def test_a_negative_number_of_a_batch_is_none(number: int) -> None:
    assert ga4.tie_break(number, 1, 1, 1) == ga4.tie_break(None, 1, 1, 1)
    assert ga4.tie_break(number, None, None, 7) == ga4.tie_break(None, None, None, 7)


def test_events_of_a_batch_stand_in_its_order(home: Home) -> None:
    places = list(itertools.product(("1772359200000", "1772359200001"), "12", ("1", "10")))
    records = [
        record(
            batch_page_id=page, batch_ordering_id=request, batch_event_index=index,
            event_name=f"{n}",
        )
        for n, (page, request, index) in enumerate(places)
    ]  # fmt: skip
    table(home, "a.json", *records[::-2], *records[::2])
    home.events()
    with home.connect() as con:
        found = con.execute("select event_name from core.events order by tie_break").fetchall()
    assert found == [(f"{n}",) for n in range(8)]


# ---- days ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("date", ["20260301", "2026-03-01", 20260301])
def test_a_day_is_one_however_it_is_written(date: object) -> None:
    assert event(record(event_date=date)).day == "77|20260301"


@pytest.mark.parametrize(
    ("layout", "column", "expected"),
    [
        (GA4, None, False),
        (INTRADAY, None, True),
        (GA4, "True", True),
        (GA4, True, True),
        (GA4, "1", True),
        (GA4, "", False),
        (INTRADAY, "False", False),
    ],
)
def test_a_column_says_intraday_before_the_file_does(
    layout: Layout, column: object, *, expected: bool
) -> None:
    assert event(record(is_intraday=column), layout).is_provisional is expected


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("events_20260301.json", {}, False),
        ("events_intraday_20260301.json", {}, True),
        ("EVENTS_INTRADAY.json", {}, True),
        ("today.json", {"is_provisional": True}, True),
    ],
)
def test_a_file_says_intraday_by_its_name_or_by_option(
    home: Home, name: str, options: dict[str, Any], *, expected: bool
) -> None:
    path = home.file(name, record())
    assert layout_of(path, "ga4", **options).is_provisional is expected


PROVISIONAL = (record(event_name="early"), record(event_name="both"))
FINAL = (record(event_name="both", is_active_user=True), record(event_name="late"))
INTRADAY_NAME, FINAL_NAME = "events_intraday_20260301.json", "events_20260301.json"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["intraday first", "final first"])
def test_a_final_day_stands_for_the_whole_intraday_day(home: Home, order: tuple[int, int]) -> None:
    tables = [(INTRADAY_NAME, PROVISIONAL), (FINAL_NAME, FINAL)]
    receipts = {tables[at][0]: table(home, tables[at][0], *tables[at][1]) for at in order}
    assert home.events("event_name") == [("both",), ("late",)]
    assert home.events("n_deliveries") == [("1",), ("1",)]
    intraday = receipts[INTRADAY_NAME]
    assert (intraday.n_kept, intraday.n_superseded) == ((2, 0) if order == (0, 1) else (0, 2))
    assert receipts[FINAL_NAME].n_kept == 2


@pytest.mark.parametrize(
    "elsewhere",
    [{"event_date": "20260302"}, {"event_date": "20260228"}, {"stream_id": "78"}],
    ids=str,
)
def test_a_final_day_leaves_other_days_and_streams(home: Home, elsewhere: dict[str, str]) -> None:
    table(home, INTRADAY_NAME, *PROVISIONAL)
    table(home, FINAL_NAME, record(event_name="late", **elsewhere))
    assert home.events("event_name") == [("both",), ("early",), ("late",)]


def test_intraday_rows_count_until_then_and_once(home: Home) -> None:
    table(home, "events_intraday_20260301_a.json", *PROVISIONAL)
    again = table(home, "events_intraday_20260301_b.json", *PROVISIONAL, record(event_name="new"))
    assert again.n_kept == 1
    assert home.events("event_name") == [("both",), ("early",), ("new",)]


def test_intraday_rows_give_way_by_their_column(home: Home) -> None:
    table(home, "all.json", record(event_name="early", is_intraday="True"))
    assert home.events("event_name") == [("early",)]
    table(home, "more.json", record(event_name="late", is_intraday="False"))
    assert home.events("event_name") == [("late",)]


# ---- what is set aside --------------------------------------------------------------------------

POISON: dict[str, tuple[dict[str, Any], str]] = {
    "no time": ({"event_timestamp": None}, "missing_time"),
    "a time of words": ({"event_timestamp": "noon"}, "bad_time"),
    "a time without a zone": ({"event_timestamp": "2026-03-01 10:00:00"}, "naive_time"),
    "a time out of shape": ({"event_timestamp": "1.77E+15"}, "bad_time"),
    "no date": ({"event_date": None}, "missing_time"),
    "no such date": ({"event_date": "20260230"}, "bad_time"),
    "a week": ({"event_date": "2026-W01-1"}, "bad_time"),
    "a week in short": ({"event_date": "2026W011"}, "bad_time"),
    "an id that became a number": ({"user_pseudo_id": 11.22}, "bad_type"),
    "params as text": ({"params": "[]"}, "bad_type"),
    "params as an object": ({"event_params": {"element": {}}}, "bad_type"),
    "a param that is none": ({"params": [1]}, "bad_type"),
    "a param without a key": ({"params": [{"value": {"int_value": "1"}}]}, "bad_type"),
    "a param with a bare value": ({"params": [{"key": "a", "value": 1}]}, "bad_type"),
    "text that is a number": (
        {"params": [{"key": "a", "value": {"string_value": 1}}]}, "bad_type"
    ),
    "an int that is none": ({"params": [{"key": "a", "value": {"int_value": "x"}}]}, "bad_type"),
    "an int beyond 64 bits": (
        {"params": [{"key": "a", "value": {"int_value": "9223372036854775808"}}]}, "bad_type"
    ),
    "a float that is none": (
        {"params": [{"key": "a", "value": {"double_value": "x"}}]}, "bad_type"
    ),
    "a param of two values": (
        {"params": [param("a", 1), param("a", 2)]}, "duplicate_key"
    ),
    "a batch that is no number": ({"batch_page_id": "x"}, "bad_type"),
    "a bundle that is true": ({"event_bundle_sequence_id": True}, "bad_type"),
    "an offset beyond all times": ({"event_server_timestamp_offset": 2**62}, "bad_time"),
    "an offset before all times": ({"event_server_timestamp_offset": -(2**62)}, "bad_time"),
    "intraday, perhaps": ({"is_intraday": "maybe"}, "bad_type"),
    "a name that is a list": ({"event_name": []}, "bad_type"),
}  # fmt: skip


@pytest.mark.parametrize("name", POISON)
def test_poison_is_set_aside(name: str) -> None:
    fields, expected = POISON[name]
    assert reason(record(**fields)) == expected


def test_floats_that_are_no_numbers_are_text() -> None:
    value = record(params=[{"key": "a", "value": {"double_value": "NaN"}}])
    assert properties(value)["a"] == "NaN"


def test_the_largest_integers_are_exact() -> None:
    value = record(params={"a": 2**63 - 1, "b": -(2**63), "c": 2**53 + 1})
    found = properties(value)
    assert (found["a"], found["b"], found["c"]) == (2**63 - 1, -(2**63), 2**53 + 1)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
pair = st.fixed_dictionaries(
    {},
    optional={
        "key": st.sampled_from(["a", "ga_session_id", "page_location", "page_title"]) | anything,
        "value": st.dictionaries(st.sampled_from(sorted(NULLS)), anything) | anything,
        "element": anything,
    },
)
wild = st.dictionaries(
    st.sampled_from([*row(), "device", "items", "is_intraday", "user_id", "user_properties",
                     "batch_page_id", "event_bundle_sequence_id", "privacy_info", "param_a",
                     "event_server_timestamp_offset", "client_id", "date", "name"]),
    anything | st.lists(pair) | st.fixed_dictionaries({"list": st.lists(pair)}),
)  # fmt: skip


@quick
@given(wild)
def test_anything_is_an_event_or_has_a_reason(fields: dict[str, Any]) -> None:
    for base in ({}, row()):
        assert isinstance(read(json.dumps(base | fields).encode(), GA4), Event | Rejection)


@quick
@given(st.permutations(list(row(user_id="u", device={"a": 1}, batch_page_id="1").items())))
def test_the_order_of_keys_says_nothing(fields: list[tuple[str, Any]]) -> None:
    expected = event(record(user_id="u", device={"a": 1}, batch_page_id="1"))
    assert event(json.dumps(dict(fields)).encode()) == expected


# ---- parquet ------------------------------------------------------------------------------------

VALUE = pa.struct([
    ("string_value", pa.string()), ("int_value", pa.int64()),
    ("float_value", pa.float64()), ("double_value", pa.float64()),
])  # fmt: skip
PAIR = pa.struct([("key", pa.string()), ("value", VALUE)])
PLAIN = pa.list_(PAIR)
WRAPPED = pa.struct([("list", pa.list_(pa.struct([("element", PAIR)])))])
WEB = pa.struct([("hostname", pa.string())])
ITEM = pa.struct([("item_id", pa.string()), ("quantity", pa.int64()), ("item_params", PLAIN)])


def wrapped(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    return {"list": [{"element": one} for one in pairs]}


def as_parquet(path: Path, *, wrap: bool) -> Path:
    kind = WRAPPED if wrap else PLAIN
    pairs: list[dict[str, Any]] = [
        {"key": "ga_session_id", "value": {"int_value": 1772359200}},
        {"key": "page_location", "value": {"string_value": "https://x.org/"}},
        {"key": "ratio", "value": {"double_value": 0.5}},
    ]
    schema = pa.schema([
        ("event_date", pa.string()), ("event_timestamp", pa.int64()), ("event_name", pa.string()),
        ("event_params", kind), ("user_pseudo_id", pa.string()), ("stream_id", pa.string()),
        ("platform", pa.string()), ("user_properties", kind), ("batch_page_id", pa.int64()),
        ("device", pa.struct([("time_zone_offset_seconds", pa.int64()), ("web_info", WEB)])),
        ("items", pa.list_(ITEM)), ("user_id", pa.string()),
    ])  # fmt: skip
    users = [{"key": "plan", "value": {"int_value": 2}}]
    record = {
        "event_date": "20260301", "event_timestamp": AT, "event_name": "page_view",
        "event_params": wrapped(pairs) if wrap else pairs, "user_pseudo_id": "11.22",
        "stream_id": "77", "platform": "WEB", "batch_page_id": 1772359200000,
        "user_properties": wrapped(users) if wrap else users,
        "device": {"time_zone_offset_seconds": 3600, "web_info": {"hostname": "x.org"}},
        "items": [{"item_id": "i", "quantity": 2, "item_params": users}],
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([record], schema), path)
    return path


SAME_AS_JSON = record(
    params={"ga_session_id": 1772359200, "page_location": "https://x.org/", "ratio": 0.5},
    batch_page_id="1772359200000",
    user_properties=[param("plan", 2, nulls=True)],
    device={"time_zone_offset_seconds": "3600", "web_info": {"hostname": "x.org"}},
    items=[{"item_id": "i", "quantity": "2", "item_params": [param("plan", 2)]}],
)


@pytest.mark.parametrize("wrap", [False, True])
def test_parquet_is_the_same_event_as_json(home: Home, *, wrap: bool) -> None:
    path = as_parquet(home.root / "sources" / "a.parquet", wrap=wrap)
    layout = layout_of(path, "ga4")
    with home.connect() as con:
        receipt = ingest_file(con, Settings(home=home.root), path, layout, LANDED_AT)
    assert (receipt.n_accepted, receipt.n_kept) == (1, 1)
    before = home.events("event_id, properties, tie_break, source_session_id")
    assert table(home, "b.json", SAME_AS_JSON).n_kept == 0
    assert home.events("event_id, properties, tie_break, source_session_id") == before
    assert json.loads(before[0][1]) == properties(SAME_AS_JSON)


# ---- connectors ---------------------------------------------------------------------------------

FLAT = {
    "_fivetran_id": "f1", "_fivetran_synced": "2026-03-02 00:00:00", "name": "page_view",
    "timestamp": "2026-03-01 10:00:00.123456 UTC", "date": "2026-03-01", "stream_id": "77",
    "user_pseudo_id": "11.22", "user_id": "", "bundle_sequence_id": "9", "batch_event_index": "2",
    "device_category": "mobile", "device_web_info_hostname": "x.org", "geo_city": "Ulm",
    "privacy_info_analytics_storage": "Yes", "param_ga_session_id": "1772359200",
    "param_ga_session_number": "3.0", "param_session_engaged": "true", "param_campaign": "c",
    "param_page_location": "https://x.org/a", "is_intraday": "False",
}  # fmt: skip


def flat(header: dict[str, str] = FLAT, **cells: str) -> tuple[bytes, Layout]:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow((header | cells).values())
    names = tuple(header | cells)
    return line.getvalue().encode(), Layout("ga4", header=names, encoding="csv")


def test_the_columns_of_a_connector_are_the_fields() -> None:
    value, layout = flat()
    found = event(value, layout)
    assert found == Event(
        occurred_at=AT,
        fingerprint=found.fingerprint,
        anonymous_id="11.22",
        message_id=found.fingerprint,
        session_id="77:1772359200",
        event_name="page_view",
        url="https://x.org/a",
        publication="x.org",
        properties=found.properties,
        tie_break=3,
        day="77|20260301",
    )
    assert json.loads(found.properties) == {
        "analytics_storage": "Yes",
        "batch_event_index": 2,
        "campaign": "c",
        "device.category": "mobile",
        "event_bundle_sequence_id": 9,
        "ga_session_number": 3,
        "geo.city": "Ulm",
        "session_engaged": 1,
        "stream_id": "77",
    }


def test_how_a_connector_brought_it_says_nothing() -> None:
    again = event(*flat(_fivetran_id="f2", _fivetran_synced="2026-03-03 00:00:00", geo_city="Bonn"))
    assert again.fingerprint == event(*flat()).fingerprint
    assert event(*flat(param_campaign="d")).fingerprint != again.fingerprint


def test_an_empty_parameter_is_absent() -> None:
    assert event(*flat(param_medium="")) == event(*flat())


def test_a_clock_without_a_zone_is_refused_or_told() -> None:
    value, layout = flat(timestamp="2026-03-01 11:00:00.123456")
    assert reason(value, layout) == "naive_time"
    assert event(value, dataclasses.replace(layout, timezone="Europe/Berlin")).occurred_at == AT


def test_fields_may_have_the_names_of_models() -> None:
    fields = row()
    for name, alias in (("event_date", "event_date_dt"), ("user_pseudo_id", "client_id")):
        fields[alias] = fields.pop(name)
    assert event(json.dumps(fields).encode()) == event(record())


def test_a_flat_table_has_columns_for_parameters() -> None:
    fields = {name: value for name, value in row().items() if name != "event_params"}
    fields |= {"ga_session_id": "1772359200", "page_location": "https://x.org/a", "page_title": "A"}
    found = event(json.dumps(fields).encode())
    assert (found.session_id, found.url, found.title) == ("77:1772359200", "https://x.org/a", "A")
    other = event(json.dumps(fields | {"page_location": "https://x.org/b"}).encode())
    assert other.fingerprint != found.fingerprint


def test_a_csv_from_a_connector_is_taken(home: Home) -> None:
    value, layout = flat()
    header = ",".join(layout.header).encode()
    assert table(home, "flat.csv", header, value).n_kept == 1
    assert home.events("event_name, page, is_noise") == [("page_view", "/a", "false")]


def test_a_column_that_stands_twice_is_refused(home: Home) -> None:
    value, layout = flat()
    header = ",".join((*layout.header, "param_session_engaged")).encode()
    with pytest.raises(TopicError, match="'param_session_engaged' stands twice in the header"):
        table(home, "flat.csv", header, value + b",1")
    assert home.holds_nothing()


@pytest.mark.parametrize("name", ["event_params", "event_params.key", "event_params_key"])
def test_nested_records_are_no_csv(home: Home, name: str) -> None:
    header = f"event_date,event_timestamp,event_name,{name}".encode()
    with pytest.raises(TopicError, match="CSV cannot hold GA4's nested records"):
        table(home, "nested.csv", header, b"20260301,1,page_view,x")
    assert home.holds_nothing()


# ---- which shape it is --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "is_like"),
    [
        (row(), True),
        (FLAT, True),
        ({"event_timestamp": 1, "event_name": "a", "user_pseudo_id": "x"}, True),
        ({"event_timestamp": 1, "event_name": "a"}, False),
        ({"name": "a", "timestamp": 1, "user_id": "u"}, False),
        ({"user_id": "u", "timestamp": 1, "page": "/", "event": "e"}, False),
        ({"USERID": "u", "TIMESTAMP": 1}, False),
        ({"type": "page", "name": "a", "timestamp": 1, "messageId": "m"}, False),
        ({"event": "a", "properties": {}}, False),
        ({"event_type": "a", "event_time": 1, "event_properties": {}}, False),
        ({}, False),
    ],
)
def test_a_row_is_known_by_its_names(fields: dict[str, Any], *, is_like: bool) -> None:
    assert ga4.is_like(fields) is is_like
    assert (guess([fields]) == "ga4") is is_like


def test_another_format_is_told_that_it_is_this_one(home: Home) -> None:
    path = home.file("a.json", record())
    with pytest.raises(TopicError, match="looks like ga4, not json: --format ga4"):
        layout_of(path, "json")
