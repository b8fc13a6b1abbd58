"""Reads records: each gives an event, or the reason why not.

Belongs here: choosing the reader of a shape, the limits on a record. Does not belong here: shapes
(`csv_rows`, `ksql`), values (`values`), files and segments.

A record that cannot be read keeps its bytes in quarantine under a reason and costs no other.
"""

from collections.abc import Callable, Iterable, Iterator

from journey_dagster.topics import csv_rows, ksql
from journey_dagster.topics.files import Layout
from journey_dagster.topics.values import MAX_BYTES, Event, RejectedError, Rejection

READERS: dict[str, Callable[[Layout], Callable[[bytes | None, bytes], Event]]] = {
    "csv": csv_rows.reader,
    "ksql": ksql.reader,
}


def decode(
    records: Iterable[tuple[bytes | None, bytes]], layout: Layout
) -> Iterator[Event | Rejection]:
    """Read records of one layout, in order.

    Args:
        records: key and value of each.
        layout: how to read them.
    """
    read = READERS[layout.format](layout)
    for key, value in records:
        if len(value) > MAX_BYTES:
            yield Rejection("too_large", f"{len(value):,} bytes; the limit is {MAX_BYTES:,}")
            continue
        try:
            event = read(key, value)
        except RejectedError as error:
            yield error.rejection
        else:
            yield event
