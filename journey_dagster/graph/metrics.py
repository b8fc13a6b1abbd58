"""The metrics of the graph as a whole: each with a value, or with why it has none.

Belongs here: which metrics there are and when each can be estimated. Does not belong here: the
longer computations (`power_law`, `resilience`), storing them (`tables`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import numpy as np

from journey_dagster.graph import power_law
from journey_dagster.graph.centrality import Centrality
from journey_dagster.graph.pages import PageGraph, networkit
from journey_dagster.graph.resilience import threshold

FEWEST_PAGES = 50
"""Pages below which nothing is said of a shape."""

FEWEST_TO_REMOVE = 10
"""Pages below which taking one away is taking a tenth."""

SHUFFLES = 20
"""Random orders in which pages are taken away."""

_SEED = 7
_POSSIBLE = 0.1
"""The p-value below which a power law is ruled out."""

_Z = 1.96

_NO_DIMENSION = (
    "box counting is too coarse for graphs of this kind: it finds 1.7 on a square grid of 900 pages"
)


@dataclass(frozen=True)
class Metric:
    """One row of `marts.graph_metrics`."""

    metric: str
    value: float | None
    reason: str | None = None
    """Why there is no value; None when there is one."""
    low: float | None = None
    high: float | None = None
    """The 95 % interval, where the value was sampled or fitted."""
    detail: str | None = None


def measure(graph: PageGraph, centrality: Centrality) -> list[Metric]:
    """All metrics, in the order they are told.

    Args:
        graph: pages and ways.
        centrality: of the same graph.
    """
    return [
        Metric("n_pages", graph.n_pages),
        Metric("n_ways", graph.n_ways),
        _density(graph),
        _reciprocity(graph),
        *_components(graph),
        _clustering(graph),
        _targeted(graph, centrality),
        _random(graph),
        _power_law(graph),
        Metric("fractal_dimension", None, _NO_DIMENSION),
    ]


def _density(graph: PageGraph) -> Metric:
    if graph.n_pages < 2:  # noqa: PLR2004  a way needs two pages
        return Metric("density", None, f"{graph.n_pages} pages have no way between two")
    possible = graph.n_pages * (graph.n_pages - 1)
    return Metric("density", graph.n_ways / possible, detail="ways, of all ways there could be")


def _reciprocity(graph: PageGraph) -> Metric:
    if graph.n_ways == 0:
        return Metric("reciprocity", None, "no way between two pages has support")
    ways = set(zip(graph.starts.tolist(), graph.ends.tolist(), strict=True))
    back = sum((end, start) in ways for start, end in ways)
    return Metric("reciprocity", back / len(ways), detail="ways with a way back, of all ways")


def _components(graph: PageGraph) -> Iterator[Metric]:
    if graph.n_pages == 0:
        for name in ("weak", "strong"):
            yield Metric(f"n_{name}_components", None, "there is no page")
            yield Metric(f"largest_{name}_share", None, "there is no page")
        return
    kinds, made = networkit().components, graph.made()  # it has to outlive what is made of it
    for name, kind in (
        ("weak", kinds.WeaklyConnectedComponents),
        ("strong", kinds.StronglyConnectedComponents),
    ):
        found = kind(made)
        found.run()
        sizes: list[int] = list(found.getComponentSizes().values())
        yield Metric(f"n_{name}_components", len(sizes))
        share = max(sizes) / graph.n_pages
        yield Metric(f"largest_{name}_share", share, detail="pages in the largest, of all pages")


def _clustering(graph: PageGraph) -> Metric:
    """The mean over pages with two neighbours or more."""
    around = graph.neighbours
    shares = [
        sum(len(around[one] & near) for one in near) / (len(near) * (len(near) - 1))
        for near in around
        if len(near) > 1
    ]
    if not shares:
        return Metric("clustering", None, "no page has two neighbours")
    detail = f"mean over {len(shares)} pages with two neighbours or more, ways in any direction"
    return Metric("clustering", float(np.mean(shares)), detail=detail)


def _targeted(graph: PageGraph, centrality: Centrality) -> Metric:
    name = "percolation_threshold"
    reason = _cannot_fall_apart(graph) or centrality.degenerate_reason
    if reason or centrality.values is None:
        return Metric(name, None, reason)
    values = centrality.values.tolist()
    order = sorted(range(graph.n_pages), key=lambda page: (-values[page], graph.pages[page]))
    share = threshold(graph.neighbours, order)
    return Metric(name, share, detail="pages gone, by betweenness, when the largest part is halved")


def _random(graph: PageGraph) -> Metric:
    name = "random_percolation_threshold"
    if reason := _cannot_fall_apart(graph):
        return Metric(name, None, reason)
    rng = Random(_SEED)  # noqa: S311  reproducible, not secret
    shares = [
        threshold(graph.neighbours, rng.sample(range(graph.n_pages), graph.n_pages))
        for _ in range(SHUFFLES)
    ]
    mean, error = float(np.mean(shares)), float(np.std(shares, ddof=1)) / SHUFFLES**0.5
    detail = f"pages gone at random when the largest part is halved, mean of {SHUFFLES} orders"
    return Metric(name, mean, None, mean - _Z * error, mean + _Z * error, detail)


def _cannot_fall_apart(graph: PageGraph) -> str | None:
    if graph.n_pages < FEWEST_TO_REMOVE:
        return f"{graph.n_pages} pages, fewer than {FEWEST_TO_REMOVE}"
    if graph.n_ways == 0:
        return "no way between two pages has support"
    return None


def _power_law(graph: PageGraph) -> Metric:
    name = "power_law_exponent"
    if graph.n_pages < FEWEST_PAGES:
        return Metric(name, None, f"{graph.n_pages} pages, fewer than {FEWEST_PAGES}")
    degrees = np.array([len(near) for near in graph.neighbours], dtype=np.int64)
    fitted = power_law.fit(degrees)
    if fitted is None:
        return Metric(
            name, None, f"fewer than {power_law.FEWEST} pages have neighbours in different numbers"
        )
    p = power_law.p_value(degrees, fitted)
    if p < _POSSIBLE:
        reason = (
            f"the numbers of neighbours follow no power law (p = {p:.3f}, less than {_POSSIBLE})"
        )
        return Metric(name, None, reason)
    detail = (
        f"{fitted.n_tail} of {graph.n_pages} pages, with {fitted.smallest} neighbours or more; "
        f"p = {p:.2f}: a power law is not ruled out"
    )
    half = _Z * fitted.error
    return Metric(
        name, fitted.exponent, None, fitted.exponent - half, fitted.exponent + half, detail
    )
