"""Takes out of the raw segments, and of the warehouse, what is kept out.

Belongs here: rewriting segments that stand, and loading again what was rewritten. Does not belong
here: which records are meant (`topics.suppression`), how segments are written (`topics.segments`).

A segment is rewritten first and loaded again then; one whose checksum is not the one that the
warehouse knows was rewritten by somebody who was killed in between.
"""

import secrets
from collections.abc import Iterable
from pathlib import Path

import duckdb

from journey_dagster.durable import sync
from journey_dagster.models import every_model
from journey_dagster.refresh import REFRESHES
from journey_dagster.settings import Settings
from journey_dagster.topics import segments, suppression
from journey_dagster.topics.load import (
    QUARANTINE,
    RECORDS,
    SEGMENTS,
    WATERMARKS,
    load,
    prepare,
)
from journey_dagster.warehouse import comment, connect, ensure, ensure_schema, quote, transaction

LASTING = (
    RECORDS,
    SEGMENTS,
    QUARANTINE,
    WATERMARKS,
    *(each for each in every_model() if each.is_appended),
)
"""What a fresh warehouse begins with: all else is computed from it, or read from files again."""


def n_erased(con: duckdb.DuckDBPyConnection) -> int:
    """Records left out of all segments so far."""
    prepare(con)
    row = con.execute(f"select coalesce(sum(n_erased), 0)::bigint from {SEGMENTS.name}").fetchone()
    return int(row[0]) if row else 0


def rewrite(con: duckdb.DuckDBPyConnection, raw: Path, paths: Iterable[Path]) -> int:
    """Take what is kept out from segments, and have the warehouse know them as they are then.

    Whatever was computed from them is computed from the beginning by the next refresh.

    Args:
        con: the warehouse, writable.
        raw: the raw folder.
        paths: the segments' files.

    Returns:
        Segments that were rewritten, now or before a kill.

    Raises:
        TopicError: a segment is damaged.
    """
    prepare(con)
    ensure(con, REFRESHES)
    segments.sweep(raw)
    suppressed = suppression.load(raw)
    if suppressed is None:
        return 0
    known = dict(con.execute(f"select path, sha256 from {SEGMENTS.name}").fetchall())
    n_rewritten = 0
    for path in paths:
        segment = segments.screened(segments.described(path), suppressed)
        name = path.relative_to(raw)
        if known.get(str(name), segment.sha256) == segment.sha256:
            continue
        n_rewritten += 1
        where = {
            "topic": segment.origin.topic,
            "reading": segment.origin.reading,
            "partition": segment.partition,
            "first": segment.first,
            "last": segment.last,
        }
        with transaction(con):
            for table in (RECORDS, QUARANTINE):
                con.execute(
                    f"delete from {table.name} where topic = $topic and reading = $reading "
                    'and "partition" = $partition and "offset" between $first and $last',
                    where,
                )
            con.execute(f"delete from {SEGMENTS.name} where path = $path", {"path": str(name)})
            load(con, segment, name)
            con.execute(f"delete from {REFRESHES.name}")
    return n_rewritten


def renew(settings: Settings) -> None:
    """Put a fresh file in the warehouse's place, with what cannot be computed from anything else.

    DuckDB leaves deleted rows in the blocks of its file until something else is written there.

    Raises:
        WarehouseError: the warehouse is in use, or cannot be read.
    """
    old = settings.database
    log = old.with_name(old.name + ".wal")
    with connect(old):
        pass  # what its log holds is in the file when it is closed
    new = old.with_name(f".{old.name}.{secrets.token_hex(4)}")
    try:
        with connect(new) as con:
            con.execute(f"attach {quote(str(old))} as old (read_only)")
            there = con.execute(
                "select schema_name || '.' || table_name from duckdb_tables() "
                "where database_name = 'old'"
            ).fetchall()
            for table in LASTING:
                if (table.name,) in there:
                    ensure_schema(con, table)
                    con.execute(f"create table {table.name} as from old.{table.name}")
                    comment(con, table)
        sync(new)
        log.unlink(missing_ok=True)  # or the new file would replay the old one's
        new.replace(old)
        sync(old.parent)
    finally:
        new.unlink(missing_ok=True)
        new.with_name(new.name + ".wal").unlink(missing_ok=True)
