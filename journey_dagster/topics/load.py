"""Takes a file in, and loads raw segments: rows, quarantine and manifest in one transaction.

Belongs here: that transaction, the receipt, refusing what makes no sense.
Does not belong here: what a record says (`decode`), what is made of the rows (`sql/`).

The bytes land first. A load is visible when its transaction commits; segments that landed without
it (a kill in between, or a warehouse that was deleted) are loaded by the next `load_landed`.
"""

import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import available_timezones

import duckdb
import pyarrow as pa

from journey_dagster.models import model
from journey_dagster.topics import TopicError, files, segments
from journey_dagster.topics.csv_rows import OPTIONAL, REQUIRED, columns_of
from journey_dagster.topics.decode import decode
from journey_dagster.topics.files import Format, Layout
from journey_dagster.topics.segments import Origin, Segment
from journey_dagster.topics.values import Event, Rejection
from journey_dagster.warehouse import ensure, insert, transaction

RECORDS = model("raw/records.sql")
SEGMENTS = model("raw/segments.sql")
QUARANTINE = model("meta/quarantine.sql")

_TIME = pa.timestamp("us", "UTC")
_TEXTS = pa.list_(pa.string())
_EVENT_TYPES: dict[str, pa.DataType] = {
    **dict.fromkeys(Event._fields, pa.string()),
    "occurred_at": _TIME,
    "received_at": _TIME,
    "tags": _TEXTS,
    "authors": _TEXTS,
}


@dataclass(frozen=True)
class Receipt:
    """What became of a topic's records; the sums add up."""

    topic: str
    n_consumed: int
    n_accepted: int
    quarantined: Mapping[str, int]
    """Records set aside, by reason."""
    is_new: bool
    """False when the same bytes were loaded before: nothing changed."""

    @property
    def n_quarantined(self) -> int:
        """Records set aside."""
        return sum(self.quarantined.values())


def layout_of(
    path: Path, format_: Format, *, timezone: str | None, mapping: Mapping[str, str]
) -> Layout:
    """How to read this file.

    Raises:
        TopicError: an unknown zone, a mapping that makes no sense, a CSV without a needed column.
    """
    if timezone is not None and timezone not in available_timezones():
        raise TopicError(f"--timezone {timezone!r} is no IANA name; write it like Europe/Berlin")
    if format_ != "csv":
        if mapping:
            raise TopicError(f"--map is for csv; the fields of {format_} have fixed names")
        return Layout(format_, timezone)
    strange = set(mapping) - {*REQUIRED, *OPTIONAL}
    if strange:
        raise TopicError(
            f"--map {min(strange)}=...: unknown name; there are {', '.join((*REQUIRED, *OPTIONAL))}"
        )
    delimiter, header = files.read_header(path)
    layout = Layout(format_, timezone, delimiter, header, dict(mapping))
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise TopicError(f"{path}: column {twice!r} stands twice in the header. Rename one")
    unknown = [name for name in mapping.values() if name not in header]
    if unknown:
        raise TopicError(f"{path} has no column {unknown[0]!r} (--map); it has {_listed(header)}")
    missing = [name for name in REQUIRED if name not in columns_of(layout)]
    if missing:
        raise TopicError(
            f"{path} has no column {' and no '.join(map(repr, missing))}; it has "
            f"{_listed(header)}. Name it: --map {missing[0]}=<column>"
        )
    return layout


def _listed(header: Iterable[str]) -> str:
    names = [repr(name[:30]) for name in header]
    first, rest = names[:12], names[12:]
    return ", ".join(first) + (f" and {len(rest)} more" if rest else "")


