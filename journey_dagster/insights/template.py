"""A user's story from facts alone: deterministic text that every report can fall back on.

Belongs here: what may be said at which evidence tier, and the sentences.
Does not belong here: the facts (`sql/marts/user_facts.sql`), a model's words, writing it down.

Every sentence names the facts it rests on, and holds no number, date or name that is not theirs.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from journey_dagster.facts import Fact, quantity
from journey_dagster.insights.blocks import interests_of


class Sentence(NamedTuple):
    """One sentence in its place."""

    block_no: int
    sentence_no: int
    block_type: str
    text: str
    fact_ids: list[str]
    series: list[str] | None = None
    """What the chart draws, where it is one."""


class _Story:
    """Collects sentences into blocks."""

    def __init__(self) -> None:
        self.sentences: list[Sentence] = []
        self._block = -1
        self._position = 0
        self._type = "p"
        self._series: list[str] | None = None

    def paragraph(self) -> None:
        self.item("p")

    def item(self, block_type: str, series: list[str] | None = None) -> None:
        self._block += 1
        self._position = 0
        self._type, self._series = block_type, series

    def say(self, text: str, *cited: Fact) -> None:
        ids = [fact.fact_id for fact in cited]
        self.sentences.append(
            Sentence(self._block, self._position, self._type, text, ids, self._series)
        )
        self._position += 1


def narrative(facts: Mapping[str, Fact], tier: str, recent_days: int) -> list[Sentence]:
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
    minutes = session.amount if (session.value or 0) >= 1 else "a minute"
    story.say(f"Half of your sessions last about {minutes} or less.", session)
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
        known = _share(topic.coverage or 0)
        story.say(
            f"Where topics are known, for {known} of your events, “{topic.text}” leads with "
            f"{topic.amount}.",
            topic,
        )
    month = facts["top_month"]
    story.say(f"Your busiest month was {month.text}, with {month.amount}.", month)


def recent(facts: Mapping[str, Fact], tier: str, recent_days: int) -> list[Sentence]:
    """The spotlight on the latest titles; nothing where none is known."""
    del recent_days
    story = _Story()
    for place in range(1, 5):
        title, at = facts.get(f"recent_{place}"), facts.get(f"recent_{place}_date")
        if title and at and tier != "T0":
            story.item("li")
            story.say(f"“{title.text}”, on {at.text}.", title, at)
    return story.sentences


def interests(facts: Mapping[str, Fact], tier: str, recent_days: int) -> list[Sentence]:
    """A sentence for each interest that the rules of `marts.user_facts` found."""
    del tier, recent_days
    story = _Story()
    for name in interests_of(facts):
        fact, months = facts[name], facts.get(f"{name}_months")
        kind = name.partition("_")[0]
        when = months.text if months else ""
        told = _INTERESTS[kind].format(topic=fact.text, amount=fact.amount, when=when)
        story.item(kind)
        story.say(told, *filter(None, (fact, months)))
    return story.sentences


_INTERESTS = {
    "core": "“{topic}” has been with you throughout: {amount}.",
    "casual": "“{topic}” comes up now and then: {amount}.",
    "emerging": "“{topic}” is new: {amount}.",
    "seasonal": "“{topic}” has its season, {when}: {amount}.",
}


def charts(facts: Mapping[str, Fact], tier: str, recent_days: int) -> list[Sentence]:
    """Charts that are worth drawing for anybody with a year to look at."""
    del recent_days
    story = _Story()
    if tier != "T3":
        return story.sentences
    month = facts["top_month"]
    story.item("line", ["events_by_month"])
    story.say(f"Your busiest month was {month.text}, with {month.amount}.", month)
    if topic := facts.get("top_topic"):
        shown = [f"topic_{n}_by_month" for n in range(1, 4) if n == 1 or f"top_topic_{n}" in facts]
        story.item("line", shown)
        story.say(f"Where topics are known, “{topic.text}” leads with {topic.amount}.", topic)
    return story.sentences


def _share(share: float) -> str:
    """A share in whole per cent, but never none or all of what is neither."""
    if 0 < share < 0.01:  # noqa: PLR2004
        return "under 1 %"
    if 0.99 < share < 1:  # noqa: PLR2004
        return "over 99 %"
    return f"{100 * share:.0f} %"


TEMPLATES: Mapping[str, Callable[[Mapping[str, Fact], str, int], list[Sentence]]] = {
    "narrative": narrative,
    "recent": recent,
    "interests": interests,
    "charts": charts,
}
"""By generation."""
