"""A home in which one user left a mark in every field, and a search that finds it anywhere.

Belongs here: making that home, and looking at every byte and every decoded value below a folder.
Does not belong here: expectations. All people are synthetic.
"""

import gzip
import json
import re
import sqlite3
import subprocess
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import topic_files

from journey_dagster import users
from journey_dagster.settings import Settings
from journey_dagster.topics import segments
from journey_dagster.topics.files import Layout
from journey_dagster.topics.load import load_landed
from journey_dagster.topics.origin import Origin
from journey_dagster.topics.segments import Batch
from journey_dagster.warehouse import connect

MARK = "Zq7Mark"
ID = f"{MARK}-4711"
OLD_ID = f"{MARK}-before"
PHONE = f"{MARK}-phone"
SHARED = "synthetic-tablet"
SLUG = f"{MARK.lower()}-person"
OTHERS = ("synthetic-ann", "synthetic-bea", "synthetic-cid")
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
LANDED_AT = datetime(2026, 10, 1, tzinfo=UTC)

_FOUND = re.compile(MARK.encode(), re.IGNORECASE)


def at(day: float) -> str:
    """A moment of the synthetic year."""
    return (START + timedelta(days=day)).isoformat()


def _event(user: str | None, day: float, page: str, **more: object) -> dict[str, object]:
    said = {"user_id": user, "timestamp": at(day), "page": page, "event": "View", **more}
    return {name: value for name, value in said.items() if value is not None}


def shop() -> list[bytes]:
    """A file of plain JSON: everybody's visits, and the marked user's in all its fields."""
    pages = ["/", "/list", "/item", "/cart", "/checkout", "/order/confirmation"]
    events: list[dict[str, object]] = []
    for n, user in enumerate(OTHERS):
        for day in range(0, 60, 4):
            events += [
                _event(user, day + n / 10 + step / 1000, page, title=f"Title {page}")
                for step, page in enumerate(pages[: 3 + (day + n) % 4])
            ]
    for day in range(0, 60, 4):
        events += [
            _event(
                ID, day + 0.4 + step / 1000, page, title=f"{MARK} title", event=f"{MARK} View",
                referrer=f"https://{MARK}.example/", session_id=f"{MARK}-{day}",
                event_id=f"{MARK}-{day}-{step}", anonymous_id=PHONE,
                note={"deep": [f"{MARK} note"]},
            )
            for step, page in enumerate([*pages[:3], f"/{MARK}/page"])
        ]  # fmt: skip
        events.append(_event(None, day + 0.45, f"/{MARK}/anonymous", anonymous_id=PHONE))
    events.append(_event(OTHERS[2], 60, "/"))  # the data ends with somebody who stays
    ann = OTHERS[0]
    events += [
        _event(None, 1.61, "/shared/1", anonymous_id=SHARED),
        _event(ann, 1.62, "/shared/2", anonymous_id=SHARED),
        _event(None, 1.63, f"/{MARK}/nobodys", anonymous_id=SHARED),
        _event(ID, 1.64, f"/{MARK}/hers", anonymous_id=SHARED),
        _event(None, 1.65, f"/{MARK}/hers/too", anonymous_id=SHARED),
        _event(ID, 1.66, f"/{MARK}/hers", anonymous_id=SHARED),
        _event(None, 1.67, f"/{MARK}/nobodys", anonymous_id=SHARED),
        _event(ann, 1.68, "/shared/3", anonymous_id=SHARED),
        _event(None, 1.69, "/shared/4", anonymous_id=SHARED),
    ]
    broken = [
        b'{"user_id": "%s", "timestamp": ' % ID.encode(),
        b'{"user_id": "%s", "page": "/%s"}' % (ID.encode(), MARK.encode()),
        b'{"user_id": "\\u005a%s", "timestamp": "never"}' % ID[1:].encode(),
        b'{"user_id": "%s"}' % OTHERS[1].encode(),
        b"%s-4711x is somebody else's word" % b"Zq8Mark",
    ]
    return [*(json.dumps(event).encode() for event in events), *broken]


def segment() -> list[bytes]:
    """A file of Segment: an older id of the marked user, declared the same."""
    messages = [
        {"type": "page", "userId": OLD_ID, "messageId": f"{MARK}-s1", "timestamp": at(0.1),
         "properties": {"path": f"/{MARK}/old", "title": MARK}},
        {"type": "alias", "userId": ID, "previousId": OLD_ID, "messageId": f"{MARK}-s2",
         "timestamp": at(0.2)},
        {"type": "page", "userId": OTHERS[2], "messageId": "s3", "timestamp": at(0.3),
         "properties": {"path": "/item"}},
    ]  # fmt: skip
    return [json.dumps(message).encode() for message in messages]


