"""One more day on top of journeys that are there, beside computing them from the beginning.

Run it: python bench/day.py [--events 1000000 3000000 10000000] [--dir FOLDER]. The last hundredth
of the events of bench/journeys.py arrives as a day, with one in a hundred of it up to three days
late. The project's own engine and SQL files bring placements, sessions, transitions and users
forward; printed is what that takes beside `lean`, which computes sessions, ways and users of all
events in memory and keeps no steps. At the end all tables are held against a rebuild.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from journeys import sql
from journeys.events import write

from journey_dagster.changes import Change, Changes
from journey_dagster.models import every_model
from journey_dagster.settings import Settings
from journey_dagster.warehouse import replace, transaction

MODELS = {each.name: each for each in every_model()}
PARAMETERS = Settings.model_construct().sql_parameters()
TABLES = (
    "core.page_names", "core.event_names", "core.user_ids", "core.horizon", "core.placements",
    "core.steps", "core.sessions", "core.ways", "core.user_spans", "marts.transitions",
)  # fmt: skip


def main() -> None:
    """Measure, each number of events in processes of its own."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 3_000_000, 10_000_000])
    parser.add_argument("--dir", type=Path, default=Path(tempfile.gettempdir()) / "journeys-bench")
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        name, file = asked.part
        print(json.dumps({"lean": lean, "day": day}[name](Path(file))))
        return
    asked.dir.mkdir(parents=True, exist_ok=True)
    print("seconds by the clock (of all cores); ratios to lean\n")
    heads = f"{'lean':>14}  {'all tables':>14}  {'the day':>14}  {'day / lean':>16}"
    print(f"{'events':>12}  {heads}")
    for n in asked.events:
        file = asked.dir.resolve() / f"events-{n}-2000.parquet"
        if not file.exists():
            write(file, n, 2_000)
        whole = _part("lean", file)
        found = _part("day", file)
        ratio = [a / b for a, b in zip(found["day"], whole["lean"], strict=True)]
        print(
            f"{n:>12,}  {_seconds(whole['lean'])}  {_seconds(found['all'])}  "
            f"{_seconds(found['day'])}  {ratio[0]:>7.3f} ({ratio[1]:.3f})  "
            f"{found['touched']:,} steps touched, {found['different']} rows differ",
            flush=True,
        )


def _part(name: str, file: Path) -> dict[str, list[float]]:
    command = [sys.executable, __file__, "--part", name, str(file)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def _seconds(pair: list[float]) -> str:
    return f"{pair[0]:>6.2f} ({pair[1]:>5.2f})"


class Clock:
    """Seconds by the clock and of all cores since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter(), time.process_time()

    def read(self) -> list[float]:
        """So far."""
        return [time.perf_counter() - self._start[0], time.process_time() - self._start[1]]


def lean(file: Path) -> dict[str, list[float]]:
    """Sessions, ways and users of all events, in memory."""
    clock = Clock()
    sql.lean(file)
    return {"lean": clock.read()}


def day(file: Path) -> dict[str, object]:
    """A day on top of the rest, in a warehouse on the disk."""
    with (
        tempfile.TemporaryDirectory(dir=file.parent) as folder,
        duckdb.connect(Path(folder) / "journey.duckdb") as con,
    ):
        con.execute(f"set TimeZone = 'UTC'; set memory_limit = '{Settings().memory_limit}'")
        con.execute("create schema core; create schema marts")
        _take(con, file)
        clock = Clock()
        for name in TABLES:
            replace(con, MODELS[name], PARAMETERS)
        found: dict[str, object] = {"all": clock.read()}
        con.execute("checkpoint")
        changes = Changes(con, MODELS, PARAMETERS)
        come = changes.relation(
            "come_core_events",
            "from all_events semi join of_the_day using (event_id)",
        )
        gone = changes.view("gone_core_events", f"from {come} where false")
        clock = Clock()
        with transaction(con):
            con.execute(f"insert into core.events from {come}")
            changes.of["core.events"] = Change(gone, come, gone, come)
            for name in TABLES:
                changes.bring_forward(MODELS[name])
        found["day"] = clock.read()
        found["touched"] = con.execute("select count(*) from temp.now_core_placements").fetchall()[
            0
        ][0]
        changes.forget()
        found["different"] = _different(con)
        return found


def _take(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Make core.events of all but the day."""
    events = sql.EVENTS.format(file=repr(str(file)))
    con.execute(f"create view all_events as {events}")
    con.execute("""
        create table of_the_day as
        with bounds as (select quantile_disc(occurred_at, 0.99) as since from all_events)
        select event_id
        from all_events
        join bounds on true
        where occurred_at >= since
            or (occurred_at >= since - interval 3 day and hash(event_id) % 300 = 0)
    """)
    con.execute("create table core.events as from all_events anti join of_the_day using (event_id)")


def _different(con: duckdb.DuckDBPyConnection) -> int:
    """Rows of all tables that a rebuild does not give, and the other way round."""
    different = 0
    for name in TABLES:
        if MODELS[name].is_view:
            continue
        con.execute(f"create table forward as from {name}")
        replace(con, MODELS[name], PARAMETERS)
        for one, other in (("forward", name), (name, "forward")):
            rows = con.execute(
                f"select count(*) from (from {one} except all from {other})"
            ).fetchall()
            different += rows[0][0]
        con.execute("drop table forward")
    return different


if __name__ == "__main__":
    main()
