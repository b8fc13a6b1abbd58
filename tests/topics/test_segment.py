"""Messages of Segment and RudderStack: one clock, one identity, whichever way they are spelled."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from topic_files import Home, event, lines, micros, read, reason

from journey_dagster.topics.exports import layout_of
from journey_dagster.topics.files import Layout
from journey_dagster.topics.values import MAX_BYTES, Event, Rejection

quick = settings(database=None, deadline=None, max_examples=100)

SEGMENT = Layout("segment")
DEVICE = "0b1f7f4e-6f1f-4a4e-9d0a-1c2d3e4f5a6b"
CREATED, SENT, RECEIVED, AT = (
    f"2026-03-01T10:00:{second}Z" for second in ("00.000", "00.400", "01.250", "00.850")
)
PAGE = {"url": "https://x.org/a?b=1", "path": "/a", "title": "A", "referrer": "https://y.org/"}

MESSAGE = {
    "messageId": "m-1",
    "type": "track",
    "event": "Item Saved",
    "userId": "synthetic-1",
    "anonymousId": DEVICE,
    "properties": {"item": "i-1", "url": "https://x.org/saved"},
    "context": {"page": PAGE | {"search": "?b=1"}, "ip": "192.0.2.1", "locale": "de"},
    "originalTimestamp": CREATED,
    "sentAt": SENT,
    "receivedAt": RECEIVED,
    "timestamp": AT,
}


def message(**fields: object) -> bytes:
    """A message; a field that is None is left out."""
    said = MESSAGE | fields
    return json.dumps({k: v for k, v in said.items() if v is not None}).encode()


def row(**cells: str) -> tuple[bytes, Layout]:
    """A row of a warehouse's table."""
    base = {
        "id": "m-1", "anonymous_id": DEVICE, "user_id": "", "received_at": "2026-03-01 10:00:01.25",
        "original_timestamp": "2026-03-01 10:00:00", "timestamp": "2026-03-01 10:00:00.85",
    }  # fmt: skip
    named = base | cells
    line = ",".join(f'"{cell}"' if "," in cell else cell for cell in named.values())
    return line.encode(), Layout("segment", header=tuple(named), encoding="csv")


def of_row(**cells: str) -> Event:
    """The event of such a row."""
    return event(*row(**cells))


# ---- what a message is --------------------------------------------------------------------------


def test_a_track_is_an_event_on_the_page_around_it() -> None:
    made = event(message(), SEGMENT)
    assert made._replace(fingerprint="") == Event(
        occurred_at=micros(AT),
        fingerprint="",
        user_id="synthetic-1",
        anonymous_id=DEVICE,
        message_id="m-1",
        received_at=micros(RECEIVED),
        event_name="Item Saved",
        url="https://x.org/a?b=1",
        title="A",
        referrer="https://y.org/",
        properties=(
            '{"context":{"ip":"192.0.2.1","locale":"de"},"item":"i-1","url":"https://x.org/saved"}'
        ),
    )


def test_a_page_is_a_view_in_its_own_words() -> None:
    own = {"url": "https://x.org/own", "title": "Own", "plan": "free"}
    made = event(message(type="page", event=None, name="Start", properties=own), SEGMENT)
    assert (made.event_name, made.url, made.page) == ("page_view", "https://x.org/own", None)
    assert (made.title, made.referrer) == ("Own", "https://y.org/")
    assert json.loads(made.properties) == {
        "name": "Start", "plan": "free", "context": {"ip": "192.0.2.1", "locale": "de"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "page", "url"),
    [
        ({"properties": {"path": "/only"}, "context": None}, None, "/only"),
        ({"properties": {}, "context": None, "name": "Start"}, "Start", None),
        ({"properties": {"name": "Start"}, "context": None}, "Start", None),
        ({"properties": None, "context": None}, None, None),
    ],
)
def test_a_page_without_an_address_is_its_path_or_its_name(
    fields: dict[str, object], page: str | None, url: str | None
) -> None:
    made = event(message(type="page", event=None, **fields), SEGMENT)
    assert (made.page, made.url) == (page, url)


