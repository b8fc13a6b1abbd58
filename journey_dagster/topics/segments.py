"""Raw segments: what arrived, as bytes, in immutable Parquet files that describe themselves.

Belongs here: writing, reading and finding segments; their checksums and their footers.
Does not belong here: what the bytes say (`decode`), whose records are left out (`suppression`), the
warehouse's list of segments (`load`).

A segment lies at `<raw>/<source>/<topic>/<partition>/<first>-<last>.parquet` and covers all offsets
from the first to the last, also those that hold no record (a broker's markers, compacted ones, a
gap). A topic that comes from a file appears whole or not at all: it is written beside its place and
renamed into it. A topic of a broker grows by segments, each of which appears whole or not at all.
DuckDB does not verify page checksums, so segments are read by pyarrow, which does.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from journey_dagster.durable import sync
from journey_dagster.topics import TopicError, suppression
from journey_dagster.topics.origin import Origin
from journey_dagster.topics.rows import rows_of
from journey_dagster.topics.suppression import Suppression

SUMS = "SHA256SUMS"
"""Beside the segments of a partition: a footer has no checksum of its own."""

RECORDS = 20_000
SIZE = 64 * 2**20
"""Records and bytes in a segment: small enough to decode in bounded memory."""

_HEADERS = pa.map_(pa.string(), pa.binary())
_SCHEMA = pa.schema(
    [
        pa.field("topic", pa.string()),
        pa.field("partition", pa.int32()),
        pa.field("offset", pa.int64()),
        pa.field("broker_at", pa.timestamp("ms", "UTC")),
        pa.field("key", pa.binary()),
        pa.field("value", pa.binary()),
        pa.field("headers", _HEADERS),
    ]
)


class Batch(NamedTuple):
    """Records of one partition as columns, in the order of their offsets."""

    offsets: Sequence[int]
    values: Sequence[bytes | None]
    keys: Sequence[bytes | None]
    broker_at: Sequence[int | None]
    """Milliseconds since 1970."""
    headers: Sequence[Any]
    """Of each record, its headers as pairs, or None."""


@dataclass(frozen=True)
class Segment:
    """One file below `raw/`."""

    path: Path
    origin: Origin
    partition: int
    first: int
    last: int

    def read(self) -> pa.Table:
        """Topic, partition, offset, broker time, key, value and headers of each record.

        Raises:
            TopicError: the bytes are not those that were written.
        """
        if (self.path.name, self.sha256) not in _noted_sums(self.path.parent):
            raise TopicError(_damaged(self.path, "its checksum is not the one noted beside it"))
        try:
            with pq.ParquetFile(self.path, page_checksum_verification=True) as file:
                table = file.read()
        except (OSError, pa.ArrowException) as error:
            raise TopicError(_damaged(self.path, error)) from error
        ends = {"partition": (self.partition, self.partition), "offset": (self.first, self.last)}
        for name, (low, high) in ends.items():
            found = cast("dict[str, int]", pc.min_max(table.column(name)).as_py())
            if table.num_rows and not low <= found["min"] <= found["max"] <= high:
                raise TopicError(_damaged(self.path, f"it holds records of another {name}"))
        return table

    @cached_property
    def sha256(self) -> str:
        """Checksum of the file."""
        return _sha256(self.path)


def topic_folder(raw: Path, origin: Origin) -> Path:
    """Where a topic's segments lie; a hidden folder is unfinished, so no topic's may be hidden."""
    name = re.sub(r"^\.", "%2e", origin.topic)
    return raw / origin.source / (name if origin.reading == 1 else f"{name}+{origin.reading}")


def write_topic(raw: Path, origin: Origin, values: Iterable[bytes]) -> Path:
    """Write a file's records as segments into a folder beside their place.

    Returns:
        The folder, hidden and synced; `place` makes it the topic's own.
    """
    folder = topic_folder(raw, origin)
    hidden = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(hidden, ignore_errors=True)
    (hidden / "0").mkdir(parents=True, mode=0o700)
    first = 0
    suppressed = suppression.load(raw)
    try:
        for n, batch in _batches(values):
            last = first + n - 1
            nulls = [None] * n
            records = Batch(list(range(first, last + 1)), batch, nulls, nulls, nulls)
            _write(
                hidden / "0", first, last, *_kept(suppressed, origin, _table(origin, 0, records))
            )
            first += n
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise
    sync(hidden / "0")
    sync(hidden)
    return hidden


def write_segment(
    raw: Path, origin: Origin, partition: int, covered: tuple[int, int], batch: Batch
) -> Segment:
    """Write one segment into its place, whole or not at all, and survive a power cut with it.

    Args:
        raw: the raw folder.
        origin: what its footer says.
        partition: partition of the topic.
        covered: the first and the last offset it stands for.
        batch: the records within; there may be none.
    """
    first, last = covered
    folder = topic_folder(raw, origin) / str(partition)
    if not folder.exists():
        folder.mkdir(parents=True, mode=0o700)
        for parent in (folder.parent, folder.parent.parent, raw):
            sync(parent)
    kept, table = _kept(suppression.load(raw), origin, _table(origin, partition, batch))
    path = _write(folder, first, last, kept, table)
    sync(folder)
    return Segment(path, kept, partition, first, last)


def rewrite(segment: Segment, origin: Origin, table: pa.Table) -> Segment:
    """Put other records under another footer in a segment's place, whole or not at all.

    The offsets that it covers stay. Until the file has changed, both checksums are noted.
    """
    folder = segment.path.parent
    path = _write(folder, segment.first, segment.last, origin, table)
    sync(folder)
    return Segment(path, origin, segment.partition, segment.first, segment.last)


def screened(segment: Segment, suppressed: Suppression) -> Segment:
    """The segment without what is kept out: as it is, or written anew.

    Raises:
        TopicError: it is damaged.
    """
    origin, table = _kept(suppressed, segment.origin, segment.read())
    return segment if origin == segment.origin else rewrite(segment, origin, table)


def _kept(
    suppressed: Suppression | None, origin: Origin, table: pa.Table
) -> tuple[Origin, pa.Table]:
    """What of the records may be written at all, and the footer that says how many may not."""
    if suppressed is None:
        return origin, table
    events, _ = rows_of(origin, table.filter(pc.is_valid(table.column("value"))))
    out = suppressed.out(origin, table, events)
    return suppressed.without(origin, int(out.sum())), table.filter(pa.array(~out))


def _table(origin: Origin, partition: int, batch: Batch) -> pa.Table:
    n = len(batch.offsets)
    return pa.table(
        {
            "topic": pa.repeat(origin.topic, n),
            "partition": pa.repeat(pa.scalar(partition, pa.int32()), n),
            "offset": pa.array(batch.offsets, pa.int64()),
            "broker_at": pa.array(batch.broker_at, pa.timestamp("ms", "UTC")),
            "key": pa.array(batch.keys, pa.binary()),
            "value": pa.array(batch.values, pa.binary()),
            "headers": pa.array(batch.headers, _HEADERS),
        },
        schema=_SCHEMA,
    )


def _write(folder: Path, first: int, last: int, origin: Origin, table: pa.Table) -> Path:
    """The file is complete, on the disk and its checksum noted before it has its name."""
    path = folder / f"{first:012d}-{last:012d}.parquet"
    new = path.with_name(f".{path.name}.new")
    footer = {b"journey": msgspec.json.encode(origin)}
    pq.write_table(
        table.replace_schema_metadata(footer), new, compression="zstd", compression_level=1,
        use_dictionary=False, write_statistics=False, write_page_checksum=True,
    )  # fmt: skip
    sync(new)
    _note_sum(new, path.name)
    new.rename(path)
    return path


def _batches(values: Iterable[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    batch: list[bytes] = []
    size = 0
    for value in values:
        batch.append(value)
        size += len(value)
        if len(batch) >= RECORDS or size >= SIZE:
            yield len(batch), batch
            batch, size = [], 0
    if batch:
        yield len(batch), batch


def place(hidden: Path) -> Path:
    """Rename a written folder into its place, for good."""
    folder = hidden.with_name(hidden.name.removeprefix(".").removesuffix(".new"))
    if folder.exists():
        shutil.rmtree(folder)  # a folder without segments
    hidden.rename(folder)
    sync(folder.parent)
    return folder


def paths(folder: Path) -> Iterator[Path]:
    """The segments' files below a folder in their order; hidden ones are unfinished."""
    for path in sorted(folder.rglob("*.parquet")):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def find(folder: Path) -> Iterator[Segment]:
    """The segments below a folder in the order of their paths.

    Raises:
        TopicError: a file's footer cannot be read.
    """
    return map(described, paths(folder))


