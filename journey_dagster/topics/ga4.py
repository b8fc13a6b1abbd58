"""The shape ga4: Google Analytics 4 as BigQuery exports it, nested or flattened by a connector.

Belongs here: which field means what. Does not belong here: how values are read (`values`), how the
rows of Parquet become records (`parquet`).

The properties of an event are its parameters by their keys, and all other fields by their paths in
BigQuery (`device.category`, `user_properties.<key>`); those of `privacy_info` have their bare names
(`analytics_storage`). A parameter stands before a field of its name. Columns of a connector are
given the same names (`param_x` is x, `device_category` is device.category), but cells are text. In
a table that a query made flat the columns are the parameters.

GA4 gives events no ids. Its rule of what is one event is the fingerprint, and stands as the id
where somebody is known, so that a repetition counts once within a file too. Of those who denied
consent nothing tells two strangers apart, so their equal events are as many as they are. Nor does
GA4 tell versions: of two final exports of a day the one that landed first counts.
"""

from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast

from journey_dagster.topics import TopicError
from journey_dagster.topics.fields import Fields
from journey_dagster.topics.files import Layout
from journey_dagster.topics.values import (
    Event,
    RejectedError,
    as_json,
    fingerprint,
    identity,
    moment,
    text,
    zone_of,
)

SYSTEM_EVENTS = frozenset({"session_start", "first_visit", "user_engagement", "scroll"})
"""Sent by GA4 itself beside what a user does; a path through pages has no place for them."""

_ALIASES = {
    "event_name": ("name",),
    "event_timestamp": ("timestamp",),
    "event_date": ("event_date_dt", "date"),
    "user_pseudo_id": ("client_id",),
    "event_bundle_sequence_id": ("bundle_sequence_id",),
    "event_server_timestamp_offset": ("server_timestamp_offset",),
}
"""What connectors and models call fields of BigQuery."""

_GROUPS = {
    "device_web_info_": "device.web_info.",
    "device_": "device.",
    "geo_": "geo.",
    "app_info_": "app_info.",
    "collected_traffic_source_": "collected_traffic_source.",
    "traffic_source_": "traffic_source.",
    "event_dimensions_": "event_dimensions.",
    "ecommerce_": "ecommerce.",
    "privacy_info_": "",
}
"""How a connector flattens the names of BigQuery's records."""

_INTEGERS = frozenset({
    "batch_event_index", "batch_ordering_id", "batch_page_id", "event_bundle_sequence_id",
    "event_previous_timestamp", "event_server_timestamp_offset", "user_first_touch_timestamp",
    "device.time_zone_offset_seconds", "ecommerce.total_item_quantity", "ecommerce.unique_items",
    "ga_session_number", "engagement_time_msec", "int_value", "quantity",
})  # fmt: skip
"""INT64 in BigQuery, whose JSON writes them as text."""

_FLAGS = {"1": True, "true": True, "0": False, "false": False}
_PUBLICATIONS = ("device.web_info.hostname", "event_dimensions.hostname", "app_info.id")
_INT64 = 2**63
_BITS = (42, 13, 8)


class _Names(NamedTuple):
    """What a record calls its fields."""

    of: dict[str, str]
    """By the name in BigQuery; a name that the record lacks finds nothing."""
    params: tuple[tuple[str, str], ...]
    """Columns of parameters, and their keys."""
    rest: tuple[tuple[str, str], ...]
    """Fields that are properties, and their names as such."""


_TAKEN = frozenset({"event_params", "user_properties", "user_id", "is_intraday"})
_NAMED = ("event_name", "event_timestamp", "event_date", "user_pseudo_id")
"""Fields that are read by name and are no properties."""


