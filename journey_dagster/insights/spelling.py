"""How a model may write a fact: by its id in braces, or as the fact reads.

Belongs here: the spellings of a fact, and finding them in a sentence.
Does not belong here: whether the words around them are true (`claims`) or allowed (`grounding`).

A name of a page counts only in quotes, for it may be any text; a topic, a source or an author may
stand bare. What is found is printed as the fact reads, never as the model wrote it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Final, NamedTuple

from journey_dagster.facts import Fact
from journey_dagster.insights.outgoing import clean
from journey_dagster.insights.strangers import words
from journey_dagster.insights.vocabulary import BANNED, COUNTS, STARTERS

MARK: Final = "\ue000"
"""Stands for a fact in a model's words; no sentence that holds it is let in."""

TIMES: Final = frozenset({"date", "month", "months", "weekday", "hour", "daypart"})
"""Units of facts that are a time; their text is no name."""

_PLACEHOLDER: Final = re.compile(r"\{([a-z0-9_]{1,64})(\.amount)?\}")
_BARE: Final = re.compile(
    r"(?:top|first)_(?:topic|source|author)(?:_\d)?"
    r"|(?:core|casual|emerging|rising|fading|seasonal)_\d"
)
"""Facts whose names may stand without quotes."""
_OPENING: Final = "“\u2018\"'"
_CLOSING: Final = ("”", "\u2019", '"', "'")
_NESTED: Final = str.maketrans('“”"', "\u2018\u2019\u2019")
_ADJECTIVES: Final = {
    "pages": "different distinct unique separate",
    "topics": "different distinct unique separate",
    "sources": "different distinct unique separate",
    "publications": "different distinct unique separate",
    "authors": "different distinct unique separate",
    "sessions": "different distinct separate",
    "events": "recorded",
}
"""What may stand between a number and its unit without changing what is counted."""


class Reading(NamedTuple):
    """A fact that a piece of a sentence may stand for."""

    fact: Fact
    is_amount: bool
    """It is the number of a fact that is a name or a time."""

    @property
    def is_name(self) -> bool:
        """Whether it is a title, a topic, a source or an author."""
        return is_name(self.fact) and not self.is_amount

    @property
    def is_count(self) -> bool:
        """Whether it is a number of something."""
        return self.is_amount or (self.fact.value_text is None and self.fact.unit not in TIMES)


class Mark(NamedTuple):
    """A piece of a sentence that is a fact."""

    readings: tuple[Reading, ...]
    text: str
    """As it is printed, a name without its quotes."""

    @property
    def is_name(self) -> bool:
        """Whether it is printed in quotes."""
        return self.readings[0].is_name


class UnknownFactError(Exception):
    """A placeholder names no fact that was given, or no such form of it."""


def is_name(fact: Fact) -> bool:
    """Whether a fact's text is a name."""
    return fact.value_text is not None and fact.unit not in TIMES


class Spellings:
    """All ways to write one user's facts."""

    def __init__(self, facts: Mapping[str, Fact]) -> None:
        self._facts = facts
        self._printed: dict[str, list[Reading]] = defaultdict(list)
        bare: dict[str, dict[str, list[Reading]]] = defaultdict(lambda: defaultdict(list))
        self._quoted: dict[str, Mark] = {}
        for reading, text, spelled in (form for fact in facts.values() for form in _forms(fact)):
            self._printed[text].append(reading)
            for written, shown in spelled:
                bare[written][shown].append(reading)
        for text, readings in self._printed.items():
            if names := [one for one in readings if one.is_name]:
                self._quoted[clean(names[0].fact.text)] = Mark(tuple(names), text)
        # What could be printed in two ways is no spelling of either.
        self._bare = {
            written: Mark(tuple(readings), shown)
            for written, ways in bare.items()
            if len(ways) == 1
            for shown, readings in ways.items()
        }
        self._sizes = sorted({len(one) for one in (*self._bare, *self._quoted)}, reverse=True)

    def found_in(self, sentence: str) -> tuple[str, list[Mark]]:
        """A sentence with a mark for every fact, and the facts in that order.

        Raises:
            UnknownFactError: a placeholder names no fact.
        """
        said: list[str] = []
        marks: list[Mark] = []
        at = 0
        while at < len(sentence):
            mark, size = self._at(sentence, at)
            if mark:
                marks.append(mark)
            said.append(MARK if mark else sentence[at])
            at += size
        return "".join(said), marks

    def _at(self, sentence: str, at: int) -> tuple[Mark | None, int]:
        if sentence[at] == "{" and (named := _PLACEHOLDER.match(sentence, at)):
            return self._named(named[1], named[2] is not None), len(named[0])
        before = sentence[at - 1] if at else " "
        if before.isalnum() or before == "-" or sentence[at] == " ":
            return None, 1
        for size in self._sizes:
            written = sentence[at : at + size]
            after = sentence[at + size : at + size + 2]
            if after[:1].isalnum() or (after[:1] in {",", ".", ":"} and after[1:].isdigit()):
                continue
            is_quoted = before in _OPENING and after.lstrip(",.!?")[:1] in _CLOSING
            mark = (self._quoted.get(written) if is_quoted else None) or self._bare.get(written)
            if mark:
                return mark, size
        return None, 1

    def _named(self, fact_id: str, is_amount: bool) -> Mark:
        fact = self._facts.get(fact_id)
        if fact and fact.value_text is None and fact.unit not in TIMES:
            is_amount = False  # a number is its own amount
        first = fact and Reading(fact, is_amount)
        if not first or not (text := printed(first)):
            raise UnknownFactError(fact_id)
        return Mark((first, *(one for one in self._printed[text] if one != first)), text)


