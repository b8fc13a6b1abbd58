"""An export of Mixpanel is read as its documents say, and its local times are found out."""

import dataclasses
import gzip
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from topic_files import Home, event, lines, micros, read, reason

from journey_dagster.topics import TopicError, mixpanel
from journey_dagster.topics.exports import layout_of
from journey_dagster.topics.files import Layout, split
from journey_dagster.topics.shapes import watch
from journey_dagster.topics.values import Event, Rejection

quick = settings(database=None, deadline=None, max_examples=100)

RAW = Layout("mixpanel")
PACIFIC = Layout("mixpanel", "America/Los_Angeles")
TIME = 1_704_784_217
AT = micros("2024-01-09T07:10:17Z")
PIPELINE = ("event_name", "time", "distinct_id", "insert_id", "device_id", "user_id", "properties")


def said(name: str = "view", **properties: object) -> dict[str, object]:
    return {"event": name, "properties": {"time": TIME, "distinct_id": "robin"} | properties}


def export(name: str = "view", **properties: object) -> bytes:
    return json.dumps(said(name, **properties)).encode()


def mixed(**properties: object) -> dict[str, object]:
    """Properties whose names begin with a dollar, written without it."""
    return {f"${name}": value for name, value in properties.items()}


def pipeline(**columns: object) -> bytes:
    row = {"event_name": "view", "time": "2024-01-09 07:10:17 UTC", "distinct_id": "robin"}
    return json.dumps(row | columns).encode()


def table(*header: str) -> Layout:
    return Layout("mixpanel", "UTC", header=header, encoding="csv")


# ---- fields -------------------------------------------------------------------------------------

FULL = export(
    "Article Read",
    **mixed(
        insert_id="i-1",
        device_id="d-1",
        user_id="robin",
        current_url="https://example.org/news/1?utm_source=x",
        referrer="https://example.com/",
        mp_api_timestamp_ms=1_704_784_233_500,
        browser="Chrome",
    ),
    mp_processing_time_ms=1_704_784_234_000,
    current_page_title="News",
    utm_source="x",
    cart={"items": [1, 2]},
)
READ = Event(
    occurred_at=AT,
    fingerprint="",
    user_id="robin",
    anonymous_id="d-1",
    message_id="i-1",
    received_at=micros("2024-01-09T07:10:33.500Z"),
    event_name="Article Read",
    url="https://example.org/news/1?utm_source=x",
    title="News",
    referrer="https://example.com/",
    properties='{"$browser":"Chrome","cart":{"items":[1,2]},"current_page_title":"News","utm_source":"x"}',
    revision=1_704_784_234_000,
)


def test_a_raw_event() -> None:
    assert event(FULL, RAW)._replace(fingerprint="") == READ


def test_a_pipeline_row_is_the_same_event() -> None:
    columns = {
        "event_name": "Article Read",
        "insert_id": "i-1",
        "device_id": "d-1",
        "user_id": "robin",
        "mp_reserved_current_url": READ.url,
        "mp_reserved_referrer": READ.referrer,
        "mp_processing_time_ms": 1_704_784_234_000,
    }
    inner = {"$mp_api_timestamp_ms": 1_704_784_233_500, "current_page_title": "News"}
    rest = {"$browser": "Chrome", "utm_source": "x", "cart": {"items": [1, 2]}}
    expected = READ._replace(fingerprint=event(FULL, RAW).fingerprint)
    for properties in (inner | rest, json.dumps(inner | rest)):
        assert event(pipeline(**columns, properties=properties), RAW) == expected


@pytest.mark.parametrize(
    "header",
    [
        ("Event", "Time", "Distinct ID", "Insert ID", "Current URL"),
        ("event", "time", "distinct_id", "$insert_id", "$current_url"),
        ("Event Name", "TIME", "Distinct Id", "insert_id", "current_url"),
        ("name", "time", "distinct_id", "insert_id", "current_url"),
    ],
)
def test_a_table_however_its_columns_are_spelled(header: tuple[str, ...]) -> None:
    row = b"view,2024-01-09 07:10:17,robin,i-1,https://x.org/a"
    found = event(row, table(*header))
    same = event(export(**mixed(insert_id="i-1", current_url="https://x.org/a")), RAW)
    assert found == same
    assert found.url == "https://x.org/a"