def clicks(raw: Path) -> None:
    """A topic as a broker would have it: keys, headers and tombstones."""
    bare = json.dumps({"timestamp": at(2.5), "page": "/cart", "event": "View"}).encode()
    batch = Batch(
        offsets=[0, 1, 2, 3, 4, 7],
        values=[bare, bare, None, None, b"{", b"{"],
        keys=[ID.encode(), OTHERS[0].encode(), ID.encode(), OTHERS[0].encode(), None, None],
        broker_at=[1_770_000_000_000 + n for n in range(6)],
        headers=[
            [("trace", MARK.encode())], None, None, None, [("user", ID.encode())],
            [("user", b"nobody")],
        ],
    )  # fmt: skip
    origin = Origin(source="kafka", topic="clicks", landed_at=LANDED_AT, layout=Layout("json"))
    segments.write_segment(raw, origin, 0, (0, 9), batch)
    named = b'{"timestamp": "%s", "page": "/%s"}' % (at(3).encode(), MARK.encode())
    hers = Origin(
        source="kafka", topic="hers", landed_at=LANDED_AT, layout=Layout("json", user_id=ID)
    )
    nulls = [None] * 3
    segments.write_segment(
        raw, hers, 0, (0, 2), Batch([0, 1, 2], [bare, b"{", named], nulls, nulls, nulls)
    )


def ingest(settings: Settings) -> None:
    """Take in all sources, from the beginning; what is here already changes nothing."""
    home = topic_files.Home(settings.home)
    sources = topic_files.Home(settings.home.parent)
    home.ingest(sources.file("shop.json", topic_files.lines(*shop())), "json")
    home.ingest(sources.file("segment.json", topic_files.lines(*segment())), "segment")
    if not (settings.raw / "kafka").exists():
        clicks(settings.raw)
    with connect(settings.database) as con:
        load_landed(con, settings.raw)


def register(settings: Settings) -> None:
    """Three of them get a report: public, unlisted, private."""
    users.save(settings.registry, [
        users.User(ID, SLUG, f"{MARK} Name", "Europe/Berlin", visibility="public"),
        users.User(OTHERS[0], "ann", "Synthetic Ann", "UTC", visibility="public"),
        users.User(OTHERS[1], "bea", "Synthetic Bea", "UTC", visibility="unlisted"),
    ])  # fmt: skip


def marks(*folders: Path) -> list[str]:
    """Where the mark is: in the name or the bytes of a file, or in what they decode to."""
    return sorted({
        f"{path}: {kind}"
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() or path.is_symlink()
        for kind, text in _texts(path)
        if _FOUND.search(text)
    })  # fmt: skip


def _texts(path: Path) -> Iterator[tuple[str, bytes]]:
    yield "name", str(path.name).encode()
    if not path.is_file():
        return
    content = path.read_bytes()
    yield "bytes", content
    yield "escapes", content.replace(b"\\u005a", b"Z")
    with suppress(OSError, EOFError, zlib.error):
        yield "gzip", gzip.decompress(content)
    if content[:4] == b"PAR1":
        file = pq.ParquetFile(path)
        yield "footer", str(file.schema_arrow.metadata).encode()
        yield "rows", str(file.read().to_pylist()).encode()
    if content[8:12] == b"DUCK":
        yield from _of_duckdb(path)
    if content.startswith(b"SQLite format 3\0"):
        yield from _of_sqlite(path)
    if path.name == "HEAD" and (path.parent / "objects").is_dir():
        yield from _of_git(path.parent)


def _of_duckdb(path: Path) -> Iterator[tuple[str, bytes]]:
    with duckdb.connect(path, read_only=True) as con:
        for (name,) in con.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
        ).fetchall():
            for (row,) in con.execute(f"select t::varchar from {name} as t").fetchall():
                yield name, row.encode()


def _of_sqlite(path: Path) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(path)) as con:
        tables = con.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (name,) in tables:
            for row in con.execute(f'select * from "{name}"'):
                for cell in row:
                    yield name, cell if isinstance(cell, bytes) else str(cell).encode()
                    if isinstance(cell, bytes):
                        with suppress(zlib.error):
                            yield name, zlib.decompress(cell)


def _of_git(repository: Path) -> Iterator[tuple[str, bytes]]:
    done = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch", "--unordered"],
        cwd=repository, capture_output=True, check=True,
    )  # fmt: skip
    yield "git objects", done.stdout


def others(settings: Settings, tables: Iterable[str]) -> dict[str, list[str]]:
    """The rows of everybody else."""
    with connect(settings.database, read_only=True) as con:
        return {
            table: sorted(
                row
                for (row,) in con.execute(
                    f"select t::varchar from {table} as t where user_id = any($others)",
                    {"others": list(OTHERS)},
                ).fetchall()
            )
            for table in tables
        }
