"""Whether the facts of a sentence bear out its words.

Belongs here: clauses, which facts a claim is about, which number belongs to which name.
Does not belong here: the claims themselves (`claims`), words that no fact allows (`vocabulary`).
"""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from journey_dagster.facts import Fact
from journey_dagster.insights.claims import (
    AMOUNT_ROLES,
    CLAIMS,
    MISPLACED,
    NOUNS,
    ROLES,
    SUPERLATIVE,
)
from journey_dagster.insights.spelling import MARK, TIMES, Mark, Reading

_CLAUSE: Final = re.compile(
    r"[,;:.!?()…—]|\b(?:and|but|while|whereas|with|as|though|although|which|yet)\b"
)
_SUBJECT: Final = re.compile(r"\b(?:you|your|there|have)\b")
_ADVERBIAL: Final = re.compile(r"\W*(?:and |but |with )?(?:on|in|at|during|for|by)\b")
_YOU: Final = re.compile(r"\byou\b")
_UNIT: Final = re.compile(
    r" (?:days?|sessions?|events?|pages?|months?|steps?|topics?|hours?|weeks?)\b"
)
_OF_ALL: Final = re.compile(r"\b(?:of|your|all|among|those|these) $")
_IN_ALL: Final = re.compile(r"\b(?:in all|in total|overall|altogether|all told)\b")
_PARTNER: Final = re.compile(r"((?:recent|seasonal|rising|fading)_\d+)_(?:date|months|before)")
_SINCE: Final = re.compile(r"\b(?:since|between|from)\b")
_NO_NAMES: Final = re.compile("busiest_date|top_month|top_weekday|top_daypart|peak_|longest_streak")
"""Times that no name belongs to."""
_WHOLE: Final = frozenset({"first_date", "last_date"})
"""Dates that bound everything: any number may stand beside them."""


class _Placed(NamedTuple):
    """A fact where it stands."""

    at: int
    readings: tuple[Reading, ...]


class _Clause(NamedTuple):
    """A piece of a sentence, and the facts in it."""

    start: int
    said: str
    facts: Sequence[_Placed]


def borne_out(
    words: str, plain: str, marks: Sequence[Mark], facts: Mapping[str, Fact]
) -> tuple[str, ...] | None:
    """The ids of the facts that a sentence rests on, or None if they do not bear it out.

    Args:
        words: the sentence in lower case, with a mark in the place of each fact.
        plain: the same with idioms blanked.
        marks: the facts, in order.
        facts: all facts of the user.
    """
    told = frozenset((one.fact.fact_id, one.is_amount) for mark in marks for one in mark.readings)
    placed: list[_Placed] = []
    for spot, mark in zip(re.finditer(MARK, words), marks, strict=True):
        before = plain[: spot.start()]
        fitting = (one for one in mark.readings if _fits(one, words, before, told))
        placed.append(_Placed(spot.start(), tuple(fitting)))
    clauses = _clauses(words, placed)
    if not all(one.readings for one in placed) or not _numbers_belong(clauses):
        return None
    rests_on = {one.readings[0].fact.fact_id: None for one in placed}
    starts = [clause.start for clause in clauses]
    for claim in CLAIMS:
        for found in claim.said.finditer(plain):
            # A claim is about what its clause names; a clause that names nothing is about all.
            near = clauses[bisect_right(starts, found.start()) - 1].facts or placed
            readings = (one for spot in near for one in spot.readings)
            bearer = next((one for one in readings if claim.borne_by(one, facts, words)), None)
            if not bearer:
                return None
            rests_on[bearer.fact.fact_id] = None
    return tuple(rests_on)


def _fits(reading: Reading, words: str, before: str, told: frozenset[tuple[str, bool]]) -> bool:
    """Whether the words around a fact, above all those before it, let it be what it is."""
    fact_id = reading.fact.fact_id
    if not reading.is_name and any(
        said.search(before[-40:]) and ids.match(fact_id) for said, ids in MISPLACED
    ):
        return False
    roles = AMOUNT_ROLES if reading.is_amount else ROLES
    in_role = all(said.search(words) for ids, said in roles if ids.match(fact_id))
    if reading.is_amount:
        return in_role and ((fact_id, False) in told or _is_of_the_first(fact_id, words))
    whose = _of_what(fact_id)
    # A day with its own number says what it is.
    return (in_role or (fact_id, True) in told) and (not whose or (whose, False) in told)


