"""A file under the wrong --format is refused, and told the right one."""

import json

import pytest
from topic_files import AT, HEADER, Home, csv_file, ksql, lines

from journey_dagster.topics import TopicError
from journey_dagster.topics.exports import layout_of
from journey_dagster.topics.shapes import SHAPES, guess
from journey_dagster.topics.snowplow import COLUMNS

MIXPANEL = {
    "event": "Page View",
    "properties": {
        "time": 1772359200,
        "distinct_id": "$device:d-1",
        "$insert_id": "i-1",
        "$device_id": "d-1",
        "mp_processing_time_ms": 1772359201000,
        "$current_url": "https://x.org/a",
    },
}
AMPLITUDE = {
    "$insert_id": "i-1",
    "amplitude_id": 1,
    "app": 1,
    "client_event_time": "2026-03-01 10:00:00.000000",
    "client_upload_time": "2026-03-01 10:00:01.000000",
    "device_id": "d-1",
    "event_id": 1,
    "event_properties": {},
    "event_time": "2026-03-01 10:00:00.000000",
    "event_type": "Page View",
    "server_received_time": "2026-03-01 10:00:01.000000",
    "server_upload_time": "2026-03-01 10:00:02.000000",
    "session_id": 1772359200000,
    "user_id": None,
    "user_properties": {},
    "uuid": "0b1f7f4e-6f1f-4a4e-9d0a-1c2d3e4f5a6b",
}
GA4 = {
    "event_date": "20260301",
    "event_timestamp": "1772359200000000",
    "event_name": "page_view",
    "event_params": [
        {"key": "ga_session_id", "value": {"int_value": "1772359200"}},
        {"key": "page_location", "value": {"string_value": "https://x.org/a"}},
    ],
    "user_pseudo_id": "1.2",
    "stream_id": "3",
    "platform": "WEB",
}
SEGMENT = {
    "messageId": "m-1",
    "type": "page",
    "anonymousId": "d-1",
    "properties": {"url": "https://x.org/a"},
    "timestamp": "2026-03-01T10:00:00Z",
    "receivedAt": "2026-03-01T10:00:01Z",
}
SNOWPLOW = {
    "app_id": "magazine",
    "collector_tstamp": "2026-03-01 10:00:00.000",
    "event": "page_view",
    "event_id": "e-1",
    "derived_tstamp": "2026-03-01 10:00:00.000",
}
PLAIN = dict(zip(HEADER, ("u", AT, "/a", "view"), strict=True))

FILES = {
    "ksql": lines(ksql(USERID="u", MESSAGEID="m", URL="https://x.org/a")),
    "json": lines(json.dumps(PLAIN).encode()),
    "csv": csv_file(",".join(PLAIN.values())),
    "mixpanel": lines(json.dumps(MIXPANEL).encode()),
    "amplitude": lines(json.dumps(AMPLITUDE).encode()),
    "ga4": lines(json.dumps(GA4).encode()),
    "segment": lines(json.dumps(SEGMENT).encode()),
    "snowplow": lines("\t".join(SNOWPLOW.get(name, "") for name in COLUMNS).encode()),
}
"""A small export of every shape."""

TABLES = {
    "amplitude": tuple(AMPLITUDE),
    "segment": ("id", "anonymous_id", "user_id", "received_at", "sent_at", "timestamp", "url"),
    "snowplow": COLUMNS,
}
"""The names of the columns where a shape comes as a table with a header, too."""

GOLDEN = {
    "ksql": {"USERID": "u", "MESSAGEID": "m", "TIMESTAMP": AT},
    "json": PLAIN,
    "mixpanel": MIXPANEL,
    "amplitude": AMPLITUDE,
    "ga4": GA4,
    "segment": SEGMENT,
    "snowplow": SNOWPLOW,
}

READ = {name for name, shape in SHAPES.items() if shape.reader is not SHAPES["json"].reader}
"""Shapes that have names of their own; those of json and csv are the same."""


def test_every_shape_has_an_export_here() -> None:
    assert SHAPES.keys() <= FILES.keys()


@pytest.mark.parametrize("format_", sorted(READ))
def test_a_record_is_like_its_own_shape_and_no_other(format_: str) -> None:
    alike = {name for name, shape in SHAPES.items() if shape.is_like(GOLDEN[format_])}
    assert alike == {format_}
    assert guess([GOLDEN[format_]]) == format_


@pytest.mark.parametrize("format_", sorted(READ & TABLES.keys()))
def test_a_header_is_like_its_own_shape_and_no_other(format_: str) -> None:
    header = dict.fromkeys(TABLES[format_])
    assert {name for name, shape in SHAPES.items() if shape.is_like(header)} == {format_}


@pytest.mark.parametrize("format_", SHAPES)
def test_an_export_is_taken_under_its_own_format(home: Home, format_: str) -> None:
    path = home.file("export", FILES[format_])
    assert layout_of(path, format_).format == format_


MISTAKEN = [
    (format_, given)
    for format_ in (*sorted(READ), "json")
    for given in SHAPES
    if given != format_ and (format_, given) != ("json", "csv")
]


@pytest.mark.parametrize(("format_", "given"), MISTAKEN)
def test_an_export_under_another_format_is_told_the_right_one(
    home: Home, format_: str, given: str
) -> None:
    path = home.file("export", FILES[format_])
    with pytest.raises(TopicError, match=rf"looks like {format_}, not {given}: --format {format_}"):
        layout_of(path, given)


@pytest.mark.parametrize("given", [name for name in SHAPES if name != "csv"])
def test_a_plain_table_under_another_format_is_refused(home: Home, given: str) -> None:
    with pytest.raises(TopicError, match="--format"):
        home.take("export", FILES["csv"], given)
    assert home.holds_nothing()


def test_plain_objects_are_no_plain_table(home: Home) -> None:
    with pytest.raises(TopicError):
        home.take("export", FILES["json"], "csv")
    assert home.holds_nothing()


@pytest.mark.parametrize("format_", sorted(READ & TABLES.keys()))
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_table_under_another_format_is_told_the_right_one(
    home: Home, format_: str, delimiter: str
) -> None:
    header = delimiter.join(TABLES[format_])
    path = home.file("export", f"{header}\n{delimiter * header.count(delimiter)}\n".encode())
    for given in SHAPES.keys() - {format_, "json", "ksql"}:
        with pytest.raises(TopicError, match=rf"looks like {format_}, not {given}: --format "):
            layout_of(path, given)


def test_a_mixed_file_is_like_no_shape() -> None:
    assert guess([SEGMENT, SNOWPLOW]) is None
    assert guess([{}]) is None
    assert guess([]) is None
