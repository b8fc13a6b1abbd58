"""The parts of a report that are text: who wrote each, and what it says.

Belongs here: sentences, interests and proposed charts as the document has them, and what writing
them cost. Does not belong here: writing (`insights`), facts (`facts`).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from journey_dagster.facts import Fact
from journey_dagster.insights.charts import Chart, compiled


def texts(
    story: Sequence[tuple[Any, ...]], parts: Sequence[tuple[Any, ...]], facts: Mapping[str, Fact]
) -> dict[str, dict[str, Any]]:
    """The parts of the text: who wrote each, and its blocks, interests or charts."""
    origins = {name: origin for name, *origin in parts}
    blocks: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    for generation, block_no, block_type, text, fact_ids, series in story:
        block = blocks[generation].setdefault(
            block_no, {"type": block_type, "series": series, "sentences": []}
        )
        block["sentences"].append({"text": text, "fact_ids": fact_ids})
    told: dict[str, dict[str, Any]] = {}
    for generation, shape in SHAPES.items():
        source, status, model, version, n_dropped, cost, at = origins.get(generation, _NOBODY)
        is_told = source == "llm"
        found = blocks[generation]
        told[generation] = {
            "source": source,
            "status": status,
            "model": model.partition(":")[2] if model and is_told else None,
            "prompt_version": version if is_told else None,
            "written_at": utc(at) if at and is_told else None,
            "cost_usd": None if cost is None else round(cost, 6),
            "dropped_sentences": n_dropped,
            **shape([found[number] for number in sorted(found)], facts),
        }
    return told


_NOBODY = ("template", "nothing", None, None, 0, None, None)


def _prose(blocks: Sequence[Mapping[str, Any]], _facts: Mapping[str, Fact]) -> dict[str, Any]:
    return {"blocks": [{"type": one["type"], "sentences": one["sentences"]} for one in blocks]}


def _interests(blocks: Sequence[Mapping[str, Any]], facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Each interest with the fact that it is, the first that its sentence rests on."""
    found: list[dict[str, Any]] = []
    for block in blocks:
        sentence = block["sentences"][0]
        fact = facts.get(sentence["fact_ids"][0])
        if fact:
            found.append({"kind": block["type"], "topic": fact.text, "n": fact.n, **sentence})
    return {"items": found}


def _charts(blocks: Sequence[Mapping[str, Any]], _facts: Mapping[str, Fact]) -> dict[str, Any]:
    return {
        "items": [
            {"type": block["type"], "series": block["series"], **block["sentences"][0]}
            for block in blocks
        ]
    }


SHAPES = {"narrative": _prose, "recent": _prose, "interests": _interests, "charts": _charts}
"""How the blocks of each part are laid out."""


def with_configurations(document: dict[str, Any]) -> dict[str, Any]:
    """The document with a Chart.js configuration for each chart whose series it holds."""
    items = [
        {**item, "config": config}
        for item in document["charts"]["items"]
        if (config := compiled(Chart(item["type"], tuple(item["series"])), document))
    ]
    return {**document, "charts": {**document["charts"], "items": items}}


def utc(at: datetime) -> str:
    """A moment as documents have it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
