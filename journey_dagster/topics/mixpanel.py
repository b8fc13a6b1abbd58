"""The shape mixpanel: the raw export, the warehouse pipeline, and tables of either.

Belongs here: which field means what, whose clock `time` is on. Does not belong here: how values are
read (`values`).

Projects made before 2023 write local wall time as if it were UTC. The zone of the layout is such a
project's zone: every time that claims to be UTC, or claims nothing, is then a wall time of it.

An id `$device:ID` is a device, and so is one equal to `$device_id`; any other `distinct_id` is the
person that the vendor knows.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec

from journey_dagster.topics import TopicError, fields
from journey_dagster.topics.clocks import Lags
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
    names,
    node,
    object_in,
    text,
    zone_of,
)

_NAMES = ("event_name", "event", "name")
"""How the name of an event is called in a table; the first there is counts."""
_DOLLARS = {
    name.removeprefix("$"): name
    for name in (
        "$insert_id", "$device_id", "$user_id", "$mp_api_timestamp_ms", "$import", "$current_url",
        "$referrer", "$identified_id", "$anon_id", "$distinct_ids",
    )
}  # fmt: skip
_PLAIN = frozenset({"time", "distinct_id", "mp_processing_time_ms", "properties", "alias"})
_COLUMNS = frozenset({
    "time", "distinct_id", "$insert_id", "$device_id", "$user_id", "$mp_api_timestamp_ms",
    "mp_processing_time_ms", "$current_url", "$referrer",
})  # fmt: skip
"""Fields that have a column of their own."""
_DELIVERY = frozenset({"mp_processing_time_ms", "$mp_api_timestamp_ms", "$is_reshuffled"})
"""What differs between two deliveries of one event."""
_URLS = ("mp_page", "page_url", "url")
_PAGES = ("current_url_path", "page", "page_path", "path", "$screen_name", "screen_name")
_TITLES = ("current_page_title", "page_title", "title")

_VIRTUAL = frozenset({"Session Start", "Session End", "$session_start", "$session_end"})
_ABORTED = b"terminated early"
_OFFSET = re.compile(r":\d\d(?:\.\d+)?\s*[+-](?!00(?::?00)?$)\d\d(?::?\d\d)?$")
"""A clock with an offset that is not UTC's: it is not a wall time claimed to be UTC."""
_UTC = ZoneInfo("UTC")
_MINUTE = 60 * 10**6
_DAY = 86_400 * 10**6


def is_like(record: Fields) -> bool:
    """Whether a record's fields name those of an export or of a table."""
    if record.keys() == {"event", "properties"}:
        inner = record["properties"]
        return inner is None or (isinstance(inner, dict) and "distinct_id" in inner)
    folded = {_folded(name) for name in record}
    return {"time", "distinct_id"} <= folded and not folded.isdisjoint(_NAMES)


def reader(layout: Layout) -> Callable[[bytes | None, Fields], Event]:
    """Reads the fields of one record; raises `RejectedError`."""
    time_of = _clock(layout)
    by_day = layout.dedup == "day"

    def read(_: bytes | None, record: Fields) -> Event:
        name, said = _opened(record)
        written, occurred_at = time_of(said.get("time"))
        distinct_id = identity("distinct_id", said.get("distinct_id"))
        insert_id = event_id("$insert_id", said.get("$insert_id"))
        if insert_id is None:
            key = {k: v for k, v in said.items() if k not in _DELIVERY and k[:1] != "_"}
            key |= {"event": name, "time": occurred_at}
        else:
            at = written // _DAY if by_day else occurred_at
            key = {"event": name, "distinct_id": distinct_id, "time": at, "$insert_id": insert_id}
        processed_at = _milliseconds(said.get("mp_processing_time_ms"))
        received_at = moment("$mp_api_timestamp_ms", said.get("$mp_api_timestamp_ms"), _UTC)
        if received_at is None and processed_at is not None and _is_time(processed_at):
            received_at = processed_at * 1000
        noise, (user_id, anonymous_id, same_as) = _whose(name, said, distinct_id)
        url = text("$current_url", said.get("$current_url")) or first_text(said, _URLS)
        page = None if url else first_text(said, _PAGES)
        referrer = text("$referrer", said.get("$referrer"))
        return Event(
            occurred_at=occurred_at,
            fingerprint=fingerprint(key),
            user_id=user_id,
            anonymous_id=anonymous_id,
            message_id=insert_id,
            received_at=received_at,
            event_name=name,
            page=page,
            url=url,
            title=first_text(said, _TITLES),
            referrer=None if referrer == "$direct" else referrer,
            properties=as_json({k: v for k, v in said.items() if k not in _COLUMNS}),
            revision=processed_at,
            noise_reason=noise,
            same_as=same_as,
        )

    return read


