"""The shape segment: messages of Segment and of RudderStack, as objects or as rows of a warehouse.

Belongs here: which field means what, in both spellings (anonymousId, anonymous_id).
Does not belong here: how values are read (`values`), how a row becomes fields (`fields`).

The clock is the vendor's `timestamp`: when a message was received, less how long the device says it
had kept it. Since 2025 some devices state the first attempt to send as the time of sending, and
then a message kept offline seems to have happened when it was received. One record cannot tell this
from a device with a wrong clock, so `timestamp` stands, and the device's own time stays in the
properties as `original_timestamp` wherever the two are far apart.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast
from zoneinfo import ZoneInfo

from journey_dagster.topics.fields import Fields
from journey_dagster.topics.files import Layout
from journey_dagster.topics.values import (
    Event,
    RejectedError,
    as_json,
    event_id,
    fingerprint,
    identity,
    moment,
    node,
    object_in,
    text,
    zone_of,
)

FAR_APART = 5 * 60 * 10**6
"""Microseconds; less is a device's clock as it usually is, and the way to the vendor."""

_CLOCKS = frozenset({
    "originalTimestamp", "sentAt", "receivedAt", "original_timestamp", "sent_at", "received_at",
    "uuid_ts", "loaded_at",
})  # fmt: skip
_DELIVERY = (_CLOCKS - {"originalTimestamp", "original_timestamp"}) | {
    "timestamp", "uuid", "request_ip", "context_ip", "context_request_ip",
}  # fmt: skip
"""What differs between deliveries of one message: it tells how that came, not what it says."""
_PLACE = frozenset({"url", "path", "title", "referrer"})
_NAMED = _PLACE | {"name"}
_TAKEN = _CLOCKS | {
    "messageId", "message_id", "id", "userId", "user_id", "anonymousId", "anonymous_id",
    "timestamp", "event", "event_text", "properties", "context", "context_session_id",
    "previousId", "previous_id", *(f"context_page_{name}" for name in _PLACE),
}  # fmt: skip
"""Fields that have a column of their own."""
_OWN = {"page": _PLACE, "screen": frozenset({"name"})}
"""Those of them that stand among the properties, by the kind of message."""

_EVENTS = {
    "track": None,
    "page": "page_view",
    "screen": "screen_view",
    "identify": "identify",
    "alias": "alias",
    "group": "group",
}
"""What happened, by the kind of message; a track says so itself."""
_TABLES = {"previous_id": "alias", "group_id": "group", "url": "page", "path": "page"}
"""The kind of message by the column that its table alone has."""
_NOISE = {"identify": "identity_event", "alias": "identity_event", "group": "system_event"}
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_like(record: Fields) -> bool:
    """Whether a record has the field names of this shape."""
    if "messageId" in record:
        return "type" in record or not _CLOCKS.isdisjoint(record)
    return "anonymous_id" in record and len(record.keys() & _CLOCKS) > 1


def reader(layout: Layout) -> Callable[[bytes | None, Fields], Event]:
    """Reads the fields of one record; raises `RejectedError`."""
    stated, utc = zone_of(layout.timezone), zone_of("UTC")

    def read(_key: bytes | None, record: Fields) -> Event:
        is_row = "anonymous_id" in record or "received_at" in record
        kind = _kind(record, is_row=is_row)
        objects = {
            name: found
            for name in ("properties", "context", "traits")
            if (found := object_in(name, record.get(name)))
        }
        # A warehouse writes UTC and does not say so; a message itself states its zone.
        occurred_at, created_at, received_at = _clock(record, stated or (utc if is_row else None))
        is_far_off = created_at is not None and abs(occurred_at - created_at) > FAR_APART
        message_id = event_id("messageId", _first(record, "messageId", "message_id", "id"))
        is_dated = message_id is not None or created_at is not None
        user_id = identity("userId", _first(record, "userId", "user_id"))
        anonymous_id = identity("anonymousId", _first(record, "anonymousId", "anonymous_id"))
        place = _place(kind, record, objects)
        address = place.get("url") or place.get("path")
        named = None if address and kind == "page" else place.get("name")
        return Event(
            occurred_at=occurred_at,
            fingerprint=fingerprint(_said(record, objects, None if is_dated else occurred_at)),
            user_id=user_id,
            anonymous_id=anonymous_id,
            message_id=message_id,
            session_id=text("sessionId", _session(record, objects)),
            received_at=received_at,
            event_name=_EVENTS[kind] or text("event", _first(record, "event_text", "event")),
            page=text("name", named),
            url=text("url", address),
            title=text("title", place.get("title")),
            referrer=text("referrer", place.get("referrer")),
            properties=as_json(_rest(kind, record, objects, is_far_off=is_far_off)),
            noise_reason=_NOISE.get(kind),
            same_as=_same_as(record, user_id, anonymous_id) if kind == "alias" else None,
        )

    return read


