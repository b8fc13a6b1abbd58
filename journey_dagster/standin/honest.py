"""What a good model would answer: true to its facts, and of the shape it is asked for.

Belongs here: answers made of the question alone, the same every time.
Does not belong here: the words (`forms`), the wire, failing (`faults`).
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from journey_dagster.standin.forms import form
from journey_dagster.standin.wire import Asked, Reply

Facts = Sequence[Mapping[str, Any]]

_MAX_SENTENCES = 12
_MAX_RECENT = 5
_MAX_CHARTS = 3
_MAX_SERIES = 4
_A_PARAGRAPH = 3


def honest(asked: Asked) -> Reply:
    """Answers the question.

    Args:
        asked: one of the four generations, by the name of its schema.
    """
    return asked.says(honest_text(asked))


def honest_text(asked: Asked) -> str:
    """The answer as JSON; an empty object where the shape is not known.

    Args:
        asked: likewise.
    """
    shape = _SHAPES.get(asked.schema_name)
    return json.dumps(shape(asked) if shape else {}, ensure_ascii=False)


def _narrative(asked: Asked) -> dict[str, Any]:
    told = _sentences(asked.data.get("facts", []))[:_MAX_SENTENCES]
    blocks = [told[at : at + _A_PARAGRAPH] for at in range(0, len(told), _A_PARAGRAPH)]
    return {"blocks": [{"type": "p", "sentences": sentences} for sentences in blocks]}


def _recent(asked: Asked) -> dict[str, Any]:
    told = _sentences(asked.data.get("facts", []))[:_MAX_RECENT]
    return {"blocks": [{"type": "li", "sentences": [sentence]} for sentence in told]}


def _interests(asked: Asked) -> dict[str, Any]:
    kinds = re.compile(r"(core|casual|emerging|seasonal)_\d+")
    facts = [fact for fact in asked.data.get("facts", []) if kinds.fullmatch(fact["id"])]
    return {
        "interests": [
            {"fact_id": fact["id"], "sentence": sentence}
            for fact in facts
            for sentence in _sentences([fact])
        ]
    }


def _charts(asked: Asked) -> dict[str, Any]:
    by_axis: dict[str, list[str]] = {}
    for series in asked.data.get("series", []):
        by_axis.setdefault(series["axis"], []).append(series["id"])
    facts = {fact["id"]: fact for fact in asked.data.get("facts", [])}
    charts = [
        {
            "type": "bar" if axis in {"weekday", "hour"} else "line",
            "takeaway": takeaway,
            "series": ids[:_MAX_SERIES],
        }
        for axis, ids in by_axis.items()
        for takeaway in _sentences([facts[_SHOWN_BY[axis]]] if _SHOWN_BY[axis] in facts else [])
    ]
    return {"charts": charts[:_MAX_CHARTS]}


_SHOWN_BY = {"month": "top_month", "weekday": "top_weekday", "hour": "top_daypart"}
"""The fact that a chart over an axis shows."""


_SHAPES: Mapping[str, Callable[[Asked], dict[str, Any]]] = {
    "narrative": _narrative,
    "recent": _recent,
    "interests": _interests,
    "charts": _charts,
}


def _sentences(facts: Facts) -> list[str]:
    """A sentence for each fact that there are words for, in the order of a story."""
    told = [found for fact in facts if (found := form(fact))]
    return [sentence for _place, sentence in sorted(told, key=lambda found: found[0])]
