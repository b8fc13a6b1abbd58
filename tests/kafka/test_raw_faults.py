"""Segments that rot: every damage is told by the name of its file, and none spreads."""

import itertools
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from journey_dagster import doctor
from journey_dagster.settings import Settings
from journey_dagster.topics import TopicError, load, segments
from journey_dagster.topics.files import Layout
from journey_dagster.topics.origin import Origin
from journey_dagster.topics.segments import Batch
from journey_dagster.warehouse import connect

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
TABLES = ("raw.records", "raw.segments", "meta.quarantine")
FIRST = "000000000000-000000000019.parquet"
Rows = dict[str, list[tuple]]


def record(n: int) -> bytes | None:
    if n % 11 == 3:
        return None
    if n % 7 == 2:
        return b"\xff no event %d" % n
    said = {"user_id": f"robin-{n % 5}", "timestamp": "2026-01-01T00:00:00Z", "page": "/"}
    return json.dumps(said | {"event": "View", "serial": n}).encode()


def write(raw: Path, topic: str, partition: int, first: int, n: int = 20) -> Path:
    """A segment as the broker's reader writes it."""
    numbers = range(first, first + n)
    batch = Batch(
        offsets=list(numbers),
        values=[record(number + 1000 * partition) for number in numbers],
        keys=[None] * n,
        broker_at=[1_790_000_000_000 + number for number in numbers],
        headers=[[("trace", b"\x00\x01")] if number % 2 else None for number in numbers],
    )
    origin = Origin(source="kafka", topic=topic, landed_at=AT, layout=Layout("json"))
    return segments.write_segment(raw, origin, partition, (first, first + n - 1), batch).path


@pytest.fixture
def raw(settings: Settings) -> Path:
    """Two topics that landed; nothing is loaded."""
    for partition, first in itertools.product((0, 1), (0, 20, 40)):
        write(settings.raw, "visits", partition, first)
    write(settings.raw, "orders", 0, 0)
    return settings.raw


def loaded(raw: Path) -> tuple[Rows, str]:
    """What a new warehouse makes of the segments, and what it says of the damaged ones."""
    told = ""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        try:
            load.load_landed(con, raw)
        except TopicError as error:
            told = str(error)
        return rows(con), told


def rows(con: duckdb.DuckDBPyConnection) -> Rows:
    return {name: con.execute(f"from {name} order by all").fetchall() for name in TABLES}


def only(found: Rows, topic: str) -> Rows:
    return {name: [row for row in of if row[0] == topic] for name, of in found.items()}


def assert_told_or_harmless(raw: Path, path: Path, sound: Rows, what: str) -> bool:
    """Whether the damage was told; where it was, the topic is absent and the other is here."""
    found, told = loaded(raw)
    if not told:
        assert found == sound, what
        return False
    assert str(path) in told or str(path.parent) in told, (what, told)
    assert "damaged" in told
    assert "\n" not in told
    assert found == only(sound, "orders"), what
    return True


def flips(path: Path, rng: random.Random, n: int) -> Iterator[str]:
    """The file with one bit turned over, again and again; sound in the end."""
    sound = path.read_bytes()
    # The footer is a small part of a file, and the part that the page checksums do not cover.
    footer = int.from_bytes(sound[-8:-4], "little") + 8 if path.suffix == ".parquet" else 1
    for turn in range(n):
        low = max(0, len(sound) - footer) if turn % 2 else 0
        at, bit = rng.randrange(low, len(sound)), rng.randrange(8)
        rotten = bytearray(sound)
        rotten[at] ^= 1 << bit
        path.write_bytes(rotten)
        yield f"bit {bit} of byte {at} of {len(sound)} in {path.name}"
    path.write_bytes(sound)


