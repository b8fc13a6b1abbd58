"""A report as a page of its own: `u/<slug>/index.html`.

Belongs here: the page with its report in it, and what it shows before any code runs. Does not
belong here: everything else of a report, which `static/js` draws from the same document.

It is `report.html` with the report inside, so it asks for no data. Who, when and the headline
numbers stand in its text, word for word as `fmt.js` writes them, so the first paint waits for no
code either.
"""

import math
import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from html import escape
from typing import Any

from journey_dagster.facts import MONTHS
from journey_dagster.site.carried import carried
from journey_dagster.site.pages import AHEAD, pages

ROOT = "../../"
"""From such a page to the site's own folder."""

_ADDRESS = re.compile(r'\b(href|src)="(?!#)')
_TITLE = re.compile(r"(?<=<title>).*(?=</title>)")
_WAITING = re.compile(r'<div class="hero">.*?</section>\n', re.DOTALL)
_NB, _DASH = "\u00a0", "\u2013"
_HOUR = 60


def person_page(text: bytes, document: Mapping[str, Any]) -> bytes:
    """A report as a page.

    Args:
        text: the document as it is published.
        document: the same.
    """
    slug, name = document["user"]["slug"], escape(document["user"]["display_name"])
    shown = _hero(name, document) + _headline(document["headline"])
    start, title, main, rest, end = _frame()
    data = carried(f"data/{slug}.json", text)
    told = [slug.encode(), title, name.encode(), main, shown.encode(), rest, data, end]
    return b"".join([start, *told])


@lru_cache
def _frame() -> list[bytes]:
    """`report.html` from two folders down, without slug, name, hero and headline, and data."""
    text = _ADDRESS.sub(rf'\1="{ROOT}', AHEAD.sub("", pages()["report.html"].decode()))
    text = text.replace("<html", f'<html data-root="{ROOT}" data-user="\0"', 1)
    text = _WAITING.sub("\0", _TITLE.sub("\0 · Journey", text), count=1)
    return text.replace("</body>", "\0</body>").encode().split(b"\0")


def _hero(name: str, document: Mapping[str, Any]) -> str:
    through, n_events = document["data_through"], document["evidence"]["n_events"]
    fresh = " · ".join(
        [
            f"Data to {_utc(through)}" if through else "No data yet",
            f"built {_utc(document['generated_at'])}",
            _plural(n_events, "event"),
        ]
    )
    return (
        '<div class="hero">\n    <div class="avatar" aria-hidden="true"></div>\n'
        f'    <div class="hero-text"><h1>{name}</h1>{_when(document["user"], document["period"])}'
        f'<p class="fresh">{fresh}</p></div>\n  </div>\n'
    )


def _when(user: Mapping[str, Any], period: Mapping[str, Any] | None) -> str:
    if period is None:
        return ""
    zone = user["tz"]
    if not user["tz_is_known"]:
        zone += ", because the person's own time zone is not known"
    elif "/" in zone:
        zone = f"{zone.rpartition('/')[2].replace('_', ' ')} time ({zone})"
    rest = f"{_plural(period['days'], 'day')} · {escape(zone)}"
    return f'<p class="lead"><span class="period">{_period(period)}</span> · {rest}</p>'


def _headline(numbers: list[dict[str, Any]]) -> str:
    if not numbers:
        return ""
    return (
        '  <section class="card" aria-labelledby="headline-title">\n'
        '    <div class="card-head"><h2 id="headline-title">At a glance</h2></div>\n'
        f'    <div class="card-body"><ul class="tiles">{"".join(map(_tile, numbers))}</ul></div>\n'
        "  </section>\n"
    )


def _tile(entry: Mapping[str, Any]) -> str:
    number, unit = _quantity(entry["value"], entry["unit"])
    of = f"of {entry['of']:,} " if entry["of"] is not None and entry["value"] is not None else ""
    return (
        f'<li class="tile"><p class="tile-label">{escape(entry["label"])}</p>'
        f'<p class="tile-value"><span class="big">{number}</span> '
        f'<span class="unit">{of}{unit}</span></p></li>'
    )


def _quantity(value: float | None, unit: str) -> tuple[str, str]:
    """The number and the unit of a headline, which are set in two sizes."""
    if value is None:
        return _DASH, "not known"
    if unit != "minutes":
        return f"{value:,.1f}".removesuffix(".0"), unit.removesuffix("s") if value == 1 else unit
    if value < 1:
        return f"&lt;{_NB}1", "min"
    hours, minutes = divmod(math.floor(value + 0.5), _HOUR)
    if not hours:
        return f"{minutes}", "min"
    return f"{hours:,}{_NB}h" + (f" {minutes}{_NB}min" if minutes else ""), ""


def _plural(n: int, one: str) -> str:
    return f"{n:,} {one}{'' if n == 1 else 's'}"


def _day(text: str) -> tuple[str, str]:
    """The day with its month, and the year."""
    at = date.fromisoformat(text[:10])
    return f"{at.day}{_NB}{MONTHS[at.month - 1][:3]}", f"{at.year}"


def _period(period: Mapping[str, Any]) -> str:
    (first, first_year), (last, year) = _day(period["start"]), _day(period["end"])
    if period["start"] == period["end"]:
        return f"{last} {year}"
    return f"{first}{'' if first_year == year else f' {first_year}'} {_DASH} {last} {year}"


def _utc(at: str) -> str:
    return f"{' '.join(_day(at))}, {at[11:16]} UTC"
