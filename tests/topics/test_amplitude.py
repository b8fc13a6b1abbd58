"""An export of Amplitude is read as its documents and its real rows say."""

import dataclasses
import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from topic_files import Home, event, lines, micros, read, reason

from journey_dagster.topics import TopicError, amplitude
from journey_dagster.topics.exports import layout_of
from journey_dagster.topics.files import Layout
from journey_dagster.topics.values import Event, Rejection

quick = settings(database=None, deadline=None, max_examples=100)

RAW = Layout("amplitude")
AT = micros("2025-02-05T22:57:31.078Z")
STARTED = 1_738_796_200_000


def said(**fields: object) -> dict[str, object]:
    return {
        "event_type": "Page Viewed",
        "event_time": "2025-02-05 22:57:31.078000",
        "amplitude_id": 1001,
        "device_id": "d-1",
    } | fields


def export(**fields: object) -> bytes:
    return json.dumps(said(**fields)).encode()


def merge(**fields: object) -> bytes:
    ids: dict[str, object] = {
        "scope": 77,
        "merge_time": 1_738_796_251_078,
        "merge_server_time": "2025-02-05 22:57:40.000000",
        "amplitude_id": 1001,
        "merged_amplitude_id": 1002,
    }
    return json.dumps(ids | fields).encode()


def table(*header: str) -> Layout:
    return Layout("amplitude", header=header, encoding="csv")


def zipped(**members: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return archive.getvalue()


# ---- fields -------------------------------------------------------------------------------------

FULL: dict[str, object] = {
    "$insert_id": "i-1",
    "user_id": "robin",
    "session_id": STARTED,
    "event_id": 12,
    "server_upload_time": "2025-02-05 22:57:35.500000",
    "event_properties": {
        "[Amplitude] Page URL": "https://example.org/a?x=1",
        "[Amplitude] Page Title": "A",
        "referrer": "https://example.com/",
        "cart": {"items": [1, 2]},
    },
    "user_properties": {"Cohort": "A"},
    "groups": {"org": ["x"]},
    "group_properties": {},
    "city": None,
    "country": "Norway",
}
READ = Event(
    occurred_at=AT,
    fingerprint="",
    user_id="robin",
    anonymous_id="d-1",
    message_id="i-1",
    session_id=f"d-1:{STARTED}",
    received_at=micros("2025-02-05T22:57:35.500Z"),
    event_name="Page Viewed",
    url="https://example.org/a?x=1",
    title="A",
    referrer="https://example.com/",
    tie_break=12,
    same_as="anonymous:1001",
)


def test_an_exported_event() -> None:
    found = event(export(**FULL), RAW)
    assert found._replace(fingerprint="", properties="{}") == READ
    assert json.loads(found.properties) == {
        "amplitude_id": 1001,
        "country": "Norway",
        "event_id": 12,
        "event_properties": FULL["event_properties"],
        "groups": {"org": ["x"]},
        "user_properties": {"Cohort": "A"},
    }


def test_a_connectors_row_is_the_same_event() -> None:
    values = {
        "device_id": "\td-1",
        "_fivetran_synced": "2025-03-01T00:00:00",
        "_insert_id": " i-1",
        "amplitude_id": "\t 1001",
        "event_type": "Page Viewed",
        "event_time": " 2025-02-05T22:57:31.078",
        "server_upload_time": "2025-02-05T22:57:35.5",
        "session_id": f"\t{STARTED}",
        "user_id": "robin ",
        "schema": "12",
        "event_properties": json.dumps(FULL["event_properties"]).replace('"', '""'),
        "user_properties": "{}",
    }
    row = ",".join(f'"{value}"' for value in values.values()).encode()
    found = event(row, table(*values))
    same = event(export(**FULL), RAW)
    expected = same._replace(tie_break=None, properties=found.properties)
    assert found == expected
    assert json.loads(found.properties) == {
        "$schema": "12",
        "_fivetran_synced": "2025-03-01T00:00:00",
        "amplitude_id": "1001",
        "event_properties": FULL["event_properties"],
    }


@pytest.mark.parametrize(
    ("cell", "why"),
    [('"{x"', "bad_json"), ('"[1]"', "not_object"), ('"{""a"":1,""a"":2}"', "duplicate_key")],
)
@pytest.mark.parametrize("field", ["event_properties", "user_properties", "groups", "data"])
def test_objects_in_cells_are_read_strictly(field: str, cell: str, why: str) -> None:
    row = f"view,2025-02-05 22:57:31,{cell}".encode()
    assert reason(row, table("event_type", "event_time", field)) == why


PAGES: list[tuple[dict[str, object], str | None, str | None]] = [
    ({"[Amplitude] Page URL": "https://x.org/a", "page": "b"}, None, "https://x.org/a"),
    ({"[Amplitude] Page Location": "https://x.org/a"}, None, "https://x.org/a"),
    ({"page_url": "https://x.org/a"}, None, "https://x.org/a"),
    ({"url": "https://x.org/a"}, None, "https://x.org/a"),
    ({"[Amplitude] Page Path": "/a", "page": "b"}, "/a", None),
    ({"page": "b"}, "b", None),
    ({"page": 3, "url": ["x"]}, None, None),
    ({}, None, None),
]


@pytest.mark.parametrize(("properties", "page", "url"), PAGES)
def test_the_page(properties: dict[str, object], page: str | None, url: str | None) -> None:
    found = event(export(event_properties=properties), RAW)
    assert (found.page, found.url) == (page, url)


def test_an_empty_referrer_is_none() -> None:
    assert event(export(event_properties={"referrer": "EMPTY"}), RAW).referrer is None


@pytest.mark.parametrize(
    "name",
    [
        "session_start", "session_end", "[Amplitude] Start Session", "[Amplitude] End Session",
        "$identify",
    ],
)  # fmt: skip
def test_system_events_are_no_steps(name: str) -> None:
    assert event(export(event_type=name), RAW).noise_reason == "system_event"


@pytest.mark.parametrize("name", ["Page Viewed", "session", "[Amplitude] Page Viewed", "Watch"])
def test_other_events_are_steps(name: str) -> None:
    assert event(export(event_type=name), RAW).noise_reason is None


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"event_time": None}, "missing_time"),
        ({"event_time": "soon"}, "bad_time"),
        ({"server_upload_time": "soon"}, "bad_time"),
        ({"user_id": ["x"]}, "bad_type"),
        ({"amplitude_id": 1.5}, "bad_type"),
        ({"session_id": "x"}, "bad_type"),
        ({"session_id": {}}, "bad_type"),
        ({"event_properties": [1]}, "bad_type"),
        ({"user_properties": "x"}, "bad_json"),
        ({"event_type": {}}, "bad_type"),
    ],
)
def test_what_is_no_event(fields: dict[str, object], why: str) -> None:
    assert reason(export(**fields), RAW) == why


