"""A backfill of all users beside the library's own call that makes the same reports.

Run it: python bench/backfill.py [--users 1000] [--events 60]. The demo's people are taken in and
have had a night; then each part makes all reports again, in a process of its own: `plain` calls
`everyone.make_reports`; `backfill` launches the partitioned assets of everybody over GraphQL and
steps Dagster's daemon, as `tests/test_backfill.py` does. The bars are 40 ms of the clock for each
user and asset above the plain call, and 2 GB of memory.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

from journey_dagster import demo, everyone, runs, users, warehouse
from journey_dagster.settings import ROOT, InsightsSettings, Settings
from journey_dagster.synth import Plan

BAR_MS = 40
BAR_BYTES = 2_000_000_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--users", type=int, default=1_000)
    parser.add_argument("--events", type=int, default=60, help="of each user, on average")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part == "prepare":
        prepare(Settings(), Plan(asked.users, asked.events))
    elif asked.part:
        print(json.dumps({"plain": plain, "backfill": backfill}[asked.part](Settings())))
    else:
        measure(asked.users, asked.events)


def measure(n_users: int, n_events: int) -> None:
    """Each part in a process of its own, so that each peak is its own."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["JOURNEY_HOME"] = folder
        os.environ.pop("DAGSTER_HOME", None)
        _part("prepare", n_users, n_events)
        found = {name: _part(name) for name in ("plain", "backfill")}
    print(f"{'':<10}{'seconds':>10}{'CPU':>8}{'ms a user':>12}{'peak MB':>10}")
    for name, (seconds, cpu, peak) in found.items():
        each = seconds * 1000 / n_users
        print(f"{name:<10}{seconds:>10.1f}{cpu:>8.1f}{each:>12.1f}{peak / 1e6:>10.0f}")
    above, of_cpu = (
        (found["backfill"][n] - found["plain"][n]) * 1000 / n_users / len(_chain()) for n in (0, 1)
    )
    told = f"{above:.1f} ms (bar {BAR_MS}), {of_cpu:.1f} ms of it of the CPU"
    print(f"\nabove the plain call, for each user and asset: {told}")
    ok = above <= BAR_MS and found["backfill"][2] <= BAR_BYTES
    print("within both bars" if ok else "NOT within both bars")
    sys.exit(not ok)


def prepare(settings: Settings, plan: Plan) -> None:
    """Take the demo's people in, and let them have a night."""
    for _ in demo.ingest(settings, demo.prepare(settings, plan)):
        pass
    done = runs.run(settings, lambda _line: None, insights=InsightsSettings())
    if not done.succeeded:
        raise SystemExit(f"the night failed: {done}")


def plain(settings: Settings) -> tuple[float, float, int]:
    """Seconds by the clock and of all cores, and peak bytes, of the library's own call."""
    registered = users.load(settings.registry)
    start, used = time.perf_counter(), time.process_time()
    with warehouse.connect(settings.database, memory_limit=settings.memory_limit) as con:
        made = everyone.make_reports(con, settings, InsightsSettings(), registered, registered)
    if {one.status for one in made[1]} != {"published"}:
        raise SystemExit("a report is withheld")
    return time.perf_counter() - start, time.process_time() - used, _peak()


def backfill(settings: Settings) -> tuple[float, float, int]:
    """Seconds by the clock and of all cores, and peak bytes, of a backfill until it ends."""
    from dagster._core.execution.backfill import BulkActionStatus  # noqa: PLC0415  a second

    from journey_dagster import definitions  # noqa: PLC0415  with these settings

    backfilled = _tests().backfilled
    slugs = [user.slug for user in users.load(settings.registry)]
    definitions.defs = definitions.build_defs(settings)
    start, used = time.perf_counter(), time.process_time()
    with backfilled(_chain(), slugs) as (instance, backfill_id):
        seconds, cpu = time.perf_counter() - start, time.process_time() - used
        over = instance.get_backfill(backfill_id)
        if not over or over.status != BulkActionStatus.COMPLETED_SUCCESS:
            raise SystemExit(f"the backfill failed: {over}")
    return seconds, cpu, _peak()


def _tests():  # noqa: ANN202  a module
    """How the tests step a backfill; there is no second way."""
    sys.path.insert(0, str(ROOT / "tests"))
    import test_backfill  # noqa: PLC0415

    return test_backfill


def _chain() -> list[list[str]]:
    return _tests().CHAIN


def _part(name: str, *sizes: int) -> list[float]:
    """What a part prints last; nothing, of one that prints nothing."""
    options = [f"--{of}={n}" for of, n in zip(("users", "events"), sizes, strict=False)]
    command = [sys.executable, __file__, "--part", name, *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    lines = done.stdout.splitlines()
    return json.loads(lines[-1]) if lines else []


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
