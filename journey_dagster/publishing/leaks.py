"""Looks through all that would go out for what must not.

Belongs here: the kinds of leaks and how each is found. Does not belong here: what is done about
one. A finding names the file and the kind, never what was found: it ends up in logs.

Addresses, keys and coordinates have shapes of their own and are looked for in every byte. Names,
slugs and ids have none: those that are like nothing else are looked for in all text of the data;
those that could be any word or number (`home`, `42`) only where somebody is named. The pages
themselves are the same for every site and hold no data, so no name is looked for in their code.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple, cast

import msgspec

from journey_dagster.publishing.tree import Tree, page_files
from journey_dagster.users import User


class Leak(NamedTuple):
    """Something in a file that must not go out."""

    path: str
    kind: str


class Name(NamedTuple):
    """What a user is called, where it must not be."""

    text: str
    kind: str
    own: str | None = None
    """The one file that may call the user so."""


ANYWHERE = {
    # One character before the sign is enough, and a search of linear time.
    "e-mail address": r"[A-Za-z0-9._+-](?:@|%40)(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}\b",
    "tracking parameter": r"\b(?:utm_[a-z]+|_hsenc|_hsmi|gclid|fbclid|msclkid|mc_eid)\b",
    "access token": r"(?i)\b(?:access|refresh|id|auth)_token\b|\bbearer [a-z0-9._~+/-]{20,}",
    "API key": r"(?i:\bapi[_-]?key\b)|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bsk-[A-Za-z0-9_-]{20,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{20,}|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\bAIza[0-9A-Za-z_-]{35}|\b[rs]k_live_\w{16,}",
    "signed token": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.",
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
}
"""Kinds that are looked for in every byte."""

IN_VALUES = {
    "query in an address": r"(?:https?://|(?<![^\s\"'(=])/)[^\s\"'<>?]*\?[^\s\"'<>]",
    "coordinates": r"(?<![\d.])-?\d{1,2}\.\d{3,}\s*(?:[,;/ ]|%2[Cc])\s*-?\d{1,3}\.\d{3,}(?![\d.])",
}
"""Kinds that are looked for in texts of the data: code and columns of rates look alike."""

PLACES = {"lat", "latitude", "lng", "lon", "long", "longitude", "coordinates", "geo", "geolocation"}
"""Keys whose presence is a place."""

NAMING = {"slug", "display_name", "user", "user_id", "username"}
"""Keys below which a short or plain text is somebody's name."""

_ANYWHERE = {kind: re.compile(pattern) for kind, pattern in ANYWHERE.items()}
_IN_VALUES = {kind: re.compile(pattern) for kind, pattern in IN_VALUES.items()}
_SIGNS = {"query in an address": "?", "coordinates": "."}
"""Without its sign a text has no such leak; most have none, and looking for it costs little."""

_CARRIED = re.compile(r'<script type="application/json"[^>]*>(.*?)</script>', re.DOTALL)
_WORD = re.compile(r"[^\W_]+")
_MIN_TELLING = 6


def find(tree: Tree, registered: Sequence[User], shown: Mapping[str, str]) -> list[Leak]:
    """What must not go out, sorted and each once.

    Args:
        tree: what would go out.
        registered: everyone, with their visibility.
        shown: slug to the name that reports show, which events may have told.
    """
    code = set(page_files())
    names = _Names(_forbidden(tree, registered, shown))
    found: set[Leak] = set()
    for path, content in tree.files.items():
        text = content.decode("utf-8", "replace")
        kinds = {kind for kind, pattern in _ANYWHERE.items() if pattern.search(text)}
        if path not in code:
            stem = path.rpartition("/")[2].split(".")[0]
            kinds |= {name.kind for name in names.in_text("slug", stem) if name.own != path}
            for key, value in set(_texts(path, text)):
                kinds |= _in_value(key, value)
                called = list(names.in_text(key, value))
                # Others may have the same name; in this file it is its own user's.
                own = {name.text for name in called if name.own == path}
                kinds |= {name.kind for name in called if name.text not in own}
        found |= {Leak(_told(path, tree), kind) for kind in kinds}
    return sorted(found)


def _told(path: str, tree: Tree) -> str:
    """A path as it may stand in a log."""
    return "an unlisted report" if path in tree.secret else path


def _in_value(key: str, value: str) -> set[str]:
    kinds = {
        kind
        for kind, pattern in _IN_VALUES.items()
        if _SIGNS[kind] in value and pattern.search(value)
    }
    return kinds | ({"coordinates"} if key.lower() in PLACES else set())


def _forbidden(tree: Tree, registered: Sequence[User], shown: Mapping[str, str]) -> Iterator[Name]:
    """Whatever names somebody who is not public, unless it names somebody public just as well."""
    paths = {user_id: path for path, user_id in tree.secret.items()}
    public = [user for user in registered if user.visibility == "public"]
    allowed = {user.slug for user in public}
    allowed |= {
        name for user in public for name in (user.display_name, shown.get(user.slug)) if name
    }
    for user in registered:
        own = paths.get(user.user_id)
        told: list[tuple[str | None, str, str | None]] = [(user.user_id, "user id", None)]
        if user.visibility != "public":
            told.append((user.slug, f"slug of {_a(user)}", None))
            called = {user.display_name, shown.get(user.slug)} - {user.slug, user.user_id}
            told += [(name, f"name of {_a(user)}", own) for name in called]
        if own:
            told.append((PurePosixPath(own).stem, "unguessable name", own))
        yield from (Name(text, kind, at) for text, kind, at in told if text and text not in allowed)


def _a(user: User) -> str:
    return "an unlisted user" if user.visibility == "unlisted" else "a private user"


class _Names:
    """Names by their first word, so that one pass over a text meets them all."""

    def __init__(self, names: Iterable[Name]) -> None:
        self._whole: dict[str, list[Name]] = defaultdict(list)
        self._inside: dict[str, list[tuple[int, str, Name]]] = defaultdict(list)
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


def _texts(path: str, text: str) -> Iterator[tuple[str, str]]:
    """Key and value of every text of a file of data."""
    if path.endswith(".json"):
        yield from _walk("", msgspec.json.decode(text), named=False)
    elif path.endswith(".csv"):
        rows = csv.reader(text.splitlines())
        heads = next(rows, list[str]())
        yield from ((head, "") for head in heads)
        for row in rows:
            yield from zip(heads, row, strict=False)
    elif path.endswith(".html"):
        for carried in _CARRIED.findall(text):
            yield from _walk("", msgspec.json.decode(carried), named=False)
    else:
        yield "text", text


def _walk(key: str, value: object, *, named: bool) -> Iterator[tuple[str, str]]:
    """Every text below a value; keys are texts too."""
    if isinstance(value, dict):
        for inner, child in cast("dict[str, object]", value).items():
            yield inner, ""
            yield "text", inner
            yield from _walk(inner, child, named=True)
    elif isinstance(value, list):
        for child in cast("list[object]", value):
            yield from _walk(key, child, named=named)
    elif isinstance(value, str):
        yield (key if named else "text"), value
    elif value is not None and key.lower() in NAMING:  # a number is nobody's name elsewhere
        yield (key if named else "text"), str(value)
