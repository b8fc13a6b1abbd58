"""Two models on the same facts of one user, side by side.

Belongs here: asking both and measuring what came. Does not belong here: how it is printed (`cli`).

Answers go through the same ledger, caps and grounding as any others, and are used again; nothing
of a comparison is printed in a report unless the same model is chosen for it.
"""

import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from journey_dagster.insights.asking import Asker
from journey_dagster.insights.generations import GENERATIONS, waiting
from journey_dagster.insights.ledger import Ledger
from journey_dagster.insights.strangers import Strangers
from journey_dagster.insights.subjects import Subject
from journey_dagster.insights.telling import grounded
from journey_dagster.settings import InsightsSettings


@dataclass(frozen=True)
class Compared:
    """One model's answer to one question."""

    generation: str
    model: str
    trouble: str | None
    """Why it has none."""
    n_sentences: int = 0
    """Sentences that its facts hold."""
    n_dropped: int = 0
    n_words: int = 0
    seconds: float | None = None
    """None for an answer that was there already."""
    tokens_in: int = 0
    tokens_out: int = 0
    micro_usd: int = 0
    text: str = ""

    @property
    def groundedness(self) -> float | None:
        """Share of the sentences that the facts hold."""
        n = self.n_sentences + self.n_dropped
        return self.n_sentences / n if n else None


def compare(
    subject: Subject,
    models: Sequence[str],
    ledger: Ledger,
    settings: InsightsSettings,
    strangers: Strangers,
) -> Iterator[Compared]:
    """Ask each model everything that is worth asking about a user, one question after another.

    Args:
        subject: the user.
        models: as SERVICE:MODEL.
        ledger: where answers are, and what they cost.
        settings: caps, keys and addresses.
        strangers: everybody else.
    """
    run_id = f"compare-{secrets.token_hex(8)}"
    asker = Asker(settings, ledger, run_id)
    every = {each.setting: list(models) for each in GENERATIONS.values()}
    for asked in waiting(subject, every):
        answers = ledger.answers([subject.user_id])
        seconds: float | None = None
        if (subject.user_id, asked.key) not in answers:
            start = time.monotonic()
            trouble = asker.ask_one(asked)
            seconds = time.monotonic() - start
            if trouble:
                yield Compared(asked.generation, asked.model, trouble, seconds=seconds)
                continue
            answers = ledger.answers([subject.user_id])
        paid = answers[subject.user_id, asked.key]
        told = grounded(subject, asked.generation, paid.text, strangers)
        text = " ".join(sentence.text for sentence in told.sentences)
        yield Compared(
            asked.generation,
            asked.model,
            told.trouble,
            n_sentences=len(told.sentences),
            n_dropped=len(told.dropped),
            n_words=len(text.split()),
            seconds=seconds,
            tokens_in=paid.tokens_in,
            tokens_out=paid.tokens_out,
            micro_usd=paid.micro_usd,
            text=text,
        )
