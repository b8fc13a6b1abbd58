"""What must hold of a home whatever killed the process that wrote it, seen from outside.

Belongs here: the invariants, each a sentence when it is broken; what a power cut takes away.
Does not belong here: who breaks what (`crashes`), the library under test: nothing of it is used,
so what it gets wrong it cannot get wrong here as well.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

GOOD, POISON, TOMBSTONE = "good", "poison", "tombstone"

TABLES = ("raw.records", "raw.segments", "meta.quarantine")
"""What the raw segments give again when the warehouse is lost."""


@dataclass
class Sent:
    """What the broker was given, by partition and offset; markers take offsets of their own."""

    partitions: int
    rows: list[tuple[int, int, str, str]] = field(default_factory=list)
    """Partition, offset, kind, and by what it is known again: serial number or digest."""
    ends: list[int] = field(init=False)
    lows: list[int] = field(init=False)
    """First offset of each partition that was not cut off."""

    def __post_init__(self) -> None:
        self.ends = [0] * self.partitions
        self.lows = [0] * self.partitions

    def table(self) -> pa.Table:
        columns = list(zip(*self.rows, strict=True)) or [()] * 4
        types = (pa.int32(), pa.int64(), pa.string(), pa.string())
        names = ("partition", "offset", "kind", "told")
        return pa.table(dict(zip(names, map(pa.array, columns, types), strict=True)))


@dataclass
class Known:
    """What a home was seen to hold: it may grow, never shrink."""

    acked: set[str] = field(default_factory=set)
    """Segments whose commit was reported."""
    frontiers: dict[tuple[int, int], int] = field(default_factory=dict)


@dataclass
class Flushed:
    """What is on the disk for good, by the logs of the children."""

    sizes: dict[int, int] = field(default_factory=dict)
    """File (inode) to the bytes of it that were flushed."""
    names: dict[str, set[str]] = field(default_factory=dict)
    """Folder to the names that it had when it was flushed."""

    def hear(self, told: dict) -> None:
        if "flushed" in told:
            self.sizes[told["flushed"]] = told["size"]
        elif "listed" in told:
            self.names[told["listed"]] = set(told["names"])

    def cut_power(self, raw: Path) -> int:
        """Take away what nobody waited for; how many files and folders that was."""
        lost = 0
        for folder, folders, files in os.walk(raw):
            kept = self.names.get(folder, set())
            for name in {*folders, *files} - kept:
                path = Path(folder, name)
                shutil.rmtree(path) if path.is_dir() else path.unlink()
                lost += 1
            folders[:] = [name for name in folders if name in kept]
            for name in set(files) & kept:
                state = Path(folder, name).stat()
                if self.sizes.get(state.st_ino, 0) < state.st_size:
                    os.truncate(Path(folder, name), self.sizes.get(state.st_ino, 0))
                    lost += 1
        return lost


def violations(home: Path, sent: Sent, known: Known) -> list[str]:
    """All that is wrong with a home; nothing that will be right after another run."""
    database = home / "journey.duckdb"
    if not database.exists():
        return ["the warehouse of acknowledged segments is gone"] if known.acked else []
    with duckdb.connect(database, read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        standing = {
            f"{schema}.{name}"
            for schema, name in con.execute(
                "select schema_name, table_name from duckdb_tables()"
            ).fetchall()
        }
        if not standing.issuperset({*TABLES, "raw.watermarks"}):
            return ["the tables of acknowledged segments are gone"] if known.acked else []
        con.register("sent", sent.table())
        return [
            *_files(con, home / "raw", known),
            *_chains(con, sent, known),
            *_content(con),
            *_sums(con),
            *_watermarks(con),
        ]


def _files(con: duckdb.DuckDBPyConnection, raw: Path, known: Known) -> Iterator[str]:
    """Every row of the manifest has its file, every file its checksum."""
    listed = dict(con.execute("select path, sha256 from raw.segments").fetchall())
    for path in known.acked - listed.keys():
        yield f"{path} was acknowledged and is not in the manifest"
    for path, digest in listed.items():
        if not (raw / path).exists():
            yield f"{path} is in the manifest and not on the disk"
        elif _digest(raw / path) != digest:
            yield f"{path} is not what the manifest says"
    for path in visible(raw):
        if noted_sum(path) != _digest(path):
            yield f"{path.relative_to(raw)} is not what the checksum beside it says"


def visible(raw: Path) -> Iterator[Path]:
    """The segments that have their names."""
    for path in sorted(raw.glob("*/*/*/*.parquet")):
        if not any(part.startswith(".") for part in path.relative_to(raw).parts):
            yield path


def listed(home: Path) -> set[str]:
    """The segments that the manifest knows."""
    if not (home / "journey.duckdb").exists():
        return set()
    with duckdb.connect(home / "journey.duckdb", read_only=True) as con:
        try:
            return {row[0] for row in con.execute("select path from raw.segments").fetchall()}
        except duckdb.CatalogException:
            return set()


def noted_sum(path: Path) -> str | None:
    """The checksum noted last for a segment."""
    sums = path.with_name("SHA256SUMS")
    lines = sums.read_text(encoding="ascii").splitlines() if sums.exists() else []
    return {line[66:]: line[:64] for line in lines}.get(path.name)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _chains(con: duckdb.DuckDBPyConnection, sent: Sent, known: Known) -> Iterator[str]:
    """Segments follow on one another, frontiers only move on, gaps are where records were cut."""
    rows = con.execute(
        'select reading, "partition", first_offset, last_offset, gap, n_consumed from raw.segments '
        "order by all"
    ).fetchall()
    frontiers: dict[tuple[int, int], int] = {}
    for reading, n, first, last, gap, n_consumed in rows:
        if first != frontiers.get((reading, n), 0):
            yield f"partition {n}: a segment begins at {first}, not {frontiers.get((reading, n))}"
        if gap and (last >= sent.lows[n] or n_consumed):
            yield f"partition {n}: a gap up to {last}, but cut was only up to {sent.lows[n]}"
        frontiers[reading, n] = last + 1
    for place, was in known.frontiers.items():
        if frontiers.get(place, 0) < was:
            yield f"partition {place[1]}: the frontier went from {was} to {frontiers.get(place)}"
    for (_, n), frontier in frontiers.items():
        if frontier > sent.ends[n]:
            yield f"partition {n}: read up to {frontier}, but it ends at {sent.ends[n]}"
    known.frontiers.update(frontiers)


_WANTED = """
    select s.reading, e."partition", e."offset", e.kind, e.told
    from sent as e
    join raw.segments as s
        on s."partition" = e."partition" and e."offset" between s.first_offset and s.last_offset
    where s.gap is null and e.kind <> 'tombstone'
