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
    n: int


def outgoing(fact: Fact, themselves: re.Pattern[str]) -> Outgoing | None:
    """A fact as it may leave, or None when it may not.

    Args:
        fact: of one user.
        themselves: finds that user's own names, see `naming`.
    """
    text = clean(fact.text)
    if not text:
        return None
    if fact.value_text is not None and (_PRIVATE.search(text) or themselves.search(text)):
        return None
    found = Outgoing(id=fact.fact_id, label=fact.label, text=text, n=fact.n)
    if fact.value is not None and fact.amount != fact.text:
        found["amount"] = fact.amount
    return found


def clean(text: str) -> str:
    """A title without what no reader sees, cut short; an address loses its query."""
    plain = unicodedata.normalize("NFKC", text)
    seen = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in plain)
    return _QUERY.sub(r"\1", " ".join(seen.split()))[:MAX_TEXT].strip()


def naming(names: Iterable[str | None]) -> re.Pattern[str]:
    """Finds any of these names as whole words; what is too short to tell anyone is left out."""
    told = sorted({clean(name) for name in names if name}, key=len, reverse=True)
    words = "|".join(re.escape(name) for name in told if len(name) > 2)  # noqa: PLR2004
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)" if words else r"(?!)", re.IGNORECASE)