@pytest.mark.parametrize("where", [{"name": "Home"}, {"properties": {"name": "Home"}}])
def test_a_screen_is_a_view_of_the_page_of_its_name(where: dict[str, object]) -> None:
    made = event(message(type="screen", event=None, context=None, **where), SEGMENT)
    assert (made.event_name, made.page) == ("screen_view", "Home")
    assert made.noise_reason is None


@pytest.mark.parametrize(
    ("kind", "noise"),
    [("identify", "identity_event"), ("alias", "identity_event"), ("group", "system_event")],
)
def test_what_is_no_step_of_a_journey_is_noise(kind: str, noise: str) -> None:
    made = event(message(type=kind, event=None, traits={"name": "Sy N. Thetic"}), SEGMENT)
    assert (made.event_name, made.noise_reason) == (kind, noise)
    assert made.page is None
    assert json.loads(made.properties)["traits"] == {"name": "Sy N. Thetic"}


def test_the_session_of_rudderstack_is_taken() -> None:
    context = {"sessionId": 1772359200, "sessionStart": True}
    made = event(message(context=context, channel="web"), SEGMENT)
    assert made.session_id == "1772359200"
    assert json.loads(made.properties)["channel"] == "web"
    assert of_row(event="saved", context_session_id="1772359200").session_id == "1772359200"
    assert event(message(), SEGMENT).session_id is None


# ---- whose --------------------------------------------------------------------------------------


def test_both_ids_stand_and_none_is_made_up() -> None:
    known = event(message(type="identify"), SEGMENT)
    assert (known.user_id, known.anonymous_id, known.same_as) == ("synthetic-1", DEVICE, None)
    nobody = event(message(userId="", anonymousId="undefined"), SEGMENT)
    assert (nobody.user_id, nobody.anonymous_id) == (None, None)
    assert event(message(userId=None), SEGMENT, key=b"someone").user_id is None


@pytest.mark.parametrize(
    ("previous", "device", "same_as"),
    [
        ("device-7", "device-7", "anonymous:device-7"),
        (DEVICE.upper(), None, f"anonymous:{DEVICE.upper()}"),
        ("synthetic-0", DEVICE, "user:synthetic-0"),
        ("synthetic-1", DEVICE, None),
        ("", DEVICE, None),
    ],
    ids=["the device itself", "a UUID", "anything else", "the user itself", "nobody"],
)
def test_an_alias_names_who_the_user_was(
    previous: str, device: str | None, same_as: str | None
) -> None:
    told = message(type="alias", event=None, previousId=previous, anonymousId=device)
    made = event(told, SEGMENT)
    assert (made.user_id, made.same_as) == ("synthetic-1", same_as)


# ---- when ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("absent", "expected"),
    [
        ((), AT),
        (("originalTimestamp", "sentAt", "receivedAt"), AT),
        (("timestamp",), "2026-03-01T10:00:00.850Z"),
        (("timestamp", "sentAt"), CREATED),
        (("timestamp", "receivedAt"), CREATED),
    ],
    ids=["timestamp", "timestamp alone", "received less waited", "not sent", "not received"],
)
def test_the_clock_is_the_timestamp_or_what_it_is_made_of(
    absent: tuple[str, ...], expected: str
) -> None:
    told = message(**dict.fromkeys(absent))
    assert event(told, SEGMENT).occurred_at == micros(expected)


@pytest.mark.parametrize("fields", [{}, {"receivedAt": RECEIVED}, {"sentAt": SENT}])
def test_receiving_alone_does_not_tell_when(fields: dict[str, str]) -> None:
    absent = dict.fromkeys(("timestamp", "originalTimestamp", "sentAt", "receivedAt"))
    assert reason(message(**(absent | fields)), SEGMENT) == "missing_time"


def test_a_timestamp_that_drifted_leaves_the_devices_own_time_visible() -> None:
    offline = message(originalTimestamp="2026-03-01T07:00:00Z", sentAt="2026-03-01T07:00:00Z")
    made = event(offline, SEGMENT)
    assert made.occurred_at == micros(AT)
    assert json.loads(made.properties)["original_timestamp"] == "2026-03-01T07:00:00Z"
    assert "original_timestamp" not in event(message(), SEGMENT).properties