def printed(reading: Reading) -> str:
    """A reading as it is printed; empty where the fact has no such form."""
    fact = reading.fact
    with suppress(ValueError, IndexError, OverflowError):  # a damaged fact is no fact
        if not reading.is_amount:
            # Quotes within a title would end it early.
            return clean(fact.text).translate(_NESTED) if is_name(fact) else fact.text
        # A season counts nothing, and a number is its own amount.
        if fact.text and (is_name(fact) or fact.unit in TIMES - {"months"}):
            return fact.amount
    return ""


@lru_cache(maxsize=1024)  # a user's sentences are looked at one after another
def _forms(fact: Fact) -> Sequence[tuple[Reading, str, Sequence[tuple[str, str]]]]:
    """The readings of a fact, how each is printed, and its spellings."""
    readings = (Reading(fact, is_amount) for is_amount in (False, True))
    return [(one, text, [*_spelled(one, text)]) for one in readings if (text := printed(one))]


def _spelled(reading: Reading, text: str) -> Iterator[tuple[str, str]]:
    """How a model may write it without quotes, and how that is printed."""
    fact = reading.fact
    if reading.is_name:
        if _BARE.fullmatch(fact.fact_id) and _is_telling(text):
            yield from ((text, text), (text[0].upper() + text[1:], text))
        return
    yield text, text
    if reading.is_count:
        yield from _counts(fact, text)
    else:
        yield from _times(fact, text)


def _times(fact: Fact, text: str) -> Iterator[tuple[str, str]]:
    match fact.unit:
        case "date":
            number, month, year = text.split()
            for written in (f"{month} {number}, {year}", f"{number} {month}", f"{month} {number}"):
                yield written, text
        case "month":
            yield text.partition(" ")[0], text
        case "weekday" | "daypart":
            for shown in (text, f"{text}s", text.capitalize(), f"{text.capitalize()}s"):
                yield shown, shown
        case "hour":
            hour = int(fact.value or 0)
            half = f"{(hour - 1) % 12 + 1} {'AM' if hour < 12 else 'PM'}"  # noqa: PLR2004
            start, _, end = text.partition(" to ")
            yield f"{start} and {end}", f"{start} and {end}"
            for written in (start, half, half.lower(), f"{start}\u2013{end}", f"{start}-{end}"):
                yield written, text
        case _:
            pass


def _counts(fact: Fact, text: str) -> Iterator[tuple[str, str]]:
    number, _, unit = text.partition(" ")
    yield text.replace(",", ""), text
    if unit == "%":
        yield from ((f"{number}%", text), (f"{number} percent", text))
        return
    adjectives = _ADJECTIVES.get(fact.unit, "").split()
    if "streak" in fact.fact_id:
        adjectives = ["consecutive", "straight"]
    elif fact.fact_id == "active_days":
        adjectives = ["active"]
    for said in adjectives:
        yield f"{number} {said} {unit}", f"{number} {said} {unit}"
    yield f"{number}-{unit.removesuffix('s')}", f"{number}-{unit.removesuffix('s')}"
    if number.isdecimal() and int(number) < len(COUNTS):
        word = COUNTS[int(number)]
        for spelled in (word, word.capitalize()):
            yield f"{spelled} {unit}", text
            yield from ((f"{spelled} {said} {unit}", text) for said in adjectives)


def _is_telling(name: str) -> bool:
    """Whether a name that stands bare could be nothing else than itself."""
    said = words(name)
    return (
        len(name) > 2  # noqa: PLR2004
        and not any(one.isnumeric() for one in name)
        and not any(BANNED[reason].search(name.lower()) for reason in ("number", "date", "link"))
        and not STARTERS.issuperset(said)
    )
