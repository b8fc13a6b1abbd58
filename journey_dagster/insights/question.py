"""One question to a model and its answer, whoever serves it.

Belongs here: the types that `openai` and `bedrock` share. Does not belong here: a service's own
words, retries and money (`asking`), what is asked (`generations`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

MAX_ANSWER = 64 * 1024
"""Characters of an answer that are read; a longer one is no answer."""


Kind = Literal["transient", "terminal", "refused", "cut", "invalid"]


@dataclass(frozen=True)
class Question:
    """What a model is asked."""

    model: str
    """As the service names it."""
    instructions: str
    """Words of ours, the same for all users."""
    facts: str
    """JSON of what the model may use: data, never instructions."""
    schema_name: str
    schema: Mapping[str, Any]
    """JSON Schema of the answer."""
    max_tokens: int
    """The most that the answer may cost, thinking included."""


class Answer(NamedTuple):
    """What came back."""

    text: str
    """JSON, if the model did as it was told."""
    tokens_in: int
    tokens_out: int


class ProviderError(Exception):
    """No answer. The message is ours: it repeats neither the question nor a secret.

    Kinds:
        transient: the service is slow, busy or broken; it may be better in a moment.
        terminal: bad key, unknown model, no quota; nobody will get an answer.
        refused: the model, or a filter, will not answer this question.
        cut: the answer was longer than allowed.
        invalid: the answer is not of the schema.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        retry_after: float | None = None,
        tokens: tuple[int, int] | None = (0, 0),
    ) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.retry_after = retry_after
        """Seconds that the service asks us to wait."""
        self.tokens = tokens
        """Tokens in and out that were used all the same; None where nobody knows."""


Provider = Callable[[Question, float], Answer]
"""Asks a question; the number is seconds until it gives up. Raises ProviderError alone."""
