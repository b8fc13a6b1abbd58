"""The shape csv: one event per row, the columns named by the header or by a mapping.

Belongs here: which column means what. Does not belong here: how values are read (`values`), where a
row ends (`files`).
"""

import csv
from collections.abc import Callable, Iterable, Mapping

from journey_dagster.topics.files import Layout
from journey_dagster.topics.values import (
    Event,
    RejectedError,
    as_json,
    event_id,
    fingerprint,
    identity,
    moment,
    text,
    zone_of,
)

REQUIRED = ("user_id", "timestamp", "page", "event")
OPTIONAL = ("session_id", "event_id", "anonymous_id", "title", "referrer")
ALIASES = {"page": "page_url", "event": "event_name"}


def columns_of(layout: Layout) -> dict[str, str]:
    """Canonical name to the column of the file that holds it; what is missing is absent."""
    # The first of two names that differ in case, unless one is spelled exactly so.
    header = {name.lower(): name for name in reversed(layout.header)}
    header |= {name: name for name in layout.header if name == name.lower()}
    columns: dict[str, str] = {}
    for canonical in (*REQUIRED, *OPTIONAL):
        for name in (layout.mapping.get(canonical, canonical), ALIASES.get(canonical, "")):
            if name.lower() in header:
                columns[canonical] = header[name.lower()]
                break
    return columns


def reader(layout: Layout) -> Callable[[bytes | None, bytes], Event]:
    """Reads the key and the bytes of one row; raises `RejectedError`."""
    columns = columns_of(layout)
    zone = zone_of(layout.timezone)
    position = {canonical: layout.header.index(name) for canonical, name in columns.items()}
    rest = [
        (place, name) for place, name in enumerate(layout.header) if place not in position.values()
    ]

    def read(_key: bytes | None, value: bytes) -> Event:
        try:
            line = value.decode()
        except UnicodeDecodeError as error:
            raise RejectedError(
                "bad_encoding", f"not UTF-8: {error.reason} at byte {error.start}"
            ) from error
        try:
            # One string: line breaks in a cell are quoted, and text has more of them than CSV.
            cells = next(csv.reader([line], delimiter=layout.delimiter, strict=True))
        except (csv.Error, StopIteration) as error:
            raise RejectedError("bad_row", f"no CSV row: {error}") from error
        if len(cells) != len(layout.header):
            raise RejectedError(
                "bad_row", f"{len(cells)} cells where the header names {len(layout.header)}"
            )

        def cell(name: str) -> str | None:
            place = position.get(name)
            return None if place is None else cells[place]

        occurred_at = moment("timestamp", cell("timestamp"), zone)
        if occurred_at is None:
            raise RejectedError("missing_time", "timestamp is empty")
        page = text("page", cell("page"))
        is_address = page is not None and page.lower().startswith(("http://", "https://"))
        return Event(
            occurred_at=occurred_at,
            fingerprint=fingerprint({**_said(cells, position, rest), "timestamp": occurred_at}),
            user_id=identity("user_id", cell("user_id")),
            anonymous_id=identity("anonymous_id", cell("anonymous_id")),
            message_id=event_id("event_id", cell("event_id")),
            session_id=text("session_id", cell("session_id")),
            event_name=text("event", cell("event")),
            page=None if is_address else page,
            url=page if is_address else None,
            title=text("title", cell("title")),
            referrer=text("referrer", cell("referrer")),
            properties=as_json({name: cells[place] for place, name in rest}),
        )

    return read


def _said(
    cells: list[str], position: Mapping[str, int], rest: Iterable[tuple[int, str]]
) -> dict[str, str]:
    """What a row says, whatever its columns are called and whichever of them are empty."""
    named = {canonical: cells[place] for canonical, place in position.items() if cells[place]}
    return named | {f".{name.lower()}": cells[place] for place, name in rest if cells[place]}
