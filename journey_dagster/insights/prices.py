"""What models cost, and the most that a question can cost.

Belongs here: list prices of the models that are asked by default, tokens to money.
Does not belong here: caps and what was spent (`ledger`).

Prices are dollars per million tokens, as Bedrock (United States, across regions) and OpenAI list
them; `INSIGHTS_PRICES` corrects them and adds other models.
"""

import json
import math

from journey_dagster.insights.question import Question
from journey_dagster.settings import InsightsSettings

LISTED = {
    "us.anthropic.claude-haiku-4-5-20251001-v1:0": (1.10, 5.50),
    "global.anthropic.claude-haiku-4-5-20251001-v1:0": (1.00, 5.00),
    "gpt-5-nano": (0.05, 0.40),
    "gpt-5-mini": (0.25, 2.00),
}

AROUND = 500
"""Tokens that a service may wrap around a question, and then some."""


class UnknownPriceError(Exception):
    """Nobody said what a model costs; the message says how to."""

    kind = "price"


def price(model: str, settings: InsightsSettings) -> tuple[float, float]:
    """Dollars per million tokens in and out.

    Raises:
        UnknownPriceError: it is not listed.
    """
    found = settings.prices.get(model) or LISTED.get(model)
    if found is None:
        raise UnknownPriceError(
            f"nobody said what {model} costs, so its caps cannot hold. State dollars per million "
            f"tokens in and out: INSIGHTS_PRICES={model}=0.05/0.40"
        )
    return found


def micro_usd(price: tuple[float, float], tokens_in: int, tokens_out: int) -> int:
    """Tokens in micro-dollars, rounded up."""
    into, out = price
    return math.ceil(tokens_in * into + tokens_out * out)


def most_tokens_in(question: Question) -> int:
    """The most tokens that a question can have: none is shorter than a byte."""
    told = f"{question.instructions}{question.facts}{json.dumps(question.schema)}"
    return len(told.encode()) + AROUND
