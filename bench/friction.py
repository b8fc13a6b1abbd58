"""How fast the graph is measured, and how far the claims about friction can be trusted.

Three parts, each printed as it is done: weighted betweenness side by side with networkx on the same
graph, and sampled beside exact; how many of the pairs planted in the synthetic shop lead the
ranking at three sizes, with the time of each table; how often anything is called a chokepoint in
worlds where nothing is. Run it with `make bench`; `--quick` is a tenth of it.

Seconds are of the clock, and of the processor where others may be using it too.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import duckdb
import networkit as nk
import networkx as nx
import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "friction"))

from friction_worlds import (
    FRICTION,
    PLANTED,
    chokepoints,
    compute,
    forget_positions,
    forget_users,
    live_in,
    noise,
    ranked,
    shop,
)

from journey_dagster import warehouse
from journey_dagster.graph.centrality import centrality
from journey_dagster.graph.pages import PageGraph
from journey_dagster.graph.tables import CENTRALITY

JUDGED = ("marts.visits", "marts.visit_positions", "marts.friction")
DEGREE = 11


def site(n_pages: int, seed: int) -> PageGraph:
    """Pages with some eleven ways each, most of them to a few hubs, with lengths from counts."""
    rng = np.random.default_rng(seed)
    starts = np.repeat(np.arange(n_pages), DEGREE)
    ends = (n_pages * rng.random(len(starts)) ** 2).astype(np.int64)
    ways = np.unique(np.stack([starts, ends], axis=1)[starts != ends], axis=0)
    counts = rng.integers(2, 1000, len(ways))
    leaving = np.bincount(ways[:, 0], counts, minlength=n_pages) + 1
    lengths = np.ceil(-np.log(counts / leaving[ways[:, 0]]) * 2**30) / 2**30
    return PageGraph([f"/{page}" for page in range(n_pages)], ways[:, 0], ways[:, 1], lengths)


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - clock, time.process_time() - processor


def betweenness(sizes: Sequence[int], large: int) -> None:
    """Ours beside networkx, on one thread and on all; then the sample beside the whole."""
    print(f"weighted betweenness, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for n_pages in sizes:
        graph = site(n_pages, 1)
        other: nx.DiGraph[int] = nx.DiGraph()
        other.add_nodes_from(range(n_pages))
        ways = (graph.starts.tolist(), graph.ends.tolist(), graph.distances.tolist())
        other.add_weighted_edges_from(zip(*ways, strict=True))
        beside(graph, other)
    sampled(site(large, 2))


def beside(graph: PageGraph, other: "nx.DiGraph[int]") -> None:
    """One graph in both libraries."""
    theirs: dict[int, float] = {}
    slow = timed(lambda: theirs.update(nx.betweenness_centrality(other, weight="weight")))
    off = max(abs(value - theirs[page]) for page, value in enumerate(values_of(graph)))
    print(
        f"  {graph.n_pages:,} pages, {graph.n_ways:,} ways: networkx {slow[0]:.2f} s "
        f"({slow[1]:.2f} of a processor); largest difference {off:.0e}"
    )
    threads = nk.getMaxNumberOfThreads()
    for number in sorted({1, threads}):
        nk.setNumberOfThreads(number)
        clock, processor = min(timed(lambda: centrality(graph)) for _ in range(3))
        print(
            f"    threads {number}: {clock:.3f} s ({processor:.3f}), {slow[0] / clock:.0f} times "
            f"as fast by the clock, {slow[1] / processor:.0f} by the processor"
        )
    nk.setNumberOfThreads(threads)


def values_of(graph: PageGraph, exact_up_to: int | None = None) -> np.ndarray:
    """The betweenness of a graph that has an order."""
    found = centrality(graph, exact_up_to=graph.n_pages if exact_up_to is None else exact_up_to)
    if found.values is None:
        raise SystemExit(found.degenerate_reason)
    return found.values


def sampled(graph: PageGraph) -> None:
    """Time and error of the sample."""
    kept: list[np.ndarray] = []
    whole = timed(lambda: kept.append(values_of(graph)))
    start = time.process_time()
    found = centrality(graph, exact_up_to=0)
    part = time.process_time() - start
    if found.values is None or found.errors is None:
        raise SystemExit(found.degenerate_reason)
    covered = float((np.abs(found.values - kept[0]) <= found.errors).mean())
    leaders, first = (set(np.argsort(-each)[:20].tolist()) for each in (kept[0], found.values))
    print(
        f"  {graph.n_pages:,} pages: exact {whole[1]:.2f} s of a processor, sampled {part:.2f} s "
        f"({whole[1] / part:.0f} times as fast);\n    {len(leaders & first)} of the first 20 in "
        f"common, {covered:.0%} of the pages within the stated error"
    )


def planted(sizes: Sequence[int], seeds: int) -> None:
    """How many of the planted pairs lead, and how long each table takes at the largest size."""
    print(
        f"planted friction: {len(PLANTED)} pairs, so precision at 5 is {len(PLANTED) / 5} at most"
    )
    for n_events in sizes:
        leading: list[float] = []
        called: list[int] = []
        wrong = 0
        times: dict[str, float] = {}
        for seed in range(seeds if n_events <= 1_000 else 1):  # noqa: PLR2004  the smallest varies
            with duckdb.connect() as con:
                live_in(con, shop(n_events, seed))
                for table in FRICTION:
                    times[table] = timed(partial(compute, con, [table]))[0]
                leading.append(len(PLANTED.intersection(ranked(con, 5))) / 5)
                called.append(len(PLANTED & chokepoints(con)))
                wrong += len(chokepoints(con) - PLANTED)
        print(
            f"  {n_events:>9,} events: precision at 5 {statistics.median(leading):.2f} (median; "
            f"mean {statistics.mean(leading):.2f} of {len(leading)} worlds); called chokepoints: "
            f"{statistics.mean(called):.1f} of {len(PLANTED)}, and {wrong} that are none"
        )
    for table, seconds in times.items():
        print(f"    {table:<24}{seconds:7.2f} s")


def nothing(worlds: int) -> None:
    """How often something is claimed where nothing is, and what it would be without the care."""
    print("noise: worlds of 3,000 steps in which anything is called a chokepoint; stated: 5 %")
    careless = {"position": forget_positions, "users": forget_users}
    for kind in ("plain", "position", "users"):
        claimed = {"by the test alone": 0, "with the default ratio": 0, "without regard for it": 0}
        with duckdb.connect() as con:
            for seed in range(1_000, 1_000 + worlds):
                live(con, noise(kind, seed))
                compute(con, JUDGED, {"chokepoint_ratio": 1.0})
                claimed["by the test alone"] += bool(chokepoints(con))
                compute(con, ["marts.friction"])
                claimed["with the default ratio"] += bool(chokepoints(con))
                if kind in careless:
                    careless[kind](con)
                    compute(con, ["marts.friction"], {"chokepoint_ratio": 1.0})
                    claimed["without regard for it"] += bool(chokepoints(con))
        told = [
            f"{n / worlds:.1%} {how}"
            for how, n in claimed.items()
            if kind in careless or not how.startswith("without")
        ]
        print(f"  {kind:<9} {', '.join(told)}; of {worlds} worlds")


def live(con: duckdb.DuckDBPyConnection, world: pa.Table) -> None:
    """A world without a graph: only exits are judged."""
    live_in(con, world)
    warehouse.ensure(con, CENTRALITY)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer worlds")
    quick = parser.parse_args().quick
    betweenness([300] if quick else [1_000, 2_000], 1_500 if quick else 6_000)
    planted([1_000, 100_000] if quick else [1_000, 100_000, 1_000_000], 10 if quick else 40)
    nothing(20 if quick else 200)


if __name__ == "__main__":
    main()
