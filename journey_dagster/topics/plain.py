"""The shapes csv and json: one event per record, its fields named by themselves or by a mapping.

Belongs here: which field means what. Does not belong here: how values are read (`values`), how a
record becomes fields (`fields`).

Names are compared without regard to case and underscores: userId, USER_ID and user_id are one.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, cast

from journey_dagster.topics.fields import Fields
from journey_dagster.topics.files import Layout
from journey_dagster.topics.values import (
    Event,
    RejectedError,
    as_json,
    event_id,
    fingerprint,
    identity,
    key_text,
    moment,
    text,
    zone_of,
)

REQUIRED = ("user_id", "timestamp", "page", "event")
OPTIONAL = ("session_id", "event_id", "anonymous_id", "title", "referrer")
ALIASES = {
    "page": ("page_url", "url", "path"),
    "event": ("event_name", "event_type"),
    "timestamp": ("time", "occurred_at"),
    "event_id": ("message_id",),
}


def columns_of(names: Iterable[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Canonical name to the field that holds it; what is missing is absent."""
    names = list(names)
    # The first of two names that differ in case, unless one is spelled exactly so.
    spelled = {folded(name): name for name in reversed(names)}
    spelled |= {name: name for name in names if name == name.lower()}
    columns: dict[str, str] = {}
    for canonical in (*REQUIRED, *OPTIONAL):
        for name in (mapping.get(canonical, canonical), *ALIASES.get(canonical, ())):
            found = name if name in names else spelled.get(name) or spelled.get(folded(name))
            if found is not None and found not in columns.values():
                columns[canonical] = found
                break
    return columns


def candidates(canonical: str, mapping: Mapping[str, str]) -> set[str]:
    """The names, folded, that a field of this meaning may have."""
    names = (mapping.get(canonical, canonical), *ALIASES.get(canonical, ()))
    return {folded(name) for name in names}


def folded(name: str) -> str:
    """A name without what does not tell it from another."""
    return name.lower().replace("_", "")


def is_like(record: Fields) -> bool:
    """Whether a record's fields name all that this shape needs."""
    columns = columns_of(_unwrapped(record), {})
    return "timestamp" in columns and len(columns.keys() & set(REQUIRED)) == len(REQUIRED)


def reader(layout: Layout) -> Callable[[bytes | None, Fields], Event]:
    """Reads the key and the fields of one record; raises `RejectedError`."""
    zone = zone_of(layout.timezone)

    @lru_cache(maxsize=256)
    def columns_for(names: tuple[str, ...]) -> dict[str, str]:
        return columns_of(names, layout.mapping)

    def read(key: bytes | None, record: Fields) -> Event:
        record = _unwrapped(record)
        columns = columns_for(tuple(record))

        def cell(name: str) -> Any:  # noqa: ANN401  the value's reader says what it may be
            column = columns.get(name)
            return None if column is None else record[column]

        occurred_at = moment("timestamp", cell("timestamp"), zone)
        if occurred_at is None:
            raise RejectedError("missing_time", "timestamp is empty")
        page = text("page", cell("page"))
        is_address = page is not None and page.lower().startswith(("http://", "https://"))
        taken = set(columns.values())
        rest = {name: value for name, value in record.items() if name not in taken}
        user_id = identity("user_id", cell("user_id"))
        anonymous_id = identity("anonymous_id", cell("anonymous_id"))
        if user_id is None and anonymous_id is None:
            user_id = identity("the key", key_text(key))
        return Event(
            occurred_at=occurred_at,
            fingerprint=fingerprint(
                _said(record, columns, rest) | {"timestamp": occurred_at, "user_id": user_id}
            ),
            user_id=user_id,
            anonymous_id=anonymous_id,
            message_id=event_id("event_id", cell("event_id")),
            session_id=text("session_id", cell("session_id")),
            event_name=text("event", cell("event")),
            page=None if is_address else page,
            url=page if is_address else None,
            title=text("title", cell("title")),
            referrer=text("referrer", cell("referrer")),
            properties=as_json(rest),
        )

    return read


def _unwrapped(record: Fields) -> Fields:
    """The event of an envelope of event and metadata."""
    inner = record.get("event")
    if isinstance(inner, dict) and record.keys() <= {"event", "metadata"}:
        return cast("Fields", inner)
    return record


def _said(record: Fields, columns: Mapping[str, str], rest: Fields) -> Fields:
    """What a record says, whatever its fields are called and whichever of them are empty."""
    named = {name: record[column] for name, column in columns.items()}
    named |= {f".{name.lower()}": value for name, value in rest.items()}
    return {name: value for name, value in named.items() if value not in (None, "")}