@pytest.mark.parametrize("name", ["000000000020-000000000039.parquet", "SHA256SUMS"])
def test_a_flipped_bit_is_told_or_harmless(raw: Path, name: str):
    sound, told = loaded(raw)
    assert not told
    seed = random.randrange(10**6)  # noqa: S311
    path = raw / "kafka/visits/1" / name
    n_told = sum(
        assert_told_or_harmless(raw, path, sound, f"{what} (seed {seed})")
        for what in flips(path, random.Random(seed), 40)  # noqa: S311
    )
    assert n_told >= 35
    assert loaded(raw) == (sound, "")


@pytest.mark.parametrize("left", [0, 1, 4, 0.5, -8, -1])
def test_a_cut_file_is_told(raw: Path, left: float):
    sound, _ = loaded(raw)
    path = raw / "kafka/visits/0" / FIRST
    size = path.stat().st_size
    os.truncate(path, int(size * left) if isinstance(left, float) else left % size)
    assert assert_told_or_harmless(raw, path, sound, str(left))


def no_line(sums: Path) -> None:
    sums.write_bytes(b"".join(sums.read_bytes().splitlines(keepends=True)[:-1]))


def torn_line(sums: Path) -> None:
    os.truncate(sums, sums.stat().st_size - 30)


def zeros(sums: Path) -> None:
    """What some file systems leave of an append that was not flushed."""
    size = sums.stat().st_size
    os.truncate(sums, size - 100)
    os.truncate(sums, size)


@pytest.mark.parametrize("hurt", [no_line, torn_line, zeros, Path.unlink])
def test_a_segment_without_its_checksum_is_told(raw: Path, hurt: Callable[[Path], None]):
    sound, _ = loaded(raw)
    sums = raw / "kafka/visits/0/SHA256SUMS"
    hurt(sums)
    assert assert_told_or_harmless(raw, sums, sound, hurt.__name__)


def test_a_torn_line_of_a_kill_does_not_hurt_the_next_segment(raw: Path):
    sums = raw / "kafka/visits/0/SHA256SUMS"
    with sums.open("a") as file:
        file.write("0123456789abcdef")
    write(raw, "visits", 0, 60)
    found, told = loaded(raw)
    assert not told
    assert len(found["raw.segments"]) == 8


def swap(one: Path, other: Path) -> None:
    between = one.with_name("between")
    for source, target in ((one, between), (other, one), (between, other)):
        source.rename(target)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"visits/0/{FIRST}", "visits/0/000000000020-000000000039.parquet"),
        (f"visits/0/{FIRST}", f"visits/1/{FIRST}"),
        ("visits/0", "visits/1"),
    ],
)
def test_swapped_files_are_told(raw: Path, one: str, other: str):
    sound, _ = loaded(raw)
    swap(raw / "kafka" / one, raw / "kafka" / other)
    found, told = loaded(raw)
    assert "visits/" in told
    assert found == only(sound, "orders")


def test_topics_that_change_places_are_told(raw: Path):
    swap(raw / "kafka/visits", raw / "kafka/orders")
    found, told = loaded(raw)
    assert "orders" in told
    assert "visits" in told
    assert not any(found.values())


def test_a_copy_beside_the_topic_counts_nothing_twice(raw: Path):
    sound, _ = loaded(raw)
    shutil.copytree(raw / "kafka/visits", raw / "kafka/visits.bak")
    found, told = loaded(raw)
    assert "visits.bak" in told
    assert found == sound


def test_a_segment_that_went_away_is_missed(raw: Path, settings: Settings):
    with connect(settings.database) as con:
        load.load_landed(con, raw)
    assert "wrong" not in states(settings)
    gone = raw / "kafka/visits/0/000000000020-000000000039.parquet"
    gone.unlink()
    (finding,) = [one for one in doctor.examine(settings) if one.state == "wrong"]
    assert str(gone) in finding.told
    found, told = loaded(raw)
    assert not told
    firsts = [row[3] for row in only(found, "visits")["raw.segments"] if row[2] == 0]
    assert firsts == [0, 40]  # which is what sql/checks/offsets_are_contiguous.sql looks for


def states(settings: Settings) -> set[str]:
    return {one.state for one in doctor.examine(settings)}
