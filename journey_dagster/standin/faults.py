"""Every way in which a service can fail, and an answer be none.

Belongs here: behaviours by name, and those that are made of others.
Does not belong here: how bytes leave (`server`), a good answer (`honest`).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any

from journey_dagster.standin.honest import honest, honest_text
from journey_dagster.standin.wire import Asked, Behaviour, Pace, Reply, Trouble

# ---- behaviours made of others ------------------------------------------------------------------


def slow(seconds: float, then: Behaviour = honest) -> Behaviour:
    """Waits before it does the same as another.

    Args:
        seconds: before anything is said.
        then: what is done.
    """
    return lambda asked: replace(then(asked), after=seconds)


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Does one after the other, and goes on with the last.

    Args:
        behaviours: for the first question, the second, and so on.
    """
    turns = count()

    def behave(asked: Asked) -> Reply:
        return behaviours[min(next(turns), len(behaviours) - 1)](asked)

    return behave


def answers(*texts: str | Callable[[Asked], str]) -> Behaviour:
    """Answers with exactly these texts, one after the other and then from the start.

    Args:
        texts: whatever a hostile model would say, or what makes it of the question.
    """
    turns = count()

    def say(asked: Asked) -> Reply:
        text = texts[next(turns) % len(texts)]
        return asked.says(text if isinstance(text, str) else text(asked))

    return say


def fails(trouble: Trouble, wait: str | None = None) -> Behaviour:
    """Answers with an error.

    Args:
        trouble: which one.
        wait: content of `Retry-After`.
    """
    headers = {} if wait is None else {"Retry-After": wait}

    def fail(asked: Asked) -> Reply:
        reply = asked.fails(trouble)
        return replace(reply, headers={**reply.headers, **headers})

    return fail


def leaves(pace: Pace, every: float = 0.2) -> Behaviour:
    """Gives the honest answer in a way of its own.

    Args:
        pace: how it leaves.
        every: seconds between the bytes of a drip.
    """
    return lambda asked: replace(honest(asked), pace=pace, every=every)


def raw(body: bytes, content_type: str = "application/json", status: int = 200) -> Behaviour:
    """Answers with bytes of no protocol.

    Args:
        body: the bytes.
        content_type: what they are said to be.
        status: of HTTP.
    """
    return lambda _asked: Reply(status, body, {"Content-Type": content_type})


# ---- one fault each -----------------------------------------------------------------------------


def _busy_until_a_date(asked: Asked) -> Reply:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    return fails("busy", at)(asked)


def _changed(change: Callable[[dict[str, Any]], object]) -> Behaviour:
    return answers(lambda asked: json.dumps(change(json.loads(honest_text(asked)))))


def _unfinished(asked: Asked) -> Reply:
    text = honest_text(asked)
    return asked.says(text[: len(text) // 2], stop="length")


def _huge(asked: Asked) -> Reply:
    return asked.says('{"blocks":[{"type":"p","sentences":["' + "a" * 1_100_000 + '"]}]}')


def _lavish(asked: Asked) -> Reply:
    return asked.says(honest_text(asked), usage=(10**12, 10**12))


def _absurd(asked: Asked) -> Reply:
    return asked.says(honest_text(asked), usage=(-5, "many"))


FAULTS: Mapping[str, Behaviour] = {
    "hang": leaves("hang"),
    "drip": leaves("drip"),
    "reset": leaves("reset"),
    "cut connection": leaves("cut"),
    "busy": fails("busy"),
    "busy, wait a little": fails("busy", "1"),
    "busy, wait an hour": fails("busy", "3600"),
    "busy, wait until": _busy_until_a_date,
    "busy, wait for nonsense": fails("busy", "soon"),
    "no quota": fails("quota"),
    "wrong key": fails("key"),
    "expired key": fails("expired"),
    "forbidden": fails("forbidden"),
    "unknown model": fails("model"),
    "bad request": fails("request"),
    "request timeout": fails("timeout"),
    "conflict": fails("conflict"),
    "not ready": fails("not ready"),
    "model error": fails("model error"),
    "broken": fails("broken"),
    "unavailable": fails("unavailable", "2"),
    "bad gateway": raw(b"<html><h1>Bad Gateway</h1></html>", "text/html", 502),
    "redirect": lambda _asked: Reply(307, b"", {"Location": "http://127.0.0.1:1/elsewhere"}),
    "html": raw(b"<html><h1>Welcome to the hotel</h1></html>", "text/html"),
    "html said to be json": raw(b"<html><h1>Welcome</h1></html>"),
    "empty body": raw(b""),
    "a string": raw(b'"hello"'),
    "other json": raw(b'{"choices": [], "output": "none", "stopReason": 7}'),
    "wrong kinds": raw(b'{"choices": [[7]], "output": {"message": {"content": "x"}}}'),
    "not text": raw(b"\xff\xfe\x00{"),
    "refusal": lambda asked: asked.says("I cannot help with that.", stop="refusal"),
    "filter": lambda asked: asked.says("", stop="filter"),
    "cut by length": _unfinished,
    "huge": _huge,
    "no content": lambda asked: asked.says(None),
    "empty content": lambda asked: asked.says(""),
}
"""Whatever ends without an answer."""

ODDITIES: Mapping[str, Behaviour] = {
    "broken json": answers(lambda asked: honest_text(asked)[:-2]),
    "fenced json": answers(lambda asked: f"```json\n{honest_text(asked)}\n```"),
    "prose around json": answers(lambda asked: f"Sure!\n{honest_text(asked)}\nHope this helps."),
    "extra keys": _changed(lambda answer: {**answer, "confidence": 0.9, "html": "<b>x</b>"}),
    "wrong types": _changed(lambda answer: dict.fromkeys(answer, "none")),
    "a list": _changed(lambda answer: [answer]),
    "not json": answers("As a language model I would rather not."),
    "fabricated usage": _lavish,
    "absurd usage": _absurd,
    "no usage": lambda asked: asked.says(honest_text(asked), usage="missing"),
}
"""Whatever comes as an answer, and may be none."""