@pytest.mark.parametrize(
    ("at", "is_visible"), [("2026-03-01T10:05:00Z", False), ("2026-03-01T10:05:00.001Z", True)]
)
def test_five_minutes_are_not_far(at: str, *, is_visible: bool) -> None:
    made = event(message(timestamp=at), SEGMENT)
    assert ("original_timestamp" in made.properties) is is_visible


def test_only_a_warehouse_may_leave_out_its_zone() -> None:
    assert of_row(event="saved").occurred_at == micros(AT)
    assert event(message(timestamp=AT[:-1]), Layout("segment", "Asia/Kolkata")).occurred_at == (
        micros("2026-03-01T10:00:00.850+05:30")
    )
    assert reason(message(timestamp=AT[:-1]), SEGMENT) == "naive_time"


# ---- rows of a warehouse ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "name", "noise"),
    [
        ({"event": "item_saved", "event_text": "Item Saved"}, "Item Saved", None),
        ({"event": "item_saved"}, "item_saved", None),
        ({"event": "item_saved", "url": "/a", "type": "page"}, "item_saved", None),
        ({"url": "https://x.org/a", "name": ""}, "page_view", None),
        ({"path": "/a"}, "page_view", None),
        ({"group_id": "g", "url": "https://x.org"}, "group", "system_event"),
        ({"previous_id": "p"}, "alias", "identity_event"),
        ({"type": "identify", "url": "https://x.org"}, "identify", "identity_event"),
        ({"type": "screen", "name": "Home"}, "screen_view", None),
    ],
)
def test_the_columns_of_a_table_tell_its_kind(
    cells: dict[str, str], name: str, noise: str | None
) -> None:
    made = of_row(**cells)
    assert (made.event_name, made.noise_reason) == (name, noise)


def test_a_table_that_does_not_tell_its_kind_asks_for_it() -> None:
    outcome = read(*row(email="s@example.org"))
    assert isinstance(outcome, Rejection)
    assert outcome == ("unknown_kind", outcome.message)
    assert "column type" in outcome.message


def test_a_row_of_pages_is_a_view() -> None:
    made = of_row(url="https://x.org/a?b=1", path="/a", title="A", referrer="https://y.org/",
                  search="?b=1", context_campaign_name="spring", type="guide")  # fmt: skip
    assert made._replace(fingerprint="") == Event(
        occurred_at=micros(AT),
        fingerprint="",
        anonymous_id=DEVICE,
        message_id="m-1",
        received_at=micros(RECEIVED),
        event_name="page_view",
        url="https://x.org/a?b=1",
        title="A",
        referrer="https://y.org/",
        properties='{"context_campaign_name":"spring","search":"?b=1","type":"guide"}',
    )


def test_a_row_of_tracks_is_on_the_page_around_it() -> None:
    made = of_row(event="saved", context_page_url="https://x.org/a", context_page_title="A",
                  context_page_referrer="https://y.org/", url="https://x.org/saved")  # fmt: skip
    assert (made.url, made.title, made.referrer) == ("https://x.org/a", "A", "https://y.org/")
    assert json.loads(made.properties) == {"url": "https://x.org/saved"}
    assert of_row(event="saved", context_page_path="/a").url == "/a"


def test_objects_in_cells_are_read_strictly() -> None:
    header = ("messageId", "type", "timestamp", "event", "properties", "context")
    layout = Layout("segment", header=header, encoding="csv")
    start = f"m,track,{AT},saved,".encode()
    made = event(start + b'"{""a"":1}","{""page"":{""url"":""/x""}}"', layout)
    assert (made.url, made.properties) == ("/x", '{"a":1}')
    assert reason(start + b"{a:1},", layout) == "bad_json"
    assert reason(start + b'"{""a"":1,""a"":2}",', layout) == "duplicate_key"
    assert reason(start + b"[1],", layout) == "not_object"


# ---- set aside ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "merge"}, "unknown_kind"),
        ({"type": None}, "unknown_kind"),
        ({"type": ["track"]}, "unknown_kind"),
        ({"timestamp": "yesterday"}, "bad_time"),
        ({"receivedAt": "2026-03-01"}, "naive_time"),
        ({"properties": [1]}, "bad_type"),
        ({"context": {"page": 1}}, "bad_type"),
        ({"context": {"page": {"url": ["/"]}}}, "bad_type"),
        ({"userId": 1.5}, "bad_type"),
        ({"messageId": {"id": 1}}, "bad_type"),
        ({"event": ["saved"]}, "bad_type"),
        ({"properties": {"x": "x" * MAX_BYTES}}, "too_large"),
    ],
)
def test_what_cannot_be_an_event_is_set_aside(fields: dict[str, object], expected: str) -> None:
    assert reason(message(**fields), SEGMENT) == expected


