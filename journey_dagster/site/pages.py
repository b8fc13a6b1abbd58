"""The pages as they go out: each with one script and one sheet.

Belongs here: what of `static/` a site holds, and how it is put together. Does not belong here: the
data, and pages that carry it (`single`, `person`).

The sources are small files, one idea each. A browser would fetch them one behind the other, and
every round trip of a phone is 150 ms; `bench/first_view.py` says what this is worth.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from journey_dagster.site.bundle import STATIC, bundle, code

SHEET = re.compile(r'^ *<link rel="stylesheet" href="([^"]+)"(?: media="(\w+)")?>\n', re.MULTILINE)
SCRIPT = re.compile(
    r'^ *<script (?:type="(module)" )?(?:async )?src="([^"]+)"></script>\n', re.MULTILINE
)
AHEAD = re.compile(r'^ *<(?:link rel="preload"|script type="module" async) .*>\n', re.MULTILINE)
"""What asks for data ahead: nothing for a page that carries its own."""


@lru_cache
def pages() -> Mapping[str, bytes]:
    """Path to content of all files that pages are made of, the same for every site.

    Raises:
        ValueError: a module uses a form of import or export that is not understood.
    """
    made: dict[str, str] = {}
    for path in sorted(STATIC.iterdir()):
        if path.suffix == ".html":
            made |= _together(path)
        elif path.is_file():
            made[path.name] = path.read_text(encoding="utf-8")
    return {name: text.encode() for name, text in made.items()}


def _together(page: Path) -> dict[str, str]:
    """A page, its scripts and its one sheet."""
    text = page.read_text(encoding="utf-8")
    first, *others = SHEET.finditer(text)
    sheet = f"css/{page.stem}.css"
    for tag in others:
        text = text.replace(tag[0], "")
    return {
        page.name: text.replace(first[0], f'  <link rel="stylesheet" href="{sheet}">\n'),
        sheet: "".join(_rules(tag[1], tag[2]) for tag in (first, *others)),
        **{name: bundle(name) if kind else code(name) for kind, name in SCRIPT.findall(text)},
    }


def _rules(name: str, media: str | None) -> str:
    return f"@media {media} {{\n{code(name)}}}\n" if media else code(name)
