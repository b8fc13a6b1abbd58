"""Reads a record's bytes: an event, or the reason why not.

Belongs here: the strict parser at the door, identities, clock times, the shapes of sources.
Does not belong here: page normalisation, duplicates, sessions (`sql/core/`), files and segments.

Nothing is guessed: an id is a string as it came, a time has a zone or the source states one, and a
record that cannot be read keeps its bytes in quarantine under a reason.
"""

import csv
import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, NamedTuple, cast
from zoneinfo import ZoneInfo

import msgspec

from journey_dagster.topics.files import Layout

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
_SPACED_COLON = re.compile(rb'"\s+:')


class Event(NamedTuple):
    """One record, read. The fields are columns of `raw.records`."""

    occurred_at: int
    """Microseconds since 1970 in UTC."""
    fingerprint: str
    """Hash of what the source said; equal for two deliveries of one record."""
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


class Rejection(NamedTuple):
    """Why a record is no event."""

    reason: Reason
    message: str


class _RejectedError(Exception):
    """Carries a rejection up to `decode`."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.rejection = Rejection(reason, message)


def decode(
    records: Iterable[tuple[bytes | None, bytes]], layout: Layout
) -> Iterator[Event | Rejection]:
    """Read records of one layout, in order.

    Args:
        records: key and value of each.
        layout: how to read them.
    """
    read = _READERS[layout.format](layout)
    for key, value in records:
        if len(value) > MAX_BYTES:
            yield Rejection("too_large", f"{len(value):,} bytes; the limit is {MAX_BYTES:,}")
            continue
        try:
            event = read(key, value)
        except _RejectedError as error:
            yield error.rejection
        else:
            yield event


# ---- what all sources share ---------------------------------------------------------------------


def parse_object(value: bytes) -> dict[str, Any]:
    """A JSON object by the strict parser: no NaN, no lone surrogate, no key twice, not too deep."""
    try:
        found = msgspec.json.decode(value)
    except RecursionError as error:
        raise _RejectedError("too_deep", "nested beyond what a parser can follow") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            value.decode()
        except UnicodeDecodeError as encoding:
            raise _RejectedError(
                "bad_encoding", f"not UTF-8: {encoding.reason} at byte {encoding.start}"
            ) from error
        raise _RejectedError("bad_json", str(error)) from error
    if not isinstance(found, dict):
        raise _RejectedError("not_object", f"a JSON {type(found).__name__}, not an object")
    record = cast("dict[str, Any]", found)
    # As many `":` as keys means flat and without repeats; anything else is looked at closely.
    # Flat means no list either: more brackets than the depth allows could be a nesting too deep.
    if (
        value.count(b'":') != len(record)
        or value.count(b"[") >= MAX_DEPTH
        or _SPACED_COLON.search(value)
    ):
        _check_closely(value)
    return record


def _check_closely(value: bytes) -> None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = dict(pairs)
        if len(keys) < len(pairs):
            twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
            raise _RejectedError("duplicate_key", f"key {twice!r} stands twice")
        return keys

    try:
        found = json.loads(value, object_pairs_hook=unique)
    except RecursionError as error:
        raise _RejectedError("too_deep", "nested beyond what a parser can follow") from error
    level = [found]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise _RejectedError("too_deep", f"nested deeper than {MAX_DEPTH}")


def _children(node: object) -> Iterable[Any]:
    match node:
        case dict():
            return cast("dict[str, Any]", node).values()
        case list():
            return cast("list[Any]", node)
        case _:
            return ()


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
            raise _RejectedError(
                "bad_type", f"{name} is a {value.__class__.__name__}, not a string"
            )
    return None if value.strip().casefold() in NOBODY else unicodedata.normalize("NFC", value)


def text(name: str, value: object) -> str | None:
    """Text, or nothing where it is empty."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise _RejectedError("bad_type", f"{name} is a {type(value).__name__}, not text")


def _id(name: str, value: object) -> str | None:
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
    raise _RejectedError("bad_time", f"{name} is a {type(value).__name__}")


