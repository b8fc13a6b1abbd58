"""The shape amplitude: the export's records, a connector's table of them, files of merged ids.

Belongs here: which field means what. Does not belong here: how values are read (`values`), how a
zip of exports is opened (`archives`).

A device is `device_id`, or where there is none the vendor's own `amplitude_id`, which counts as
one: a record that names a user says that the amplitude id is theirs, and a file of merged ids says
which amplitude ids are one. Times state no zone and are UTC.
"""

from collections.abc import Callable
from functools import lru_cache
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
    first_text,
    identity,
    moment,
    node,
    object_in,
    text,
    zone_of,
)

_CONNECTOR = {"_insert_id": "$insert_id", "schema": "$schema", "ad_id": "adid"}
"""What a connector's table calls otherwise."""
_OBJECTS = ("event_properties", "user_properties", "groups", "group_properties", "data")
_COLUMNS = frozenset({
    "event_time", "event_type", "user_id", "device_id", "$insert_id", "session_id",
    "server_upload_time",
})  # fmt: skip
"""Fields that have a column of their own."""
_DELIVERY = frozenset({
    "client_upload_time", "processed_time", "server_received_time", "server_upload_time",
})  # fmt: skip
"""What differs between two deliveries of one event."""
_URLS = ("[Amplitude] Page URL", "[Amplitude] Page Location", "page_url", "Page URL", "url")
_PAGES = (
    "[Amplitude] Page Path", "[Amplitude] Screen Name", "page", "page_path", "path", "screen_name",
)  # fmt: skip
_TITLES = ("[Amplitude] Page Title", "page_title", "title")
_REFERRERS = ("[Amplitude] Page Referrer", "referrer")
_SYSTEM = frozenset({
    "session_start", "session_end", "[Amplitude] Start Session", "[Amplitude] End Session",
    "$identify",
})  # fmt: skip

_UTC = ZoneInfo("UTC")
_SKEW = 60 * 10**6
"""A client's clock that is off by less is not set right."""


def is_like(record: Fields) -> bool:
    """Whether a record's fields name those of an event or of a merge of ids."""
    if "event_type" in record:
        return "amplitude_id" in record or {"$insert_id", "server_upload_time"} <= record.keys()
    return {"amplitude_id", "merged_amplitude_id"} <= record.keys()


def reader(layout: Layout) -> Callable[[bytes | None, Fields], Event]:
    """Reads the fields of one record; raises `RejectedError`."""
    zone = zone_of(layout.timezone) or _UTC
    is_table = layout.encoding != "json"

    def read(_: bytes | None, record: Fields) -> Event:
        said = _called(record) if is_table or "_insert_id" in record else record
        if "merged_amplitude_id" in said and "event_type" not in said:
            return _merge(said, zone)
        inner = object_in("event_properties", said.get("event_properties"))
        user_id = identity("user_id", said.get("user_id"))
        amplitude_id = identity("amplitude_id", said.get("amplitude_id"))
        anonymous_id = identity("device_id", said.get("device_id")) or amplitude_id
        message_id, key = _identified(said)
        name = text("event_type", said.get("event_type"))
        url = first_text(inner, _URLS)
        referrer = first_text(inner, _REFERRERS)
        occurred_at, received_at = _times(said, zone)
        rest = {k: v for k, v in said.items() if k not in _COLUMNS}
        for field in _OBJECTS:
            if field in rest:
                rest[field] = object_in(field, rest[field]) or None
        return Event(
            occurred_at=occurred_at,
            fingerprint=fingerprint(key or _undelivered(said, occurred_at)),
            user_id=user_id,
            anonymous_id=anonymous_id,
            message_id=message_id,
            session_id=_session(said.get("session_id"), anonymous_id or user_id),
            received_at=received_at,
            event_name=name,
            page=None if url else first_text(inner, _PAGES),
            url=url,
            title=first_text(inner, _TITLES),
            referrer=None if referrer == "EMPTY" else referrer,
            properties=as_json(rest),
            tie_break=_ordinal(said.get("event_id")),
            noise_reason="system_event" if _is_system(name) else None,
            same_as=node("anonymous", amplitude_id) if user_id and amplitude_id else None,
        )

    return read


def _called(record: Fields) -> Fields:
    """A row by the vendor's names; its cells may stand behind spaces and tabs."""
    return {
        _CONNECTOR.get(name, name): value.strip() if isinstance(value, str) else value
        for name, value in record.items()
    }


def _identified(said: Fields) -> tuple[str | None, Fields | None]:
    """The id of an event and what makes it one: an insert id is unique on its device."""
    insert_id = event_id("$insert_id", said.get("$insert_id"))
    if insert_id is not None:
        device_id = identity("device_id", said.get("device_id"))
        return insert_id, {"$insert_id": insert_id, "device_id": device_id}
    uuid = event_id("uuid", said.get("uuid"))
    return uuid, None if uuid is None else {"uuid": uuid}


def _undelivered(said: Fields, occurred_at: int) -> Fields:
    """What a record says, without the marks of its delivery and those of a connector."""
    kept = {k: v for k, v in said.items() if k not in _DELIVERY and k[:1] != "_" and v != ""}
    return kept | {"event_time": occurred_at}


def _times(said: Fields, zone: ZoneInfo) -> tuple[int, int | None]:
    """When it happened, and when it reached the vendor's store: exports go by that."""

    def at(name: str) -> int | None:
        return moment(name, said.get(name), zone)

    uploaded_at = at("server_upload_time")
    occurred_at = at("event_time")
    if occurred_at is None:
        occurred_at = at("client_event_time")
        if occurred_at is None:
            raise RejectedError("missing_time", "event_time and client_event_time are absent")
        received, sent = at("server_received_time"), at("client_upload_time")
        if received is not None and sent is not None and abs(received - sent) >= _SKEW:
            occurred_at += received - sent
    return occurred_at, uploaded_at


def _session(value: object, owner: str | None) -> str | None:
    """The session's start in milliseconds, with whose it is: others may have the same."""
    if value is None or value == "":
        return None
    try:
        started = int(cast("str", value))
    except (TypeError, ValueError, OverflowError) as error:
        raise RejectedError("bad_type", f"session_id {str(value)[:40]!r} is no number") from error
    return None if started <= 0 else f"{owner or ''}:{started}"


def _ordinal(value: Any) -> int | None:  # noqa: ANN401  whatever JSON has
    """A device's own count of its events."""
    return value if type(value) is int and abs(value) < 2**63 else None


@lru_cache(maxsize=1024)
def _is_system(name: str | None) -> bool:
    return name in _SYSTEM


def _merge(said: Fields, zone: ZoneInfo) -> Event:
    """Two amplitude ids that turned out to be one person."""
    received_at = moment("merge_server_time", said.get("merge_server_time"), zone)
    occurred_at = moment("merge_time", said.get("merge_time"), zone)
    occurred_at = received_at if occurred_at is None else occurred_at
    if occurred_at is None:
        raise RejectedError("missing_time", "merge_time is absent")
    one = identity("amplitude_id", said.get("amplitude_id"))
    other = identity("merged_amplitude_id", said.get("merged_amplitude_id"))
    return Event(
        occurred_at=occurred_at,
        fingerprint=fingerprint({"amplitude_id": one, "merged": other, "time": occurred_at}),
        anonymous_id=one,
        received_at=received_at,
        event_name="merged_ids",
        properties=as_json({"scope": said.get("scope")}),
        noise_reason="identity_event",
        same_as=node("anonymous", other) if one and other else None,
    )
