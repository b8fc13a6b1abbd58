"""The journey of a sample report: paths of sessions, and the steps they make.

Belongs here: a walk through a few groups of pages that goes in circles, counted honestly. Does not
belong here: the rest of a report (samples.py).
"""

import random
from collections import Counter
from itertools import pairwise
from typing import Any

Json = dict[str, Any]

STEPS, PAGES, PATHS, LEAST = 5, 6, 20, 10
GROUPS = (
    "/", "/running/…", "/gear/…", "/adventure/…", "/map/…", "/health/…", "/cycling/…", "/skiing/…",
    "/food/…", "/search",
)  # fmt: skip


def _walk(rng: random.Random) -> list[str]:
    """A session: it often goes back to where it came from."""
    way = [GROUPS[min(int(rng.expovariate(0.5)), len(GROUPS) - 1)]]
    while rng.random() < 0.7:
        back = [way[-2]] if len(way) > 1 else []
        way.append(rng.choice([group for group in (*GROUPS, *back * 3) if group != way[-1]]))
    return way


def journey(n_sessions: int) -> Json:
    rng = random.Random(n_sessions)  # noqa: S311 -- a seed, so that every call gives the same
    ways = [_walk(rng) for _ in range(n_sessions)]
    paths = Counter((tuple(way[:STEPS]), len(way) > STEPS) for way in ways)
    steps = [Counter(way[step] for way in ways if len(way) > step) for step in range(STEPS)]
    busiest = [{group for group, _ in step.most_common(PAGES)} for step in steps]
    nodes: Counter[tuple[int, int, str]] = Counter()
    links: Counter[tuple[tuple[int, int, str], ...]] = Counter()
    for way in ways if n_sessions >= LEAST else []:
        places = [_place(way, step, busiest[step]) for step in range(STEPS)]
        nodes.update(places)
        links.update(pairwise(places))
    order = sorted(nodes, key=lambda place: (place[0], place[1], -nodes[place], place[2]))
    return {
        "n_sessions": n_sessions,
        "least_sessions": LEAST,
        "n_longer": sum(len(way) > STEPS for way in ways),
        "nodes": [
            {
                "step": step,
                "kind": ("page", "other", "exit")[kind],
                "page": page or None,
                "n": nodes[step, kind, page],
            }
            for step, kind, page in order
        ],
        "links": [
            {"from": order.index(here), "to": order.index(there), "n": n}
            for (here, there), n in sorted(links.items(), key=lambda link: link[0])
        ],
        "n_paths": len(paths),
        "paths": [
            {"pages": list(pages), "is_longer": is_longer, "n": n}
            for (pages, is_longer), n in paths.most_common(PATHS)
        ],
    }


def _place(way: list[str], step: int, busiest: set[str]) -> tuple[int, int, str]:
    if step >= len(way):
        return step + 1, 2, ""
    return (step + 1, 0, way[step]) if way[step] in busiest else (step + 1, 1, "")