def test_of_two_columns_of_one_meaning_the_exports_own_spelling_counts() -> None:
    row = b'view,"2024-01-09 07:10:17",robin,other,i-1'
    found = event(row, table("event", "time", "distinct_id", "insert_id", "$insert_id"))
    assert (found.message_id, found.properties) == ("i-1", '{"insert_id":"other"}')


def test_a_connectors_table() -> None:
    header = ("_line", "name", "time", "distinct_id", "properties", "insert_id", "os", "device_id")
    row = b'7,plays,1704784217,noor,"{""user_id"": ""9"", ""title"": ""T""}",i-1,iOS,'
    found = event(row, table(*header))
    assert (found.event_name, found.user_id, found.anonymous_id) == ("plays", "noor", None)
    assert (found.title, found.message_id) == ("T", "i-1")
    # A property user_id is the customer's own and names nobody.
    assert found.properties == '{"_line":"7","os":"iOS","title":"T","user_id":"9"}'


@pytest.mark.parametrize(
    ("properties", "why"),
    [('"{x"', "bad_json"), ('"[1]"', "not_object"), ('"{""a"":1,""a"":2}"', "duplicate_key")],
)
def test_a_cell_of_properties_is_read_strictly(properties: str, why: str) -> None:
    row = f"view,1704784217,robin,{properties}".encode()
    assert reason(row, table("event", "time", "distinct_id", "properties")) == why


PAGES: list[tuple[dict[str, object], str | None, str | None]] = [
    ({"$current_url": "https://x.org/a", "current_url_path": "/b"}, None, "https://x.org/a"),
    ({"current_url_path": "/b", "page": "c"}, "/b", None),
    ({"page": "Home"}, "Home", None),
    ({"mp_page": "https://x.org/a"}, None, "https://x.org/a"),
    ({"page": 3}, None, None),
    ({"page": {"x": 1}}, None, None),
    ({"$screen_name": "Start"}, "Start", None),
    ({}, None, None),
]


@pytest.mark.parametrize(("properties", "page", "url"), PAGES)
def test_the_page(properties: dict[str, object], page: str | None, url: str | None) -> None:
    found = event(export(**properties), RAW)
    assert (found.page, found.url) == (page, url)


def test_a_direct_visit_has_no_referrer() -> None:
    assert event(export(**mixed(referrer="$direct")), RAW).referrer is None


def test_there_is_no_session_id() -> None:
    assert event(export(session_id="s", **mixed(insert_id="i")), RAW).session_id is None


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (b'{"event":"x"}', "missing_time"),
        (b'{"event":"x","properties":{}}', "missing_time"),
        (b'{"event":"x","properties":[]}', "bad_type"),
        (b'{"event":{},"properties":{"time":1704784217}}', "bad_type"),
        (export(time="soon"), "bad_time"),
        (export(time=True), "bad_time"),
        (export(distinct_id=[1]), "bad_type"),
        (export(mp_processing_time_ms="x"), "bad_time"),
        (export(mp_processing_time_ms=[]), "bad_time"),
        (export(mp_processing_time_ms=2**64), "bad_time"),
        (export(**mixed(current_url=["x"])), "bad_type"),
        (export("$merge", **mixed(distinct_ids=["a"])), "bad_type"),
        (export("$merge", **mixed(distinct_ids=["a", "b", "c"])), "bad_type"),
    ],
)
def test_what_is_no_event(record: bytes, why: str) -> None:
    assert reason(record, RAW) == why


