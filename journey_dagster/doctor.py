"""Examines this machine and this home: what would go wrong, and the cure.

Belongs here: one short function per finding. Does not belong here: mending anything.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal
from zoneinfo import available_timezones

import duckdb

from journey_dagster import users
from journey_dagster.settings import Settings
from journey_dagster.topics import TopicError, segments
from journey_dagster.topics.load import SEGMENTS
from journey_dagster.warehouse import WarehouseError, columns, connect

LOW_DISK = 2 * 10**9
"""Bytes below which a run may not have the room it needs."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    what: str
    state: Literal["well", "note", "wrong"]
    told: str
    cure: str | None = None


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; nothing is changed."""
    return [
        *_software(),
        *_home(settings),
        *_warehouse(settings),
        *_registry(settings),
        *_features(),
    ]


def _software() -> Iterator[Finding]:
    names = ("dagster", "duckdb", "polars", "great-expectations")
    told = ", ".join(f"{name} {version(name)}" for name in names)
    yield Finding("software", "well", f"Python {sys.version.split()[0]}, {told}")
    with duckdb.connect() as con:
        row = con.execute("select count(*) from pg_timezone_names()").fetchone()
    known = len(available_timezones())
    if row and row[0] and known:
        yield Finding("time zones", "well", f"{known} in Python, {row[0]} in DuckDB")
    else:
        yield Finding("time zones", "wrong", "no database of time zones", "make setup")


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    standing = next(parent for parent in (home, *home.parents) if parent.exists())
    if not os.access(standing, os.W_OK):
        yield Finding(
            "home", "wrong", f"{home} cannot be written", f"chown it, or set JOURNEY_HOME ({home})"
        )
        return
    yield Finding("home", "well", str(home))
    free = shutil.disk_usage(standing).free
    state = "well" if free > LOW_DISK else "wrong"
    cure = None if state == "well" else "free some, or set JOURNEY_HOME to a larger disk"
    yield Finding("disk", state, f"{free / 10**9:.1f} GB free", cure)


def _warehouse(settings: Settings) -> Iterator[Finding]:
    try:
        found = list(segments.find(settings.raw)) if settings.raw.exists() else []
        yield Finding("raw segments", "well", f"{len(found)} found, their footers readable")
    except TopicError as error:
        yield Finding("raw segments", "wrong", str(error), "see the message")
    if not settings.database.exists():
        yield Finding("warehouse", "note", "none yet", "journey demo, or journey ingest file")
        return
    try:
        with connect(settings.database, read_only=True) as con:
            known = (
                con.execute(f"select path from {SEGMENTS.name}").fetchall()
                if columns(con, SEGMENTS.name)
                else []
            )
        gone = [path for (path,) in known if not (settings.raw / path).exists()]
        if gone:
            yield Finding(
                "raw segments",
                "wrong",
                f"{settings.raw / gone[0]} is gone, and so are {len(gone) - 1} more: the warehouse "
                "holds their records, and a rebuild would not",
                "put them back from a backup",
            )
        yield Finding("warehouse", "well", f"{settings.database.stat().st_size / 1e6:.1f} MB")
    except WarehouseError as error:
        yield Finding("warehouse", "wrong", str(error), "see the message")


def _registry(settings: Settings) -> Iterator[Finding]:
    try:
        registered = users.load(settings.registry)
    except users.RegistryError as error:
        yield Finding("registry", "wrong", str(error), f"edit {settings.registry}")
        return
    unknown = [user.slug for user in registered if user.tz not in available_timezones()]
    if unknown:
        yield Finding(
            "registry",
            "note",
            f"{len(registered)} users; {len(unknown)} without a known time zone: "
            f"{', '.join(unknown[:5])}",
            f"journey users set {unknown[0]} --tz Europe/Berlin",
        )
    elif registered:
        yield Finding("registry", "well", f"{len(registered)} users")
    else:
        yield Finding("registry", "note", "nobody gets a report", "journey users add USER_ID")


def _features() -> Iterator[Finding]:
    if chromium := shutil.which("chromium"):
        yield Finding("browser tests", "well", chromium)
    else:
        yield Finding(
            "browser tests", "note", "no Chromium: skipped", "Debian: apt-get install chromium"
        )
