"""Loads raw segments: rows, quarantine and manifest in one transaction.

Belongs here: that transaction and its receipt. Does not belong here: what a record says (`decode`),
where segments come from (`exports`, `kafka`), what is made of the rows (`sql/`).

The bytes land first. A load is visible when its transaction commits; segments that landed without
it (a kill in between, or a warehouse that was deleted) are loaded by the next `load_landed`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any, cast

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from journey_dagster.models import model
from journey_dagster.topics import TopicError, bulk, segments
from journey_dagster.topics.decode import decode
from journey_dagster.topics.segments import Segment
from journey_dagster.topics.values import Event, Rejection
from journey_dagster.warehouse import ensure, insert, stands, transaction

RECORDS = model("raw/records.sql")
SEGMENTS = model("raw/segments.sql")
QUARANTINE = model("meta/quarantine.sql")
WATERMARKS = model("raw/watermarks.sql")
DELIVERIES = model("core/deliveries.sql")
SUPERSEDED = model("core/superseded.sql")

_TIME = pa.timestamp("us", "UTC")
_TEXTS = pa.list_(pa.string())
_EVENT_TYPES: dict[str, pa.DataType] = {
    **dict.fromkeys(Event._fields, pa.string()),
    "occurred_at": _TIME,
    "received_at": _TIME,
    "tags": _TEXTS,
    "authors": _TEXTS,
    "tie_break": pa.int64(),
    "revision": pa.int64(),
    "is_provisional": pa.bool_(),
}

STORED = {
    "fingerprint": "md5(fingerprint)",
    "event_group": "(md5_number_lower(concat_ws('|', source, "
    "coalesce('id ' || message_id, 'as ' || fingerprint))) >> 1)::bigint",
}
"""What is stored in columns of raw.records that are made of what was read."""


@dataclass(frozen=True)
class Loaded:
    """What became of the records of a topic as they were read; the sums add up."""

    topic: str
    n_consumed: int
    n_accepted: int
    quarantined: Mapping[str, int]
    """Records set aside, by reason."""
    n_tombstones: int = 0

    @property
    def n_quarantined(self) -> int:
        """Records set aside."""
        return sum(self.quarantined.values())

    def __add__(self, other: "Loaded") -> "Loaded":
        reasons = Counter(self.quarantined) + Counter(other.quarantined)
        return Loaded(
            self.topic,
            self.n_consumed + other.n_consumed,
            self.n_accepted + other.n_accepted,
            dict(sorted(reasons.items())),
            self.n_tombstones + other.n_tombstones,
        )


@dataclass(frozen=True, kw_only=True)
class Receipt(Loaded):
    """What became of the records of one load, once they were held against all others."""

    n_kept: int
    """Of the accepted: events that were not here before."""
    n_late: int
    """Of the kept: received more than a day after they happened."""
    n_superseded: int
    """Of the accepted: replaced by a newer record."""
    is_new: bool = True
    """False when the same bytes were loaded before: nothing changed."""

    @property
    def n_duplicates(self) -> int:
        """Of the accepted: deliveries of an event seen elsewhere."""
        return self.n_accepted - self.n_kept - self.n_superseded


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that loading fills; when one changed its shape, all are filled anew."""
    ensure(con, WATERMARKS)
    filled = (RECORDS, SEGMENTS, QUARANTINE)
    if not all(stands(con, table) for table in filled):
        with transaction(con):  # a kill in between must not leave the list without the rows
            for table in filled:
                con.execute(f"drop table if exists {table.name}")
        for table in filled:
            ensure(con, table)


def load_landed(
    con: duckdb.DuckDBPyConnection, raw: Path, folders: Iterable[Path] | None = None
) -> list[Loaded]:
    """Load every segment that landed and is not in the warehouse; a topic is one transaction.

    Args:
        con: the warehouse, writable.
        raw: the raw folder.
        folders: the topics' folders to look at; by default all below `raw`.

    Returns:
        What was loaded, by topic.

    Raises:
        TopicError: a segment is damaged; the other topics are loaded all the same.
    """
    prepare(con)
    segments.sweep(raw)
    known = {row[0] for row in con.execute(f"select path from {SEGMENTS.name}").fetchall()}
    loaded: list[Loaded] = []
    damaged: list[str] = []
    for folder in folders if folders is not None else sorted(raw.glob("[!.]*/[!.]*")):
        try:
            paths = [
                path for path in segments.paths(folder) if str(path.relative_to(raw)) not in known
            ]
            if paths:
                found = [segments.in_place(raw, segments.described(path)) for path in paths]
                segments.settle(raw, paths)
                with transaction(con):
                    parts = [load(con, one, one.path.relative_to(raw)) for one in found]
                loaded.append(reduce(add, parts))
        except (TopicError, KeyError, ValueError, pa.ArrowException) as error:
            told = isinstance(error, TopicError)
            damaged.append(str(error) if told else f"{folder} is damaged ({error!r})")
    if damaged:
        raise TopicError("; ".join(damaged))
    return loaded


