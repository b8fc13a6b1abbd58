"""Looks through all that would go out for what must not.

Belongs here: the kinds of leaks and how each is found. Does not belong here: who is called what
(`names`), what is done about a leak (`outwards`). A finding names the file, the kind and the place,
never what was found: it ends up in logs.

Addresses, keys and coordinates have shapes of their own. The pages themselves are the same for
every site and hold no data, so no name is looked for in their code.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from journey_dagster.publishing.names import NAMING, Name, Names, forbidden, in_path
from journey_dagster.publishing.texts import (
    CARRIED,
    CODE,
    IS_KEY,
    PLAIN,
    DamagedError,
    Place,
    Text,
    document,
    lines,
    steps,
    texts,
)
from journey_dagster.publishing.tree import Tree, page_files
from journey_dagster.users import User


class Leak(NamedTuple):
    """Something in a file that must not go out."""

    path: str
    """The file, as it may stand in a log."""
    kind: str
    place: str
    """Where in the file the first of its kind is."""

    def __str__(self) -> str:
        return f"{self.path}: {self.kind} at {self.place}"


class Shape(NamedTuple):
    """What a kind of leak looks like."""

    kind: str
    signs: tuple[str, ...]
    """A text without any of them, in lower case, has no such leak; most texts have none."""
    pattern: re.Pattern[str]


def _shape(kind: str, signs: str, pattern: str) -> Shape:
    return Shape(kind, tuple(signs.split()), re.compile(pattern))


ANYWHERE = (
    # One character before the sign is enough, and a search of linear time.
    _shape(
        "e-mail address",
        "@ %40",
        r"[A-Za-z0-9._+-](?:@|%40)(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}\b",
    ),
    _shape(
        "tracking parameter",
        "utm_ _hsenc _hsmi gclid fbclid msclkid mc_eid",
        r"\b(?:utm_[a-z]+|_hsenc|_hsmi|gclid|fbclid|msclkid|mc_eid)\b",
    ),
    _shape(
        "access token",
        "_token bearer",
        r"(?ai)\b(?:access|refresh|id|auth)_token\b|\bbearer [a-z0-9._~+/-]{20,}",
    ),
    _shape(
        "API key",
        "apikey api_key api-key akia asia sk- ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ xox aiza "
        "k_live_",
        r"(?ai:\bapi[_-]?key\b)|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bsk-[A-Za-z0-9_-]{20,}"
        r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{20,}|\bxox[abprs]-[A-Za-z0-9-]{10,}"
        r"|\bAIza[0-9A-Za-z_-]{35}|\b[rs]k_live_\w{16,}",
    ),
    _shape("signed token", "eyj", r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\."),
    _shape("private key", "-----begin", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
)
"""Kinds that are looked for in code too."""

IN_VALUES = (
    _shape("query in an address", "?", r"(?:https?://|(?<![^\s\"'(=])/)[^\s\"'<>?]*\?[^\s\"'<>]"),
    _shape(
        "coordinates",
        ".",
        r"(?<![\d.])-?\d{1,2}\.\d{3,}\s*(?:[,;/ ]|%2[Cc])\s*-?\d{1,3}\.\d{3,}(?![\d.])",
    ),
)
"""Kinds that are looked for in texts of the data: code and columns of rates look alike."""

_SIGN = re.compile(
    "|".join(re.escape(sign) for shape in ANYWHERE + IN_VALUES for sign in shape.signs)
)

PLACES = {"lat", "latitude", "lng", "lon", "long", "longitude", "coordinates", "geo", "geolocation"}
"""Keys whose presence is a place."""

_MOST_SEEN = 500_000
_STEP_SHOWN = 40


def find(tree: Tree, registered: Sequence[User], shown: Mapping[str, str]) -> dict[str, list[Leak]]:
    """What must not go out, by the path in the tree; of each kind the first in a file.

    Args:
        tree: what would go out.
        registered: everyone, with their visibility.
        shown: slug to the name that reports show, which events may have told.
    """
    code = set(page_files())
    judge = _Judge(forbidden(tree, registered, shown))
    found: dict[str, list[Leak]] = {}
    for path, content in tree.files.items():  # a report's data before the page that carries it
        kinds = judge.first_of_each(path, content.decode("utf-8", "replace"), is_code=path in code)
        if kinds:
            # The path of an unlisted report is a secret itself.
            told = "an unlisted report" if path in tree.secret else path
            found[path] = [Leak(told, kind, place) for kind, place in sorted(kinds.items())]
    return found


def _report(path: str, text: str) -> tuple[str | None, bytes]:
    """What is equal where one user's data file and page carry the same document."""
    same = text.strip().replace("<", "\\u003c")
    return in_path(path), hashlib.sha256(same.encode()).digest()


class _Judge:
    """What texts give away. Texts recur from file to file: what is clean is judged once."""

    def __init__(self, names: Iterable[Name]) -> None:
        self._names = Names(names)
        self._clean: set[tuple[str, str]] = set()
        self._clean_reports: set[tuple[str | None, bytes]] = set()

    def texts(self, path: str, text: str) -> Iterator[Text]:
        """The texts of a file of data, its path among them; of those that are clean not all."""
        name: Place = (None, "its name")
        yield Text("slug", in_path(path) or "", name)
        yield Text(PLAIN, path, name)
        for each in texts(path, text, self._clean, NAMING):
            if each.key != CARRIED:
                yield each
            elif _report(path, each.value) not in self._clean_reports:
                yield from document(each.value, self._clean, NAMING)

    def first_of_each(self, path: str, text: str, *, is_code: bool) -> dict[str, str]:
        """The kinds of leaks in a file, each with its first place."""
        found: dict[str, str] = {}
        if len(self._clean) > _MOST_SEEN:
            self._clean.clear()
        try:
            for each in lines(CODE, text) if is_code else self.texts(path, text):
                for kind in self._kinds(path, each.key, each.value) - found.keys():
                    found[kind] = self._where(path, each.place)
        except DamagedError:
            found["nothing that can be looked through"] = "the whole of it"
        if not found and path.endswith(".json"):
            self._clean_reports.add(_report(path, text))
        return found

    def _kinds(self, path: str, key: str, value: str) -> set[str]:
        lower = value.lower()
        kinds: set[str] = set()
        if _SIGN.search(lower):
            shapes = ANYWHERE if key == CODE else ANYWHERE + IN_VALUES
            kinds = {shape.kind for shape in shapes if shape.pattern.search(value)}
        if key == CODE:
            return kinds
        if key == IS_KEY and lower in PLACES:
            kinds.add("coordinates")
        called = list(self._names.in_text(key, value))
        if not kinds and not called:
            self._clean.add((key, value))
        # Others may have the same name; in this file it is its own user's.
        own = {name.text for name in called if path in name.own}
        return kinds | {name.kind for name in called if name.text not in own}

    def _where(self, path: str, place: Place) -> str:
        """A place in words; a step to it that gives something away is left out."""
        told = ""
        for step in steps(place):
            if isinstance(step, int):
                told += f"[{step}]"
            else:
                told += "…" if self._kinds(path, PLAIN, step) else f".{step[:_STEP_SHOWN]}"
        return told.removeprefix(".") or "the top"
