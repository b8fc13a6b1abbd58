"""The shapes that a record can have: how each is read and how it is told from the others.

Belongs here: the list of shapes. Does not belong here: the shapes themselves (a module each).
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from journey_dagster.topics import amplitude, ga4, ksql, mixpanel, plain, segment, snowplow
from journey_dagster.topics.fields import Fields
from journey_dagster.topics.files import Format, Layout
from journey_dagster.topics.values import Event


class Shape(NamedTuple):
    """One shape of records."""

    reader: Callable[[Layout], Callable[[bytes | None, Fields], Event]]
    """Makes what reads the key and the fields of a record; that raises `RejectedError`."""
    is_like: Callable[[Fields], bool]
    """Whether the names of a record's fields are those of this shape and of no other."""
    watch: Callable[[Path, Iterator[bytes], Layout], Iterator[bytes]] | None = None
    """Passes a file's records on and refuses the file (`TopicError`) for what they say together."""


SHAPES: dict[Format, Shape] = {
    "amplitude": Shape(amplitude.reader, amplitude.is_like),
    "mixpanel": Shape(mixpanel.reader, mixpanel.is_like, mixpanel.watch),
    "ga4": Shape(ga4.reader, ga4.is_like, ga4.watch),
    "segment": Shape(segment.reader, segment.is_like),
    "snowplow": Shape(snowplow.reader, snowplow.is_like),
    "ksql": Shape(ksql.reader, ksql.is_like),
    "json": Shape(plain.reader, plain.is_like),
    "csv": Shape(plain.reader, plain.is_like),
}
"""In the order in which a record is held against them."""


def guess(records: Iterable[Fields]) -> Format | None:
    """The first shape that all records with any fields have."""
    seen = [record for record in records if record]
    for name, shape in SHAPES.items():
        if seen and all(shape.is_like(record) for record in seen):
            return name
    return None


def watch(path: Path, records: Iterator[bytes], layout: Layout) -> Iterator[bytes]:
    """The records, under the eyes of their shape where it has any.

    Raises:
        TopicError: taken together the records make no sense; the message says how to mend it.
    """
    watcher = SHAPES[layout.format].watch
    return records if watcher is None else watcher(path, records, layout)
