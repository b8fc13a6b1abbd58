"""Whether what came back is an answer: JSON of the schema, and nothing around it that matters.

Belongs here: finding and validating it. Does not belong here: what it says (`telling`).
"""

import json
from functools import cache
from typing import Any, cast

import jsonschema_rs

from journey_dagster.insights.generations import GENERATIONS
from journey_dagster.insights.question import MAX_ANSWER


def read_answer(text: str, generation: str) -> str | None:
    """The answer as plain JSON, without fences and words around it; None when it is none."""
    if len(text) > MAX_ANSWER:
        return None
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        return None
    try:
        found: object = json.loads(text[start : end + 1])
        is_valid = _validator(generation).is_valid(found)
    except (ValueError, RecursionError):  # half a character in a name makes the validator raise
        return None
    return json.dumps(found) if is_valid else None


def answered(text: str) -> dict[str, Any]:
    """The content of an answer that `read_answer` let through."""
    return cast("dict[str, Any]", json.loads(text))


@cache
def _validator(generation: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(dict(GENERATIONS[generation].schema))
