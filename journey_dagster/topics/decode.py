"""Reads records: each gives an event, or the reason why not.

Belongs here: the limits on a record, whose a nameless record is.
Does not belong here: shapes (`shapes`), values (`values`), files and segments.

A record that cannot be read keeps its bytes in quarantine under a reason and costs no other.
"""

from collections.abc import Iterable, Iterator

from journey_dagster.topics import fields
from journey_dagster.topics.files import Layout
from journey_dagster.topics.shapes import SHAPES
from journey_dagster.topics.values import MAX_BYTES, Event, RejectedError, Rejection, fingerprint


def decode(
    records: Iterable[tuple[bytes | None, bytes]], layout: Layout
) -> Iterator[Event | Rejection]:
    """Read records of one layout, in order.

    Args:
        records: key and value of each.
        layout: how to read them.
    """
    fields_of = fields.reader(layout)
    event_of = SHAPES[layout.format].reader(layout)
    for key, value in records:
        if len(value) > MAX_BYTES:
            yield Rejection("too_large", f"{len(value):,} bytes; the limit is {MAX_BYTES:,}")
            continue
        try:
            event = event_of(key, fields_of(value))
        except RejectedError as error:
            yield error.rejection
            continue
        if layout.user_id and event.user_id is None and event.anonymous_id is None:
            said = {"said": event.fingerprint, "user_id": layout.user_id}
            event = event._replace(user_id=layout.user_id, fingerprint=fingerprint(said))
        yield event