"""
_FOUND = """
    select reading, "partition", "offset", 'good' as kind, properties ->> 'serial' as told
    from raw.records
    union all
    select reading, "partition", "offset", 'poison', md5(value) from meta.quarantine
"""


def _content(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Of what segments cover, every record is here, once, as it was sent."""
    for what, these, those in (
        ("is missing", _WANTED, _FOUND),
        ("is here too often or was never sent", _FOUND, _WANTED),
    ):
        rows = con.execute(f"({these}) except all ({those}) order by all").fetchall()
        if rows:
            reading, n, offset, kind, told = rows[0]
            yield (
                f"partition {n}, offset {offset}, reading {reading} ({kind}, {told}) {what}; so "
                f"are {len(rows) - 1} more"
            )


def _sums(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Consumed is accepted, quarantined, a tombstone or erased: by each segment's own numbers."""
    rows = con.execute("""
        select s.path
        from raw.segments as s
        left join sent as e
            on s."partition" = e."partition" and s.gap is null
            and e."offset" between s.first_offset and s.last_offset
        group by s.path, s.n_consumed, s.n_accepted, s.n_quarantined, s.n_tombstones, s.n_erased
        having s.n_consumed <> s.n_accepted + s.n_quarantined + s.n_tombstones + s.n_erased
            or s.n_consumed <> count(e.kind)
            or s.n_accepted <> count_if(e.kind = 'good')
            or s.n_quarantined <> count_if(e.kind = 'poison')
            or s.n_tombstones <> count_if(e.kind = 'tombstone')
    """).fetchall()
    for (path,) in rows:
        yield f"{path}: the manifest's numbers are not those of the records sent"


def _watermarks(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Nobody is told that more is here than is."""
    rows = con.execute("""
        select w."partition", w.next_offset, coalesce(max(s.last_offset) + 1, 0) as frontier
        from raw.watermarks as w
        left join raw.segments as s using (topic, reading, "partition")
        group by all
        having w.next_offset > frontier
    """).fetchall()
    for n, told, frontier in rows:
        yield f"partition {n} is said to be here up to {told}; it is up to {frontier}"


def shortcomings(home: Path, sent: Sent, known: Known) -> list[str]:
    """What a home lacks of all that was ever sent, once nothing stands in the way any more."""
    with duckdb.connect(home / "journey.duckdb", read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        listed = {row[0] for row in con.execute("select path from raw.segments").fetchall()}
        newest = con.execute("select max(reading) from raw.segments").fetchall()[0][0]
    told: list[str] = []
    for n, end in enumerate(sent.ends):
        if known.frontiers.get((newest, n), 0) != end:
            told.append(f"partition {n} is read up to {known.frontiers.get((newest, n))} of {end}")
    landed = {str(path.relative_to(home / "raw")) for path in visible(home / "raw")}
    told += [f"{path} has landed and was never loaded" for path in landed - listed]
    hidden = [*(home / "raw").glob("*/*/*/.*"), *(home / "raw").glob("*/.*")]
    told += [f"{path.name} was left behind" for path in hidden]
    return told


def row_hashes(database: Path, tables: Iterable[str] = TABLES) -> dict[str, tuple[int, int]]:
    """Rows and a hash of them that does not depend on their order, by table."""
    with duckdb.connect(database, read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        return {
            name: con.execute(
                f"select count(*), coalesce(sum(hash(t)::hugeint), 0) from {name} as t"
            ).fetchall()[0]
            for name in tables
        }


def read_log(path: Path, start: int) -> tuple[list[dict], int]:
    """What a child wrote since; a line cut by its death is none."""
    if not path.exists():
        return [], start
    with path.open("rb") as file:
        file.seek(start)
        whole = file.read().rpartition(b"\n")[0]
    lines = [json.loads(line) for line in whole.splitlines()]
    return lines, start + len(whole) + bool(whole)
