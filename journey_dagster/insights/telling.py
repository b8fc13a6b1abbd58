"""Answers to the stories that reports print.

Belongs here: choosing between a model's words and the template's, grounding, writing both down.
Does not belong here: asking (`asking`), what a sentence may say (`grounding`), layout (`reports`).

An answer counts when its facts hold it: sentences that say more are dropped, and an answer with too
many of these is not printed at all. There is a template for everything, so nothing is ever missing.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import pyarrow as pa

from journey_dagster.facts import Fact
from journey_dagster.insights.blocks import blocks
from journey_dagster.insights.generations import GENERATIONS, chosen, waiting
from journey_dagster.insights.grounding import Dropped, ground
from journey_dagster.insights.ledger import Ledger, LedgerError, Paid, Waiting
from journey_dagster.insights.reading import answered
from journey_dagster.insights.strangers import Strangers
from journey_dagster.insights.subjects import Subject, read_strangers, read_subjects
from journey_dagster.insights.template import TEMPLATES, Sentence
from journey_dagster.models import model
from journey_dagster.settings import InsightsSettings, Settings
from journey_dagster.warehouse import ensure, insert, transaction

INSIGHTS = model("marts/user_insights.sql")
PARTS = model("marts/user_generations.sql")

MAX_DROPPED = 0.2
"""An answer that loses a larger share of its sentences is not printed."""


@dataclass
class Told:
    """One part of a user's text, and where it comes from."""

    generation: str
    sentences: list[Sentence]
    source: str = "template"
    status: str = "ok"
    trouble: str | None = None
    model: str | None = None
    dropped: list[str] = field(default_factory=list[str])
    paid: Paid | None = None


def grounded(subject: Subject, generation: str, text: str, strangers: Strangers) -> Told:
    """What an answer says that its facts hold.

    Args:
        subject: whom it is about.
        generation: what was asked for.
        text: an answer that `reading.read_answer` let through.
        strangers: everybody else, whom it must not speak of.
    """
    told = Told(generation, [], "llm")
    for number, block in enumerate(blocks(generation, answered(text), subject.facts)):
        if isinstance(block, str):
            told.dropped.append(block)
            continue
        place = 0
        for sentence in block.sentences:
            found = ground(sentence, block.facts, strangers=strangers)
            if isinstance(found, Dropped):
                told.dropped.append(found.reason)
            elif block.about and not _is_about(block.about, found.fact_ids, subject.facts):
                told.dropped.append("no_fact")
            else:
                ids = list(dict.fromkeys([*filter(None, [block.about]), *found.fact_ids]))
                told.sentences.append(
                    Sentence(number, place, block.kind, found.text, ids, block.series)
                )
                place += 1
    n = len(told.sentences) + len(told.dropped)
    if not told.sentences or len(told.dropped) > MAX_DROPPED * n:
        told.status = "ungrounded"
        told.trouble = f"{len(told.dropped)} of {n} sentences said more than their facts hold"
    return told


def _is_about(interest: str, fact_ids: Sequence[str], facts: Mapping[str, Fact]) -> bool:
    """Whether a sentence names the topic of an interest; several facts may be of one topic."""
    return facts[interest].text in {facts[name].text for name in fact_ids}


