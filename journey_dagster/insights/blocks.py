"""The blocks that an answer proposes, each with the facts that it may rest on.

Belongs here: the shape of each generation's answer, and its limits. Does not belong here: whether a
sentence is held by its facts (`grounding`), what becomes of it (`telling`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from journey_dagster.facts import Fact
from journey_dagster.insights.charts import MAX_CHARTS, available_series, proposed, shown_by

KINDS = ("core", "casual", "emerging", "seasonal")
"""Kinds of interests that a report lists."""

MAX_BLOCKS = 12
MAX_SENTENCES = 6
"""In a block; what is beyond is not read, as nobody would."""


@dataclass(frozen=True)
class Block:
    """A paragraph, list item, interest or chart, in a model's words."""

    kind: str
    sentences: Sequence[str]
    facts: Mapping[str, Fact]
    """What its sentences may rest on."""
    about: str | None = None
    """The fact that an interest is; it is the first that its sentence rests on."""
    series: list[str] | None = None


def blocks(
    generation: str, answer: Mapping[str, Any], facts: Mapping[str, Fact]
) -> Iterator[Block | str]:
    """The blocks of an answer; a reason instead of one that cannot be, or is missing."""
    match generation:
        case "interests":
            yield from _interests(answer["interests"], facts)
        case "charts":
            yield from _charts(answer["charts"], facts)
        case _:
            for one in answer["blocks"][:MAX_BLOCKS]:
                told = list(dict.fromkeys(one["sentences"]))[:MAX_SENTENCES]
                yield Block(one["type"], told, facts)


def interests_of(facts: Mapping[str, Fact]) -> list[str]:
    """Ids of the interests among a user's facts, in the order of a report."""
    places = range(1, 6)
    return [name for kind in KINDS for n in places if (name := f"{kind}_{n}") in facts]


def _interests(
    answer: Sequence[Mapping[str, str]], facts: Mapping[str, Fact]
) -> Iterator[Block | str]:
    wanted = interests_of(facts)
    told = {one["fact_id"]: one["sentence"] for one in reversed(answer)}
    yield from ("unknown_fact" for name in told if name not in wanted)
    for name in wanted:
        if name in told:
            yield Block(name.partition("_")[0], [told[name]], facts, about=name)
        else:
            yield "unanswered"


def _charts(
    answer: Sequence[Mapping[str, Any]], facts: Mapping[str, Fact]
) -> Iterator[Block | str]:
    available = {
        one.series_id: one
        for one in available_series({name: fact.text for name, fact in facts.items()})
    }
    for one in answer[:MAX_CHARTS]:
        chart = proposed(one["type"], one["series"], available)
        if chart is None:
            yield "unknown_series"
            continue
        shown = shown_by(chart.series)
        held = {name: fact for name, fact in facts.items() if shown.fullmatch(name)}
        yield Block(chart.type, [one["takeaway"]], held, series=list(chart.series))