def _opened(record: Fields) -> tuple[str | None, Fields]:
    """The name of an event and its properties, called as in the raw export."""
    if record.keys() == {"event", "properties"}:
        return text("event", record["event"]), object_in("properties", record["properties"])
    called = _called(tuple(record))
    said: Fields = {}
    for name, value in record.items():
        if value is not None and value != "":
            said[called[name]] = value
    inner = object_in("properties", said.pop("properties", None))
    return text("event", said.pop("event", None)), inner | said


@lru_cache(maxsize=256)
def _called(header: tuple[str, ...]) -> dict[str, str]:
    """What the columns of a table are called in the raw export; unknown ones keep their names."""
    # Of two columns of one meaning that spelled as in the export has it, and the other its name.
    exact = {*_DOLLARS.values(), *_PLAIN, *_NAMES}
    folded = {_folded(name): name for name in sorted(header, key=lambda n: (n in exact, n))}
    event = next((folded[name] for name in _NAMES if name in folded), None)
    called: dict[str, str] = {}
    for name in header:
        plain = _folded(name)
        known = _DOLLARS.get(plain) or (plain if plain in _PLAIN else None)
        called[name] = known if known and folded[plain] == name else name
    if event is not None:
        called[event] = "event"
    return called


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    return name.strip().lower().replace(" ", "_").removeprefix("mp_reserved_").removeprefix("$")