def described(path: Path) -> Segment:
    """A segment by its file.

    Raises:
        TopicError: its footer cannot be read.
    """
    try:
        metadata = pq.read_schema(path).metadata or {}
        origin = msgspec.json.decode(metadata[b"journey"], type=Origin)
        first, last = (int(end) for end in path.stem.split("-"))
        return Segment(path, origin, int(path.parent.name), first, last)
    except (OSError, pa.ArrowException, KeyError, ValueError, msgspec.MsgspecError) as error:
        raise TopicError(_damaged(path, error)) from error


def in_place(raw: Path, segment: Segment) -> Segment:
    """The segment, if it lies where its footer says: a copy beside a topic would count it twice.

    Raises:
        TopicError: it lies somewhere else.
    """
    folder = topic_folder(raw, segment.origin)
    if segment.path.parent != folder / str(segment.partition):
        raise TopicError(
            f"{segment.path} belongs in {folder}. Move the folder back, or a copy out of {raw}"
        )
    return segment


def settle(raw: Path, found: Iterable[Path]) -> None:
    """Flush the names of segments that landed: who wrote them may have died before it did so."""
    folders = {folder for path in found for folder in path.relative_to(raw).parents}
    for folder in sorted(folders, reverse=True):
        sync(raw / folder)


def sweep(raw: Path) -> None:
    """Remove what an interrupted ingest left behind; for whoever holds the warehouse."""
    for hidden in raw.glob("*/.*.new"):
        shutil.rmtree(hidden)
    for unfinished in raw.glob("*/*/*/.*.parquet.new"):
        unfinished.unlink()


def _note_sum(file: Path, name: str) -> None:
    """Note the checksum of a segment in its folder's list, in the format of sha256sum."""
    sums = file.with_name(SUMS)
    line = f"{_sha256(file)}  {name}\n"
    with sums.open("a+b") as noted:
        # A list whose last line was cut by a crash must not swallow the next.
        if noted.tell() and not _ends_a_line(sums):
            line = f"\n{line}"
        noted.write(line.encode("ascii"))
        noted.flush()
        os.fsync(noted.fileno())


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _noted_sums(folder: Path) -> set[tuple[str, str]]:
    """File names with each checksum that was noted before the file got its name."""
    try:
        lines = (folder / SUMS).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TopicError(_damaged(folder / SUMS, error)) from error
    return {(name, digest) for digest, _, name in (line.partition("  ") for line in lines)}


def _damaged(path: Path, error: object) -> str:
    told = " ".join(str(error).split())
    return (
        f"{path} is damaged ({told}). Move it away with its topic's folder and ingest the source "
        "again; the other topics are untouched"
    )
