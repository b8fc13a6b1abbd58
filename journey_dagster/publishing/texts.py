"""Every text of a file that goes out, and where in the file it stands.

Belongs here: taking JSON, tables, pages and code apart. Does not belong here: what a text gives
away (`leaks`).

Most texts of a report stand in many others too. A caller names those that it has seen and gets them
no more: that is what makes reading thousands of reports cheap.
"""

import csv
from collections.abc import Container, Iterable, Iterator
from html.parser import HTMLParser
from itertools import zip_longest
from typing import NamedTuple, cast

import msgspec

Place = tuple["Place", str | int] | None
"""A step into a document, after the place that it was taken from; None is the whole of it."""

IS_KEY = ""
"""Key of a text that is a key itself."""
PLAIN = "text"
"""Key of a text that nothing gives a name to."""
CODE = "code"
"""Key of a line of code."""
CARRIED = "data"
"""Key of a document inside a page, as JSON."""


class Text(NamedTuple):
    """One text of a file."""

    key: str
    """The field or the column that it stands in, or else what it is."""
    value: str
    place: Place


class DamagedError(Exception):
    """A file is not what its name says, so nobody can tell what is in it."""


def texts(
    path: str, text: str, seen: Container[tuple[str, str]], numbers: Container[str]
) -> Iterator[Text]:
    """The texts of a file of data.

    Args:
        path: where it goes; the ending says what it is.
        text: what is in it.
        seen: key and value of texts that are left out; it may grow meanwhile.
        numbers: keys, in lower case, whose numbers are texts too.

    Raises:
        DamagedError: it is something else.
    """
    if path.endswith(".json"):
        yield from document(text, seen, numbers)
    elif path.endswith(".csv"):
        yield from _table(text, seen)
    elif path.endswith(".html"):
        page = _Page()
        page.feed(text)
        page.close()
        yield from (each for each in page.found if (each.key, each.value) not in seen)
    else:
        yield from lines(PLAIN, text)


def document(
    text: str, seen: Container[tuple[str, str]], numbers: Container[str]
) -> Iterator[Text]:
    """The texts of JSON.

    Raises:
        DamagedError: it is none.
    """
    try:
        root: object = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise DamagedError from error
    if not isinstance(root, dict | list):
        yield Text(PLAIN, str(root), None)
        return
    todo: list[tuple[str, object, Place]] = [(PLAIN, cast("object", root), None)]
    while todo:  # a step for each object and list: one for each value takes thrice the time
        key, value, place = todo.pop()
        if isinstance(value, dict):
            fields = cast("dict[str, object]", value)
            yield from (Text(IS_KEY, name, place) for name in fields if (IS_KEY, name) not in seen)
            items: Iterable[tuple[str, str | int, object]] = ((k, k, v) for k, v in fields.items())
        else:
            items = ((key, n, child) for n, child in enumerate(cast("list[object]", value)))
        for inner, step, child in items:
            if isinstance(child, str):
                if (inner, child) not in seen:
                    yield Text(inner, child, (place, step))
            elif isinstance(child, dict | list):
                todo.append((inner, cast("object", child), (place, step)))
            elif child is not None and inner.lower() in numbers:
                yield Text(inner, str(child), (place, step))


def lines(key: str, text: str) -> Iterator[Text]:
    """The lines of a file."""
    yield from (Text(key, line, _line(n)) for n, line in enumerate(text.splitlines(), 1))


def steps(place: Place) -> list[str | int]:
    """The way to a place: names of fields, and numbers from 0 in lists."""
    found: list[str | int] = []
    while place is not None:
        found.append(place[1])
        place = place[0]
    return found[::-1]


def _line(number: int) -> Place:
    return (None, f"line {number}")


def _table(text: str, seen: Container[tuple[str, str]]) -> Iterator[Text]:
    rows = csv.reader(text.splitlines(keepends=True))
    try:
        heads = next(rows, list[str]())
        yield from (Text(IS_KEY, head, _line(1)) for head in heads)
        for n, row in enumerate(rows, 1):
            for head, cell in zip_longest(heads, row, fillvalue=PLAIN):
                if (head, cell) not in seen:
                    yield Text(head, cell, ((None, f"row {n}"), head))
    except csv.Error as error:
        raise DamagedError from error


class _Page(HTMLParser):
    """What a page shows, its code, and the data that it carries."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Text] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        carries = tag == "script" and ("type", "application/json") in attrs
        self._inside = CARRIED if carries else tag
        self._add(PLAIN, *(value for _, value in attrs if value))

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == CARRIED:
            self._add(CARRIED, data)
        elif self._inside in {"script", "style"}:
            self._add(CODE, *data.splitlines())
        else:
            self._add(PLAIN, data)

    def handle_comment(self, data: str) -> None:
        self._add(PLAIN, data)

    def _add(self, key: str, *values: str) -> None:
        place = _line(self.getpos()[0])
        self.found += [Text(key, value, place) for value in values]