def _of_text(name: str, value: str, zone: ZoneInfo | None) -> int:
    try:
        at = datetime.fromisoformat(value.removesuffix(" UTC") + "+00:00" * value.endswith(" UTC"))
    except ValueError as error:
        raise _RejectedError("bad_time", f"{name} {value[:40]!r} is no ISO 8601 time") from error
    if at.tzinfo is None:
        if zone is None:
            raise _RejectedError("naive_time", f"{name} {value[:40]!r} states no time zone")
        at = at.replace(tzinfo=zone)
    try:
        return (at.astimezone(UTC) - _EPOCH) // _MICROSECOND
    except OverflowError as error:
        raise _RejectedError("bad_time", f"{name} {value[:40]!r} is out of range") from error


def _of_number(name: str, value: float) -> int:
    for per_second in (1, 10**3, 10**6, 10**9):
        if 10**8 * per_second <= value < 10**11 * per_second:
            micros = value * 10**6
            return micros // per_second if isinstance(micros, int) else round(micros / per_second)
    raise _RejectedError("bad_time", f"{name} {value!r} is no time since 1970 in any usual unit")


def fingerprint(said: Mapping[str, Any]) -> str:
    """Hash of what a source said, whatever the order of its keys."""
    return hashlib.blake2b(
        msgspec.json.encode(said, order="sorted"), digest_size=16, usedforsecurity=False
    ).hexdigest()


def as_json(said: Mapping[str, Any]) -> str:
    """A JSON object of what there is, keys sorted."""
    kept = {key: value for key, value in said.items() if value not in (None, "")}
    return msgspec.json.encode(kept, order="sorted").decode() if kept else "{}"


# ---- csv: one event per row ---------------------------------------------------------------------

CSV_REQUIRED = ("user_id", "timestamp", "page", "event")
CSV_OPTIONAL = ("session_id", "event_id", "anonymous_id", "title", "referrer")
CSV_ALIASES = {"page": "page_url", "event": "event_name"}


def csv_columns(layout: Layout) -> dict[str, str]:
    """Canonical name to the column of the file that holds it; what is missing is absent."""
    # The first of two names that differ in case, unless one is spelled exactly so.
    header = {name.lower(): name for name in reversed(layout.header)}
    header |= {name: name for name in layout.header if name == name.lower()}
    columns: dict[str, str] = {}
    for canonical in (*CSV_REQUIRED, *CSV_OPTIONAL):
        for name in (layout.mapping.get(canonical, canonical), CSV_ALIASES.get(canonical, "")):
            if name.lower() in header:
                columns[canonical] = header[name.lower()]
                break
    return columns


def _csv_reader(layout: Layout) -> Callable[[bytes | None, bytes], Event]:
    columns = csv_columns(layout)
    zone = _zone(layout.timezone)
    position = {canonical: layout.header.index(name) for canonical, name in columns.items()}
    rest = [
        (place, name) for place, name in enumerate(layout.header) if place not in position.values()
    ]

    def read(_key: bytes | None, value: bytes) -> Event:
        try:
            line = value.decode()
        except UnicodeDecodeError as error:
            raise _RejectedError(
                "bad_encoding", f"not UTF-8: {error.reason} at byte {error.start}"
            ) from error
        try:
            # One string: line breaks in a cell are quoted, and text has more of them than CSV.
            cells = next(csv.reader([line], delimiter=layout.delimiter, strict=True))
        except (csv.Error, StopIteration) as error:
            raise _RejectedError("bad_row", f"no CSV row: {error}") from error
        if len(cells) != len(layout.header):
            raise _RejectedError(
                "bad_row", f"{len(cells)} cells where the header names {len(layout.header)}"
            )

        def cell(name: str) -> str | None:
            place = position.get(name)
            return None if place is None else cells[place]

        occurred_at = moment("timestamp", cell("timestamp"), zone)
        if occurred_at is None:
            raise _RejectedError("missing_time", "timestamp is empty")
        page = text("page", cell("page"))
        is_address = page is not None and page.startswith(("http://", "https://"))
        return Event(
            occurred_at=occurred_at,
            fingerprint=fingerprint(dict(zip(layout.header, cells, strict=True))),
            user_id=identity("user_id", cell("user_id")),
            anonymous_id=identity("anonymous_id", cell("anonymous_id")),
            message_id=_id("event_id", cell("event_id")),
            session_id=text("session_id", cell("session_id")),
            event_name=text("event", cell("event")),
            page=None if is_address else page,
            url=page if is_address else None,
            title=text("title", cell("title")),
            referrer=text("referrer", cell("referrer")),
            properties=as_json({name: cells[place] for place, name in rest}),
        )

    return read