def ingest_file(
    con: duckdb.DuckDBPyConnection, raw: Path, path: Path, layout: Layout, landed_at: datetime
) -> Receipt:
    """Land a file's bytes and load them; the same bytes again change nothing.

    Raises:
        TopicError: the file as a whole cannot be taken; then nothing is.
    """
    digest = files.digest(path)
    stem = re.sub(r"[^a-z0-9]+", "-", path.name.split(".")[0].lower()).strip("-")[:40] or "file"
    topic = f"{stem}-{digest[:12]}"
    folder = _known_folder(raw, layout, digest) or segments.topic_folder(raw, layout.format, topic)
    if any(folder.rglob("*.parquet")):
        _refuse_other_layout(path, folder, layout)
        loaded = load_landed(con, raw, [folder])
        return loaded[0] if loaded else _standing(con, folder.name)
    origin = Origin(layout.format, topic, path.name, landed_at, layout)
    hidden = segments.write_topic(raw, origin, files.split(path, layout))
    try:
        prepare(con)
        with transaction(con):
            receipt = _load(con, list(segments.find(hidden)), folder.relative_to(raw))
            _refuse_nonsense(con, path, receipt)
            segments.place(hidden)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise
    return receipt


def _known_folder(raw: Path, layout: Layout, digest: str) -> Path | None:
    """The folder of the same bytes, under whatever file name they came."""
    return next((raw / layout.format).glob(f"*-{digest[:12]}"), None)


def _refuse_other_layout(path: Path, folder: Path, layout: Layout) -> None:
    standing = next(segments.find(folder)).origin.layout
    if standing != layout:
        told = [f"--timezone {standing.timezone}"] if standing.timezone else []
        told += [f"--map {name}={column}" for name, column in standing.mapping.items()]
        raise TopicError(
            f"{path} was ingested before with {' '.join(told) or 'no options'}. Taking it twice "
            f"would count it twice: remove {folder} and {folder.parents[2] / 'journey.duckdb'}, "
            "then ingest it again"
        )


def _refuse_nonsense(con: duckdb.DuckDBPyConnection, path: Path, receipt: Receipt) -> None:
    """A file in which nothing can be read is the wrong file, and a time without a zone no time."""
    if receipt.n_consumed == 0:
        raise TopicError(f"{path} holds no records, only a header or blank lines")
    told = con.execute(
        f'select reason, message, "offset" from {QUARANTINE.name} where topic = $topic '
        "order by reason <> 'naive_time', \"offset\" limit 1",
        {"topic": receipt.topic},
    ).fetchone()
    if told and told[0] == "naive_time":
        raise TopicError(
            f"{path}, record {told[2] + 1}: {told[1]}. Say whose clock it is: "
            "--timezone Europe/Berlin (or UTC). Nothing was loaded"
        )
    if told and receipt.n_accepted == 0:
        raise TopicError(
            f"{path}: none of its {receipt.n_consumed:,} records could be read; record "
            f"{told[2] + 1}: {told[0]}, {told[1]}. Is --format right? Nothing was loaded"
        )