@dataclass(frozen=True)
class Teller:
    """What the stories of a batch of users are told from."""

    answers: Mapping[tuple[str, str], Paid]
    """By user and key of the question."""
    troubles: Mapping[tuple[str, str], str]
    """By user and generation."""
    insights: InsightsSettings
    recent_days: int
    strangers: Strangers
    trouble: str = "waiting: nobody was asked yet"
    """Why a question has no answer that none of the above knows of."""

    def tell(self, subject: Subject) -> list[Told]:
        """All parts of a user's text.

        Raises:
            KeyError: a fact that the tier promises is missing.
        """
        questions = waiting(subject, chosen(self.insights)) if self.insights.enabled else ()
        asked = {one.generation: one for one in questions}
        return [self._part(subject, name, asked.get(name)) for name in GENERATIONS]

    def _part(self, subject: Subject, name: str, asked: Waiting | None) -> Told:
        paid = self.answers.get((subject.user_id, asked.key)) if asked else None
        part = Told(name, [])
        if not self.insights.enabled:
            part.status = "off"
        elif subject.tier not in GENERATIONS[name].tiers:
            part.status = "tier"
        elif asked is None:
            part.status = "nothing"
        elif paid:
            part = grounded(subject, name, paid.text, self.strangers)
            part.model, part.paid = asked.model, paid
        else:
            trouble = self.troubles.get((subject.user_id, name), self.trouble)
            part.model = asked.model
            part.status, _, part.trouble = trouble.partition(": ")
        if part.status != "ok":
            part.source = "template"
            part.sentences = TEMPLATES[name](subject.facts, subject.tier, self.recent_days)
        return part


@dataclass
class Outcome:
    """What came of the stories of these users."""

    troubles: dict[str, str] = field(default_factory=dict[str, str])
    """By user without a story."""
    parts: dict[str, list[Told]] = field(default_factory=dict[str, list[Told]])
    """By user."""


def write_stories(
    con: duckdb.DuckDBPyConnection,
    ids: Sequence[str],
    settings: Settings,
    insights: InsightsSettings,
) -> Outcome:
    """Replace the stories of these users; one user's trouble is only theirs."""
    ensure(con, INSIGHTS)
    ensure(con, PARTS)
    answers, troubles, trouble = _read(settings, insights, ids)
    teller = Teller(answers, troubles, insights, settings.recent_days, read_strangers(con), trouble)
    outcome = Outcome()
    sentences: list[dict[str, object]] = []
    parts: list[dict[str, object]] = []
    for subject in read_subjects(con, ids):
        try:
            told = teller.tell(subject)
        except (KeyError, ValueError, IndexError, OverflowError) as error:
            outcome.troubles[subject.user_id] = f"no story: {type(error).__name__} {error}"
            continue
        outcome.parts[subject.user_id] = told
        for part in told:
            about: dict[str, object] = {
                "user_id": subject.user_id, "generation": part.generation
            }  # fmt: skip
            sentences += [about | sentence._asdict() for sentence in part.sentences]
            parts.append(about | _row(part))
    with transaction(con):
        for table, rows in ((INSIGHTS, sentences), (PARTS, parts)):
            con.execute(
                f"delete from {table.name} where user_id = any($users)", {"users": list(ids)}
            )
            insert(con, table, pa.Table.from_pylist(rows))
    return outcome


def _read(
    settings: Settings, insights: InsightsSettings, ids: Sequence[str]
) -> tuple[dict[tuple[str, str], Paid], dict[tuple[str, str], str], str]:
    """Answers, troubles, and why there are neither; a broken ledger costs nobody a report."""
    if not insights.enabled:
        return {}, {}, Teller.trouble
    try:
        with closing(Ledger(settings.ledger)) as ledger:
            return ledger.answers(ids), ledger.troubles(ids), Teller.trouble
    except LedgerError as error:
        return {}, {}, f"{error.kind}: {error}"


def _row(part: Told) -> dict[str, object]:
    paid = part.paid
    return {
        "source": part.source,
        "status": part.status,
        "trouble": part.trouble,
        "model": part.model,
        "prompt_version": GENERATIONS[part.generation].version if part.model else None,
        "n_sentences": len(part.sentences),
        "n_dropped": len(part.dropped),
        "dropped_for": sorted(part.dropped),
        "tokens_in": paid.tokens_in if paid else None,
        "tokens_out": paid.tokens_out if paid else None,
        "cost_usd": paid.micro_usd / 1_000_000 if paid else None,
        "answered_at": datetime.fromisoformat(paid.ended_at) if paid else None,
    }
