"""Local sites to publish from, and what readers find where they were published.

Belongs here: making them and reading them back. Does not belong here: expectations.
All people are synthetic.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import friction_samples
import samples

from journey_dagster import site
from journey_dagster.publishing.tree import Tree
from journey_dagster.settings import Settings
from journey_dagster.users import User

PUBLIC = User("id-public-4711", "synthetic-public", "Synthetic Public One", visibility="public")
UNLISTED = User(
    "id-unlisted-4712", "synthetic-unlisted", "Synthetic Unlisted One", visibility="unlisted"
)
PRIVATE = User("id-private-4713", "synthetic-private", "Synthetic Private One")
EVERYONE = (PUBLIC, UNLISTED, PRIVATE)


def make(settings: Settings, users: Sequence[User] = EVERYONE) -> None:
    """The local site of these users, private ones too, with the friction page of a small shop."""
    site.write_pages(settings.site)
    entries = []
    for user in users:
        document = samples.t3()
        name = user.display_name or user.slug
        document["user"] |= {"slug": user.slug, "display_name": name}
        site.write_report(settings.site, document)
        entries.append(samples.entry(document))
    site.write_index(settings.site, samples.DATA_THROUGH, entries)
    friction = friction_samples.document()
    site.write_page_data(settings.site, "friction.v1", "friction", friction, {"loops": b"page\r\n"})


def small(text: str, *more: str) -> Tree:
    """A site of a few files, to be written often."""
    content = {
        "index.html": f"<!doctype html>{text}".encode(),
        "js/load.js": b"export {};\n",
        "data/users.json": text.encode(),
        "data/0123456789abcdef0123456789abcdef.json": text.encode(),
        **{f"data/{name}.json": name.encode() for name in more},
    }
    return Tree(content, {"data/0123456789abcdef0123456789abcdef.json": "id"})


def files(folder: Path) -> dict[str, bytes]:
    """What a reader finds in a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class Killed(BaseException):
    """The process ends here; nothing that handles errors sees it."""


class _Deadline:
    left: Iterator[int] | None = None
    """Counts down to the kill; None where nothing is killed."""

    def step(self) -> None:
        if self.left is not None and next(self.left, None) is None:
            raise Killed


_DEADLINE = _Deadline()
_CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link"}
_WRITES = os.O_WRONLY | os.O_RDWR


def _watch(event: str, details: tuple[object, ...]) -> None:
    """Python tells of every change of a file before it is made; only while one is awaited."""
    if _DEADLINE.left is not None and (
        event in _CHANGES
        or (event == "open" and isinstance(details[2], int) and details[2] & _WRITES)
    ):
        _DEADLINE.step()


sys.addaudithook(_watch)


@contextmanager
def killed_at(n: int) -> Iterator[None]:
    """Kill at the n-th change of a file, counted from 0."""
    _DEADLINE.left = iter(range(n))
    try:
        yield
    finally:
        _DEADLINE.left = None


def is_one_of(found: Mapping[str, bytes], *trees: Tree | None) -> bool:
    """Whether what is found is one of these sites, file for file; None is no site."""
    return any(found == (tree.files if tree else {}) for tree in trees)
