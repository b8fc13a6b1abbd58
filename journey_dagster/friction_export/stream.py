"""Rows that need not fit into memory, and JSON that takes them one by one.

Belongs here: reading a query in batches, writing an object whose members may be long lists.
Does not belong here: what the members are.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import duckdb
import msgspec

_BATCH = 10_000
"""Rows held at a time."""

_encode = msgspec.json.Encoder().encode


def rows_of(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[dict[str, Any]]:
    """The rows of a query by the names of their columns, a batch in memory at a time.

    It has a cursor of its own: what else is asked meanwhile does not disturb it.
    """
    with con.cursor() as cursor:
        found = cursor.execute(query)
        names = [column[0] for column in found.description or ()]
        while batch := found.fetchmany(_BATCH):
            for row in batch:
                yield dict(zip(names, row, strict=True))


def write_list(path: Path, items: Iterable[object]) -> int:
    """Write a list, a line for each item.

    Returns:
        The number of items.
    """
    with path.open("wb") as out:
        n_items = _write_items(out, items, b"\n ")
        out.write(b"\n")
    return n_items


def write_object(path: Path, members: Mapping[str, object]) -> dict[str, int]:
    """Write one object, a line for each member and for each item of a member that is an iterator.

    Returns:
        The number of items of each member that is an iterator.
    """
    counts: dict[str, int] = {}
    with path.open("wb") as out:
        separator = b"{\n "
        for name, value in members.items():
            out.write(separator + _encode(name) + b": ")
            separator = b",\n "
            if isinstance(value, Iterator):
                counts[name] = _write_items(out, cast("Iterator[object]", value), b"\n  ")
            else:
                out.write(_encode(value))
        out.write(b"\n}\n" if members else b"{}\n")
    return counts


def _write_items(out: BinaryIO, items: Iterable[object], indent: bytes) -> int:
    n_items = 0
    for item in items:
        out.write((b"," if n_items else b"[") + indent + _encode(item))
        n_items += 1
    out.write(indent[:-1] + b"]" if n_items else b"[]")
    return n_items
