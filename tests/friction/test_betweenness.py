"""Betweenness is what it is elsewhere; a busy way is a short one; what means nothing says so."""

import math
import random

import networkit as nk
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey_dagster.graph import centrality as measured
from journey_dagster.graph.centrality import Centrality, centrality
from journey_dagster.graph.pages import PageGraph

Ways = dict[tuple[int, int], float]


def graph_of(n: int, ways: Ways) -> PageGraph:
    ordered = sorted(ways.items())
    return PageGraph(
        pages=[f"/{page}" for page in range(n)],
        starts=np.array([start for (start, _), _ in ordered], dtype=np.int64),
        ends=np.array([end for (_, end), _ in ordered], dtype=np.int64),
        distances=np.array([distance for _, distance in ordered], dtype=np.float64),
    )


def by_networkx(n: int, ways: Ways) -> list[float]:
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    graph.add_weighted_edges_from((start, end, length) for (start, end), length in ways.items())
    found = nx.betweenness_centrality(graph, weight="weight", normalized=True)
    return [found[page] for page in range(n)]


def values_of(found: Centrality) -> list[float]:
    assert found.values is not None
    return found.values.tolist()


def shop(n: int, seed: int) -> Ways:
    """Ways of a site: hubs, and lengths from counts as `marts.page_ways` makes them."""
    rng = random.Random(seed)  # noqa: S311  reproducible
    counts = {
        (page, int(n * rng.random() ** 2)): rng.randint(2, 1000)
        for page in range(n)
        for _ in range(8)
    }
    counts = {way: count for way, count in counts.items() if way[0] != way[1]}
    leaving = dict.fromkeys(range(n), 1)
    for (start, _), count in counts.items():
        leaving[start] += count
    return {
        (start, end): math.ceil(-math.log(count / leaving[start]) * 2**30) / 2**30
        for (start, end), count in counts.items()
    }


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, Ways]:
    """Small graphs with lengths from few numbers, so that several paths are often equally short."""
    n = draw(st.integers(3, 12))
    pages = st.integers(0, n - 1)
    pairs = st.tuples(pages, pages).filter(lambda pair: pair[0] != pair[1])
    lengths = st.sampled_from([0.25, 0.5, 0.75, 1.0, 1.5, 2.0**-30])
    return n, draw(st.dictionaries(pairs, lengths, min_size=1, max_size=40))


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_equals_networkx(drawn: tuple[int, Ways]):
    n, ways = drawn
    assert values_of(centrality(graph_of(n, ways))) == pytest.approx(by_networkx(n, ways), abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_equals_networkx_on_a_site(seed: int):
    ways = shop(150, seed)
    assert values_of(centrality(graph_of(150, ways))) == pytest.approx(
        by_networkx(150, ways), abs=1e-9
    )


def test_a_busy_way_is_a_short_way():
    """A diamond: from 0 to 3 over 1, where a hundred went, or over 2, where one did."""
    busy, empty = -math.log(100 / 102), -math.log(1 / 102)
    ways = {(0, 1): busy, (0, 2): empty, (1, 3): -math.log(100 / 101), (2, 3): -math.log(1 / 2)}
    values = values_of(centrality(graph_of(4, ways)))
    assert values[1] > 0
    assert values[2] == 0


def test_nothing_comes_of_how_often_the_same_is_computed():
    graph = graph_of(300, shop(300, 1))
    first = values_of(centrality(graph))
    assert all(values_of(centrality(graph)) == first for _ in range(5))
    threads = nk.getMaxNumberOfThreads()
    try:
        for number in (1, 2, 4):
            nk.setNumberOfThreads(number)
            assert values_of(centrality(graph)) == first
    finally:
        nk.setNumberOfThreads(threads)


@pytest.mark.parametrize(
    ("n", "ways", "reason"),
    [
        (0, {}, "fewer than 3 pages"),
        (2, {(0, 1): 1.0, (1, 0): 1.0}, "fewer than 3 pages"),
        (5, {}, "no way between two pages has support"),
        (
            4,
            {(a, b): 1.0 for a in range(4) for b in range(4) if a != b},
            "every page leads to every",
        ),
        (4, {(0, 1): 1.0, (2, 3): 1.0}, "no page lies between"),
        (5, {(page, (page + 1) % 5): 1.0 for page in range(5)}, "as many others"),
    ],
)
def test_a_graph_without_an_order_says_so(n: int, ways: Ways, reason: str):
    found = centrality(graph_of(n, ways))
    assert reason in (found.degenerate_reason or "")
    assert (found.values is None) == (n < 3)


def test_a_graph_with_an_order_means_something():
    found = centrality(graph_of(3, {(0, 1): 1.0, (1, 2): 1.0}))
    assert found.degenerate_reason is None
    assert values_of(found) == [0, 0.5, 0]
    assert not found.is_sampled


def test_sampling_finds_the_leaders_and_states_its_error():
    graph = graph_of(1500, shop(1500, 2))
    exact = np.array(values_of(centrality(graph)))
    sampled = centrality(graph, exact_up_to=1000)
    assert sampled.is_sampled
    assert sampled.errors is not None
    estimated = np.array(values_of(sampled))
    covered = np.abs(estimated - exact) <= sampled.errors + 1e-12
    assert covered.mean() > 0.9
    leaders, found = (set(np.argsort(-each)[:20].tolist()) for each in (exact, estimated))
    assert len(leaders & found) >= 16
    again = centrality(graph, exact_up_to=1000)
    assert again.values is not None
    assert (again.values == sampled.values).all()


def test_sampling_is_unbiased_on_a_directed_graph():
    """A ring that leads one way: every pivot sees the same, so the estimate has to be exact."""
    ring = graph_of(30, {(page, (page + 1) % 30): 1.0 for page in range(30)})
    estimated = centrality(ring, exact_up_to=10)
    assert estimated.values is not None
    mean = estimated.values.mean()
    assert mean == pytest.approx(np.mean(values_of(centrality(ring))), rel=1e-9)


def test_sampling_starts_above_the_stated_size():
    assert measured.EXACT_UP_TO == 5_000
    graph = graph_of(40, shop(40, 1))
    assert not centrality(graph, exact_up_to=40).is_sampled
    assert centrality(graph, exact_up_to=39).is_sampled