@lru_cache(maxsize=256)
def _names_in(fields: tuple[str, ...]) -> _Names:
    of = {
        name: next((one for one in (name, *aliases) if one in fields), name)
        for name, aliases in _ALIASES.items()
    }
    taken = _TAKEN | {of[name] for name in _NAMED}
    # What a connector adds (_fivetran_synced) says how a record came, not what it says.
    kept = [name for name in fields if not name.startswith("_") and name not in taken]
    params = [(name, name.removeprefix("param_")) for name in kept if name.startswith("param_")]
    canonical = {alias: name for name, alias in of.items()}
    rest = [(name, canonical.get(name) or _path(name)) for name in kept if name[:6] != "param_"]
    return _Names(of, tuple(params), tuple(rest))


def _path(column: str) -> str:
    for flat, path in _GROUPS.items():
        if column.startswith(flat):
            return path + column.removeprefix(flat)
    return column


def is_like(record: Fields) -> bool:
    """Whether a record has the field names of this shape."""
    if "event_timestamp" in record:
        return bool(record.keys() & {"event_params", "event_bundle_sequence_id", "user_pseudo_id"})
    return {"name", "timestamp"} <= record.keys() and bool(
        record.keys() & {"user_pseudo_id", "param_ga_session_id"}
    )


def watch(path: Path, records: Iterator[bytes], layout: Layout) -> Iterator[bytes]:
    """The records, if they can be whole.

    Raises:
        TopicError: a CSV of nested fields; BigQuery writes none, and a row is not an event there.
    """
    nested = next((name for name in layout.header if name.startswith("event_params")), None)
    if nested is not None:
        raise TopicError(
            f"{path} has a column {nested!r}, but CSV cannot hold GA4's nested records. Export the "
            "table as newline-delimited JSON or Parquet"
        )
    return records


def reader(layout: Layout) -> Callable[[bytes | None, Fields], Event]:
    """Reads the fields of one record; raises `RejectedError`."""
    zone = zone_of(layout.timezone)

    def read(_key: bytes | None, record: Fields) -> Event:
        names = _names_in(tuple(record))
        of, get = names.of, record.get
        occurred_at = moment("event_timestamp", get(of["event_timestamp"]), zone)
        if occurred_at is None:
            raise RejectedError("missing_time", "event_timestamp is absent")
        stream_id = text("stream_id", get("stream_id"))
        event_name = text("event_name", get(of["event_name"]))
        user_id = identity("user_id", get("user_id"))
        anonymous_id = identity("user_pseudo_id", get(of["user_pseudo_id"]))
        is_known = user_id is not None or anonymous_id is not None
        page_id = _integer("batch_page_id", get("batch_page_id"))
        ordering = _integer("batch_ordering_id", get("batch_ordering_id"))
        index = _integer("batch_event_index", get("batch_event_index"))
        day = _day(text("event_date", get(of["event_date"])))
        params = _params(record, names)
        properties = _properties(record, names) | params
        said = fingerprint({
            "user_pseudo_id": anonymous_id,
            "user_id": user_id if anonymous_id is None else None,
            "stream_id": stream_id,
            "event_name": event_name,
            "event_timestamp": occurred_at,
            "batch": (page_id, ordering, index),
            "params": params if names.params or "event_params" in record else properties,
        })  # fmt: skip
        session_id = _session(properties, stream_id) if is_known else None
        url = text("page_location", properties.pop("page_location", None))
        screen = None if url else _screen(properties)
        title = text("page_title", properties.pop("page_title", None))
        referrer = text("page_referrer", properties.pop("page_referrer", None))
        host = next((properties.pop(name) for name in _PUBLICATIONS if name in properties), None)
        bundle = _integer("event_bundle_sequence_id", get(of["event_bundle_sequence_id"]))
        return Event(
            occurred_at=occurred_at,
            fingerprint=said,
            user_id=user_id,
            anonymous_id=anonymous_id,
            message_id=said if is_known else None,
            session_id=session_id,
            received_at=_received(occurred_at, get(of["event_server_timestamp_offset"])),
            event_name=event_name,
            page=screen,
            url=url,
            title=title,
            referrer=referrer,
            publication=text("publication", host),
            properties=as_json(properties),
            tie_break=tie_break(page_id, ordering, index, bundle),
            day=f"{stream_id or ''}|{day}",
            is_provisional=_is_intraday(get("is_intraday"), layout),
            noise_reason="system_event" if event_name in SYSTEM_EVENTS else None,
        )

    return read