def _of_what(fact_id: str) -> str:
    """The fact that must be told beside this one, which would be about nothing; empty if none."""
    if partner := _PARTNER.fullmatch(fact_id):
        return partner[1]
    if fact_id.startswith("topic_peak_"):
        place = fact_id.removeprefix("topic_peak_")
        return "top_topic" if place == "1" else f"top_topic_{place}"
    return ""


def _is_of_the_first(fact_id: str, words: str) -> bool:
    """Whether a number is told as that of the first of its kind, which then needs no name."""
    noun = NOUNS.get(fact_id.removesuffix("_1"))
    return bool(noun and re.search(rf"\b(?:{SUPERLATIVE}) (?:single )?(?:{noun})\b", words))


def _clauses(words: str, placed: Sequence[_Placed]) -> list[_Clause]:
    bounds = [0, *(found.start() for found in _CLAUSE.finditer(words)), len(words)]
    return [
        _Clause(start, words[start:end], [one for one in placed if start <= one.at < end])
        for start, end in pairwise(bounds)
    ]


def _numbers_belong(clauses: Sequence[_Clause]) -> bool:
    """Whether every number beside a name or a time is that name's or time's own.

    "“X” leads, with 412 sessions" says that X has them; "You read “X”, and you had 412 sessions"
    does not. A clause without a subject goes on about what was named before it, in the same order,
    and an adverbial in front ("On 3 March 2025, …") is about all that follows.
    """
    lasting: list[str] = []
    named: list[str] = []
    latest = 0
    is_open = in_front = False
    for clause in clauses:
        own = _held(clause)
        named += own
        if not _times_belong(clause, lasting):
            return False
        has_subject = _SUBJECT.search(clause.said) is not None
        is_open = bool(own) or (is_open and not has_subject)
        for one in filter(_is_count, clause.facts):
            at = one.at - clause.start
            if _UNIT.match(clause.said, at + 1):
                return False
            if _OF_ALL.search(clause.said[:at]) or _IN_ALL.search(clause.said):
                continue
            owners = {_owner(reading) for reading in one.readings}
            if own or lasting:
                if owners.isdisjoint([*own, *lasting]):
                    return False
            elif is_open:
                places = [place for place, name in enumerate(named) if name in owners]
                if not places or places[-1] < latest:
                    return False
                latest = places[0]
        in_front = bool(in_front or _ADVERBIAL.match(clause.said)) and not _YOU.search(clause.said)
        lasting += own if in_front else []
    return True


def _held(clause: _Clause) -> list[str]:
    return [
        reading.fact.fact_id for one in clause.facts if _is_holder(one) for reading in one.readings
    ]


def _times_belong(clause: _Clause, lasting: Sequence[str]) -> bool:
    """Whether every name beside a time is that time's own; most are not."""
    readings = [reading for one in clause.facts for reading in one.readings]
    names = {reading.fact.fact_id for reading in readings if reading.is_name}
    times = {
        reading.fact.fact_id
        for reading in readings
        if reading.fact.unit in TIMES and not reading.is_amount
    } | {name for name in lasting if _NO_NAMES.match(name)}
    if not names or not times:
        return True
    if any(re.match("first_|recent_", name) for name in names) or _SINCE.search(clause.said):
        times -= _WHOLE
    return not times or any(_of_what(time) in names for time in times)


def _is_holder(one: _Placed) -> bool:
    return all(
        reading.is_name or (not reading.is_amount and reading.fact.unit in TIMES)
        for reading in one.readings
    ) and not any(reading.fact.fact_id in _WHOLE for reading in one.readings)


def _is_count(one: _Placed) -> bool:
    return all(reading.is_count and reading.fact.unit != "%" for reading in one.readings)


def _owner(reading: Reading) -> str:
    """The fact whose number it is; a streak's is told with its beginning."""
    fact_id = reading.fact.fact_id
    return "longest_streak_start" if fact_id == "longest_streak" else _of_what(fact_id) or fact_id
