"""The machine: Python, the packages, time zones, a browser.

Belongs here: what was installed. Does not belong here: settings, data.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from zoneinfo import available_timezones

import duckdb

from journey_dagster.doctor.finding import Finding
from journey_dagster.settings import ROOT

OLDEST = (3, 11)
LOCK = ROOT / "requirements.lock"


def software() -> Iterator[Finding]:
    """Python, what the project depends on, the databases of time zones."""
    python = sys.version.split()[0]
    if sys.version_info[:2] < OLDEST:
        yield Finding(
            "python", "wrong", f"{python}; it takes 3.11 or newer",
            "rm -r .venv && make setup PYTHON=python3.11",
        )  # fmt: skip
    else:
        yield Finding("python", "well", python)
    yield _packages()
    with duckdb.connect() as con:
        row = con.execute("select count(*) from pg_timezone_names()").fetchone()
    known = len(available_timezones())
    if row and row[0] and known:
        yield Finding("time zones", "well", f"{known} in Python, {row[0]} in DuckDB")
    else:
        yield Finding(
            "time zones", "wrong", "no database of time zones: no clock of a user can be told",
            "make setup",
        )  # fmt: skip


def _packages() -> Finding:
    """What the project names itself, as it is installed, against what is pinned."""
    pinned: dict[str, set[str]] = {}  # the lock may pin one version for each Python
    for name, pin in re.findall(r"^([\w.-]+)==([^ ;\\]+)", LOCK.read_text(), re.MULTILINE):
        pinned.setdefault(name, set()).add(pin)
    others = {name: there for name in _direct() if (there := _installed(name)) not in pinned[name]}
    if others:
        told = ", ".join(
            f"{name} {there or 'is missing'} (pinned: {' or '.join(sorted(pinned[name]))})"
            for name, there in others.items()
        )
        return Finding("packages", "wrong", told, "make setup")
    shown = ("dagster", "duckdb", "polars", "great-expectations")
    told = ", ".join(f"{name} {version(name)}" for name in shown)
    return Finding("packages", "well", f"as pinned: {told}")


def _direct() -> list[str]:
    """The packages that the project names, without those of its extras."""
    named = [line for line in requires("journey-dagster") or () if "extra ==" not in line]
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in named]


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def browser() -> Iterator[Finding]:
    """What the tests of pages need, and nothing else."""
    if chromium := shutil.which("chromium"):
        yield Finding("browser tests", "well", chromium)
    else:
        yield Finding(
            "browser tests", "note", "no Chromium: skipped", "apt-get install chromium (Debian)"
        )