def tie_break(
    page: int | None, ordering: int | None, index: int | None, bundle: int | None
) -> int | None:
    """One number that orders the events of a moment: by page, request, index in it, bundle.

    A batch is sent in one bundle, so the bundle decides only where no batch is told; those events
    come first, as nulls do in GA4's own order, and their numbers are negative. Else the upper 42
    bits are the page (milliseconds until the year 2109), 13 the request (8190 of a page), 8 the
    index in it (254), each plus one, with 0 for absent. Beyond these limits, and for bundles beyond
    2^62, events tie; they never stand in the wrong order. A negative number of a batch is none.
    """
    batch = [None if part is None or part < 0 else part for part in (page, ordering, index)]
    if batch == [None, None, None]:
        half = _INT64 // 2
        return None if bundle is None else max(-half, min(bundle, half - 1)) - half
    packed, left = 0, sum(_BITS)
    for part, bits in zip(batch, _BITS, strict=True):
        place = 0 if part is None else part + 1
        if place >> bits:
            return packed | (1 << left) - 1
        left -= bits
        packed |= place << left
    return packed


def _params(record: Fields, names: _Names) -> dict[str, Any]:
    params = _keyed("event_params", record.get("event_params"))
    for column, key in names.params:
        value = record[column]
        if value not in (None, ""):
            params[key] = _whole_or(value) if key in _INTEGERS else value
    if "session_engaged" in params:
        engaged = params["session_engaged"]
        # It comes as text or as a number, and of one event it may come as both.
        flag = _FLAGS.get(str(engaged).lower())
        params["session_engaged"] = engaged if flag is None else int(flag)
    return params


def _keyed(field: str, value: object) -> dict[str, Any]:
    """The values of a list of keys and values."""
    found: dict[str, Any] = {}
    members = _members(value)
    if members is None:
        raise RejectedError("bad_type", f"{field} is a {type(value).__name__}, not a list")
    for member in members:
        pair = cast("dict[str, Any]", member) if isinstance(member, dict) else {}
        key, typed = pair.get("key"), pair.get("value")
        if not isinstance(key, str) or not isinstance(typed, dict | None):
            raise RejectedError("bad_type", f"a member of {field} is no key with a value")
        one = None if typed is None else _typed(key, cast("dict[str, Any]", typed))
        if one is not None and found.setdefault(key, one) != one:
            raise RejectedError("duplicate_key", f"{field} has {key!r} twice")
    return found


def _typed(key: str, value: dict[str, Any]) -> object:
    """The one value that is there, of its type."""
    found = value.get("string_value")
    if found not in (None, ""):
        if not isinstance(found, str):
            raise RejectedError("bad_type", f"{key} is a {type(found).__name__}, not text")
        return _whole_or(found) if key in _INTEGERS else found
    number = _integer(key, value.get("int_value"))
    if number is not None:
        return number
    for name in ("float_value", "double_value"):
        found = value.get(name)
        if found not in (None, ""):
            return _float(key, found)
    return None


def _float(key: str, value: object) -> float | str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    # BigQuery writes these as text, having no number for them.
    if isinstance(value, str) and value in {"NaN", "Infinity", "-Infinity"}:
        return value
    raise RejectedError("bad_type", f"{key} is a {type(value).__name__}, not a number")