# ---- time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2025-02-05 22:57:31.078000", "2025-02-05T22:57:31.078Z"),
        ("2025-02-05T22:57:31.078", "2025-02-05T22:57:31.078Z"),
        ("2025-02-05 22:57:31.078123", "2025-02-05T22:57:31.078123Z"),
        ("2025-02-05T22:57:31Z", "2025-02-05T22:57:31Z"),
        ("2025-02-05T23:57:31+01:00", "2025-02-05T22:57:31Z"),
    ],
)
def test_times_without_a_zone_are_utc(written: str, expected: str) -> None:
    assert event(export(event_time=written), RAW).occurred_at == micros(expected)


@pytest.mark.parametrize(
    ("received", "sent", "expected"),
    [
        ("2025-02-05 12:10:00", "2025-02-05 12:00:00", "2025-02-05T10:10:00Z"),
        ("2025-02-05 11:50:00", "2025-02-05 12:00:00", "2025-02-05T09:50:00Z"),
        ("2025-02-05 12:01:00", "2025-02-05 12:00:00", "2025-02-05T10:01:00Z"),
        ("2025-02-05 12:00:59.999", "2025-02-05 12:00:00", "2025-02-05T10:00:00Z"),
        ("2025-02-05 11:59:01", "2025-02-05 12:00:00", "2025-02-05T10:00:00Z"),
        (None, "2025-02-05 12:00:00", "2025-02-05T10:00:00Z"),
        ("2025-02-05 12:10:00", None, "2025-02-05T10:00:00Z"),
    ],
)
def test_a_clients_clock_is_set_right_when_it_is_off_by_a_minute(
    received: str | None, sent: str | None, expected: str
) -> None:
    clocks = {
        "client_event_time": "2025-02-05 10:00:00",
        "client_upload_time": sent,
        "server_received_time": received,
    }
    assert event(export(event_time=None, **clocks), RAW).occurred_at == micros(expected)
    assert event(export(**clocks), RAW).occurred_at == AT


