"""Other users, as far as a sentence could name them.

Belongs here: looking up many names in few words. Does not belong here: whose names they are
(`subjects`), what becomes of a sentence that holds one (`grounding`).
"""

import re
from collections.abc import Collection, Iterable
from typing import Final, Self

from journey_dagster.insights.lexicon import is_known

_WORD = re.compile(r"\w+")
_LONGEST: Final = 6
"""Words of a name that are compared; more tell nobody apart."""


def words(text: str) -> tuple[str, ...]:
    """The words of a text, in lower case and without what stands between them."""
    return tuple(_WORD.findall(text.lower().replace("_", " ")))


class Strangers:
    """Names, ids and slugs of other users, ready to be looked up."""

    def __init__(self, names: Collection[tuple[str, ...]]) -> None:
        self._names = names
        self._longest = max((len(name) for name in names), default=0)

    @classmethod
    def named(cls, names: Iterable[str]) -> Self:
        """All of these, but for plain English words, which would be found in any sentence."""
        told = {words(name)[:_LONGEST] for name in names}
        return cls({name for name in told if name and not (len(name) == 1 and is_known(name[0]))})

    def any_in(self, text: str, own: str = "") -> bool:
        """Whether a text names one of them.

        Args:
            text: of a model, without what stands in for facts.
            own: texts of the user's facts; a name that occurs there is no secret.
        """
        said = words(text)
        found = {
            said[start : start + size]
            for size in range(1, self._longest + 1)
            for start in range(len(said) - size + 1)
        }
        held = f" {' '.join(words(own))} "
        return any(f" {' '.join(name)} " not in held for name in found if name in self._names)
