"""A user's story from facts alone: deterministic text that every report can fall back on.

Belongs here: what may be said at which evidence tier, and the sentences.
Does not belong here: the facts (`sql/marts/user_facts.sql`), words of a model.

Every sentence names the facts it rests on, and holds no number, date or name that is not theirs.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import duckdb
import pyarrow as pa

from journey_dagster.facts import Fact, quantity, read_facts
from journey_dagster.models import model
from journey_dagster.warehouse import ensure, insert, transaction

INSIGHTS = model("marts/user_insights.sql")


class Sentence(NamedTuple):
    """One sentence in its place."""

    block_no: int
    sentence_no: int
    block_type: str
    text: str
    fact_ids: list[str]


class _Story:
    """Collects sentences into paragraphs."""

    def __init__(self) -> None:
        self.sentences: list[Sentence] = []
        self._block = -1
        self._position = 0

    def paragraph(self) -> None:
        self._block += 1
        self._position = 0

    def say(self, text: str, *cited: Fact) -> None:
        ids = [fact.fact_id for fact in cited]
        self.sentences.append(Sentence(self._block, self._position, "p", text, ids))
        self._position += 1


def tell(facts: Mapping[str, Fact], tier: str, recent_days: int) -> list[Sentence]:
    """The story of one user.

    Args:
        facts: by fact id.
        tier: T0 to T3: what the data is enough for.
        recent_days: length of the recent window, as the facts were computed with.

    Raises:
        KeyError: a fact that the tier promises is missing.
    """
    story = _Story()
    story.paragraph()
    if tier == "T0":
        story.say("No events have arrived for this report yet.", facts["n_events"])
        return story.sentences
    _overview(story, facts, tier)
    if tier == "T1":
        story.say("That is too little to speak of habits.", facts["n_sessions"])
    else:
        story.paragraph()
        _habits(story, facts)
    if tier == "T3":
        story.paragraph()
        _favourites(story, facts)
    story.paragraph()
    recent = facts["recent_events"]
    if recent.value:
        verb = "was" if recent.value == 1 else "were"
        story.say(f"In the last {recent_days} days of data there {verb} {recent.amount}.", recent)
    else:
        story.say(f"The last {recent_days} days of data hold no event of yours.", recent)
    return story.sentences


def _overview(story: _Story, facts: Mapping[str, Fact], tier: str) -> None:
    first, last = facts["first_date"], facts["last_date"]
    events, sessions, active = facts["n_events"], facts["n_sessions"], facts["active_days"]
    if first.value_text == last.value_text:
        story.say(f"All your activity falls on {first.text}.", first, last)
    else:
        span = facts["span_days"]
        story.say(
            f"From {first.text} to {last.text}, a span of {span.amount}, you were active on "
            f"{active.amount}.",
            first,
            last,
            span,
            active,
        )
    story.say(f"We counted {events.amount} in {sessions.amount}.", events, sessions)
    if tier != "T1":
        pages = facts["n_pages"]
        story.say(f"You saw {quantity(pages.value or 0, 'different pages')}.", pages)


def _habits(story: _Story, facts: Mapping[str, Fact]) -> None:
    weekday, hour = facts["peak_weekday"], facts["peak_hour"]
    story.say(
        f"The busiest hour of your week is {weekday.text}, {hour.text} on your clock.",
        weekday,
        hour,
    )
    session = facts["median_session"]
    story.say(f"Half of your sessions last {session.amount} or less.", session)
    streak = facts["longest_streak"]
    if (streak.value or 0) > 1:
        story.say(f"Your longest streak is {streak.amount} in a row.", streak)
    busiest = facts["busiest_date"]
    story.say(f"Your busiest day was {busiest.text}, with {busiest.amount}.", busiest)


def _favourites(story: _Story, facts: Mapping[str, Fact]) -> None:
    if page := facts.get("top_page"):
        story.say(f"The page with most of your events is “{page.text}”: {page.amount}.", page)
    if source := facts.get("top_source"):
        story.say(
            f"The publication with most of your events is {source.text}: {source.amount}.",
            source,
        )
    if topic := facts.get("top_topic"):
        known = f"{100 * (topic.coverage or 0):.0f} %"
        story.say(
            f"Where topics are known, for {known} of your events, “{topic.text}” leads with "
            f"{topic.amount}.",
            topic,
        )
    month = facts["top_month"]
    story.say(f"Your busiest month was {month.text}, with {month.amount}.", month)


def write_templates(
    con: duckdb.DuckDBPyConnection, ids: Sequence[str], recent_days: int
) -> dict[str, str | None]:
    """Replace the stories of these users with template text.

    Returns:
        User id to what went wrong, None where nothing did; one user's trouble is only theirs.
    """
    ensure(con, INSIGHTS)
    facts = read_facts(con, ids)
    tiers = dict(
        con.execute(
            "select user_id, evidence_tier from marts.user_summary where user_id = any($users)",
            {"users": list(ids)},
        ).fetchall()
    )
    outcome: dict[str, str | None] = {}
    rows: list[dict[str, object]] = []
    for user_id in ids:
        try:
            story = tell(facts.get(user_id, {}), tiers.get(user_id, "T0"), recent_days)
            about: dict[str, object] = {"user_id": user_id, "source": "template"}
            rows += [about | sentence._asdict() for sentence in story]
            outcome[user_id] = None
        except (KeyError, ValueError, IndexError, OverflowError) as error:
            outcome[user_id] = f"no story: {type(error).__name__} {error}"
    with transaction(con):
        con.execute(
            f"delete from {INSIGHTS.name} where user_id = any($users)", {"users": list(ids)}
        )
        insert(con, INSIGHTS, pa.Table.from_pylist(rows))
    return outcome