# ---- time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (1_704_784_217, "2024-01-09T07:10:17Z"),
        (1_704_784_217.602, "2024-01-09T07:10:17.602Z"),
        (1_704_784_217_602, "2024-01-09T07:10:17.602Z"),
        (99_999_999_999, "5138-11-16T09:46:39Z"),
        (100_000_000_000, "1973-03-03T09:46:40Z"),
        ("1704784217", "2024-01-09T07:10:17Z"),
        ("2024-01-09T07:10:17.602", "2024-01-09T07:10:17.602Z"),
        ("2024-01-09 07:10:17 UTC", "2024-01-09T07:10:17Z"),
        ("2024-01-09T09:10:17+02:00", "2024-01-09T07:10:17Z"),
    ],
)
def test_seconds_with_a_fraction_milliseconds_and_text(written: object, expected: str) -> None:
    assert event(export(time=written), RAW).occurred_at == micros(expected)


LOCAL = [
    ("2024-01-09T07:10:17", "2024-01-09T15:10:17Z"),
    ("2024-07-09T07:10:17", "2024-07-09T14:10:17Z"),
    ("2024-03-10T01:59:59", "2024-03-10T09:59:59Z"),
    ("2024-03-10T03:00:00", "2024-03-10T10:00:00Z"),
    ("2024-11-03T00:59:59", "2024-11-03T07:59:59Z"),
    ("2024-11-03T02:00:00", "2024-11-03T10:00:00Z"),
]


