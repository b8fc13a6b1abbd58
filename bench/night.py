"""A night with few new events beside the first run over all of them.

Run it: python bench/night.py [--users 1000] [--events 1000000]. Users have from none to twice the
mean of events, in two months of their own in three years; then a hundredth of new events arrives
in one day, of every twentieth user. Both runs are `journey run`, in processes of their own, reports
included. Whoever was active in the last sixty days has changed too: what happened lately is another
span of days. The bar is a fifth. `again` is a night in which nothing arrived.
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

import duckdb

EVENTS = """
copy (
    select
        'synthetic-' || u as user_id,
        strftime(
            timestamp '2023-01-01' + interval 1 second * (
                hash(u, 'from') % (1035 * 86400) + hash(u, i, 'at') % (60 * 86400)
            ), '%Y-%m-%dT%H:%M:%SZ'
        ) as timestamp,
        '/' || (hash(u, i, 's') % 20) || '/' || (hash(u, i, 'p') % 200) as page,
        ['view', 'click', 'search'][(hash(u, i, 'e') % 3 + 1)::integer] as event
    from range($users) as us(u), range(2 * $each) as events(i)
    where i < 2 * $each * (u + 0.5) / $users
) to '{file}' (header)
"""

NEW = """
copy (
    select
        'synthetic-' || u as user_id,
        strftime(timestamp '2026-01-01' + interval 1 second * (hash(u, i, 'new') % 86400),
            '%Y-%m-%dT%H:%M:%SZ') as timestamp,
        '/' || (hash(u, i, 's') % 20) || '/' || (hash(u, i, 'q') % 200) as page,
        'view' as event
    from range(0, $users, 20) as us(u), range($each) as events(i)
) to '{file}' (header)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--users", type=int, default=1_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home, each = Path(folder) / "home", asked.events // asked.users
        first, new = Path(folder) / "first.csv", Path(folder) / "new.csv"
        with duckdb.connect() as con:
            con.execute(EVENTS.format(file=first), {"users": asked.users, "each": each})
            con.execute(NEW.format(file=new), {"users": asked.users, "each": each // 5})
        people = Path(folder) / "users.json"
        people.write_text(
            json.dumps([{"user_id": f"synthetic-{n}", "tz": "UTC"} for n in range(asked.users)])
        )
        journey(home, "users", "add", "--from", str(people))
        journey(home, "ingest", "file", str(first), "--format", "csv")
        found = {"first": run(home)}
        journey(home, "ingest", "file", str(new), "--format", "csv")
        found |= {"night": run(home), "again": run(home)}
    for name, (seconds, cpu, n_written) in found.items():
        ratio = seconds / found["first"][0]
        print(
            f"{name:>6} {seconds:7.1f} s  {cpu:7.1f} CPU s  {n_written:5,} reports written  "
            f"{ratio:.3f} of the first"
        )


def run(home: Path) -> tuple[float, float, int]:
    """Seconds by the clock and of all cores, and reports written."""
    before, start, since = used(), time.perf_counter(), time.time_ns()
    journey(home, "run")
    took = time.perf_counter() - start
    written = [
        path for path in (home / "site/data").glob("s*.json") if path.stat().st_mtime_ns > since
    ]
    return took, used() - before, len([path for path in written if path.stem != "status"])


def used() -> float:
    """CPU seconds of the children so far."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def journey(home: Path, *words: str) -> None:
    """A command of the program."""
    command = [sys.executable, "-c", "from journey_dagster.cli import main; main()", *words]
    done = subprocess.run(
        command, env={**os.environ, "JOURNEY_HOME": str(home)}, check=False, capture_output=True
    )
    if done.returncode:
        raise SystemExit(f"journey {' '.join(words)}\n{done.stderr.decode()}")


if __name__ == "__main__":
    main()
