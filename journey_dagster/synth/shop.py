"""How people shop: walks through the shop's map.

Here belongs the walk of one visit and its rows. The map with its friction belongs to `shop_map`,
when walks happen belongs to `visits`.

The concept: a walk is a chain. After each step the visitor leaves with that step's chance, or goes
on to one of the next. So the exit rate of a (page, event) is planted exactly where it is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import final

from journey_dagster.synth.personas import PERSONAS, Persona
from journey_dagster.synth.shop_map import CATEGORY, ENTRIES, NEXT, PRODUCT, Step, exit_rate

_GEAR = tuple(persona.gear for persona in PERSONAS)
_OWN_GEAR = 0.7
_PRODUCTS_A_CATEGORY = 8


@dataclass(frozen=True, slots=True)
class Walk:
    """The steps of one visit; cut short if the person's events ran out before they left."""

    steps: list[Step]
    is_cut: bool


@final
class _Choice:
    """The steps that may come next, ready to draw from."""

    def __init__(self, weights: Mapping[Step, int]) -> None:
        self._steps = list(weights)
        self._cumulated = list(accumulate(weights.values()))

    def draw(self, rng: Random) -> Step:
        return rng.choices(self._steps, cum_weights=self._cumulated)[0]


_FIRST = _Choice(ENTRIES)
_NEXT = {step: (exit_rate(step), _Choice(weights)) for step, weights in NEXT.items()}


def walks(rng: Random, persona: Persona, events: int) -> list[Walk]:
    """Walks of so many steps in total; only the last can be cut."""
    made: list[Walk] = []
    while events:
        made.append(_walk(rng, persona, events))
        events -= len(made[-1].steps)
    return made


def _walk(rng: Random, persona: Persona, longest: int) -> Walk:
    shelf = _Shelf(rng, persona)
    step = _FIRST.draw(rng)
    steps: list[Step] = []
    while True:
        steps.append(shelf.name(step))
        leaves, onward = _NEXT[step]
        if rng.random() < leaves:
            return Walk(steps, is_cut=False)
        if len(steps) == longest:
            return Walk(steps, is_cut=True)
        step = onward.draw(rng)


@final
class _Shelf:
    """Which category and which product a visitor has before them."""

    def __init__(self, rng: Random, persona: Persona) -> None:
        self._rng = rng
        self._persona = persona
        self._category = self._pick_category()
        self._product = self._pick_product()

    def name(self, step: Step) -> Step:
        """The step with its own page: viewing picks a category or a product, the rest stays."""
        page, event = step
        if page == CATEGORY:
            if event == "Page View":
                self._category = self._pick_category()
            return Step(f"/category/{self._category}", event)
        if page == PRODUCT:
            if event == "Page View":
                self._product = self._pick_product()
            return Step(f"/product/{self._product}", event)
        return step

    def _pick_category(self) -> str:
        own = self._rng.random() < _OWN_GEAR
        return self._persona.gear if own else self._rng.choice(_GEAR)

    def _pick_product(self) -> int:
        u = self._rng.random()
        shelf = 100 * (1 + _GEAR.index(self._category))
        return shelf + int(_PRODUCTS_A_CATEGORY * u * u)
