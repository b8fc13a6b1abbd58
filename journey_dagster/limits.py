"""Holds this process to a time and a memory: what a database cannot promise of itself.

Belongs here: a deadline, and a limit of the operating system. Does not belong here: what is run.

DuckDB counts its own buffers and looks for an interrupt between two parts of its work. One value
may be larger than that (a text of gigabytes), and one step may take minutes. So the system refuses
the memory, and a process that does not stop when it is asked to is ended.
"""

import os
import re
import resource
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

GRACE = 3.0
"""Seconds between asking to stop and ending the process."""

_UNITS = {"K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}


class StoppedError(Exception):
    """It took too long or too much; the message says how to give it more."""


class Limits(NamedTuple):
    """What one query may take."""

    memory: str
    """Such as 1GB."""
    seconds: float


@contextmanager
def deadline(interrupt: Callable[[], object], seconds: float) -> Generator[None]:
    """Ask what runs within to stop after so many seconds."""
    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def confine(limits: Limits) -> None:
    """Hold this process to what it has now and this memory, and end it when the time is long over.

    For a process that does one thing: whatever does not stop by itself ends with exit code 1.

    Raises:
        ValueError: the memory is no size.
    """
    most = n_bytes(limits.memory)
    now = re.search(r"^VmData:\s+(\d+) kB", _status(), re.MULTILINE)
    if now:  # what threads and buffers of each core need comes on top
        beside = (256 + 32 * (os.cpu_count() or 1)) * 2**20
        most += int(now[1]) * 1024 + beside
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    timer = threading.Timer(limits.seconds + GRACE, _end, [limits.seconds])
    timer.daemon = True
    timer.start()


def n_bytes(size: str) -> int:
    """Bytes of a size such as 1GB or 512MiB.

    Raises:
        ValueError: it is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT])(i?)B", size)
    if found is None:
        raise ValueError(f"{size!r} is no size, such as 1GB or 500MB")
    number, unit, binary = found.groups()
    return int(float(number) * (1024 ** ("KMGT".index(unit) + 1) if binary else _UNITS[unit]))


def _status() -> str:
    path = Path("/proc/self/status")
    return path.read_text(encoding="ascii") if path.exists() else ""


def _end(seconds: float) -> None:
    print(  # noqa: T201
        f"error: stopped after {seconds:g} s. Ask for less, or give it longer: --timeout 600",
        file=sys.stderr,
        flush=True,
    )
    os._exit(1)