def _clock(layout: Layout) -> Callable[[Any], tuple[int, int]]:
    """Reads a time as it was written, as if in UTC, and as it was."""
    zone = zone_of(layout.timezone)
    # The warehouse pipeline's times are UTC by its documents; a table states no zone by itself.
    as_if = _UTC if zone or layout.encoding == "json" else None

    @lru_cache(maxsize=4096)
    def offset_of(minute: int) -> int:
        # No zone has changed its offset within a minute since there are such exports.
        wall = datetime(1970, 1, 1, tzinfo=zone) + timedelta(minutes=minute)
        return (wall.utcoffset() or timedelta()) // timedelta(microseconds=1)

    def time_of(value: Any) -> tuple[int, int]:  # noqa: ANN401  whatever JSON has
        written = moment("time", value, as_if)
        if written is None:
            raise RejectedError("missing_time", "time is absent")
        if zone is None or (isinstance(value, str) and _OFFSET.search(value)):
            return written, written
        return written, written - offset_of(written // _MINUTE)

    return time_of


def _milliseconds(value: object) -> int | None:
    """The time of processing; of several deliveries the last processed counts."""
    try:
        found = None if value in (None, "") else int(cast("str", value))
    except (TypeError, ValueError) as error:
        raise RejectedError("bad_time", f"mp_processing_time_ms {str(value)[:40]!r}") from error
    if found is not None and not -(2**63) <= found < 2**63:
        raise RejectedError("bad_time", "mp_processing_time_ms is out of range")
    return found


def _is_time(milliseconds: int) -> bool:
    return 10**11 <= milliseconds < 10**14


# ---- who ----------------------------------------------------------------------------------------

_Person = tuple[str | None, str | None, str | None]
"""User, device, and another id of the same person."""


def _whose(name: str | None, said: Fields, distinct_id: str | None) -> tuple[str | None, _Person]:
    """Why a record is no step, where it is none, and whose it is."""
    user = identity("$user_id", said.get("$user_id"))
    device = identity("$device_id", said.get("$device_id"))
    device = device and _bare(device)
    match name:
        case "$identify":
            anonymous = identity("$anon_id", said.get("$anon_id"))
            known = identity("$identified_id", said.get("$identified_id"))
            same_as = node("anonymous", _bare(anonymous)) if anonymous else None
            user, device, _ = _person(known or distinct_id, user, device)
            return "identity_event", (user, device, same_as)
        case "$create_alias":
            alias = identity("alias", said.get("alias"))
            user, device, _ = _person(distinct_id, user, device)
            return "identity_event", (user, device, _node(alias) if alias else None)
        case "$merge":
            return "identity_event", _merged(said.get("$distinct_ids"))
        case _:
            noise = "system_event" if name in _VIRTUAL else None
            return noise, _person(distinct_id, user, device)


def _person(distinct_id: str | None, user: str | None, device: str | None) -> _Person:
    if distinct_id is None:
        return user, device, None
    if distinct_id.startswith("$device:"):
        known = _bare(distinct_id)
        other = None if device in {None, known} else node("anonymous", known)
        return user, device or known, other
    if distinct_id in {user, device}:
        return user, device, None
    # The vendor resolved the person to another id than the one that this device knew.
    return user or distinct_id, device, node("user", distinct_id) if user else None


def _merged(value: object) -> _Person:
    ids = names("$distinct_ids", value) or []
    if len(ids) != 2:  # noqa: PLR2004  a merge is of two
        raise RejectedError("bad_type", f"$distinct_ids names {len(ids)} ids, not two")
    one, other = ids
    user, device, _ = _person(one, None, None)
    return user, device, _node(other)


def _bare(device: str) -> str:
    return device.removeprefix("$device:")


def _node(said: str) -> str:
    bare = _bare(said)
    return node("user" if bare == said else "anonymous", bare)


# ---- the file as a whole ------------------------------------------------------------------------


def watch(path: Path, records: Iterator[bytes], layout: Layout) -> Iterator[bytes]:
    """Pass the records on; see that the file is whole and whose clock it is on.

    Raises:
        TopicError: the export ended early, lacks a column, or is on a clock that nobody stated.
    """
    _refuse_header(path, layout)
    lags = Lags()
    note = None if layout.timezone else _lag_noter(layout, lags)
    last = b""
    for last in records:
        if last == _ABORTED:
            raise TopicError(_incomplete(path))
        if note:
            note(last)
        yield last
    if layout.encoding == "json" and _is_cut(last):
        raise TopicError(_incomplete(path))
    if local := lags.local_time():
        raise TopicError(
            f"{path}: {local} Projects made before 2023 write local time as if it were UTC. If the "
            "delay is real, say --timezone UTC. Nothing was loaded"
        )


def _incomplete(path: Path) -> str:
    return f"{path} is incomplete: the export ended early. Nothing was loaded; fetch it again"


def _is_cut(last: bytes) -> bool:
    try:
        msgspec.json.decode(last or b"{}")
    except msgspec.DecodeError as error:
        return "truncated" in str(error) or (last[:1] == b"{" and last[-1:] != b"}")
    except (RecursionError, UnicodeDecodeError):
        pass
    return False


def _refuse_header(path: Path, layout: Layout) -> None:
    if layout.header == (_ABORTED.decode(),):
        raise TopicError(_incomplete(path))
    if not layout.header or set(layout.header) == {"event", "properties"}:
        return
    called = _called(layout.header).values()
    missing = [name for name in ("event", "time", "distinct_id") if name not in called]
    if missing:
        raise TopicError(
            f"{path} has no column {' and no '.join(map(repr, missing))}, however it is spelled; "
            "export events with their time and distinct_id. Nothing was loaded"
        )


def _lag_noter(layout: Layout, lags: Lags) -> Callable[[bytes], None]:
    """Notes how long after its time an event was received; of a backfill it tells nothing."""
    fields_of = fields.reader(layout) if layout.header else msgspec.json.Decoder(Fields).decode

    def note(record: bytes) -> None:
        try:
            _, said = _opened(fields_of(record))
            if said.get("$import") in {True, "true", "True", "1"}:
                return
            received = said.get("$mp_api_timestamp_ms") or said.get("mp_processing_time_ms")
            received_at = moment("received", received, _UTC)
            written = moment("time", said.get("time"), _UTC)
        except (RejectedError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TypeError):
            return  # the decoder says what is wrong with it
        if received_at is not None and written is not None:
            lags.note(written, received_at)

    return note
