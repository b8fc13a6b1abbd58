"""What users are called, and which texts call them so.

Belongs here: which names must not go out, and meeting them in a text. Does not belong here: leaks
that have a shape of their own (`leaks`).

Names, slugs and ids have no shape. Those that are like nothing else are looked for in all text of
the data; those that could be any word or number (`home`, `42`) only where somebody is named.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from journey_dagster.publishing.tree import Tree
from journey_dagster.users import User

NAMING = {"slug", "display_name", "user", "user_id", "username"}
"""Keys below which a short or plain text is somebody's name."""

_REPORT = re.compile(r"data/([^/]+)\.json|u/([^/]+)/.+")
_WORD = re.compile(r"[^\W_]+")
_MIN_TELLING = 6


class Name(NamedTuple):
    """What a user is called, where it must not be."""

    text: str
    kind: str
    own: frozenset[str] = frozenset()
    """The files that may call the user so."""


def in_path(path: str) -> str | None:
    """Whose report a file is, by the slug or the name in its path; None is nobody's."""
    found = _REPORT.fullmatch(path)
    return (found[1] or found[2]) if found else None


def forbidden(tree: Tree, registered: Sequence[User], shown: Mapping[str, str]) -> Iterator[Name]:
    """Whatever names somebody who is not public, unless it names somebody public just as well.

    Args:
        tree: what would go out.
        registered: everyone, with their visibility.
        shown: slug to the name that reports show, which events may have told.
    """
    files: defaultdict[str, set[str]] = defaultdict(set)
    for path, user_id in tree.secret.items():
        files[user_id].add(path)
    public = [user for user in registered if user.visibility == "public"]
    allowed = {user.slug for user in public}
    allowed |= {
        name for user in public for name in (user.display_name, shown.get(user.slug)) if name
    }
    for user in registered:
        own = frozenset(files[user.user_id])
        told: list[Name] = [Name(user.user_id, "user id")]
        if user.visibility != "public":
            told.append(Name(user.slug, f"slug of {_a(user)}"))
            called = {user.display_name, shown.get(user.slug)} - {user.slug, user.user_id, None}
            told += [Name(str(name), f"name of {_a(user)}", own) for name in called]
        told += [Name(name, "unguessable name", own) for name in {*map(in_path, own)} if name]
        yield from (name for name in told if name.text and name.text not in allowed)


def _a(user: User) -> str:
    return "an unlisted user" if user.visibility == "unlisted" else "a private user"


class Names:
    """Names by their first word, so that one pass over a text meets them all."""

    def __init__(self, names: Iterable[Name]) -> None:
        self._whole: defaultdict[str, list[Name]] = defaultdict(list)
        self._inside: defaultdict[str, list[tuple[int, str, Name]]] = defaultdict(list)
        for name in names:
            plain = name.text.casefold().strip()
            self._whole[plain].append(name)
            if word := _WORD.search(plain) if _is_telling(plain) else None:
                self._inside[word[0]].append((word.start(), plain, name))

    def in_text(self, key: str, text: str) -> Iterator[Name]:
        """The names that a text holds."""
        plain = text.casefold()
        if key.lower() in NAMING:
            yield from self._whole.get(plain.strip(), ())
        for word in _WORD.finditer(plain):
            for offset, wanted, name in self._inside.get(word[0], ()):
                start = word.start() - offset
                if (
                    start >= 0
                    and plain.startswith(wanted, start)
                    and _is_whole(plain, start, start + len(wanted))
                ):
                    yield name


def _is_telling(name: str) -> bool:
    """Whether a name is like no word and no number: chance does not write it."""
    return len(name) >= _MIN_TELLING and not name.isalpha() and not name.isdecimal()


def _is_whole(text: str, start: int, end: int) -> bool:
    around = text[start - 1 : start] + text[end : end + 1]
    return not any(char.isalnum() or char in "-_" for char in around)
