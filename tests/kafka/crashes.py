"""Kills the ingest of a topic again and again, and looks after each death at what is left.

Belongs here: the order of deaths, faults, power cuts and damages, and when it is enough. Does not
belong here: the single steps (`crash_world`), what must hold (`crash_checks`), where a child dies
(`crash_child`), the bugs sown on purpose (`mutants`).

    python tests/kafka/crashes.py --seconds 600 --seed 7    # --real: against an Apache Kafka

A seed decides what is done; how far a child has come when it is killed at random is up to the
machine. After so many deaths a world is read to its end, held against all that was sent, rebuilt
from its segments, and another begins.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

from broker import Broker
from crash_brokers import MockBroker, RealBroker
from crash_world import Nursery, Tally, World

POINTS = (
    "tables made", "landed not committed", "landed committed", "consuming", "parquet half written",
    "parquet flushed", "checksum torn", "checksum noted", "segment named", "segment landed",
    "gap landed", "decoded", "inserted", "not committed", "committed", "noting", "noted",
)  # fmt: skip
"""Points of `crash_child`; the one at a warehouse's birth is for the first run of a world."""

PER_WORLD = 25


def crash(
    *,
    kills: int,
    seconds: float,
    seed: int,
    real: bool = False,
    mutant: str | None = None,
) -> Tally:
    """Kill so often or for so long, whatever comes first; stops at the first violation.

    Args:
        kills: deaths at most.
        seconds: how long at most.
        seed: decides what is done.
        real: take an Apache Kafka instead of the mock.
        mutant: a bug to sow.
    """
    tally = Tally(seed)
    began = time.monotonic()
    with ExitStack() as stack:
        running = stack.enter_context(Broker()) if real else None
        nursery = stack.enter_context(Nursery())

        def is_over() -> bool:
            is_late = time.monotonic() - began > seconds
            return bool(tally.violations) or is_late or tally.kills >= kills

        while not is_over():
            rng = random.Random(f"{seed}/{tally.worlds}")  # noqa: S311
            with RealBroker(running) if running else MockBroker() as broker:
                world = World(nursery, broker, rng, tally, mutant)
                for _ in live(world, min(PER_WORLD, kills - tally.kills)):
                    if is_over():
                        break
                if not tally.violations:
                    world.finish()
                world.close()
            tally.worlds += 1
    tally.seconds = time.monotonic() - began
    return tally


def live(world: World, kills: int) -> Iterator[None]:
    """What happens in a world; yields after each run."""
    rng, tally = world.rng, world.tally
    last = tally.kills + kills
    world.produce(rng.randint(150, 300))
    if rng.random() < 0.3:
        world.cut()
    points = iter(shuffled(rng))
    if rng.random() < 0.5:
        world.run(world.job("warehouse not yet named", nth=1))
        yield
    while tally.kills < last:
        if rng.random() < 0.8:
            world.produce(rng.randint(20, 200))
        point = next(points)
        if point == "gap landed" or rng.random() < 0.08:
            world.cut()
        told = {"accept_gap": True, "nth": 1} if point == "gap landed" else {}
        if rng.random() < 0.03:
            told["from_beginning"] = True
        world.run(world.job(point, **told), at_random=point is None, faults=rng.random() < 0.25)
        if rng.random() < 0.3:
            world.cut_power()
        if rng.random() < 0.5:
            world.damage()
        yield


def shuffled(rng: random.Random) -> Iterator[str | None]:
    """Every point once, some random instants in between; then again in another order."""
    while True:
        deck = [*POINTS, *[None] * (len(POINTS) // 2)]
        rng.shuffle(deck)
        yield from deck


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Kill the ingest of a topic again and again.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kills", type=int, default=10**9)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("JOURNEY_SEED") or 0))
    parser.add_argument("--real", action="store_true", help="an Apache Kafka, not the mock")
    parser.add_argument("--mutant", help="a bug of mutants.py to sow; it must be found")
    told = parser.parse_args()
    seed = told.seed or random.randrange(1, 10**6)  # noqa: S311
    print(f"seed={seed}", flush=True)  # noqa: T201
    tally = crash(
        kills=told.kills, seconds=told.seconds, seed=seed, real=told.real, mutant=told.mutant
    )
    print(tally)  # noqa: T201
    return bool(tally.violations)


if __name__ == "__main__":
    sys.exit(main())
