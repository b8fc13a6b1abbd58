"""Raw segments: what arrived, as bytes, in immutable Parquet files that describe themselves.

Belongs here: writing, reading and finding segments; their checksums and their footers.
Does not belong here: what the bytes say (`decode`), the warehouse's list of segments (`load`).

A segment lies at `<raw>/<source>/<topic>/<partition>/<first>-<last>.parquet`. A topic that comes
from a file appears whole or not at all: it is written beside its place and renamed into it. DuckDB
does not verify page checksums, so segments are read by pyarrow, which does.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from journey_dagster.durable import sync
from journey_dagster.topics import TopicError
from journey_dagster.topics.files import Layout

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
        pa.field("broker_at", pa.timestamp("us", "UTC")),
        pa.field("key", pa.binary()),
        pa.field("value", pa.binary()),
        pa.field("headers", _HEADERS),
    ]
)


class Origin(msgspec.Struct, frozen=True):
    """What a segment's footer says of all its records."""

    source: str
    topic: str
    file: str
    """Name of the file they came from, without its folder."""
    landed_at: datetime
    layout: Layout


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
        if _noted_sums(self.path.parent).get(self.path.name) != self.sha256:
            raise TopicError(_damaged(self.path, "its checksum is not the one noted beside it"))
        try:
            with pq.ParquetFile(self.path, page_checksum_verification=True) as file:
                return file.read()
        except (OSError, pa.ArrowException) as error:
            raise TopicError(_damaged(self.path, error)) from error

    @cached_property
    def sha256(self) -> str:
        """Checksum of the file."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def topic_folder(raw: Path, source: str, topic: str) -> Path:
    """Where a topic's segments lie."""
    return raw / source / topic


def write_topic(raw: Path, origin: Origin, values: Iterable[bytes]) -> Path:
    """Write a file's records as segments into a folder beside their place.

    Returns:
        The folder, hidden and synced; `place` makes it the topic's own.
    """
    folder = topic_folder(raw, origin.source, origin.topic)
    hidden = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(hidden, ignore_errors=True)
    (hidden / "0").mkdir(parents=True, mode=0o700)
    schema = _SCHEMA.with_metadata({b"journey": msgspec.json.encode(origin)})
    first = 0
    try:
        for batch in _batches(values):
            n = len(batch)
            table = pa.table(
                {
                    "topic": pa.repeat(origin.topic, n),
                    "partition": pa.repeat(pa.scalar(0, pa.int32()), n),
                    "offset": pa.array(range(first, first + n), pa.int64()),
                    "broker_at": pa.nulls(n, pa.timestamp("us", "UTC")),
                    "key": pa.nulls(n, pa.binary()),
                    "value": pa.array(batch, pa.binary()),
                    "headers": pa.nulls(n, _HEADERS),
                },
                schema=schema,
            )
            name = f"{first:012d}-{first + n - 1:012d}.parquet"
            pq.write_table(table, hidden / "0" / name, compression="zstd", write_page_checksum=True)
            sync(hidden / "0" / name)
            first += n
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise
    _note_sums(hidden / "0")
    sync(hidden / "0")
    sync(hidden)
    return hidden


def _batches(values: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for value in values:
        batch.append(value)
        size += len(value)
        if len(batch) >= RECORDS or size >= SIZE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def place(hidden: Path) -> Path:
    """Rename a written folder into its place, for good."""
    folder = hidden.with_name(hidden.name.removeprefix(".").removesuffix(".new"))
    if folder.exists():
        shutil.rmtree(folder)  # a folder without segments
    hidden.rename(folder)
    sync(folder.parent)
    return folder


def find(folder: Path) -> Iterator[Segment]:
    """The segments below a folder in the order of their paths; hidden folders are unfinished.

    Raises:
        TopicError: a file's footer cannot be read.
    """
    for path in sorted(folder.rglob("*.parquet")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        yield _described(path)


def _described(path: Path) -> Segment:
    try:
        metadata = pq.read_schema(path).metadata or {}
        origin = msgspec.json.decode(metadata[b"journey"], type=Origin)
        first, last = (int(end) for end in path.stem.split("-"))
        return Segment(path, origin, int(path.parent.name), first, last)
    except (OSError, pa.ArrowException, KeyError, ValueError, msgspec.MsgspecError) as error:
        raise TopicError(_damaged(path, error)) from error


def sweep(raw: Path) -> None:
    """Remove what an interrupted ingest left behind; for whoever holds the warehouse."""
    for hidden in raw.glob("*/.*.new"):
        shutil.rmtree(hidden)


def _note_sums(folder: Path) -> None:
    """Note the checksums of a folder's segments, in the format of sha256sum."""
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.glob("*.parquet"))
    ]
    (folder / SUMS).write_text("".join(sums), encoding="ascii")
    sync(folder / SUMS)


def _noted_sums(folder: Path) -> dict[str, str]:
    """File name to checksum, as noted when the segments were written."""
    try:
        lines = (folder / SUMS).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TopicError(_damaged(folder / SUMS, error)) from error
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _damaged(path: Path, error: object) -> str:
    return (
        f"{path} is damaged ({error}). Move it away with its topic's folder and ingest the source "
        "again; the other topics are untouched"
    )