# ---- once ---------------------------------------------------------------------------------------

RECEIVED_UTC = "received_at at time zone 'UTC'"
AGAIN = {
    "sentAt": "2026-03-01T10:30:00Z",
    "receivedAt": "2026-03-01T10:30:01Z",
    "timestamp": "2026-03-01T10:00:01Z",
}


def test_a_message_delivered_twice_is_one_event(home: Home) -> None:
    again = message(**AGAIN, context=MESSAGE["context"] | {"ip": "192.0.2.99"})
    home.take("segment.jsonl", lines(message(), again), "segment")
    home.take("next.jsonl", lines(again), "segment")
    assert home.events(f"message_id, n_deliveries, is_id_conflict, {RECEIVED_UTC}") == [
        ("m-1", "3", "false", "2026-03-01 10:00:01.25")
    ]  # fmt: skip


def test_one_id_that_says_two_things_is_kept_and_flagged(home: Home) -> None:
    other = message(event="Item Dropped")
    home.take("segment.jsonl", lines(message(), other), "segment")
    assert home.events("event_name, is_id_conflict") == [
        ("Item Dropped", "true"),
        ("Item Saved", "true"),
    ]


def test_without_an_id_the_time_tells_events_apart(home: Home) -> None:
    nameless = {"messageId": None, "originalTimestamp": None, "anonymous_id": DEVICE}
    first = message(**nameless)
    later = message(**nameless, timestamp="2026-03-01T11:00:00Z")
    again = message(**nameless, receivedAt="2026-03-01T12:00:00Z")
    home.take("a.jsonl", lines(first, later), "segment")
    home.take("b.jsonl", lines(again), "segment")
    assert [n for (n,) in home.events("n_deliveries")] == ["1", "2"]


def test_noise_stays_an_event(home: Home) -> None:
    home.take("s.jsonl", lines(message(), message(type="identify", messageId="m-2")), "segment")
    assert home.events("message_id, noise_reason, is_noise") == [
        ("m-1", None, "false"),
        ("m-2", "identity_event", "true"),
    ]


# ---- as a file ----------------------------------------------------------------------------------


def test_a_table_is_taken_with_its_header(home: Home) -> None:
    value, layout = row(url="https://x.org/a", title="A, and B")
    content = lines(",".join(layout.header).encode(), value)
    path = home.file("pages.csv", content)
    assert layout_of(path, "segment") == layout
    home.ingest(path, "segment")
    assert home.events("event_name, page, title") == [("page_view", "/a", "A, and B")]


def test_an_export_is_told_by_its_names(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(lines(message()))
    assert layout_of(path, "segment") == SEGMENT


# ---- properties ---------------------------------------------------------------------------------

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
fields = st.sampled_from(
    [*MESSAGE, "name", "previousId", "anonymous_id", "received_at", "group_id"]
)


@quick
@given(st.permutations(list(MESSAGE.items())))
def test_the_order_of_keys_is_nothing(items: list[tuple[str, object]]) -> None:
    assert event(json.dumps(dict(items)).encode(), SEGMENT) == event(message(), SEGMENT)


@quick
@given(st.dictionaries(fields, anything), st.sampled_from(["track", "page", "alias", "group"]))
def test_any_message_is_an_event_or_set_aside(strange: dict[str, object], kind: str) -> None:
    read(json.dumps(MESSAGE | {"type": kind} | strange).encode(), SEGMENT)
    read(json.dumps(strange).encode(), SEGMENT)


@quick
@given(st.sampled_from(list(MESSAGE)), st.sampled_from([None, ""]))
def test_an_empty_field_is_an_absent_one(name: str, empty: str | None) -> None:
    with_it = json.dumps(MESSAGE | {name: empty}).encode()
    assert read(with_it, SEGMENT)[0] == read(message(**{name: None}), SEGMENT)[0]