def load(con: duckdb.DuckDBPyConnection, segment: Segment, path: Path) -> Loaded:
    """Insert what a segment holds; the caller holds the transaction.

    Args:
        con: the warehouse, writable.
        segment: what to load, wherever it lies now.
        path: where it lies for good, below the raw folder.
    """
    table = segment.read()
    live = table.filter(pc.is_valid(table.column("value")))
    events, rejected = _decode_segment(segment, live)
    insert(con, RECORDS, events, STORED)
    insert(con, QUARANTINE, rejected)
    origin = segment.origin
    row = {
        "topic": origin.topic,
        "reading": origin.reading,
        "partition": segment.partition,
        "first_offset": segment.first,
        "last_offset": segment.last,
        "source": origin.source,
        "file": origin.file,
        "cluster_id": origin.cluster_id,
        "topic_id": origin.topic_id,
        "gap": origin.gap,
        "path": str(path),
        "sha256": segment.sha256,
        "load_id": origin.topic
        if origin.file
        else f"{origin.topic} {origin.landed_at.isoformat()}",
        "landed_at": origin.landed_at,
        "n_consumed": table.num_rows,
        "n_accepted": events.num_rows,
        "n_quarantined": rejected.num_rows,
        "n_tombstones": table.num_rows - live.num_rows,
        "n_erased": 0,
        "is_taken": False,
    }
    columns = ", ".join(f'"{name}"' for name in row)
    values = ", ".join(f"${name}" for name in row)
    con.execute(f"insert into {SEGMENTS.name} ({columns}) values ({values})", row)
    reasons = Counter(cast("list[str]", rejected.column("reason").to_pylist()))
    return Loaded(
        origin.topic,
        table.num_rows,
        events.num_rows,
        dict(sorted(reasons.items())),
        table.num_rows - live.num_rows,
    )


def receipt_of(
    con: duckdb.DuckDBPyConnection,
    topic: str,
    landed_at: datetime,
    *,
    is_new: bool = True,
) -> Receipt:
    """What became of the records of one load.

    Which of them are events is said by `core/deliveries.sql` alone. It runs here over the records
    that share their content with one of this load, which is all that can decide it.

    Args:
        con: the warehouse.
        topic: the topic loaded.
        landed_at: when its bytes arrived.
        is_new: whether the load changed anything.
    """
    load_ = {"topic": topic, "landed_at": landed_at}
    mine = "topic = $topic and landed_at = $landed_at"
    counted = con.execute(
        "select coalesce(sum(n_consumed), 0)::bigint, coalesce(sum(n_accepted), 0)::bigint, "
        f"coalesce(sum(n_tombstones), 0)::bigint from {SEGMENTS.name} where {mine}",
        load_,
    ).fetchone()
    consumed, accepted, tombstones = counted or (0, 0, 0)
    if consumed == 0:
        return Receipt(topic, 0, 0, {}, n_kept=0, n_late=0, n_superseded=0, is_new=is_new)
    reasons = con.execute(
        f"select reason, count(*) from {QUARANTINE.name} as q join {SEGMENTS.name} as s on "
        'q.topic = s.topic and q.reading = s.reading and q."partition" = s."partition" '
        'and q."offset" between s.first_offset and s.last_offset '
        "where s.topic = $topic and s.landed_at = $landed_at group by all order by all",
        load_,
    ).fetchall()
    con.execute(f"create or replace temp table replaced as {SUPERSEDED.sql}")
    con.execute(
        f"create or replace temp table alike as from {RECORDS.name} "
        f"semi join (select event_group from {RECORDS.name} where {mine}) using (event_group)",
        load_,
    )
    delivered = DELIVERIES.reading({RECORDS.name: "temp.alike", SUPERSEDED.name: "temp.replaced"})
    kept = con.execute(
        "select count(*), coalesce(count_if(is_late), 0)::bigint "
        f"from ({delivered}) as delivered "
        "where is_counted and topic = $topic and landed_at = $landed_at "
        "and not exists (from temp.replaced as before where before.topic = delivered.topic "
        'and before."partition" = delivered."partition" '
        'and before."offset" = delivered."offset")',
        load_,
    ).fetchone()
    gone = con.execute(
        f"select count(*) from {RECORDS.name} semi join replaced "
        f'using (topic, reading, "partition", "offset") where {mine}',
        load_,
    ).fetchone()
    con.execute("drop table replaced")
    con.execute("drop table alike")
    n_kept, n_late = kept or (0, 0)
    return Receipt(
        topic=topic,
        n_consumed=consumed,
        n_accepted=accepted,
        quarantined=dict(reasons),
        n_tombstones=tombstones,
        n_kept=n_kept,
        n_late=n_late,
        n_superseded=gone[0] if gone else 0,
        is_new=is_new,
    )


