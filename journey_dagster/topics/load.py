"""Loads raw segments: rows, quarantine and manifest in one transaction.

Belongs here: that transaction and its receipt. Does not belong here: what records say (`rows`),
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
from typing import cast

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from journey_dagster.models import model
from journey_dagster.topics import TopicError, segments, suppression
from journey_dagster.topics.rows import rows_of
from journey_dagster.topics.segments import Segment
from journey_dagster.topics.suppression import Suppression
from journey_dagster.warehouse import ensure, insert, stands, transaction

RECORDS = model("raw/records.sql")
SEGMENTS = model("raw/segments.sql")
QUARANTINE = model("meta/quarantine.sql")
WATERMARKS = model("raw/watermarks.sql")
DELIVERIES = model("core/deliveries.sql")
SUPERSEDED = model("core/superseded.sql")

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
    n_erased: int = 0
    """Records left out, or taken out since: of forgotten users, or too old."""

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
            self.n_erased + other.n_erased,
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
    suppressed = suppression.load(raw)
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
                    parts = [load(con, one, one.path.relative_to(raw), suppressed) for one in found]
                loaded.append(reduce(add, parts))
        except (TopicError, KeyError, ValueError, pa.ArrowException) as error:
            told = isinstance(error, TopicError)
            damaged.append(str(error) if told else f"{folder} is damaged ({error!r})")
    if damaged:
        raise TopicError("; ".join(damaged))
    return loaded


def load(
    con: duckdb.DuckDBPyConnection,
    segment: Segment,
    path: Path,
    suppressed: Suppression | None = None,
) -> Loaded:
    """Insert what a segment holds; the caller holds the transaction.

    One that holds what is kept out, as a segment from a copy may, is written anew without it first.

    Args:
        con: the warehouse, writable.
        segment: what to load, wherever it lies now.
        path: where it lies for good, below the raw folder.
        suppressed: what is kept out.
    """
    table, origin = segment.read(), segment.origin
    live = table.filter(pc.is_valid(table.column("value")))
    events, rejected = rows_of(origin, live)
    if suppressed is not None:
        out = suppressed.out(origin, table, events)
        if (kept := suppressed.without(origin, int(out.sum()))) != origin:
            anew = segments.rewrite(segment, kept, table.filter(pa.array(~out)))
            return load(con, anew, path, suppressed)
    insert(con, RECORDS, events, STORED)
    insert(con, QUARANTINE, rejected)
    n_tombstones = table.num_rows - live.num_rows
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
        "n_consumed": table.num_rows + origin.n_erased,
        "n_accepted": events.num_rows,
        "n_quarantined": rejected.num_rows,
        "n_tombstones": n_tombstones,
        "n_erased": origin.n_erased,
        "is_taken": False,
    }
    columns = ", ".join(f'"{name}"' for name in row)
    values = ", ".join(f"${name}" for name in row)
    con.execute(f"insert into {SEGMENTS.name} ({columns}) values ({values})", row)
    reasons = Counter(cast("list[str]", rejected.column("reason").to_pylist()))
    return Loaded(
        origin.topic,
        table.num_rows + origin.n_erased,
        events.num_rows,
        dict(sorted(reasons.items())),
        n_tombstones,
        origin.n_erased,
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
        "coalesce(sum(n_tombstones), 0)::bigint, coalesce(sum(n_erased), 0)::bigint "
        f"from {SEGMENTS.name} where {mine}",
        load_,
    ).fetchone()
    consumed, accepted, tombstones, erased = counted or (0, 0, 0, 0)
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
        n_erased=erased,
        n_kept=n_kept,
        n_late=n_late,
        n_superseded=gone[0] if gone else 0,
        is_new=is_new,
    )
