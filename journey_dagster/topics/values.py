"""Reads single values of a record strictly: ids, times, texts, lists, JSON objects.

Belongs here: what an event is, why a record is none, and the rules that all shapes share.
Does not belong here: which field of which shape means what (one module each, such as `ksql`).

Nothing is guessed: an id is a string as it came, a time has a zone or the source states one.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, NamedTuple, cast
from zoneinfo import ZoneInfo

import msgspec

Reason = Literal[
    "bad_encoding",
    "bad_json",
    "bad_row",
    "bad_time",
    "bad_type",
    "duplicate_key",
    "identity_conflict",
    "missing_time",
    "naive_time",
    "not_object",
    "too_deep",
    "too_large",
    "unknown_kind",
]

MAX_BYTES = 2**20
MAX_DEPTH = 64
NOBODY = frozenset({"", "none", "null", "nil", "undefined", "nan"})
"""What broken clients send for no one; it would be one user shared by strangers."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DIGITS = 40
"""A longer number is no time in any unit, and Python refuses to read very long ones."""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_COMPACT = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?"
)
"""A date and clock without separators; read as a number it would be another time."""
_SPACED_COLON = re.compile(rb'"\s+:')


Kind = Literal["user", "anonymous"]


class Event(NamedTuple):
    """One record, read. The fields are columns of `raw.records`."""

    occurred_at: int
    """Microseconds since 1970 in UTC."""
    fingerprint: str
    """What the source said, as one text; equal for two deliveries of one record."""
    user_id: str | None = None
    anonymous_id: str | None = None
    user_name: str | None = None
    message_id: str | None = None
    session_id: str | None = None
    received_at: int | None = None
    event_name: str | None = None
    page: str | None = None
    """The page as the source names it; None where only an address is known."""
    url: str | None = None
    title: str | None = None
    referrer: str | None = None
    publication: str | None = None
    tags: list[str] | None = None
    authors: list[str] | None = None
    properties: str = "{}"
    """JSON object of what has no column of its own."""
    tie_break: int | None = None
    """Order among events of one moment where the source states one; else the offset is."""
    revision: int | None = None
    """Of several deliveries of one event the highest revision counts, and then the first."""
    day: str | None = None
    """The day of the source's calendar that the record was exported under, where that matters."""
    is_provisional: bool = False
    """Stands only until a final export of the same day arrives."""
    noise_reason: str | None = None
    """Why the record is no step of a journey, where the source's kind of record says so."""
    same_as: str | None = None
    """Another id that the record declares to be the same person, as `kind:id` (see `node`)."""


class Rejection(NamedTuple):
    """Why a record is no event."""

    reason: Reason
    message: str


class RejectedError(Exception):
    """Carries a rejection up to `decode`."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.rejection = Rejection(reason, message)


def parse_object(value: bytes) -> dict[str, Any]:
    """A JSON object by the strict parser: no NaN, no lone surrogate, no key twice, not too deep."""
    try:
        found = msgspec.json.decode(value)
    except RecursionError as error:
        raise RejectedError("too_deep", "nested beyond what a parser can follow") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            value.decode()
        except UnicodeDecodeError as encoding:
            raise RejectedError(
                "bad_encoding", f"not UTF-8: {encoding.reason} at byte {encoding.start}"
            ) from error
        raise RejectedError("bad_json", str(error)) from error
    if not isinstance(found, dict):
        raise RejectedError("not_object", f"a JSON {type(found).__name__}, not an object")
    record = cast("dict[str, Any]", found)
    # As many `":` as keys means that none stands twice; text that looks like a key only costs time.
    if value.count(b'":') != _count_keys(record, 1) or _SPACED_COLON.search(value):
        _check_twice(value)
    return record


def _count_keys(found: Mapping[str, Any] | list[Any], depth: int) -> int:
    """Keys of all objects within."""
    if depth > MAX_DEPTH:
        raise RejectedError("too_deep", f"nested deeper than {MAX_DEPTH}")
    n = 0
    values: Iterable[Any] = found
    if isinstance(found, dict):
        n, values = len(found), found.values()
    for value in values:
        if isinstance(value, dict | list):
            n += _count_keys(cast("dict[str, Any] | list[Any]", value), depth + 1)
    return n


def _check_twice(value: bytes) -> None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = dict(pairs)
        if len(keys) < len(pairs):
            twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
            raise RejectedError("duplicate_key", f"key {twice!r} stands twice")
        return keys

    json.loads(value, object_pairs_hook=unique)


def identity(name: str, value: object) -> str | None:
    """An id as a string in one Unicode form; a whole number is taken by its digits."""
    match value:
        case None:
            return None
        case str():
            pass
        case int() if not isinstance(value, bool):
            value = str(value)
        case _:
            raise RejectedError("bad_type", f"{name} is a {value.__class__.__name__}, not a string")
    return None if value.strip().casefold() in NOBODY else unicodedata.normalize("NFC", value)


def key_text(key: bytes | None) -> str | None:
    """The key of a record as text; nothing where it has none."""
    try:
        return key.decode() if key else None
    except UnicodeDecodeError as error:
        raise RejectedError("bad_encoding", f"the key is not UTF-8: {error.reason}") from error


def node(kind: Kind, value: str) -> str:
    """An id with its kind, as `core.identity_edges` has it; a user and a device may share one."""
    return f"{kind}:{value}"


def text(name: str, value: object) -> str | None:
    """Text, or nothing where it is empty."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise RejectedError("bad_type", f"{name} is a {type(value).__name__}, not text")