def _decode_segment(segment: Segment, table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The records that are events, and those that are not with their reasons."""
    layout = segment.origin.layout
    keys = cast("list[bytes | None]", table.column("key").to_pylist())
    values = cast("list[bytes]", table.column("value").to_pylist())
    at_once = bulk.read(values, layout)
    done = set[int]() if at_once is None else set(at_once["row"].to_list())
    rows = [row for row in range(len(values)) if row not in done]
    events: list[Event] = []
    accepted_at: list[int] = []
    rejections: list[Rejection] = []
    rejected_at: list[int] = []
    outcomes = decode(((keys[row], values[row]) for row in rows), layout)
    for row, outcome in zip(rows, outcomes, strict=True):
        if isinstance(outcome, Event):
            events.append(outcome)
            accepted_at.append(row)
        else:
            rejections.append(outcome)
            rejected_at.append(row)
    columns = list(zip(*events, strict=True)) or [()] * len(Event._fields)
    accepted = pa.table(
        {
            name: pa.array(column, _EVENT_TYPES[name])
            for name, column in zip(Event._fields, columns, strict=True)
        }
    )
    if at_once is not None:
        accepted = pa.concat_tables([accepted, _completed(at_once)])
        accepted_at += at_once["row"].to_list()
    return _landed(segment, table, accepted, accepted_at), pa.table(
        {
            **_placed(segment, table, rejected_at),
            "reason": pa.array([rejection.reason for rejection in rejections], pa.string()),
            "message": pa.array([rejection.message for rejection in rejections], pa.string()),
            "key": pa.array([keys[row] for row in rejected_at], pa.binary()),
            "value": pa.array([values[row] for row in rejected_at], pa.binary()),
        }
    )


def _completed(found: pl.DataFrame) -> pa.Table:
    """Events by columns, with the defaults of what they do not have."""
    table = found.to_arrow()
    columns: dict[str, Any] = {}
    for name, type_ in _EVENT_TYPES.items():
        if name in table.column_names:
            columns[name] = table.column(name).cast(type_)
        else:
            default: Any = pa.scalar(Event._field_defaults[name], type_)
            columns[name] = pa.repeat(default, len(found))
    return pa.table(columns)


def _landed(segment: Segment, table: pa.Table, events: pa.Table, rows: list[int]) -> pa.Table:
    """Events with where they stand and when they came."""
    origin = segment.origin
    broker_at = table.column("broker_at").take(pa.array(rows, pa.int64())).cast(_TIME)
    columns: dict[str, Any] = {
        **_placed(segment, table, rows),
        "source": pa.repeat(origin.layout.format, len(rows)),
        "landed_at": pa.repeat(pa.scalar(origin.landed_at, _TIME), len(rows)),
        **{name: events.column(name) for name in _EVENT_TYPES},
        "received_at": pc.coalesce(events.column("received_at"), broker_at),
    }
    return pa.table(columns)


def _placed(segment: Segment, table: pa.Table, rows: list[int]) -> dict[str, Any]:
    """Where records stand in their topic."""
    chosen = table.select(["topic", "partition", "offset"]).take(pa.array(rows, pa.int64()))
    return {
        "reading": pa.repeat(pa.scalar(segment.origin.reading, pa.int32()), len(rows)),
        **dict(zip(chosen.column_names, chosen.columns, strict=True)),
    }
