"""What asking would cost, without asking.

Belongs here: the dry run. Does not belong here: asking (`asking`), prices (`prices`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from journey_dagster.insights.generations import chosen, question, waiting
from journey_dagster.insights.ledger import Ledger
from journey_dagster.insights.prices import micro_usd, most_tokens_in, price
from journey_dagster.insights.subjects import Subject
from journey_dagster.settings import InsightsSettings


@dataclass
class Planned:
    """What a run would ask a model for one part of the text."""

    generation: str
    model: str
    n_calls: int = 0
    n_from_cache: int = 0
    tokens_in: int = 0
    """The most; a token is no shorter than a byte, and commonly four."""
    tokens_out: int = 0
    """The most."""
    micro_usd: int = 0
    """The most."""


def plan(
    subjects: Iterable[Subject], ledger: Ledger, settings: InsightsSettings
) -> Sequence[Planned]:
    """What asking about these users would take.

    Raises:
        UnknownPriceError: a model's price is not known.
    """
    found: dict[tuple[str, str], Planned] = {}
    for subject in subjects:
        answers = ledger.answers([subject.user_id])
        for asked in waiting(subject, chosen(settings)):
            place = (asked.generation, asked.model)
            planned = found.setdefault(place, Planned(*place))
            if (asked.user_id, asked.key) in answers:
                planned.n_from_cache += 1
                continue
            told = question(asked)
            tokens_in = most_tokens_in(told)
            planned.n_calls += 1
            planned.tokens_in += tokens_in
            planned.tokens_out += told.max_tokens
            planned.micro_usd += micro_usd(price(told.model, settings), tokens_in, told.max_tokens)
    return list(found.values())