def object_in(name: str, value: object) -> dict[str, Any]:
    """An object, as it is or as JSON in a cell; an empty one where it is absent."""
    match value:
        case None | "":
            return {}
        case str():
            return parse_object(value.encode())
        case dict():
            return cast("dict[str, Any]", value)
        case _:
            raise RejectedError("bad_type", f"{name} is a {type(value).__name__}, not an object")


def first_text(said: Mapping[str, Any], names: Iterable[str]) -> str | None:
    """The first text among properties that anybody may have filled with anything."""
    found = (said.get(name) for name in names)
    return next((one for one in found if isinstance(one, str) and one), None)


def event_id(name: str, value: object) -> str | None:
    """The source's id of an event; what broken clients send for none is none."""
    found = text(name, value)
    return None if found is None or found.strip().casefold() in NOBODY else found


def moment(name: str, value: object, zone: ZoneInfo | None) -> int | None:
    """Microseconds since 1970 of a time as text or number; None where it is absent.

    Numbers are seconds, milliseconds, microseconds or nanoseconds by their magnitude, which leaves
    no doubt for the years 1973 to 5138.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        if len(value) <= _DIGITS and _NUMBER.fullmatch(value):
            return _of_number(name, float(value) if "." in value else int(value))
        return _of_text(name, value.strip(), zone)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_number(name, value)
    raise RejectedError("bad_time", f"{name} is a {type(value).__name__}")


def _of_text(name: str, value: str, zone: ZoneInfo | None) -> int:
    try:
        at = datetime.fromisoformat(value.removesuffix(" UTC") + "+00:00" * value.endswith(" UTC"))
    except ValueError as error:
        raise RejectedError("bad_time", f"{name} {value[:40]!r} is no ISO 8601 time") from error
    if at.tzinfo is None:
        if zone is None:
            raise RejectedError("naive_time", f"{name} {value[:40]!r} states no time zone")
        at = at.replace(tzinfo=zone)
    try:
        return (at.astimezone(UTC) - _EPOCH) // _MICROSECOND
    except OverflowError as error:
        raise RejectedError("bad_time", f"{name} {value[:40]!r} is out of range") from error


def _of_number(name: str, value: float) -> int:
    if _COMPACT.fullmatch(str(value)):
        raise RejectedError("bad_time", f"{name} {value!r} could be a date; write it as ISO")
    for per_second in (1, 10**3, 10**6, 10**9):
        if 10**8 * per_second <= value < 10**11 * per_second:
            micros = value * 10**6
            return micros // per_second if isinstance(micros, int) else round(micros / per_second)
    raise RejectedError("bad_time", f"{name} {value!r} is no time since 1970 in any usual unit")


def fingerprint(said: Mapping[str, Any]) -> str:
    """What a source said, whatever the order of its keys; loading keeps a hash of it."""
    return msgspec.json.encode(said, order="sorted").decode()


def as_json(said: Mapping[str, Any]) -> str:
    """A JSON object of what there is, keys sorted."""
    kept = {key: value for key, value in said.items() if value not in (None, "")}
    return msgspec.json.encode(kept, order="sorted").decode() if kept else "{}"


def names(field: str, value: object) -> list[str] | None:
    """The names in a list, a JSON list as text, or a bracketed list without quotes; None if absent.

    In the last form a comma inside a name cannot be told from one between names: it separates.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        inner = value.strip()
        if re.match(r'\[\s*"', inner):
            try:
                value = msgspec.json.decode(inner, type=list[str])
            except msgspec.MsgspecError as error:
                raise RejectedError("bad_type", f"{field} is no list: {error}") from error
        else:
            value = inner.removeprefix("[").removesuffix("]").split(",")
    if not isinstance(value, list):
        raise RejectedError("bad_type", f"{field} is a {type(value).__name__}, not a list")
    parts = cast("list[Any]", value)
    found = [part.strip() for part in parts if isinstance(part, str)]
    return list(dict.fromkeys(name for name in found if name))


@lru_cache
def zone_of(name: str | None) -> ZoneInfo | None:
    """The zone of times that state none, where the source has one."""
    return ZoneInfo(name) if name else None
