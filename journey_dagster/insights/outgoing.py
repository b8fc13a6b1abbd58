"""What may leave the machine: an allow-list, and words that give nobody away.

Belongs here: which columns of a fact a model sees, how names and titles are cleaned for it.
Does not belong here: which facts a generation is given (`generations`), answers (`grounding`).

A model gets a fact's id, our label for it, its text, its number and its support. It gets no id,
name or mail address of anybody, no exact place, no query of an address, no time but the user's
clock.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NotRequired, TypedDict
from urllib.parse import unquote

from journey_dagster.facts import Fact

MAX_TEXT = 120
"""Characters of a name or title that leave."""

_QUERY = re.compile(r"((?:\w+:/)?/[^\s?#]*)[?#]\S*")
_PRIVATE = re.compile(
    r"""
    \S@\S                                               # a mail address
    | \b[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b # a UUID
    | \b(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{24,}           # a key or token
    | (?:\d[\s().-]{0,3}){9,}                           # a telephone, card or account
    | \b\d{1,3}(?:\.\d{1,3}){3}\b                       # a machine
    | -?\d{1,3}\.\d{3,}[\s,;]+-?\d{1,3}\.\d{3,}         # a place
    """,
    re.VERBOSE | re.IGNORECASE,
)


class Outgoing(TypedDict):
    """A fact as a model sees it."""

    id: str
    label: str
    text: str
    amount: NotRequired[str]
    n: NotRequired[int]


def outgoing(fact: Fact, themselves: re.Pattern[str]) -> Outgoing | None:
    """A fact as it may leave, or None when it may not.

    Args:
        fact: of one user.
        themselves: finds that user's own names, see `naming`.
    """
    whole = clean(fact.text, None)
    text = clean(fact.text)
    if not text:
        return None
    if fact.value_text is not None and (
        _PRIVATE.search(unquote(whole)) or themselves.search(folded(whole))
    ):
        return None
    found = Outgoing(id=fact.fact_id, label=fact.label, text=text)
    if not fact.fact_id.startswith("cohort_"):  # how many there are changes with every newcomer
        found["n"] = fact.n
    if fact.value is not None and fact.amount != fact.text:
        found["amount"] = fact.amount
    return found


def clean(text: str, most: int | None = MAX_TEXT) -> str:
    """A title without what no reader sees, cut short; an address loses its query."""
    plain = unicodedata.normalize("NFKC", text)
    seen = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in plain)
    return _QUERY.sub(r"\1", " ".join(seen.split()))[:most].strip()


def naming(names: Iterable[str | None]) -> re.Pattern[str]:
    """Finds any of these names in a text that `folded` has made comparable.

    A name of two or three words is found by each of its words too: greetings use one of them.
    """
    told: set[str] = set()
    for name in names:
        words = folded(name or "").split()
        told |= {r"\s?".join(map(re.escape, words))} if len("".join(words)) > 2 else set()  # noqa: PLR2004
        if len(words) in {2, 3}:
            told |= {re.escape(word) for word in words if len(word) > 2}  # noqa: PLR2004
    if not told:
        return re.compile(r"(?!)")
    return re.compile(rf"\b(?:{'|'.join(sorted(told, key=len, reverse=True))})\b")


def folded(text: str) -> str:
    """A text without accents, case, encoding of addresses and what stands between words."""
    plain = unicodedata.normalize("NFKD", unquote(text))
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    return re.sub(r"[\W_]+", " ", letters).casefold().strip()
