"""Asking models about many users, beside what the limit of questions under way allows.

Run it: python bench/insights.py [--users 1000] [--latency 0.3] [--concurrency 8 32]. Each user has
the four questions of a demo's user with a full year; a stand-in on this machine, in a process of
its own, answers each after the latency. What is printed is the time that the calls alone would
take at that concurrency, the time that asking took with ledger and SDK, and their ratio; the bar
is 0.8.
"""

import argparse
import json
import multiprocessing
import tempfile
import time
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

from pydantic import SecretStr

from journey_dagster.insights.asking import Asker
from journey_dagster.insights.generations import GENERATIONS
from journey_dagster.insights.ledger import Ledger, Waiting
from journey_dagster.settings import InsightsSettings
from journey_dagster.standin.faults import slow
from journey_dagster.standin.server import standin

FACTS = [
    {"id": "n_events", "label": "Events recorded", "text": "412 events", "n": 412},
    {"id": "top_topic", "label": "Topic", "text": "gravel", "amount": "31 events", "n": 31},
    {
        "id": "top_month",
        "label": "Busiest month",
        "text": "June 2025",
        "amount": "9 events",
        "n": 9,
    },
    *(
        {"id": f"top_page_{n}", "label": "Page", "text": f"A page, number {n}", "n": n}
        for n in range(60)
    ),
    {"id": "core_1", "label": "Core interest", "text": "gravel", "amount": "31 events", "n": 31},
]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.3)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[8, 32])
    asked = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    serving = multiprocessing.Process(target=serve, args=(theirs, asked.latency), daemon=True)
    serving.start()
    url = ours.recv()
    print(f"{'calls':>8}{'at once':>9}{'allowed s':>11}{'took s':>8}{'CPU s':>7}{'ratio':>7}")
    for concurrency in asked.concurrency:
        n_calls, took, cpu = ask(url, asked.users, concurrency)
        allowed = n_calls * asked.latency / concurrency
        print(
            f"{n_calls:>8,}{concurrency:>9}{allowed:>11.1f}{took:>8.1f}{cpu:>7.1f}"
            f"{allowed / took:>7.2f}",
            flush=True,
        )
    ours.send(None)
    serving.join()


def serve(pipe: Connection, latency: float) -> None:
    """Answer until told to stop."""
    with standin(slow(latency)) as server:
        pipe.send(server.openai_url)
        pipe.recv()


def ask(url: str, n_users: int, concurrency: int) -> tuple[int, float, float]:
    """Ask all four questions about each user.

    Returns:
        Calls, seconds by the clock, seconds of all cores.
    """
    settings = InsightsSettings(
        enabled=True,
        prices={"m": (0.05, 0.4)},
        cap_run_usd=1000,
        cap_day_usd=1000,
        concurrency=concurrency,
        openai_api_key=SecretStr("none"),
        openai_base_url=url,
    )
    series = [{"id": "events_by_month", "label": "Events by month", "axis": "month"}]
    facts = json.dumps({"facts": FACTS, "series": series})
    users = [f"synthetic-{number}" for number in range(n_users)]
    questions = [
        Waiting(user, name, f"{user} {name}", "openai:m", facts)
        for user in users
        for name in GENERATIONS
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Ledger(Path(folder) / "ledger.sqlite")) as ledger,
    ):
        ledger.put(users, questions)
        start, cpu = time.perf_counter(), time.process_time()
        done = Asker(settings, ledger, "bench").ask_all(ledger.waiting(users))
        took = time.perf_counter() - start
        if done.troubles:
            raise SystemExit(f"no answer for {done.troubles}")
    return done.n_answered, took, time.process_time() - cpu


if __name__ == "__main__":
    main()