# ---- ksql: the flat upper-case dump of a topic --------------------------------------------------

_KSQL_COLUMNS = frozenset({
    "USERID", "USERNAME", "TIMESTAMP", "MESSAGEID", "DOMAIN", "TITLE", "PAGE_TITLE", "URL",
    "PAGE_URL", "PATH", "TAGS", "AUTHORS", "REFERRER",
})  # fmt: skip
"""Fields that have a column of their own."""


def _ksql_reader(layout: Layout) -> Callable[[bytes | None, bytes], Event]:
    zone = _zone(layout.timezone)

    def read(key: bytes | None, value: bytes) -> Event:
        record = parse_object(value)
        # A consumer's own additions say how a record came, not what it says.
        said = {k: v for k, v in record.items() if not k.startswith("_")}
        occurred_at = moment("TIMESTAMP", said.get("TIMESTAMP"), zone)
        if occurred_at is None:
            raise _RejectedError("missing_time", "TIMESTAMP is absent")
        user_id = identity("USERID", said.get("USERID"))
        named = identity("_user_id", record.get("_user_id"))
        keyed = identity("the key", _as_text(key))
        told = dict.fromkeys(one for one in (user_id, named, keyed) if one)
        if len(told) > 1:
            one, other = list(told)[:2]
            raise _RejectedError("identity_conflict", f"of both {one[:40]!r} and {other[:40]!r}")
        user_id = next(iter(told), None)
        return Event(
            occurred_at=occurred_at,
            fingerprint=fingerprint({**said, "_user_id": user_id}),
            user_id=user_id,
            user_name=text("USERNAME", said.get("USERNAME")),
            message_id=_id("MESSAGEID", said.get("MESSAGEID")),
            received_at=moment("_kafka_timestamp", record.get("_kafka_timestamp"), zone),
            event_name="page_view",
            url=_first(said, "URL", "PAGE_URL", "PATH"),
            title=_first(said, "TITLE", "PAGE_TITLE"),
            referrer=text("REFERRER", said.get("REFERRER")),
            publication=text("DOMAIN", said.get("DOMAIN")),
            tags=names("TAGS", said.get("TAGS")),
            authors=names("AUTHORS", said.get("AUTHORS")),
            properties=as_json(
                {_lower(k, said): _truth(v) for k, v in said.items() if k not in _KSQL_COLUMNS}
            ),
        )

    return read


def _as_text(key: bytes | None) -> str | None:
    try:
        return key.decode() if key else None
    except UnicodeDecodeError as error:
        raise _RejectedError("bad_encoding", f"the key is not UTF-8: {error.reason}") from error


def _first(said: Mapping[str, Any], *fields: str) -> str | None:
    return next((found for name in fields if (found := text(name, said.get(name)))), None)


def _lower(field: str, said: Mapping[str, Any]) -> str:
    """A field's name as a property; two that differ in case alone stay two."""
    lower = field.lower()
    return field if lower != field and lower in said else lower


def _truth(value: object) -> object:
    """A boolean that came as a word in either spelling."""
    match value:
        case "true" | "True":
            return True
        case "false" | "False":
            return False
        case _:
            return value


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
                raise _RejectedError("bad_type", f"{field} is no list: {error}") from error
        else:
            value = inner.removeprefix("[").removesuffix("]").split(",")
    if not isinstance(value, list):
        raise _RejectedError("bad_type", f"{field} is a {type(value).__name__}, not a list")
    parts = cast("list[Any]", value)
    found = [part.strip() for part in parts if isinstance(part, str)]
    return list(dict.fromkeys(name for name in found if name))


@lru_cache
def _zone(name: str | None) -> ZoneInfo | None:
    return ZoneInfo(name) if name else None


_READERS: dict[str, Callable[[Layout], Callable[[bytes | None, bytes], Event]]] = {
    "csv": _csv_reader,
    "ksql": _ksql_reader,
}
