"""How far each page lies between all others.

Belongs here: weighted betweenness, exact or sampled, and whether it means anything. Does not belong
here: what a way's length is (`sql/marts/page_ways.sql`).

The concept: of the shortest paths between two pages, the share that leads over a third, averaged
over all pairs of other pages (Brandes 2001). Starting from every page costs the square of their
number, so above a size a sample stands in: half of it starts from pages and half ends at them, and
a path counts by how far the page is from the end that was drawn (Geisberger, Sanders, Schultes
2008). The two halves together are unbiased on a directed graph, which either alone is not.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from journey_dagster.graph.pages import PageGraph, networkit

EXACT_UP_TO = 5_000
"""Pages; more are sampled."""

BATCHES = 16
"""Independent estimates; what they differ by is the error."""

PIVOTS = 32
"""Pages that each batch starts from, and as many that it ends at."""

_STUDENT = 2.1314
"""Student's t for a 95 % interval from sixteen batches."""

_SMALLEST = 3

_DIGITS = 10
"""Kept after the point: the order in which threads add up shows only far behind them."""


@dataclass(frozen=True)
class Centrality:
    """Betweenness by page; shares of all pairs of other pages."""

    values: NDArray[np.float64] | None
    """None where there are too few pages to lie between two."""
    errors: NDArray[np.float64] | None
    """Half the width of a 95 % interval; None where the values are exact."""
    degenerate_reason: str | None
    """Why ranking by it means nothing; None when it means something."""

    @property
    def is_sampled(self) -> bool:
        """Whether the values are estimates."""
        return self.errors is not None


def centrality(graph: PageGraph, *, exact_up_to: int = EXACT_UP_TO) -> Centrality:
    """The betweenness of every page.

    Args:
        graph: pages and ways.
        exact_up_to: with more pages than this, it is estimated.
    """
    if graph.n_pages < _SMALLEST:
        return Centrality(None, None, f"fewer than {_SMALLEST} pages: none lies between two others")
    if graph.n_ways == 0:
        return Centrality(np.zeros(graph.n_pages), None, "no way between two pages has support")
    errors = None
    if graph.n_pages <= exact_up_to:
        values = _exact(graph)
    else:
        values, errors = _sampled(graph)
    return Centrality(values, errors, _degenerate(graph, values))


def _degenerate(graph: PageGraph, values: NDArray[np.float64]) -> str | None:
    if graph.is_complete:
        return "every page leads to every other"
    if not values.any():
        return "no page lies between two others"
    if np.ptp(values) == 0:
        return "every page lies between as many others"
    return None


def _exact(graph: PageGraph) -> NDArray[np.float64]:
    made = graph.made()  # the library does not keep it alive
    measure = networkit().centrality.Betweenness(made, normalized=True)
    return np.round(np.asarray(measure.run().scores(), dtype=np.float64), _DIGITS)


def _sampled(graph: PageGraph) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Estimates, and half the width of their 95 % intervals, from batches with fixed seeds."""
    both = (graph.made(), graph.turned.made())
    batches = np.zeros((BATCHES, graph.n_pages))
    for seed in range(BATCHES):
        networkit().setSeed(seed, useThreadId=False)
        batches[seed] = sum(_estimated(each) for each in both) / len(both)
    values: NDArray[np.float64] = batches.mean(axis=0)
    errors: NDArray[np.float64] = _STUDENT * batches.std(axis=0, ddof=1) / math.sqrt(BATCHES)
    # A page that few pivots see seems surer than it is: one more batch could be as high as any.
    errors += (batches.max(axis=0) - values) / BATCHES
    # What no pivot saw, 3 of as many as there were may still see (95 %).
    errors[values == 0] = 3 / (len(both) * BATCHES * PIVOTS)
    return np.round(values, _DIGITS), np.round(errors, _DIGITS)


def _estimated(made: Any) -> NDArray[np.float64]:  # noqa: ANN401  it is networkit's
    # The library draws one pivot more than it divides by.
    measure = networkit().centrality.EstimateBetweenness(
        made, PIVOTS - 1, normalized=True, parallel=True
    )
    scores = np.asarray(measure.run().scores(), dtype=np.float64)
    return scores * (PIVOTS - 1) / PIVOTS