@pytest.mark.parametrize(("wall", "expected"), LOCAL)
def test_a_projects_local_times_are_set_right_by_its_zone(wall: str, expected: str) -> None:
    as_if = micros(f"{wall}Z")
    ways = [as_if // 10**6, as_if // 10**3, wall, f"{wall}Z", f"{wall} UTC", f"{wall}+00:00"]
    for written in ways:
        assert event(export(time=written), PACIFIC).occurred_at == micros(expected)


def test_a_time_that_states_another_offset_is_believed() -> None:
    for layout in (RAW, PACIFIC):
        found = event(export(time="2024-01-09T12:40:17+05:30"), layout)
        assert found.occurred_at == AT


def test_times_of_receipt_are_utc_whatever_the_zone_of_the_project() -> None:
    assert event(FULL, PACIFIC).received_at == READ.received_at


def test_the_time_of_processing_stands_in_for_that_of_receipt() -> None:
    assert event(export(mp_processing_time_ms=1_704_784_217_000), RAW).received_at == AT
    # A scrubbed value tells the order of deliveries and no time.
    found = event(export(mp_processing_time_ms="406572"), RAW)
    assert (found.received_at, found.revision) == (None, 406_572)


def test_a_table_states_no_zone() -> None:
    naive = dataclasses.replace(table("event", "time", "distinct_id"), timezone=None)
    assert reason(b"view,2024-01-09 07:10:17,robin", naive) == "naive_time"
    assert event(b"view,1704784217,robin", naive).occurred_at == AT


# ---- who ----------------------------------------------------------------------------------------

WHO: list[tuple[dict[str, object], tuple[str | None, str | None, str | None]]] = [
    ({"distinct_id": "robin"}, ("robin", None, None)),
    ({"distinct_id": "$device:d-1"}, (None, "d-1", None)),
    ({"distinct_id": "$device:d-1", "$device_id": "d-1"}, (None, "d-1", None)),
    ({"distinct_id": "$device:d-1", "$device_id": "d-2"}, (None, "d-2", "anonymous:d-1")),
    ({"distinct_id": "d-1", "$device_id": "d-1"}, (None, "d-1", None)),
    ({"distinct_id": "robin", "$device_id": "d-1"}, ("robin", "d-1", None)),
    ({"distinct_id": "robin", "$user_id": "robin", "$device_id": "d"}, ("robin", "d", None)),
    ({"distinct_id": "d", "$user_id": "robin", "$device_id": "d"}, ("robin", "d", None)),
    ({"distinct_id": "first", "$user_id": "robin", "$device_id": "d"},
     ("robin", "d", "user:first")),
    ({"distinct_id": "$device:e", "$user_id": "robin", "$device_id": "d"},
     ("robin", "d", "anonymous:e")),
    ({"distinct_id": "", "$device_id": "d"}, (None, "d", None)),
    ({"distinct_id": "undefined"}, (None, None, None)),
    ({"distinct_id": 42}, ("42", None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("properties", "expected"), WHO)
def test_whose_an_event_is(
    properties: dict[str, object], expected: tuple[str | None, str | None, str | None]
) -> None:
    found = event(export(**properties), RAW)
    assert (found.user_id, found.anonymous_id, found.same_as) == expected
    assert found.noise_reason is None


EVIDENCE: list[tuple[str, dict[str, object], tuple[str | None, str | None, str | None]]] = [
    ("$identify", {"$identified_id": "robin", "$anon_id": "d-1"},
     ("robin", None, "anonymous:d-1")),
    ("$identify", {"$identified_id": "robin", "$anon_id": "$device:d-1", "$device_id": "d-1"},
     ("robin", "d-1", "anonymous:d-1")),
    ("$create_alias", {"distinct_id": "$device:d-1", "alias": "robin"},
     (None, "d-1", "user:robin")),
    ("$create_alias", {"distinct_id": "old", "alias": "robin"}, ("old", None, "user:robin")),
    ("$merge", {"$distinct_ids": ["robin", "robin-2"]}, ("robin", None, "user:robin-2")),
    ("$merge", {"$distinct_ids": '["$device:d-1","robin"]'}, (None, "d-1", "user:robin")),
    ("$merge", {"$distinct_ids": ["robin", "$device:d-1"]}, ("robin", None, "anonymous:d-1")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "properties", "expected"), EVIDENCE)
def test_events_that_say_who_is_who_are_evidence_and_no_steps(
    name: str,
    properties: dict[str, object],
    expected: tuple[str | None, str | None, str | None],
) -> None:
    found = event(export(name, **({"distinct_id": "robin"} | properties)), RAW)
    assert (found.user_id, found.anonymous_id, found.same_as) == expected
    assert found.noise_reason == "identity_event"


@pytest.mark.parametrize("name", ["Session Start", "Session End", "$session_start", "$session_end"])
def test_virtual_events_are_no_steps(name: str) -> None:
    assert event(export(name), RAW).noise_reason == "system_event"


# ---- one event ----------------------------------------------------------------------------------


def key(layout: Layout = RAW, name: str = "view", **properties: object) -> tuple[object, ...]:
    found = event(export(name, **({"$insert_id": "i"} | properties)), layout)
    return found.fingerprint, found.message_id


def test_four_fields_make_an_event_one() -> None:
    same = key(mp_processing_time_ms=1, page="other")
    assert same == key()
    for other in (
        key(name="other"),
        key(distinct_id="noor"),
        key(time=TIME + 1),
        key(**mixed(insert_id="j")),
    ):
        assert other != key()


def test_with_dedup_by_day_the_calendar_day_of_the_project_counts() -> None:
    for zone in (None, "America/Los_Angeles"):
        by_day = Layout("mixpanel", zone, dedup="day")
        midnight = micros("2024-01-09T00:00:00Z") // 10**6
        of_day = {key(by_day, time=midnight + s) for s in (0, 3600, 86_399)}
        assert len(of_day) == 1
        assert not of_day & {key(by_day, time=midnight - 1), key(by_day, time=midnight + 86_400)}


def test_an_event_without_insert_id_is_all_it_says_but_its_delivery() -> None:
    first = event(export(mp_processing_time_ms=1, a=1), RAW)
    again = event(
        export(mp_processing_time_ms=2, a=1, **mixed(mp_api_timestamp_ms=1_704_784_233_500)), RAW
    )
    assert first.message_id is None
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != event(export(a=2), RAW).fingerprint
    assert first.fingerprint != event(export("other", a=1), RAW).fingerprint


def test_the_delivery_that_was_processed_last_counts(home: Home) -> None:
    ids = mixed(insert_id="i")
    old = export(mp_processing_time_ms=1_704_784_230_000, page="old", **ids)
    new = export(mp_processing_time_ms=1_704_784_240_000, page="new", **ids)
    home.take("b.json", lines(new, old), "mixpanel")
    home.take("c.json", lines(old, new, export()), "mixpanel")
    found = home.events("event_name, page, n_deliveries, message_id")
    assert found == [("view", "(unknown)", "1", None), ("view", "new", "4", "i")]


def test_events_without_insert_id_do_not_take_part(home: Home) -> None:
    content = lines(export(), export())
    home.take("a.json", content, "mixpanel")
    home.take("b.json", content + lines(export(page="x")), "mixpanel")
    assert len(home.events()) == 3


# ---- local times found out ----------------------------------------------------------------------

MONTHS = [datetime(2022, month, 15, tzinfo=UTC) for month in range(1, 13)]


def received(
    days: Iterable[datetime],
    zone: str = "UTC",
    lags: Iterable[float] = (1, 2, 3, 5, 8, 30),
    field: str = "$mp_api_timestamp_ms",
    **more: object,
) -> Iterator[bytes]:
    """Events of a project that writes wall time as if in UTC, received so many seconds later."""
    for day in days:
        for n in range(24):
            for lag in lags:
                at = day + timedelta(hours=n, seconds=lag * 7)
                wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC)
                said_at = {field: int((at + timedelta(seconds=lag)).timestamp() * 1000)}
                yield export(time=wall.timestamp(), **(said_at | more))


def refusal(records: Iterable[bytes], layout: Layout = RAW) -> str | None:
    try:
        list(watch(Path("export.json"), iter(records), layout))
    except TopicError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("America/Los_Angeles", "7 hours after they say|8 hours after they say"),
        ("America/New_York", "5 hours after"),
        ("America/St_Johns", "3.5 hours after"),
        ("Europe/Berlin", "1 hours before they say"),
        ("Asia/Kolkata", "5.5 hours before"),
        ("Asia/Kathmandu", "5.75 hours before"),
        ("Australia/Sydney", "11 hours before"),
    ],
)
@pytest.mark.parametrize("field", ["$mp_api_timestamp_ms", "mp_processing_time_ms"])
def test_local_times_are_refused_with_their_zone(zone: str, told: str, field: str) -> None:
    refused = refusal(received(MONTHS, zone, field=field))
    assert refused
    assert any(part in refused for part in told.split("|"))
    assert f"--timezone {zone}" in refused
    assert "--timezone UTC" in refused


