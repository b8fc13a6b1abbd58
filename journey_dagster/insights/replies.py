"""What the replies of both services have in common.

Belongs here: turning outcomes into answers and errors, usage that cannot be trusted, `Retry-After`.
Does not belong here: a service's own words (`openai`, `bedrock`), what an answer says (`reading`).

An SDK's exception holds the request: the key, the question, the service's own words. Hiding it with
`raise ... from None` leaves it in `__context__`; so failures are returned as values out of the
`except` clause, and raised where no other exception is under way.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import cast

import msgspec

from journey_dagster.insights.prices import most_tokens_in
from journey_dagster.insights.question import MAX_ANSWER, Answer, Provider, ProviderError, Question

Outcome = Answer | ProviderError

TIMED_OUT = frozenset({408, 502, 504, 524})
"""Statuses of HTTP by which nobody knows whether an answer was made, and billed."""

MOST_STATED = 10**12
"""Tokens that a reply may state; more is kept nowhere."""


def provider(ask: Callable[[Question, float], Outcome]) -> Provider:
    """A provider of a function that returns its failures.

    Args:
        ask: asks a question within seconds.
    """

    def raising(question: Question, seconds: float) -> Answer:
        outcome = _asked(ask, question, seconds)
        if isinstance(outcome, ProviderError):
            raise outcome
        return outcome

    return raising


def _asked(
    ask: Callable[[Question, float], Outcome], question: Question, seconds: float
) -> Outcome:
    try:
        return ask(question, seconds)
    except Exception as error:  # noqa: BLE001  an accident in an SDK may hold the question too
        return ProviderError("transient", f"{type(error).__name__} in the client", tokens=None)


def answer(text: object, tokens: tuple[int, int]) -> Outcome:
    """The text of a reply that came to its end.

    Args:
        text: as the service gave it.
        tokens: what it used.
    """
    if not isinstance(text, str) or not text.strip():
        return ProviderError("transient", "the answer is empty", tokens=tokens)
    if len(text) > MAX_ANSWER:
        return ProviderError("cut", "the answer is longer than any that is read", tokens=tokens)
    return Answer(text, *tokens)


def used(question: Question, usage: object, into: str, out: str) -> tuple[int, int]:
    """Tokens in and out; what is not stated, or cannot be, counts as the most there can be.

    Args:
        question: what was asked.
        usage: as the service states it.
        into: its name for tokens of the question.
        out: its name for tokens of the answer.
    """
    stated: Mapping[str, object] = (
        cast("Mapping[str, object]", usage) if isinstance(usage, Mapping) else {}
    )
    return (
        _count(stated.get(into)) or most_tokens_in(question),
        _count(stated.get(out)) or question.max_tokens,
    )


def _count(stated: object) -> int:
    try:
        return min(max(msgspec.convert(stated, int), 0), MOST_STATED)
    except msgspec.ValidationError:
        return 0


def retry_after(header: str | None) -> float | None:
    """Seconds of a `Retry-After`, which states seconds or a date; None where it makes no sense."""
    if header is None:
        return None
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", header.strip(), re.ASCII):
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max((aware - datetime.now(UTC)).total_seconds(), 0.0)
