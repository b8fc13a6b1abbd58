"""Each metric of the graph is right where it is known, and says why where it cannot be."""

import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey_dagster.graph import power_law
from journey_dagster.graph.centrality import centrality
from journey_dagster.graph.metrics import Metric, measure
from journey_dagster.graph.pages import PageGraph
from journey_dagster.graph.resilience import threshold


def graph_of(made: "nx.DiGraph[int]") -> PageGraph:
    ways = sorted((start, end) for start, end in made.edges if start != end)
    return PageGraph(
        pages=[f"/{page:04d}" for page in range(len(made))],
        starts=np.array([start for start, _ in ways], dtype=np.int64),
        ends=np.array([end for _, end in ways], dtype=np.int64),
        distances=np.ones(len(ways)),
    )


def metrics_of(made: "nx.DiGraph[int]") -> dict[str, Metric]:
    graph = graph_of(made)
    return {each.metric: each for each in measure(graph, centrality(graph))}


@st.composite
def digraphs(draw: st.DrawFn) -> "nx.DiGraph[int]":
    made: nx.DiGraph[int] = nx.DiGraph()
    made.add_nodes_from(range(draw(st.integers(1, 15))))
    page = st.integers(0, len(made) - 1)
    pairs = st.tuples(page, page).filter(lambda pair: pair[0] != pair[1])
    if len(made) > 1:
        made.add_edges_from(draw(st.lists(pairs, max_size=40)))
    return made


@settings(max_examples=80, deadline=None)
@given(digraphs())
def test_counts_and_shares_are_those_of_networkx(made: "nx.DiGraph[int]"):
    found = metrics_of(made)
    around = made.to_undirected()
    weak = [len(part) for part in nx.weakly_connected_components(made)]
    strong = [len(part) for part in nx.strongly_connected_components(made)]
    assert found["n_pages"].value == len(made)
    assert found["n_ways"].value == made.number_of_edges()
    assert found["n_weak_components"].value == len(weak)
    assert found["largest_weak_share"].value == max(weak) / len(made)
    assert found["n_strong_components"].value == len(strong)
    assert found["largest_strong_share"].value == max(strong) / len(made)
    if len(made) > 1:
        assert found["density"].value == pytest.approx(nx.density(made))
    if made.number_of_edges():
        assert found["reciprocity"].value == pytest.approx(nx.overall_reciprocity(made))
    several = [page for page in around if around.degree[page] > 1]
    if several:
        assert found["clustering"].value == pytest.approx(
            np.mean([nx.clustering(around, page) for page in several])
        )


@settings(max_examples=50, deadline=None)
@given(digraphs())
def test_a_metric_has_a_value_or_a_reason(made: "nx.DiGraph[int]"):
    for each in metrics_of(made).values():
        assert (each.value is None) == (each.reason is not None)
        assert each.value is None or math.isfinite(each.value)
        if each.low is not None:
            assert each.low <= each.value <= each.high


def test_no_page_at_all_has_reasons_only():
    found = metrics_of(nx.DiGraph())
    assert {each.metric for each in found.values() if each.value is not None} == {
        "n_pages",
        "n_ways",
    }


def _by_taking_away(around: "nx.Graph[int]", order: list[int]) -> float:
    def largest(graph: "nx.Graph[int]") -> int:
        return max(map(len, nx.connected_components(graph)), default=0)

    left = around.copy()
    whole = largest(left)
    for n, page in enumerate(order, start=1):
        left.remove_node(page)
        if largest(left) < 0.5 * whole:
            return n / len(order)
    raise AssertionError("without any page it has fallen apart")


@settings(max_examples=80, deadline=None)
@given(digraphs(), st.randoms(use_true_random=False))
def test_the_threshold_is_what_taking_pages_away_shows(made, rng):
    around = made.to_undirected()
    order = list(around)
    rng.shuffle(order)
    neighbours = [set(around[page]) for page in range(len(around))]
    assert threshold(neighbours, order) == pytest.approx(_by_taking_away(around, order))


def test_a_star_falls_apart_with_its_middle():
    star = nx.star_graph(30).to_directed()
    found = metrics_of(star)
    assert found["percolation_threshold"].value == pytest.approx(1 / 31)
    assert found["random_percolation_threshold"].value > 0.1


def test_a_shape_without_an_order_has_no_order_to_take_pages_away_in():
    found = metrics_of(nx.complete_graph(20, nx.DiGraph()))
    assert found["percolation_threshold"].value is None
    assert "every page leads to every other" in found["percolation_threshold"].reason
    assert found["random_percolation_threshold"].value == pytest.approx(0.55)


def _law(exponent: float, smallest: int, n: int, seed: int) -> np.ndarray:
    support = np.arange(smallest, 200_000)
    chances = support.astype(float) ** -exponent
    return np.random.default_rng(seed).choice(support, n, p=chances / chances.sum())


@pytest.mark.parametrize("exponent", [1.8, 2.5, 3.2])
def test_a_power_law_is_fitted_and_not_ruled_out(exponent: float):
    fits = [power_law.fit(_law(exponent, 1, 2000, seed)) for seed in range(5)]
    assert all(fit is not None for fit in fits)
    assert np.mean([fit.exponent for fit in fits]) == pytest.approx(exponent, abs=0.12)
    numbers = _law(exponent, 1, 1000, 7)
    assert power_law.p_value(numbers, power_law.fit(numbers), samples=40) >= 0.1


def test_what_follows_a_power_law_is_seldom_ruled_out():
    samples = [_law(2.5, 1, 400, seed) for seed in range(10)]
    p_values = [power_law.p_value(each, power_law.fit(each), samples=30) for each in samples]
    assert sum(p < 0.1 for p in p_values) <= 4


def test_the_shape_of_a_random_graph_is_no_power_law():
    made = nx.gnp_random_graph(400, 0.05, seed=3, directed=True)
    found = metrics_of(made)["power_law_exponent"]
    assert found.value is None
    assert "p = " in found.reason


def test_a_grown_graph_has_an_exponent_with_an_interval():
    made = nx.barabasi_albert_graph(1500, 2, seed=5).to_directed()
    found = metrics_of(made)["power_law_exponent"]
    assert found.value == pytest.approx(2.9, abs=0.4)
    assert found.low < found.value < found.high
    assert "p = " in found.detail


def test_few_pages_have_no_shape():
    found = metrics_of(nx.cycle_graph(49, nx.DiGraph()))
    assert found["power_law_exponent"].reason == "49 pages, fewer than 50"


def test_hurwitz_zeta():
    two = power_law._zeta(np.array([2.0]), 1)[0]
    assert two == pytest.approx(math.pi**2 / 6, rel=1e-12)
    assert power_law._zeta(np.array([2.0]), 3)[0] == pytest.approx(two - 1 - 1 / 4, rel=1e-12)
