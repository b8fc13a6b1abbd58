"""The graph itself: pages, and the ways between them.

Belongs here: the arrays, and the same graph as networkit holds it. Does not belong here: measures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray


def networkit() -> Any:  # noqa: ANN401  it has no types
    """The library; it takes a second to import, so nobody pays for it who measures nothing."""
    return import_module("networkit")


@dataclass(frozen=True)
class PageGraph:
    """Pages, and one way at most from each to each other; none leads to where it starts."""

    pages: Sequence[str]
    starts: NDArray[np.int64]
    """For each way, the place in `pages` where it starts."""
    ends: NDArray[np.int64]
    """Where it ends."""
    distances: NDArray[np.float64]
    """How long it is; more than 0."""

    @property
    def n_pages(self) -> int:
        """Nodes."""
        return len(self.pages)

    @property
    def n_ways(self) -> int:
        """Edges."""
        return len(self.starts)

    @property
    def is_complete(self) -> bool:
        """Every page leads to every other."""
        return self.n_ways == self.n_pages * (self.n_pages - 1)

    @property
    def turned(self) -> "PageGraph":
        """The same with every way in the other direction."""
        return replace(self, starts=self.ends, ends=self.starts)

    @cached_property
    def neighbours(self) -> list[set[int]]:
        """For each page, those that a way leads to or from, in whatever direction."""
        found: list[set[int]] = [set() for _ in self.pages]
        for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True):
            found[start].add(end)
            found[end].add(start)
        return found

    def made(self) -> Any:  # noqa: ANN401  it has no types
        """The same graph as networkit holds it, directed and with distances."""
        ways = (np.ascontiguousarray(self.starts), np.ascontiguousarray(self.ends))
        return networkit().GraphFromCoo(
            (self.distances, ways), n=self.n_pages, weighted=True, directed=True
        )