def test_a_summer_alone_names_the_offset_and_the_zones_it_may_be() -> None:
    refused = refusal(received(MONTHS[6:8], "America/Los_Angeles"))
    assert refused
    assert "7 hours after" in refused
    assert "UTC-07:00: --timezone America/Los_Angeles (or " in refused


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Europe/Berlin"])
def test_with_a_zone_stated_nothing_is_refused(zone: str) -> None:
    records = list(received(MONTHS, "America/Los_Angeles"))
    assert refusal(records, Layout("mixpanel", zone)) is None


NO_CLOCKS: dict[str, tuple[float, ...]] = {
    "at once": (0.5, 1, 2, 3, 16),
    "clocks ahead": (-40, -5, 0, 1, 2),
    "a constant delay": (1300, 1301, 1303, 1310),
    "a constant delay of a quarter": (900, 901, 902, 904),
    "a constant delay of half an hour": (1800, 1801, 1802, 1804),
    "a nightly batch": tuple(range(7200, 7200 + 86_400, 3600)),
    "days late": (3 * 86_400, 3 * 86_400 + 1, 3 * 86_400 + 2),
}


@pytest.mark.parametrize("kind", NO_CLOCKS)
def test_delays_that_are_no_clock_are_taken(kind: str) -> None:
    assert refusal(received(MONTHS, lags=NO_CLOCKS[kind])) is None


