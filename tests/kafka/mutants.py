"""Bugs sown on purpose: each is one the crash suite must find, or the suite proves nothing.

Belongs here: patches that break a promise of the library in a child of the crash suite, at run
time. Does not belong here: what finds them (`crash_checks`).

A mutant is installed on top of the points at which a child dies, so it dies inside the bug too.
"""

import shutil
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from journey_dagster.topics import kafka, load, segments
from journey_dagster.topics.origin import Origin
from journey_dagster.topics.segments import Segment


def manifest_before_rows() -> None:
    """The manifest's row is committed, and then the records are."""
    later: list[tuple] = []
    insert, loads = load.insert, kafka.load
    kafka.transaction = lambda _con: nullcontext()
    load.insert = lambda *insertion: later.append(insertion)

    def mutant(con: duckdb.DuckDBPyConnection, segment: Segment, *rest: object) -> object:
        found = loads(con, segment, *rest)
        while later:
            insert(*later.pop(0))
        return found

    kafka.load = mutant


def file_after_commit() -> None:
    """The segment gets its name after the transaction that says it is there."""

    @dataclass(frozen=True)
    class Unnamed(Segment):
        """Lies somewhere else for now."""

        there: Path = Path()

        def read(self) -> pa.Table:
            return pq.read_table(self.there)

        @cached_property
        def sha256(self) -> str:
            return segments._sha256(self.there)

    late: list[tuple[Path, Path]] = []
    write, transaction = segments.write_segment, kafka.transaction

    def mutant(raw: Path, *rest: object) -> Segment:
        found = write(raw.parent / "limbo", *rest)
        path = raw / found.path.relative_to(raw.parent / "limbo")
        late.append((found.path, path))
        return Unnamed(
            path, found.origin, found.partition, found.first, found.last, there=found.path
        )

    @contextmanager
    def then_named(con: duckdb.DuckDBPyConnection):
        with transaction(con):
            yield
        while late:
            there, path = late.pop(0)
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(there, path)
            with path.with_name(segments.SUMS).open("a") as sums:
                sums.write(f"{segments._sha256(path)}  {path.name}\n")

    segments.write_segment = mutant
    kafka.transaction = then_named


def bad_records_dropped() -> None:
    """What cannot be read is passed over."""
    decode = load.rows_of

    def mutant(origin: Origin, table: pa.Table) -> tuple[pa.Table, pa.Table]:
        events, rejected = decode(origin, table)
        return events, rejected.slice(0, 0)

    load.rows_of = mutant


def frontier_from_records() -> None:
    """Reading goes on after the last event, not after the last offset that is covered."""
    stands = kafka.standing

    def mutant(con: duckdb.DuckDBPyConnection, raw: Path, name: str) -> kafka.Standing | None:
        found = stands(con, raw, name)
        if found is None:
            return None
        rows = con.execute(
            'select "partition", max("offset") + 1 from raw.records '
            "where topic = ? and reading = ? group by all",
            [found.label, found.reading],
        ).fetchall()
        return kafka.Standing(
            found.label, found.reading, dict(rows), found.cluster_id, found.topic_id, found.layout
        )

    kafka.standing = mutant


def done_by_count() -> None:
    """A partition is done when as many records came as there are offsets."""

    class Mutant(kafka.Part):
        seen = 0
        wanted = 0

        def take(self, messages: list, troubles: object) -> None:
            self.wanted = self.wanted or self.end - self.next
            self.seen += sum(one.error() is None for one in messages)
            super().take(messages, troubles)
            self.is_done = self.seen >= self.wanted

    kafka.Part = Mutant


def redelivered_kept() -> None:
    """What a client delivers a second time is kept a second time."""

    class Mutant(kafka.Part):
        def take(self, messages: list, troubles: object) -> None:
            offsets = [one.offset() for one in messages if one.error() is None]
            if offsets:
                self.next = min(self.next, offsets[0])
            super().take(messages, troubles)

    kafka.Part = Mutant


def checksum_unverified() -> None:
    """A segment is believed as it lies there."""
    Segment.read = lambda self: pq.read_table(self.path, partitioning=None)


def not_flushed() -> None:
    """Segments are written, but nobody waits for the disk."""
    segments.sync = lambda _path: None


def sweep_takes_all() -> None:
    """Cleaning up after a kill takes what landed and is not loaded yet."""
    sweep = segments.sweep

    def mutant(raw: Path) -> None:
        sweep(raw)
        for folder in raw.glob("*/*/*"):
            found = sorted(folder.glob("[!.]*.parquet"))
            if found:
                found[-1].unlink()

    segments.sweep = mutant


MUTANTS: dict[str, Callable[[], None]] = {
    mutant.__name__: mutant
    for mutant in (
        manifest_before_rows,
        file_after_commit,
        bad_records_dropped,
        frontier_from_records,
        done_by_count,
        redelivered_kept,
        checksum_unverified,
        not_flushed,
        sweep_takes_all,
    )
}
