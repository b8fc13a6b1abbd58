"""Coordinates of the two figures of the friction page: the flow graph and the step diagram.

Belongs here: pure geometry. The same input gives the same coordinates, whatever its order, so a
page that is built again is the same page; nothing is simulated and nothing is random.
Does not belong here: which pages and ways are drawn (`flows`), and drawing them (`site/static`).

Both figures are drawn into a unit square, x to the right and y down; the page scales it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

PER_LAYER = 7
"""Most nodes of the flow graph above one another."""

SWEEPS = 12
"""Times the layers are put in order; more changes nothing on graphs of this size."""

GAP = 0.018
"""Space between two nodes of the step diagram, as part of its height."""


class Way(NamedTuple):
    """How often a page follows another."""

    source: str
    target: str
    n: int


class Move(NamedTuple):
    """Sessions that are on one page at a step and on another at the next."""

    step: int
    source: str
    target: str
    n: int


@dataclass(frozen=True)
class Box:
    """A page at a step of the step diagram, from `top` to `bottom`."""

    step: int
    page: str
    n: int
    top: float
    bottom: float


@dataclass(frozen=True)
class Band:
    """A move of the step diagram: where it leaves its source and where it meets its target."""

    move: Move
    source_top: float
    target_top: float
    thickness: float


def layered(
    first_steps: Mapping[str, float], ways: Sequence[Way]
) -> dict[str, tuple[float, float]]:
    """Places for the pages of a flow graph, left to right by when sessions reach them.

    Pages are cut into layers of equal size by their mean first step. Within a layer, each page is
    drawn towards the pages it is joined with (barycentres, weighted by traffic), which keeps most
    ways from crossing.

    Args:
        first_steps: page to the mean step at which sessions first reach it.
        ways: ways between these pages; others are ignored.

    Returns:
        Page to x and y, both in 0..1; no two pages share a place.
    """
    if not first_steps:
        return {}
    order = sorted(first_steps, key=lambda page: (first_steps[page], page))
    n_layers = -(-len(order) // PER_LAYER)
    cuts = [round(len(order) * i / n_layers) for i in range(n_layers + 1)]
    layers = [order[a:b] for a, b in pairwise(cuts)]
    near = _neighbours(set(first_steps), ways)
    for sweep in range(SWEEPS):
        height = {
            page: y for layer in layers for page, y in zip(layer, _spread(layer), strict=True)
        }
        for layer in layers if sweep % 2 else reversed(layers):
            ranked = sorted(layer, key=lambda page: (_pull(near[page], height), height[page], page))
            layer[:] = ranked
            height |= dict(zip(layer, _spread(layer), strict=True))
    return {
        page: ((i + 0.5) / n_layers, y)
        for i, layer in enumerate(layers)
        for page, y in zip(layer, _spread(layer), strict=True)
    }


def _neighbours(pages: Collection[str], ways: Sequence[Way]) -> dict[str, list[tuple[str, int]]]:
    near: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for way in sorted(ways):
        if way.source != way.target and {way.source, way.target} <= set(pages):
            near[way.source].append((way.target, way.n))
            near[way.target].append((way.source, way.n))
    return near


def _pull(near: Sequence[tuple[str, int]], height: Mapping[str, float]) -> float:
    """The mean height of a page's neighbours; the middle for one that has none."""
    total = sum(n for _, n in near)
    return round(sum(height[page] * n for page, n in near) / total, 9) if total else 0.5


def _spread(layer: Sequence[str]) -> list[float]:
    return [(i + 0.5) / len(layer) for i in range(len(layer))]


def step_diagram(moves: Sequence[Move], last: Sequence[str]) -> tuple[list[Box], list[Band]]:
    """Places for the pages at each step, and for the moves between them.

    A column is a step. Its boxes stand from the most frequent down, the pages of `last` below all
    others; a box is as tall as its sessions, on one scale for all columns.

    Args:
        moves: all moves; a step's moves start at the boxes of the step before.
        last: pages that stand at the bottom of their column, in this order.
    """
    columns = _columns(moves)
    if not columns:
        return [], []
    total = max(sum(column.values()) for column in columns.values())
    room = 1 - GAP * max(len(column) - 1 for column in columns.values())
    scale = room / total
    boxes: dict[tuple[int, str], Box] = {}
    for step in sorted(columns):
        top = 0.0
        for page in sorted(columns[step], key=lambda page: _place(page, columns[step], last)):
            n = columns[step][page]
            boxes[step, page] = Box(step, page, n, top, top + n * scale)
            top += n * scale + GAP
    return list(boxes.values()), _bands(moves, boxes, scale)


def _columns(moves: Sequence[Move]) -> dict[int, dict[str, int]]:
    """Sessions per page at each step: what arrives there, and what leaves where nothing arrives."""
    arriving: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    leaving: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for move in moves:
        arriving[move.step + 1][move.target] += move.n
        leaving[move.step][move.source] += move.n
    return {step: arriving.get(step) or leaving[step] for step in {*arriving, *leaving}}


def _place(page: str, column: Mapping[str, int], last: Sequence[str]) -> tuple[int, int, str]:
    return (last.index(page) + 1 if page in last else 0, -column[page], page)


def _bands(moves: Sequence[Move], boxes: Mapping[tuple[int, str], Box], scale: float) -> list[Band]:
    def ends(move: Move) -> tuple[Box, Box]:
        return boxes[move.step, move.source], boxes[move.step + 1, move.target]

    left: dict[tuple[int, str], float] = {key: box.top for key, box in boxes.items()}
    right = dict(left)
    leaves: dict[Move, float] = {}
    for move in sorted(moves, key=lambda move: (move.step, move.source, ends(move)[1].top)):
        key = (move.step, move.source)
        leaves[move] = left[key]
        left[key] += move.n * scale
    meets: dict[Move, float] = {}
    for move in sorted(moves, key=lambda move: (move.step, move.target, ends(move)[0].top)):
        key = (move.step + 1, move.target)
        meets[move] = right[key]
        right[key] += move.n * scale
    return [
        Band(move, leaves[move], meets[move], move.n * scale)
        for move in sorted(moves, key=lambda move: (move.step, ends(move)[0].top, leaves[move]))
    ]
