"""Whether a sentence says only what its facts hold, and the sentence as it is printed.

Belongs here: what a model's own words may look like, and the order of the checks.
Does not belong here: how facts are spelled (`spelling`), words that need a fact (`claims`), words
that none allows (`vocabulary`), how many dropped sentences spoil an answer (`telling`).

Whatever a model was talked into, its words are ASCII letters and plain punctuation around texts of
facts: they hold no number, date, name, link or markup of their own. Texts of facts are put in last
and never read again.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from journey_dagster.facts import Fact
from journey_dagster.insights.bearing import borne_out
from journey_dagster.insights.lexicon import is_known
from journey_dagster.insights.spelling import MARK, Mark, Spellings, UnknownFactError
from journey_dagster.insights.strangers import Strangers
from journey_dagster.insights.vocabulary import BANNED, IDIOMS, ORDERS, STARTERS

MAX_LENGTH: Final = 400
"""Characters of a sentence, not counting names and titles."""
MAX_WRITTEN: Final = 4000
"""Characters that are looked at."""

_QUOTED: Final = re.compile(rf"[“\u2018\"']{MARK}([,.!?]?)[”\u2019\"']")
_APOSTROPHE: Final = re.compile(rf"(?<=[A-Za-z{MARK}])['\u2019](?=[a-z])|(?<=s)['\u2019](?= )")
_SHAPES: Final = (
    ("link", re.compile(r"://|www\.|@|[/\\]|[A-Za-z]:[A-Za-z]|[A-Za-z)][.][A-Za-z]")),
    ("markup", re.compile(r"[<>\[\]{}`*_|#~^=&+]")),
    ("number", re.compile(r"[%‰$€£¥°]")),
    ("title", re.compile(r"[“”\"\u2018\u2019'«»„\u201a]")),
    ("characters", re.compile(rf"[^A-Za-z ,.;:!?()…\u2013—{MARK}-]")),
    # a number glued to a number, a letter or a sign is another number
    (
        "number",
        re.compile(rf"[A-Za-z]{MARK}|{MARK}(?:[A-Za-z]|{MARK})|[\u2013-]{MARK}|{MARK}[\u2013-]"),
    ),
    ("number", re.compile(rf"{MARK} an? (?:day|week|month|hour|session|minute)\b")),
    ("characters", re.compile(r"(?<![A-Za-z])[B-Zb-z](?![A-Za-z])")),
)
_WORD: Final = re.compile(r"[a-z]+(?:['\u2019][a-z]+)?")
_NAME: Final = re.compile(r"[A-Z]")
_SENTENCE: Final = re.compile(r"(?<=[.!?…]) +")
_FIRST: Final = re.compile(rf"[^A-Za-z{MARK}]*(?:{MARK}|([A-Za-z]+))")


class Grounded(NamedTuple):
    """A sentence that its facts bear out."""

    text: str
    fact_ids: tuple[str, ...]


class Dropped(NamedTuple):
    """Why a sentence is not printed.

    Reasons: number, date, name, title, markup, link, claim, advice, sensitive, characters, length,
    unknown_fact, no_fact, stranger.
    """

    reason: str


def ground(sentence: str, facts: Mapping[str, Fact], *, strangers: Strangers) -> Grounded | Dropped:
    """Hold a model's sentence against the facts of one user.

    Args:
        sentence: as the model wrote it, with facts as `{fact_id}`, `{fact_id.amount}` or as they
            read.
        facts: of that user, by id.
        strangers: all other users.
    """
    said = re.sub("[\u00a0\u202f]", " ", sentence).strip()
    if reason := _unreadable(said):
        return Dropped(reason)
    try:
        words, marks = Spellings(facts).found_in(said)
    except UnknownFactError:
        return Dropped("unknown_fact")
    words = _QUOTED.sub(rf"{MARK}\1", words)
    lower = words.lower()
    plain = IDIOMS.sub(lambda found: " " * len(found[0]), lower)
    own = " ".join(fact.value_text or "" for fact in facts.values())
    if strangers.any_in(words, own):
        return Dropped("stranger")
    if reason := _unclean(words) or _unfit(plain) or _misshapen(words, marks):
        return Dropped(reason)
    rests_on = borne_out(lower, plain, marks, facts)
    if not rests_on:
        return Dropped("claim")
    shown = iter(f"“{one.text}”" if one.is_name else one.text for one in marks)
    return Grounded(re.sub(MARK, lambda _found: next(shown), words), rests_on)


def _unreadable(said: str) -> str | None:
    """What keeps a sentence from being looked at: length, or signs that no reader sees."""
    if len(said) > MAX_WRITTEN:
        return "length"
    return "characters" if any(unicodedata.category(one)[0] == "C" for one in said) else None


def _misshapen(words: str, marks: Sequence[Mark]) -> str | None:
    """What is wrong with what a sentence holds."""
    if not all(MARK in part for part in _SENTENCE.split(words)):
        return "no_fact"
    length = len(words) + sum(len(one.text) for one in marks if not one.is_name)
    return "length" if length > MAX_LENGTH else None


def _unclean(words: str) -> str | None:
    """What is wrong with the letters and marks of a model's words."""
    if any(one.isnumeric() for one in words):
        return "number"
    bare = _APOSTROPHE.sub("", words)
    for reason, shape in _SHAPES:
        if shape.search(bare):
            return reason
    for part in _SENTENCE.split(words):
        first = _FIRST.match(part)
        if not first or (first[1] and first[1].lower() not in STARTERS):
            return "name"
        if _NAME.search(part, first.start(1) + 1 if first[1] else first.end()):
            return "name"
    return None


def _unfit(plain: str) -> str | None:
    """What a model's words speak of that none may."""
    for reason, banned in BANNED.items():
        if banned.search(plain):
            return reason
    if ORDERS.search(plain):
        return "advice"
    return None if all(is_known(one) for one in _WORD.findall(plain)) else "name"