def test_it_was_received_when_it_was_uploaded() -> None:
    times = {
        "server_received_time": "2025-02-06 00:00:00",
        "server_upload_time": "2025-02-06 00:00:05",
        "processed_time": "2025-02-06 00:00:09",
    }
    assert event(export(**times), RAW).received_at == micros("2025-02-06T00:00:05Z")
    assert event(export(), RAW).received_at is None


def test_the_devices_count_orders_one_moment() -> None:
    assert event(export(event_id=7), RAW).tie_break == 7
    for other in (None, "7", 2**63, True, 1.5):
        assert event(export(event_id=other), RAW).tie_break is None


# ---- sessions and persons -----------------------------------------------------------------------


@pytest.mark.parametrize("none", [-1, "-1", None, "", 0])
def test_out_of_session_is_no_session(none: object) -> None:
    assert event(export(session_id=none), RAW).session_id is None


def test_one_start_on_two_devices_is_two_sessions() -> None:
    one, other = (
        event(export(session_id=STARTED, device_id=device), RAW).session_id for device in "ab"
    )
    assert (one, other) == (f"a:{STARTED}", f"b:{STARTED}")
    alone = event(export(session_id=str(STARTED), device_id=None, amplitude_id=5), RAW)
    assert alone.session_id == f"5:{STARTED}"
    user = event(export(session_id=STARTED, device_id="", amplitude_id=None, user_id="robin"), RAW)
    assert user.session_id == f"robin:{STARTED}"


WHO: list[tuple[dict[str, object], tuple[str | None, str | None, str | None]]] = [
    ({}, (None, "d-1", None)),
    ({"user_id": "robin"}, ("robin", "d-1", "anonymous:1001")),
    ({"device_id": None}, (None, "1001", None)),
    ({"device_id": "", "user_id": "robin"}, ("robin", "1001", "anonymous:1001")),
    ({"amplitude_id": None, "user_id": "robin"}, ("robin", "d-1", None)),
    ({"user_id": "null"}, (None, "d-1", None)),
    ({"amplitude_id": None, "device_id": None}, (None, None, None)),
]


@pytest.mark.parametrize(("fields", "expected"), WHO)
def test_whose_an_event_is(
    fields: dict[str, object], expected: tuple[str | None, str | None, str | None]
) -> None:
    found = event(export(**fields), RAW)
    assert (found.user_id, found.anonymous_id, found.same_as) == expected


def test_merged_ids_are_evidence_and_no_steps() -> None:
    found = event(merge(), RAW)
    assert (found.user_id, found.anonymous_id, found.same_as) == (None, "1001", "anonymous:1002")
    assert found.noise_reason == "identity_event"
    assert found.occurred_at == AT
    assert found.received_at == micros("2025-02-05T22:57:40Z")
    assert event(merge(merge_time=None), RAW).occurred_at == found.received_at
    assert event(merge(merge_server_time=None, scope=1), RAW).fingerprint == found.fingerprint
    assert reason(merge(merge_time=None, merge_server_time=None), RAW) == "missing_time"


# ---- one event ----------------------------------------------------------------------------------


def key(**fields: object) -> tuple[object, ...]:
    found = event(export(**({"$insert_id": "i", "uuid": "u"} | fields)), RAW)
    return found.fingerprint, found.message_id


def test_insert_id_and_device_make_an_event_one() -> None:
    assert key() == key(event_type="x", uuid="v", event_time="2025-02-06 00:00:00", user_id="u")
    assert key() != key(device_id="d-2")
    assert key() != key(**{"$insert_id": "j"})


@pytest.mark.parametrize("none", [None, "", "null", "undefined"])
def test_without_insert_id_the_uuid_does(none: object) -> None:
    without = {"$insert_id": none}
    assert key(**without)[1] == "u"
    assert key(**without) == key(**without, device_id="d-2", event_type="x")
    assert key(**without) != key(**without, uuid="v")


def test_without_any_id_all_that_it_says_but_its_delivery_does() -> None:
    times = {
        "client_upload_time": "2025-02-06 00:00:00",
        "server_received_time": "2025-02-06 00:00:01",
        "server_upload_time": "2025-02-06 00:00:02",
        "processed_time": "2025-02-06 00:00:03",
    }
    first, again = event(export(), RAW), event(export(**times), RAW)
    assert first.message_id is None
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != event(export(city="Oslo"), RAW).fingerprint