def _members(value: object) -> list[Any] | None:
    """The members of a list, which BigQuery's Parquet wraps; None where it is none."""
    if isinstance(value, dict):
        wrapper = cast("dict[str, Any]", value)
        value = wrapper["list"] if wrapper.keys() == {"list"} else wrapper
    if value is None:
        return []
    if not isinstance(value, list):
        return None
    return [
        one["element"] if isinstance(one, dict) and one.keys() == {"element"} else one
        for one in cast("list[Any]", value)
    ]


def _properties(record: Fields, names: _Names) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field, name in names.rest:
        _flatten(found, name, record[field])
    users = _keyed("user_properties", record.get("user_properties"))
    return found | {f"user_properties.{key}": value for key, value in users.items()}


def _flatten(found: dict[str, Any], name: str, value: object) -> None:
    if value is None or value == "":
        return
    if isinstance(value, dict | list):
        members = _members(cast("object", value))
        if members is None:
            prefix = "" if name == "privacy_info" else f"{name}."
            for part, inner in cast("dict[str, Any]", value).items():
                _flatten(found, prefix + part, inner)
        elif members:
            found[name] = [_plain(one) for one in members]
    else:
        found[name] = _whole_or(value) if name in _INTEGERS else value


def _plain(value: object) -> object:
    """A member of a list as it is, without wrappers and nulls."""
    if not isinstance(value, dict | list):
        return value
    members = _members(cast("object", value))
    if members is not None:
        return [_plain(one) for one in members]
    return {
        name: _whole_or(one) if name in _INTEGERS else _plain(one)
        for name, one in cast("dict[str, Any]", value).items()
        if one is not None
    }


def _session(properties: dict[str, Any], stream_id: str | None) -> str | None:
    """Unique for one user of one stream; it is the second in which the session started."""
    session_id = text("ga_session_id", properties.pop("ga_session_id", None))
    return None if session_id is None else f"{stream_id or ''}:{session_id}"


def _screen(properties: dict[str, Any]) -> str | None:
    """The screen of an app by the name it was given, or else by the class of its code."""
    name = "firebase_screen" if properties.get("firebase_screen") else "firebase_screen_class"
    return text(name, properties.pop(name, None))


def _received(occurred_at: int, offset: object) -> int | None:
    micros = _integer("event_server_timestamp_offset", offset)
    if micros is None:
        return None
    received_at = occurred_at + micros
    if not 0 <= received_at < 10**17:
        raise RejectedError("bad_time", f"event_server_timestamp_offset {micros} is out of range")
    return received_at


@lru_cache(maxsize=256)
def _day(value: str | None) -> str:
    if value is None:
        raise RejectedError("missing_time", "event_date is absent, by which days are replaced")
    try:
        # A week date would be ISO too.
        return f"{date.fromisoformat(value.replace('W', '?')):%Y%m%d}"
    except ValueError as error:
        raise RejectedError("bad_time", f"event_date {value[:40]!r} is no day") from error


def _is_intraday(value: object, layout: Layout) -> bool:
    """A column speaks for its record, the layout for those without."""
    if value is None or value == "":
        return layout.is_provisional
    if (flag := _FLAGS.get(str(value).lower())) is None:
        raise RejectedError("bad_type", f"is_intraday {str(value)[:40]!r} is not true or false")
    return flag


def _integer(name: str, value: object) -> int | None:
    if value is None or value == "":
        return None
    found = _whole_or(value)
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    raise RejectedError("bad_type", f"{name} {str(value)[:40]!r} is no 64-bit integer")


def _whole_or(value: object) -> object:
    """A 64-bit whole number that came as text or as a float; all else as it is."""
    found = value
    if isinstance(value, str):
        digits = value.removesuffix(".0") if len(value) < len(str(_INT64)) + 4 else ""
        if digits.isascii() and digits.removeprefix("-").isdecimal():
            found = int(digits)
    elif isinstance(value, float) and value.is_integer():
        found = int(value)
    if isinstance(found, int) and not -_INT64 <= found < _INT64:
        return str(value)
    return found
