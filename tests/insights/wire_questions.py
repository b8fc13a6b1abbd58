"""What the tests of both services and of the stand-in share: questions, canaries, expectations."""

import json
import time
import traceback

import pytest

from journey_dagster.insights.question import Provider, ProviderError, Question

KEY = "sk-canary-0123456789"
ACCESS_KEY = "AKIACANARY0123456789"
SECRET_KEY = "canary/secret/0123456789"  # noqa: S105  a canary
TITLE = "canary title of a page"
CANARIES = (KEY, ACCESS_KEY, SECRET_KEY, TITLE, "canary")

FACTS = [
    {"id": "n_events", "label": "Events recorded", "text": "412 events", "n": 412},
    {"id": "top_page", "label": "Page", "text": TITLE, "amount": "31 events", "n": 31},
    {
        "id": "core_1",
        "label": "Core interest number 1",
        "text": "gravel",
        "amount": "9 events",
        "n": 9,
    },
    {"id": "top_month", "label": "Busiest month", "text": "June", "amount": "9 events", "n": 9},
    {
        "id": "top_daypart",
        "label": "Part of the day",
        "text": "morning",
        "amount": "9 events",
        "n": 9,
    },
    {"id": "core_1_before", "label": "Core interest number 1", "text": "3 events", "n": 9},
    {"id": "n_boats", "label": "Boats seen", "text": "2 boats", "n": 2},
    {"id": "p_4", "label": "Page number 4", "text": "x", "n": 2},
    {"id": "slow", "label": "Slowest Monday", "text": "x", "n": 2},
]
SERIES = [
    {"id": "by_month", "label": "Events", "axis": "month"},
    {"id": "by_hour", "label": "Events", "axis": "hour"},
    {"id": "topic_by_month", "label": "gravel", "axis": "month"},
]


def closed(**properties: object) -> dict[str, object]:
    """A schema as services take it."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


STRINGS = {"type": "array", "items": {"type": "string"}}
BLOCK = closed(type={"type": "string", "enum": ["p", "li"]}, sentences=STRINGS)
INTEREST = closed(fact_id={"type": "string"}, sentence={"type": "string"})
CHART = closed(type={"type": "string"}, takeaway={"type": "string"}, series=STRINGS)
SCHEMAS = {
    "narrative": closed(blocks={"type": "array", "items": BLOCK}),
    "recent": closed(blocks={"type": "array", "items": BLOCK}),
    "interests": closed(interests={"type": "array", "items": INTEREST}),
    "charts": closed(charts={"type": "array", "items": CHART}),
}


def question(name: str = "narrative", model: str = "a-model") -> Question:
    """A question of one of the four generations."""
    return Question(
        model=model,
        instructions="Answer with JSON.",
        facts=json.dumps({"facts": FACTS, "series": SERIES}),
        schema_name=name,
        schema=SCHEMAS[name],
        max_tokens=900,
    )


def alone(patch: pytest.MonkeyPatch) -> None:
    """Take away what the developer's own tools have set up."""
    for name in (
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
        "AWS_BEARER_TOKEN_BEDROCK", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_REGION",
    ):  # fmt: skip
        patch.delenv(name, raising=False)
    patch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")


def keyed(patch: pytest.MonkeyPatch) -> None:
    """Set up a pair of keys; a token would not be sent without TLS."""
    alone(patch)
    patch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)


KINDS = {
    "hang": "transient",
    "drip": "transient",
    "reset": "transient",
    "cut connection": "transient",
    "busy": "transient",
    "busy, wait a little": "transient",
    "busy, wait an hour": "transient",
    "busy, wait until": "transient",
    "busy, wait for nonsense": "transient",
    "no quota": "terminal",
    "wrong key": "terminal",
    "expired key": "terminal",
    "forbidden": "terminal",
    "unknown model": "terminal",
    "bad request": "refused",
    "request timeout": "transient",
    "conflict": "transient",
    "not ready": "transient",
    "model error": "transient",
    "broken": "transient",
    "unavailable": "transient",
    "bad gateway": "transient",
    "redirect": "terminal",
    "html": "transient",
    "html said to be json": "transient",
    "empty body": "transient",
    "a string": "transient",
    "other json": "transient",
    "wrong kinds": "transient",
    "not text": "transient",
    "refusal": "refused",
    "filter": "refused",
    "cut by length": "cut",
    "huge": "cut",
    "no content": "transient",
    "empty content": "transient",
}
"""What each fault is to mean, whichever service it is."""

AT_ONCE = sorted(KINDS.keys() - {"drip"})
"""Faults that a client sees by itself; a drip is for the watchdog of `asking`."""

WAITS = {
    "busy, wait a little": (1, 1),
    "busy, wait an hour": (3600, 3600),
    "busy, wait until": (80, 90),
    "unavailable": (2, 2),
}
UNKNOWN = {
    "hang", "reset", "cut connection", "html", "html said to be json", "empty body", "a string",
    "other json", "wrong kinds", "not text",
}  # fmt: skip
"""After these nobody knows what was used."""


def trouble(provider: Provider, asked: Question | None = None, seconds: float = 1) -> ProviderError:
    """The error that a question ends in, soon and without a secret."""
    since = time.monotonic()
    with pytest.raises(ProviderError) as raised:
        provider(asked or question(), seconds)
    assert time.monotonic() - since < seconds + 2
    error = raised.value
    told = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    assert not [canary for canary in CANARIES if canary in told]
    assert error.__cause__ is None
    assert error.__context__ is None
    return error


def check(name: str, error: ProviderError) -> None:
    """Hold an error against what is expected of a fault."""
    assert error.kind == KINDS[name], error
    low, high = WAITS.get(name, (None, None))
    assert error.retry_after == low if low == high else low <= error.retry_after <= high
    if name in UNKNOWN:
        assert error.tokens is None
    elif error.kind == "terminal" or name in WAITS:
        assert error.tokens == (0, 0)