def test_deliveries_are_one_event_for_seven_days(home: Home) -> None:
    fields = {"$insert_id": "i"}
    home.take("a.json", lines(export(**fields)), "amplitude")
    home.take("b.json", lines(export(**fields), export(**fields, city="Oslo")), "amplitude")
    assert home.events("n_deliveries, message_id") == [("3", "i")]
    week_later = export(**fields, event_time="2025-02-13 22:57:31.078000")
    home.take("c.json", lines(week_later), "amplitude")
    other_device = export(**fields, device_id="d-2")
    home.take("d.json", lines(other_device), "amplitude")
    assert home.events("n_deliveries") == [("1",), ("1",), ("3",)]


# ---- archives -----------------------------------------------------------------------------------


def test_an_export_as_it_is_downloaded(home: Home) -> None:
    content = zipped(**{
        "77/77_2025-02-05_9#1.json.gz": gzip.compress(lines(export(**{"$insert_id": "a"}))),
        "77/77_2025-02-05_10#1.json.gz": gzip.compress(lines(export(**{"$insert_id": "b"}))),
        "77/-9_2025-02-05_9.json.gz": gzip.compress(lines(merge())),
        "77/complete": b"done",
    })  # fmt: skip
    receipt = home.take("export.zip", content, "amplitude")
    assert (receipt.n_consumed, receipt.n_accepted) == (3, 3)
    assert home.events("message_id, noise_reason") == [
        ("a", None),
        ("b", None),
        (None, "identity_event"),
    ]
    again = lines(export(**{"$insert_id": "a"}), export(**{"$insert_id": "b"}))
    assert home.take("later#1.json", again, "amplitude").n_kept == 0


def test_a_merge_ties_amplitude_ids_together(home: Home) -> None:
    known = export(user_id="robin", amplitude_id=1002)
    unknown = export(device_id=None, amplitude_id=1001)
    home.take("a.json", lines(known, unknown, merge()), "amplitude")
    ids = "select anonymous_id, user_id, same_as from raw.records"
    assert home.rows(ids) == [
        ("1001", None, "anonymous:1002"),
        ("1001", None, None),
        ("d-1", "robin", "anonymous:1002"),
    ]


# ---- told from others ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (said(), True),
        (json.loads(merge()), True),
        (dict.fromkeys(("_insert_id", "event_type", "amplitude_id", "schema")), True),
        (dict.fromkeys(("$insert_id", "event_type", "server_upload_time")), True),
        (dict.fromkeys(("user_id", "timestamp", "page", "event_type")), False),
        ({"event": "x", "properties": {"distinct_id": "y"}}, False),
        (dict.fromkeys(("event_name", "time", "distinct_id", "insert_id")), False),
        ({}, False),
    ],
)
def test_what_is_like_it(fields: dict[str, object], expected: bool) -> None:
    assert amplitude.is_like(fields) == expected


def test_an_export_under_another_name_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "a"
    for content in (lines(export()), zipped(x=gzip.compress(lines(merge(), export())))):
        source.write_bytes(content)
        with pytest.raises(TopicError, match="looks like amplitude, not mixpanel"):
            layout_of(source, "mixpanel")
        assert layout_of(source, "amplitude") == RAW


# ---- properties ---------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)
keys = st.sampled_from([*said(), *FULL, *json.loads(merge()), "_insert_id", "uuid", "data"])


@given(st.dictionaries(keys, json_values), st.booleans())
@quick
def test_anything_is_an_event_or_has_a_reason(fields: dict[str, object], is_whole: bool) -> None:
    try:
        value = json.dumps(said(**fields) if is_whole else fields, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    for layout in (RAW, dataclasses.replace(RAW, timezone="America/St_Johns")):
        outcome = read(value, layout)
        assert isinstance(outcome, Event | Rejection)


@given(st.permutations(list(said(**FULL).items())))
@quick
def test_the_order_of_keys_is_nothing(pairs: list[tuple[str, object]]) -> None:
    assert event(json.dumps(dict(pairs)).encode(), RAW) == event(export(**FULL), RAW)
    without = [(name, value) for name, value in pairs if name != "$insert_id"]
    first = event(json.dumps(dict(without)).encode(), RAW)
    assert first == event(json.dumps(dict(sorted(without))).encode(), RAW)
