"""The shape ksql: the flat upper-case JSON dump of a topic.

Belongs here: which field means what. Does not belong here: how values are read (`values`).
"""

from collections.abc import Callable, Mapping
from typing import Any

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
    names,
    text,
    zone_of,
)

_COLUMNS = frozenset({
    "USERID", "USERNAME", "TIMESTAMP", "MESSAGEID", "DOMAIN", "TITLE", "PAGE_TITLE", "URL",
    "PAGE_URL", "PATH", "TAGS", "AUTHORS", "REFERRER",
})  # fmt: skip
"""Fields that have a column of their own."""


def is_like(record: Fields) -> bool:
    """Whether a record has the field names of this shape."""
    return "TIMESTAMP" in record and bool(record.keys() & {"USERID", "MESSAGEID", "PAGE_URL"})


def reader(layout: Layout) -> Callable[[bytes | None, Fields], Event]:
    """Reads the key and the fields of one record; raises `RejectedError`."""
    zone = zone_of(layout.timezone)

    def read(key: bytes | None, record: Fields) -> Event:
        # A consumer's own additions say how a record came, not what it says.
        said = {k: v for k, v in record.items() if not k.startswith("_")}
        occurred_at = moment("TIMESTAMP", said.get("TIMESTAMP"), zone)
        if occurred_at is None:
            raise RejectedError("missing_time", "TIMESTAMP is absent")
        user_id = identity("USERID", said.get("USERID"))
        named = identity("_user_id", record.get("_user_id"))
        keyed = identity("the key", key_text(key))
        told = dict.fromkeys(one for one in (user_id, named, keyed) if one)
        if len(told) > 1:
            one, other = list(told)[:2]
            raise RejectedError("identity_conflict", f"of both {one[:40]!r} and {other[:40]!r}")
        user_id = next(iter(told), None)
        return Event(
            occurred_at=occurred_at,
            fingerprint=fingerprint({**said, "TIMESTAMP": occurred_at, "_user_id": user_id}),
            user_id=user_id,
            user_name=text("USERNAME", said.get("USERNAME")),
            message_id=event_id("MESSAGEID", said.get("MESSAGEID")),
            received_at=moment("_kafka_timestamp", record.get("_kafka_timestamp"), zone),
            event_name="page_view",
            url=_first(said, "URL", "PAGE_URL", "PATH"),
            title=_first(said, "TITLE", "PAGE_TITLE"),
            referrer=text("REFERRER", said.get("REFERRER")),
            publication=text("DOMAIN", said.get("DOMAIN")),
            tags=names("TAGS", said.get("TAGS")),
            authors=names("AUTHORS", said.get("AUTHORS")),
            properties=as_json(
                {_lower(k, said): _truth(v) for k, v in said.items() if k not in _COLUMNS}
            ),
        )

    return read


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
