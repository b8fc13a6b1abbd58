"""Everybody's reports: how long and how much memory they take, built and validated.

Run it: python bench/reports.py [--users 10000] [--events 100]. Synthetic topics are written, taken
in and computed first, which is not counted; then `journey report build` makes all reports in a
process of its own. The bar for 10,000 users is 60 s and 2 GB. `floor` is writing as many files of
the same size, and nothing else.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from journey_dagster import demo, runs
from journey_dagster.settings import Settings
from journey_dagster.synth import Plan
from journey_dagster.users import load


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        prepare(Settings(home=home), asked.users, asked.events)
        command = [sys.executable, "-c", "from journey_dagster.cli import main; main()"]
        start = time.perf_counter()
        subprocess.run(
            [*command, "report", "build"], env={**os.environ, "JOURNEY_HOME": str(home)}, check=True
        )
        took = time.perf_counter() - start
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        reports = list((home / "site" / "data").glob("synthetic*.json"))
        size = sum(path.stat().st_size for path in reports)
        print(
            json.dumps(
                {
                    "reports": len(reports),
                    "seconds": round(took, 1),
                    "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
                    "ms_per_user": round(1000 * took / len(reports), 2),
                    "peak_mb": used.ru_maxrss // 1024,
                    "mean_kb": round(size / len(reports) / 1024, 1),
                    "floor_seconds": round(floor(Path(folder) / "floor", reports), 1),
                }
            )
        )


def prepare(settings: Settings, users: int, events: int) -> None:
    """The warehouse of a demo, with the report of one user alone."""
    list(demo.ingest(settings, demo.prepare(settings, Plan(users=users, events=events))))
    first = load(settings.registry)[0].slug
    summary = runs.run(settings, lambda _line: None, [first])
    if not summary.succeeded:
        raise SystemExit(f"the warehouse could not be made: {summary}")


def floor(folder: Path, reports: list[Path]) -> float:
    """Seconds to write the same bytes."""
    texts = [path.read_bytes() for path in reports]
    folder.mkdir()
    start = time.perf_counter()
    for number, text in enumerate(texts):
        (folder / f"{number}.json").write_bytes(text)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