def _first(said: Fields, *names: str) -> Any:  # noqa: ANN401  the value's reader says what it may be
    """The first value that is there."""
    for name in names:
        if (found := said.get(name)) is not None and found != "":
            return found
    return None


def _kind(record: Fields, *, is_row: bool) -> str:
    """The kind of message. A warehouse has a table for each instead, so there the columns tell."""
    stated = record.get("type")
    is_stated = isinstance(stated, str) and stated in _EVENTS
    if is_row:
        if _first(record, "event"):
            return "track"  # where `type` is the event's own property, whatever it says
        if not is_stated:
            for column, kind in _TABLES.items():
                if record.get(column) not in (None, ""):
                    return kind
    if is_stated:
        return cast("str", stated)
    if is_row:
        raise RejectedError(
            "unknown_kind", "no column tells the kind; add a column type: identify or screen"
        )
    raise RejectedError(
        "unknown_kind", f"type {str(stated)[:40]!r} is none of {', '.join(_EVENTS)}"
    )


def _clock(record: Fields, zone: ZoneInfo | None) -> tuple[int, int | None, int | None]:
    """When it happened, when the device says it made it, when the vendor received it."""
    created_at = moment("originalTimestamp", _original(record), zone)
    sent_at = moment("sentAt", _first(record, "sentAt", "sent_at"), zone)
    received_at = moment("receivedAt", _first(record, "receivedAt", "received_at"), zone)
    occurred_at = moment("timestamp", record.get("timestamp"), zone)
    if occurred_at is None:
        occurred_at = created_at
        if created_at is not None and sent_at is not None and received_at is not None:
            occurred_at = received_at - (sent_at - created_at)
    if occurred_at is None:
        raise RejectedError("missing_time", "timestamp and originalTimestamp are absent")
    return occurred_at, created_at, received_at


def _original(record: Fields) -> Any:  # noqa: ANN401  as above
    return _first(record, "originalTimestamp", "original_timestamp")


def _said(record: Fields, objects: Mapping[str, Fields], occurred_at: int | None) -> Fields:
    """What a message says, however often it was delivered and whichever fields are empty."""
    said = {k: v for k, v in record.items() if k not in _DELIVERY and v not in (None, "")}
    said |= objects
    context = objects.get("context", {})
    if "ip" in context:  # added on arrival: where it came in from, this time
        said["context"] = {k: v for k, v in context.items() if k != "ip"}
    if occurred_at is not None:
        said["timestamp"] = occurred_at
    return said


def _place(kind: str, record: Fields, objects: Mapping[str, Fields]) -> Fields:
    """Where it happened: of a page or screen in its own words, else the page around it."""
    context = objects.get("context", {})
    place: Fields = {name: record.get(f"context_page_{name}") for name in _PLACE}
    place |= object_in("context.page", context.get("page"))
    place["name"] = None  # the page around has no name, and whoever identifies has a person's
    for own in (record, objects.get("properties", {})) if kind in _OWN else ():
        place |= {name: own[name] for name in _NAMED if own.get(name) not in (None, "")}
    return place


def _session(record: Fields, objects: Mapping[str, Fields]) -> Any:  # noqa: ANN401  as above
    """The session that RudderStack counts; Segment has none."""
    return _first(objects.get("context", {}), "sessionId") or record.get("context_session_id")


def _rest(kind: str, record: Fields, objects: Mapping[str, Fields], *, is_far_off: bool) -> Fields:
    """All that has no column: a message's own properties beside what it says of itself."""
    own = _OWN.get(kind, frozenset())
    rest = {k: v for k, v in record.items() if k not in _TAKEN and k not in own}
    if rest.get("type") == kind:
        del rest["type"]
    rest |= {k: v for k, v in objects.items() if k == "traits"}
    if context := {k: v for k, v in objects.get("context", {}).items() if k != "page"}:
        rest["context"] = context
    rest |= {k: v for k, v in objects.get("properties", {}).items() if k not in own}
    if is_far_off:
        rest["original_timestamp"] = _original(record)
    return rest


def _same_as(record: Fields, user_id: str | None, anonymous_id: str | None) -> str | None:
    """Who an alias says its user was before.

    The vendor takes a device or a user there and does not say which. Its devices are UUIDs.
    """
    previous = identity("previousId", _first(record, "previousId", "previous_id"))
    if previous is None or previous == user_id:
        return None
    is_device = previous == anonymous_id or _UUID.fullmatch(previous)
    return node("anonymous" if is_device else "user", previous)