def _standing(con: duckdb.DuckDBPyConnection, topic: str) -> Receipt:
    """The receipt of a topic that was loaded before."""
    prepare(con)
    row = con.execute(
        f"select sum(n_consumed), sum(n_accepted) from {SEGMENTS.name} where topic = $topic",
        {"topic": topic},
    ).fetchone()
    reasons = con.execute(
        f"select reason, count(*) from {QUARANTINE.name} where topic = $topic group by all",
        {"topic": topic},
    ).fetchall()
    consumed, accepted = row or (0, 0)
    return Receipt(topic, int(consumed), int(accepted), dict(reasons), is_new=False)


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that loading fills; when one changed its shape, all are filled anew."""
    for table in (RECORDS, SEGMENTS, QUARANTINE):
        if ensure(con, table):
            for other in (RECORDS, SEGMENTS, QUARANTINE):
                con.execute(f"drop table if exists {other.name}")
                ensure(con, other)


def load_landed(
    con: duckdb.DuckDBPyConnection, raw: Path, folders: Iterable[Path] | None = None
) -> list[Receipt]:
    """Load every topic that landed and is not in the warehouse; each in a transaction of its own.

    Args:
        con: the warehouse, writable.
        raw: the raw folder.
        folders: the topics' folders to look at; by default all below `raw`.

    Raises:
        TopicError: a segment is damaged; the other topics are loaded all the same.
    """
    prepare(con)
    segments.sweep(raw)
    known = {row[0] for row in con.execute(f"select path from {SEGMENTS.name}").fetchall()}
    receipts: list[Receipt] = []
    damaged: list[str] = []
    for folder in folders if folders is not None else sorted(raw.glob("[!.]*/[!.]*")):
        try:
            found = [
                segment
                for segment in segments.find(folder)
                if str(segment.path.relative_to(raw)) not in known
            ]
            if found:
                with transaction(con):
                    receipts.append(_load(con, found, folder.relative_to(raw)))
        except (TopicError, KeyError, ValueError, pa.ArrowException) as error:
            told = isinstance(error, TopicError)
            damaged.append(str(error) if told else f"{folder} is damaged ({error!r})")
    if damaged:
        raise TopicError("; ".join(damaged))
    return receipts


def _load(con: duckdb.DuckDBPyConnection, found: Iterable[Segment], folder: Path) -> Receipt:
    """Insert what the segments hold; the caller holds the transaction."""
    consumed = accepted = 0
    reasons: Counter[str] = Counter()
    topic = folder.name
    for segment in found:
        table = segment.read()
        events, rejected = _decode_segment(segment, table)
        insert(con, RECORDS, events)
        insert(con, QUARANTINE, rejected)
        con.execute(
            f"insert into {SEGMENTS.name} by name select $topic as topic, "
            '$partition as "partition", $first as first_offset, $last as last_offset, '
            "$source as source, $file as file, $path as path, $sha256 as sha256, "
            "$load_id as load_id, $landed_at as landed_at, $consumed as n_consumed, "
            "$accepted as n_accepted, $rejected as n_quarantined, 0 as n_tombstones, 0 as n_erased",
            {
                "topic": topic,
                "partition": segment.partition,
                "first": segment.first,
                "last": segment.last,
                "source": segment.origin.source,
                "file": segment.origin.file,
                "path": str(folder / str(segment.partition) / segment.path.name),
                "sha256": segment.sha256,
                "load_id": topic,
                "landed_at": segment.origin.landed_at,
                "consumed": table.num_rows,
                "accepted": events.num_rows,
                "rejected": rejected.num_rows,
            },
        )
        consumed += table.num_rows
        accepted += events.num_rows
        reasons.update(cast("list[str]", rejected.column("reason").to_pylist()))
    return Receipt(topic, consumed, accepted, dict(sorted(reasons.items())), is_new=True)


def _decode_segment(segment: Segment, table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The records that are events, and those that are not with their reasons."""
    keys = cast("list[bytes | None]", table.column("key").to_pylist())
    values = cast("list[bytes]", table.column("value").to_pylist())
    events: list[Event] = []
    event_offsets: list[int] = []
    rejections: list[Rejection] = []
    rejected_at: list[int] = []
    outcomes = decode(zip(keys, values, strict=True), segment.origin.layout)
    for index, outcome in enumerate(outcomes):
        if isinstance(outcome, Event):
            events.append(outcome)
            event_offsets.append(segment.first + index)
        else:
            rejections.append(outcome)
            rejected_at.append(index)
    origin = segment.origin
    columns = list(zip(*events, strict=True)) or [()] * len(Event._fields)
    accepted = pa.table(
        {
            **_place(origin.topic, segment.partition, event_offsets),
            "source": pa.repeat(origin.source, len(events)),
            "landed_at": pa.repeat(pa.scalar(origin.landed_at, _TIME), len(events)),
            **{
                name: pa.array(column, _EVENT_TYPES[name])
                for name, column in zip(Event._fields, columns, strict=True)
            },
        }
    )
    rejected = pa.table(
        {
            **_place(origin.topic, segment.partition, [segment.first + at for at in rejected_at]),
            "reason": pa.array([rejection.reason for rejection in rejections], pa.string()),
            "message": pa.array([rejection.message for rejection in rejections], pa.string()),
            "key": pa.array([keys[at] for at in rejected_at], pa.binary()),
            "value": pa.array([values[at] for at in rejected_at], pa.binary()),
        }
    )
    return accepted, rejected


def _place(topic: str, partition: int, offsets: list[int]) -> dict[str, Any]:
    return {
        "topic": pa.repeat(topic, len(offsets)),
        "partition": pa.repeat(pa.scalar(partition, pa.int32()), len(offsets)),
        "offset": pa.array(offsets, pa.int64()),
    }
