"""How long the journeys take, as ratios side by side in one run.

Synthetic topics are taken in once; then each contender computes steps, sessions and transitions
from the same events in turn, several rounds, and the medians are compared with a bare scan of the
same columns. Run it with `make bench`; `--users` and `--events` size it.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd

from journey_dagster import warehouse
from journey_dagster.models import model
from journey_dagster.settings import Settings
from journey_dagster.synth import Plan, write_topics
from journey_dagster.topics.exports import ingest_file, layout_of

EVENTS = (
    "core/superseded.sql",
    "core/identity_edges.sql",
    "core/identities.sql",
    "core/attributions.sql",
    "core/deliveries.sql",
    "core/events.sql",
)
JOURNEYS = (
    "core/horizon.sql",
    "core/user_ids.sql",
    "core/page_names.sql",
    "core/event_names.sql",
    "core/placements.sql",
    "core/steps.sql",
    "core/sessions.sql",
    "core/ways.sql",
    "marts/transitions.sql",
)
GAP = pd.Timedelta(minutes=30)


def scan(con: duckdb.DuckDBPyConnection) -> int:
    """The floor: read what sessions are made of, and nothing else."""
    row = con.execute(
        "select count(*), bit_xor(hash(user_key, page_key, occurred_at, event_name)) "
        "from core.events"
    ).fetchone()
    return row[0] if row else 0


def journeys(con: duckdb.DuckDBPyConnection) -> int:
    """Ours: the SQL files, stored with their words."""
    for file in JOURNEYS:
        warehouse.replace(con, model(file), Settings().sql_parameters())
    return warehouse.count(con, "core.sessions")


def vectorised_pandas(con: duckdb.DuckDBPyConnection) -> int:
    """The same steps, sessions and transitions in pandas, sort and shift, in memory."""
    frame = (
        con.sql(
            "select user_id, page, event_name, source_session_id, occurred_at, tie_break "
            "from core.events where not is_noise and user_id is not null"
        )
        .to_arrow_table()
        .to_pandas()
    )
    frame = frame.sort_values(["user_id", "occurred_at", "tie_break"], kind="stable")
    by_user = frame.groupby("user_id", sort=False)
    starts = (frame["occurred_at"] - by_user["occurred_at"].shift()).gt(GAP) | (
        frame["user_id"] != frame["user_id"].shift()
    )
    frame["session"] = starts.cumsum()
    by_session = frame.groupby("session", sort=False)
    frame["next_page"] = by_session["page"].shift(-1).fillna("(exit)")
    frame["next_event"] = by_session["event_name"].shift(-1).fillna("(exit)")
    frame["step"] = by_session.cumcount()
    by_session.agg({"occurred_at": ["min", "max"], "page": ["first", "last", "nunique"]})
    frame.groupby(["page", "next_page", "next_event"], sort=False).agg(
        n=("step", "size"), sessions=("session", "nunique"), users=("user_id", "nunique")
    )
    return int(frame["session"].iloc[-1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--events", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        topics = write_topics(Plan(asked.users, asked.events), home / "synth")
        with warehouse.connect(home / "journey.duckdb") as con:
            start = time.perf_counter()
            for path, format_ in (
                (topics.robin_events, "ksql"),
                (topics.power_user_events, "ksql"),
                (topics.shop_events, "csv"),
            ):
                layout = layout_of(path, format_, timezone=None, mapping={})
                ingest_file(con, Settings(home=home), path, layout, datetime.now(UTC))
            taken_in = time.perf_counter() - start
            warehouse.ensure(con, model("raw/registry.sql"))
            warehouse.ensure(con, model("raw/identity_vetoes.sql"))
            for file in EVENTS:
                warehouse.replace(con, model(file), Settings().sql_parameters())
            report(con, asked.rounds, taken_in, topics.n_records)


def report(con: duckdb.DuckDBPyConnection, rounds: int, taken_in: float, n_records: int) -> None:
    """Time the contenders in turn and print medians and ratios."""
    contenders: dict[str, Callable[[duckdb.DuckDBPyConnection], int]] = {
        "bare scan": scan,
        "journeys in SQL": journeys,
        "vectorised pandas": vectorised_pandas,
    }
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            start = time.perf_counter()
            run(con)
            times[name].append(time.perf_counter() - start)
    median = {name: statistics.median(taken) for name, taken in times.items()}
    n_events = warehouse.count(con, "core.events")
    print(f"{n_records:,} records taken in at {n_records / taken_in:,.0f} a second")
    print(f"{n_events:,} events, medians of {rounds} rounds in turn")
    for name, seconds in median.items():
        print(f"  {name:<20}{seconds:8.3f} s  {seconds / median['bare scan']:8.1f} x scan")
    ratio = median["vectorised pandas"] / median["journeys in SQL"]
    print(f"pandas takes {ratio:.1f} times as long as the SQL files")


if __name__ == "__main__":
    main()
