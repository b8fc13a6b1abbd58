"""What the numbers of a report mean, and what they stand beside.

Belongs here: definitions in a sentence, why a tier is not higher, the comparisons and lists that
facts already state. Does not belong here: computing any number (`sql/marts`).
"""

from collections.abc import Mapping
from typing import Any

from journey_dagster.facts import Fact
from journey_dagster.settings import Settings

NUMBERS = {
    "n_events": "Distinct events. A second delivery of an event is not counted.",
    "active_days": "Days, by your own calendar, with at least one event.",
    "n_sessions": "Runs of events without a pause of more than {gap} minutes.",
    "median_session": "Half of the sessions are no longer, from first to last event.",
    "n_pages": "Distinct pages; numbers and ids in addresses are taken as one.",
    "longest_streak": "Most active days in a row.",
}
"""Of the big numbers, by their ids."""

SECTIONS = {
    "calendar": "Events by day of your own calendar. The bounds of the shades put about as many "
    "active days into each.",
    "hours": "Events by weekday and hour of your own clock, changes to and from summer time "
    "included.",
    "topics": "Topics are the tags of the content, in lower case. A core interest is a topic with "
    "at least 10 events, 10 % of those with known topics, in half of the months with events or "
    "more. Rising has at least twice the events of the 90 days before, and at least 5 more; fading "
    "the other way round.",
    "interests": "Rules over counts decide which topic stands in which group; the table of facts "
    "states each rule.",
    "charts": "A chart is picked from series that this report holds; nothing is computed for it.",
    "pages": "Events per page, most first; home, search, account and the like are left out.",
    "sources": "Events per publication or application, where one is known, and the days of the "
    "first and the last of them.",
    "authors": "Events on content by that author, alone or with others.",
    "sessions": "A session is a run of events without a pause of more than {gap} minutes.",
    "journey": "Pages whose addresses begin with the same part are one group, and a group that "
    "follows itself is one step. Each step shows its six busiest groups and takes all others "
    "together. A session that has ended stays as ended in all later steps, so every step holds all "
    "sessions. What goes on behind the last step has not left.",
    "recent": "Pages seen in the last {recent} days before the end of all data, each at its latest "
    "visit; home, search, account and the like are left out.",
}
"""Of the sections, by theirs."""

_COHORT = {
    "n_events": "cohort_events",
    "active_days": "cohort_active_days",
    "n_sessions": "cohort_sessions",
}


def definitions(settings: Settings) -> dict[str, str]:
    """What each headline number and each section means, by its id."""
    return {
        name: text.format(gap=settings.session_gap_minutes, recent=settings.recent_days)
        for name, text in {**NUMBERS, **SECTIONS}.items()
    }


def comparisons(name: str, facts: Mapping[str, Fact], recent_days: int) -> dict[str, Any]:
    """What a headline number stands beside; null where no fact says so."""
    now, before = facts.get("recent_events"), facts.get("previous_events")
    others = facts.get(_COHORT.get(name, ""))
    is_counted = name == "n_events" and now is not None and before is not None
    return {
        "previous": {
            "days": recent_days,
            "now": int(now.value or 0),
            "before": int(before.value or 0),
            "definition": before.definition,
        }
        if is_counted and now and before
        else None,
        "cohort": {
            "fewer_percent": int(others.value or 0),
            "n_others": others.n,
            "definition": others.definition,
        }
        if others
        else None,
    }


def interest_lists(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Core, rising and fading topics, as the facts rank them."""

    def ranked(kind: str) -> list[tuple[Fact, Fact | None]]:
        places = range(1, 10)
        return [
            (facts[f"{kind}_{place}"], facts.get(f"{kind}_{place}_before"))
            for place in places
            if f"{kind}_{place}" in facts
        ]

    def moved(kind: str) -> list[dict[str, Any]]:
        return [
            {
                "topic": now.value_text,
                "before": int(before.value or 0) if before else 0,
                "now": int(now.value or 0),
            }
            for now, before in ranked(kind)
        ]

    return {
        "core": [
            {"topic": fact.value_text, "n_events": int(fact.value or 0)}
            for fact, _ in ranked("core")
        ],
        "rising": moved("rising"),
        "fading": moved("fading"),
    }


def reasons(head: Mapping[str, Any]) -> list[str]:
    """What keeps the report from saying more, in words."""
    needed = {
        "T0": [(head["n_events"], 1, "event", "for anything to show")],
        "T1": [
            (head["active_days"], 3, "active days", "to speak of habits"),
            (head["n_sessions"], 5, "sessions", "to speak of habits"),
        ],
        "T2": [
            (head["active_days"], 10, "active days", "to speak of interests"),
            (head["span_days"], 28, "days from first to last event", "to speak of interests"),
        ],
    }.get(head["evidence_tier"], [])
    return [
        f"{have} of {least} {what} needed {why}."
        for have, least, what, why in needed
        if have < least
    ]