@pytest.mark.parametrize("flag", [True, "true", 1])
def test_a_backfill_tells_nothing(flag: object) -> None:
    lags = (7200, 7201, 7202)
    assert refusal(received(MONTHS, lags=lags)) is not None
    assert refusal(received(MONTHS, lags=lags, **mixed(**{"import": flag}))) is None


def test_an_outage_of_some_days_tells_nothing() -> None:
    late = received(MONTHS[:4], lags=(7200, 7201, 7202))
    assert refusal([*late, *received(MONTHS[4:])]) is None


def test_a_handful_of_events_tells_nothing() -> None:
    assert refusal(list(received(MONTHS[:1], "America/Los_Angeles"))[:9]) is None


def test_few_events_a_day_tell_together() -> None:
    days = [datetime(2022, 6, day, tzinfo=UTC) for day in range(1, 29)]
    few = [record for day in days for record in list(received([day], "America/New_York"))[:2]]
    assert "UTC-04:00: --timezone America/New_York" in (refusal(few) or "")


def test_a_table_is_watched_too() -> None:
    header = ("event", "time", "distinct_id", "mp_processing_time_ms")
    layout = Layout("mixpanel", header=header, encoding="csv")
    rows = []
    for record in received(MONTHS, "America/Chicago", field="mp_processing_time_ms"):
        inner = json.loads(record)["properties"]
        wall = datetime.fromtimestamp(inner["time"], UTC).strftime("%Y-%m-%d %H:%M:%S")
        rows.append(f"view,{wall},robin,{inner['mp_processing_time_ms']}".encode())
    assert "--timezone America/Chicago" in (refusal(rows, layout) or "")


def test_local_times_leave_nothing_behind_until_their_zone_is_stated(home: Home) -> None:
    records = list(received(MONTHS, "America/Los_Angeles"))
    path = home.file("a.json", lines(*records))
    with pytest.raises(TopicError, match="--timezone America/Los_Angeles"):
        home.ingest(path, "mixpanel")
    assert home.holds_nothing()
    home.ingest(path, "mixpanel", "America/Los_Angeles")
    late = "select max(received_at - occurred_at) < interval 1 minute from raw.records"
    assert home.rows(late) == [("true",)]


# ---- the file as a whole ------------------------------------------------------------------------

ABORTED = [
    b"terminated early\n",
    b"terminated early",
    lines(export(), b"terminated early"),
    lines(export()) + b"terminated early",
    lines(export(), export())[:-20],
    lines(export()) + b"{",
    lines(export()) + b'{"event":"x","properties":{"time":12',
    lines(export()) + b'{"event":"x","properties":{"time":12.',
    lines(export()) + '{"event":"ü'.encode()[:-1],
    lines(export()) + export()[:-1],
]


@pytest.mark.parametrize("content", ABORTED)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_an_export_that_ended_early_is_refused(
    home: Home, content: bytes, pack: type[bytes], zone: str | None
) -> None:
    with pytest.raises(TopicError, match=r"incomplete: .* Nothing was loaded; fetch it again"):
        home.ingest(home.file("a.json", pack(content)), "mixpanel", zone)
    assert home.holds_nothing()


def test_a_whole_export_cut_anywhere_in_its_last_line_is_refused() -> None:
    whole = lines(export(), FULL)
    for cut in range(len(lines(export())) + 1, len(whole) - 1):
        assert "incomplete" in (refusal(whole[:cut].split(b"\n")) or "")


def test_a_bad_record_costs_no_other() -> None:
    assert refusal([export(), b'{"event":', b"x", b'{"event":"x"}', export()]) is None
    assert refusal([export(), b'{"event":"x","event":"y"}']) is None


@pytest.mark.parametrize(
    ("header", "missing"),
    [
        ("Event,When,Distinct ID", "'time'"),
        ("what,time,distinct_id", "'event'"),
        ("Event,Time,User", "'distinct_id'"),
        ("a,b,c", "'event' and no 'time' and no 'distinct_id'"),
    ],
)
def test_a_table_without_a_needed_column_is_refused(home: Home, header: str, missing: str) -> None:
    with pytest.raises(TopicError, match=f"has no column {missing}, however it is spelled"):
        home.take("a.csv", f"{header}\nx,1704784217,y\n".encode(), "mixpanel")
    assert home.holds_nothing()


