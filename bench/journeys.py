"""Journeys from events, beside the floors and beside other ways: ratios of one run.

Run it: python bench/journeys.py [--events N] [--pages N] [--dir FOLDER]. The events are synthetic,
seeded, and kept in the folder as Parquet. Every contender works in a process of its own, in turns,
and makes the same tables, which is checked. Printed are medians: seconds by the clock and of all
cores, peak memory, and ratios to a bare scan of the same columns. The machine's noise is in all of
them alike.
"""

import argparse
import contextlib
import importlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]


class Contender(NamedTuple):
    """Who takes part, and up to how many events it is worth the wait."""

    module: str
    words: str
    most: int = 20_000_000
    once: bool = False


# Bringing one more day into journeys that are there is measured here too: against `lean`.
CONTENDERS = {
    "scan": Contender("sql", "floor: read and hash the columns", 10**9),
    "sort": Contender("sql", "floor: integers, sorted by user and time", 10**9),
    "lean": Contender("sql", "ours, nothing kept per step", 10**9),
    "steps": Contender("sql", "ours, the SQL files: a stored row per step, on the disk"),
    "steps_in_memory": Contender("sql", "the same in memory"),
    "polars": Contender("frames", "Polars, streaming, categories"),
    "polars_in_order": Contender("frames", "the same, trusting the order of the file"),
    "chdb": Contender("clickhouse", "chdb, integer keys"),
    "pandas_codes": Contender("frames", "pandas, vectorised, categories"),
    "pandas": Contender("frames", "pandas, vectorised"),
    "loops": Contender("loops", "row by row, networkx", 1_000_000, once=True),
}
FLOORS = ("scan", "sort")
SMALL = 20_000_000
"""Above this, one round has to do."""


@dataclass
class Measured:
    """What the runs of a contender took."""

    seconds: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])
    peak: list[int] = field(default_factory=list[int])
    totals: dict[str, int] = field(default_factory=dict[str, int])


class Bar(NamedTuple):
    """A promise: a contender's time (or memory) is at most so many times another's."""

    words: str
    contender: str
    against: str
    most: float
    from_events: int = 10_000_000


BARS = (
    Bar("lean <= 12 x the scan", "lean", "scan", 12),
    Bar("a stored row per step <= 18 x the scan", "steps_in_memory", "scan", 18),
    Bar("6 x faster than pandas", "lean", "pandas", 1 / 6),
    Bar("ahead of chdb", "lean", "chdb", 1),
    Bar("ahead of Polars", "lean", "polars", 1),
    Bar("ahead of Polars that trusts the order", "lean", "polars_in_order", 1),
    Bar("200 x faster than row by row", "lean", "loops", 1 / 200, from_events=1_000_000),
)
MOST_MEGABYTES = 1_000


def main() -> None:
    """Measure, or be one contender."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--pages", type=int, default=2_000)
    parser.add_argument("--dir", type=Path, default=Path(tempfile.gettempdir()) / "journeys-bench")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contender", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.contender:
        name, file = asked.contender
        if name == "events":
            write = importlib.import_module("journeys.events").write
            write(Path(file), asked.events, asked.pages)
        else:
            _be(name, Path(file))
        return
    asked.dir.mkdir(parents=True, exist_ok=True)
    file = asked.dir.resolve() / f"events-{asked.events}-{asked.pages}.parquet"
    _start("events", file, "--events", str(asked.events), "--pages", str(asked.pages))
    measured = _measure(file, asked.events, asked.rounds)
    _check(
        asked.events, {name: each.totals for name, each in measured.items() if name not in FLOORS}
    )
    _report(asked.events, measured)


def _start(name: str, file: Path, *more: str) -> str:
    command = [sys.executable, __file__, "--contender", name, str(file), *more]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout


def _be(name: str, file: Path) -> None:
    """Be one contender: import first, then work in an empty folder, then say what it took."""
    work: Callable[[Path], Callable[[], dict[str, int]]]
    work = getattr(importlib.import_module(f"journeys.{CONTENDERS[name].module}"), name)
    with tempfile.TemporaryDirectory(dir=file.parent) as folder, contextlib.chdir(folder):
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        totals = work(file)
        seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(json.dumps([seconds, cpu, after.ru_maxrss // 1024, totals()]))


def _measure(file: Path, n_events: int, rounds: int) -> dict[str, Measured]:
    """All that are worth the wait, in turns."""
    measured = {name: Measured() for name, each in CONTENDERS.items() if n_events <= each.most}
    for n in range(rounds if n_events <= SMALL else 1):
        for name, each in measured.items():
            if n and CONTENDERS[name].once:
                continue
            print(f"\r\033[Kround {n + 1}: {name}", end="", file=sys.stderr, flush=True)
            seconds, cpu, peak, totals = json.loads(_start(name, file).splitlines()[-1])
            each.seconds.append(seconds)
            each.cpu.append(cpu)
            each.peak.append(peak)
            each.totals = totals
    print("\r\033[K", end="", file=sys.stderr)
    return measured


def _check(n_events: int, totals: dict[str, dict[str, int]]) -> None:
    """All made the same, of all events.

    Raises:
        SystemExit: some did not; what they say is printed.
    """
    first = next(iter(totals.values()))
    if first["n_events"] != n_events or any(each != first for each in totals.values()):
        sys.exit(f"not the same: {totals}")
    print(", ".join(f"{name} {n:,}" for name, n in first.items() if name.startswith("n_")))


def _report(n_events: int, measured: dict[str, Measured]) -> None:
    seconds = {name: statistics.median(each.seconds) for name, each in measured.items()}
    cpu = {name: statistics.median(each.cpu) for name, each in measured.items()}
    peak = {name: statistics.median(each.peak) for name, each in measured.items()}
    rounds = len(measured["scan"].seconds)
    print(f"{n_events:,} events, medians of {rounds}; x is how many times the scan's")
    print(f"  {'':<16}{'wall s':>9}{'x':>7}{'CPU s':>9}{'x':>7}{'peak MB':>9}")
    for name in measured:
        print(
            f"  {name:<16}{seconds[name]:>9.2f}{seconds[name] / seconds['scan']:>7.1f}"
            f"{cpu[name]:>9.2f}{cpu[name] / cpu['scan']:>7.1f}{peak[name]:>9,.0f}"
            f"  {CONTENDERS[name].words}"
        )
    for bar in BARS:
        if n_events >= bar.from_events and {bar.contender, bar.against} <= measured.keys():
            by_clock = seconds[bar.contender] / seconds[bar.against]
            by_cpu = cpu[bar.contender] / cpu[bar.against]
            told = f"{bar.words}: {_times(by_clock)}, CPU {_times(by_cpu)}"
            print(f"  {_verdict(by_clock <= bar.most)}{told}")
    for name in ("lean", "steps"):
        if name in measured and n_events <= SMALL:
            small = peak[name] < MOST_MEGABYTES
            print(f"  {_verdict(small)}{name} below {MOST_MEGABYTES:,} MB: {peak[name]:,.0f} MB")


def _verdict(holds: bool) -> str:
    return "holds   " if holds else "MISSED  "


def _times(ratio: float) -> str:
    return f"{ratio:.1f} x" if ratio >= 1 else f"1/{1 / ratio:.1f} x"


if __name__ == "__main__":
    main()
