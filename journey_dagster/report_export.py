"""A user's report as files to take away: one page that opens from disk, its JSON, its tables.

Belongs here: which files there are, and the rows of each table.
Does not belong here: what a report says (`reports`), how its page is drawn (`site`).

The page asks for nothing when it is opened, and a browser prints it as a PDF.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from journey_dagster.facts import WEEKDAYS
from journey_dagster.folders import whole
from journey_dagster.friction_export import File
from journey_dagster.friction_page.tables import csv_cell
from journey_dagster.site.single import single_file

Rows = Iterator[Sequence[Any]]


def export(text: bytes, place: Path) -> list[File]:
    """Write a report into a folder, which is replaced as a whole.

    Args:
        text: the document as it is published.
        place: the folder; one that an earlier export wrote is replaced, a stranger's is not.

    Returns:
        The files in the order of their writing.

    Raises:
        FolderError: the folder is somebody else's.
    """
    document = msgspec.json.decode(text, type=dict[str, Any])
    content = {"report.html": page(text, document).encode(), "report.json": text}
    rows: dict[str, int] = {}
    for name, table in TABLES.items():
        lines = list(table(document))
        content[f"{name}.csv"] = _csv(lines)
        rows[f"{name}.csv"] = len(lines) - 1
    with whole(place, content, _is_ours) as folder:
        for name, written in content.items():
            (folder / name).write_bytes(written)
    return [File(place / name, rows.get(name), len(content[name])) for name in content]


def page(text: bytes, document: Mapping[str, Any]) -> str:
    """The report as one page that opens from disk."""
    slug = document["user"]["slug"]
    return single_file("report.html", {f"data/{slug}.json": text}).replace(
        '<html lang="en">', f'<html lang="en" data-user="{slug}">', 1
    )


def _days(document: Mapping[str, Any]) -> Rows:
    yield "date", "n_events"
    yield from document["calendar"]["days"]


def _hours(document: Mapping[str, Any]) -> Rows:
    yield "weekday", "hour", "n_events"
    for weekday, counts in zip(WEEKDAYS, document["hour_week"]["counts"], strict=True):
        yield from ((weekday, hour, n) for hour, n in enumerate(counts))


def _topics(document: Mapping[str, Any]) -> Rows:
    yield "topic", "n_events", *document["topics"]["months"]
    for one in document["topics"]["top"]:
        yield one["topic"], one["n"], *one["by_month"]


def _sources(document: Mapping[str, Any]) -> Rows:
    seen = ("first_seen_date", "last_seen_date")
    yield "source", "n_events", *seen, *document["topics"]["months"]
    for one in document["sources"]:
        yield one["name"], one["n_events"], *(one[key] for key in seen), *one["by_month"]


def _of(*path: str, keys: str) -> Callable[[Mapping[str, Any]], Rows]:
    """A table of the objects at a place of the document."""

    def rows(document: Mapping[str, Any]) -> Rows:
        found: Any = document
        for step in path:
            found = found[step]
        yield keys.split()
        for one in found:
            yield [one[key] for key in keys.split()]

    return rows


TABLES: Mapping[str, Callable[[Mapping[str, Any]], Rows]] = {
    "facts": _of("facts", keys="id label text value unit n"),
    "days": _days,
    "hours": _hours,
    "topics": _topics,
    "pages": _of("pages", "top", keys="page title n_events n_days last_seen_date"),
    "sources": _sources,
    "authors": _of("authors", "top", keys="author n_events"),
    "sessions": _of(
        "sessions",
        "recent",
        keys="started_at_local minutes n_steps entry_page exit_page is_open",
    ),
    "steps": _of("journey", "nodes", keys="step kind page n"),
    "paths": _of("journey", "paths", keys="pages is_longer n"),
    "recent": _of("recent", "items", keys="at_local page title source"),
}
"""Name of a file to its rows under their head; times and dates are the person's own."""


def _csv(lines: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    head, *rows = lines
    writer.writerow(csv_cell("", name) for name in head)
    for row in rows:
        writer.writerow(csv_cell(name, value) for name, value in zip(head, row, strict=True))
    return text.getvalue().encode()


def _is_ours(folder: Path) -> bool:
    try:
        head = (folder / "report.html").read_text(encoding="utf-8")[:200]
    except (OSError, UnicodeDecodeError):
        return False
    return re.search(r'<html lang="en" data-user="[a-z0-9-]+">', head) is not None