# ---- told from others ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (said(), True),
        (dict.fromkeys(PIPELINE), True),
        (dict.fromkeys(("Event", "Time", "Distinct ID")), True),
        (dict.fromkeys(("name", "time", "distinct_id", "_fivetran_id")), True),
        ({"event": "x", "properties": {}, "messageId": "m", "timestamp": "t"}, False),
        ({"event": "x", "properties": {}}, False),
        ({"event": {"user_id": 1}, "metadata": {}}, False),
        (dict.fromkeys(("uuid", "event", "properties", "timestamp", "distinct_id")), False),
        (dict.fromkeys(("user_id", "timestamp", "page", "event")), False),
        (dict.fromkeys(("event_type", "event_time", "amplitude_id", "user_id")), False),
        ({}, False),
    ],
)
def test_what_is_like_it(fields: dict[str, object], expected: bool) -> None:
    assert mixpanel.is_like(fields) == expected


def test_an_export_under_another_name_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "a"
    source.write_bytes(lines(export()))
    with pytest.raises(TopicError, match="looks like mixpanel, not ksql"):
        layout_of(source, "ksql")
    assert list(split(source, layout_of(source, "mixpanel"))) == [export()]


# ---- properties ---------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)
keys = st.sampled_from(
    ["time", "distinct_id", "$insert_id", "$user_id", "$device_id", "$mp_api_timestamp_ms",
     "mp_processing_time_ms", "$current_url", "$referrer", "page", "alias", "$distinct_ids",
     "$anon_id", "$identified_id", "$import", "x"]
)  # fmt: skip
event_names = st.sampled_from(["view", "$identify", "$create_alias", "$merge", "Session Start"])


@given(
    event_names | json_values,
    st.dictionaries(keys, json_values) | json_values,
    st.dictionaries(st.sampled_from([*PIPELINE, "event", "name", "$insert_id"]), json_values),
    st.sampled_from([RAW, PACIFIC, dataclasses.replace(RAW, dedup="day")]),
)
@quick
def test_anything_is_an_event_or_has_a_reason(
    name: object, properties: object, row: dict[str, object], layout: Layout
) -> None:
    for record in (
        {"event": name, "properties": properties},
        row,
        row | {"properties": properties},
    ):
        try:
            value = json.dumps(record, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            continue
        outcome = read(value, layout)
        assert isinstance(outcome, Event | Rejection)
        if isinstance(outcome, Event):
            assert abs(outcome.revision or 0) < 2**63
            assert abs(outcome.occurred_at) < 2**63
        list(mixpanel.watch(Path("x"), iter([value, export()]), layout))


@given(st.permutations(list(json.loads(FULL)["properties"].items())), st.booleans())
@quick
def test_the_order_of_keys_is_nothing(pairs: list[tuple[str, object]], is_turned: bool) -> None:
    record: dict[str, object] = {"event": "Article Read", "properties": dict(pairs)}
    if is_turned:
        record = dict(reversed(record.items()))
    assert event(json.dumps(record).encode(), RAW) == event(FULL, RAW)


@given(st.permutations(["Event", "event_name", "name", "time", "Time", "distinct_id", "insert_id"]))
@quick
def test_the_order_of_columns_is_nothing(header: list[str]) -> None:
    values = {"event_name": "view", "time": str(TIME), "distinct_id": "robin", "insert_id": "i"}
    row = ",".join(values.get(name, "other") for name in header).encode()
    found = event(row, table(*header))
    assert found == event(
        json.dumps(values | {"Event": "other", "name": "other", "Time": "other"}).encode(), RAW
    )
    assert (found.event_name, found.occurred_at, found.message_id) == ("view", AT, "i")
