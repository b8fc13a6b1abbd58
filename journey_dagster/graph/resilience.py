"""When the graph falls apart as pages are taken from it.

Belongs here: the removal. Does not belong here: which pages go first.
"""

from collections.abc import Iterable, Sequence

HALF = 0.5
"""The graph has fallen apart when less than this share of its largest part hangs together."""


def threshold(neighbours: Sequence[Iterable[int]], order: Sequence[int]) -> float:
    """The share of pages that can go, in this order, before the graph falls apart.

    Played backwards: pages come back one by one, and parts that meet are joined.

    Args:
        neighbours: for each page, those that it is joined to.
        order: all pages, the first to go first.
    """
    largest = _growing(neighbours, order[::-1])
    whole = largest[-1]
    # largest[n - 1] hangs together when n pages are there.
    needed = next(n for n, part in enumerate(largest, start=1) if part >= HALF * whole)
    return (len(order) - needed + 1) / len(order)


def _growing(neighbours: Sequence[Iterable[int]], order: Sequence[int]) -> list[int]:
    """The size of the largest part after each page has come."""
    parent = [-1] * len(neighbours)
    size = [1] * len(neighbours)
    largest: list[int] = []

    def root(page: int) -> int:
        while parent[page] != page:
            parent[page] = parent[parent[page]]
            page = parent[page]
        return page

    for page in order:
        parent[page] = page
        for other in neighbours[page]:
            if parent[other] < 0:
                continue
            small, large = sorted((root(page), root(other)), key=lambda each: size[each])
            if small != large:
                parent[small] = large
                size[large] += size[small]
        largest.append(max(largest[-1] if largest else 1, size[root(page)]))
    return largest
