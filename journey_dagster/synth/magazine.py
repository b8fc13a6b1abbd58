"""What people read: page views as the magazine's topic records them.

Here belongs the record of one page view with its gaps and oddities, all fields strings or null.
The pages belong to `articles`; how records reach a topic, late or twice, belongs to `delivery`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import final

from journey_dagster.synth.articles import (
    APP_SCREENS,
    GENERIC_PAGES,
    ISSUE_DAYS,
    Page,
    article,
)
from journey_dagster.synth.people import Person
from journey_dagster.synth.visits import Day, Visit, iso

Record = dict[str, str | None]

_APP_SHARE, _GENERIC_SHARE = 0.08, 0.30
_BACK_ISSUES = 10
_WITH_METADATA = 0.21  # of the articles, so that 13 % of all records have tags and authors
_EMPTY_TAGS = 0.08
_AS_HOST, _IN_OTHER_CASE = 0.06, 0.04
# How often the real topic lacks a field.
_MISSING = {
    "DOMAIN": 0.06,
    "TITLE": 0.02,
    "PAGE_TITLE": 0.06,
    "URL": 0.08,
    "PAGE_URL": 0.06,
    "PATH": 0.04,
    "SIGNED_IN": 0.72,
    "REFERRER": 0.08,
    "LOAD_TIME": 0.93,
}
_SIGNED_IN = ("true", "true", "True")
_FROM_EMAIL, _FROM_SHARED_LINK, _FROM_SEARCH = 0.20, 0.20, 0.60
_SHARED_LINK = "?utm_source=social&utm_medium=share"
_SEARCH_ENGINES = ("https://search.example/", "https://finder.example/results")


@dataclass(frozen=True, slots=True)
class View:
    """One page view: when, its local hour and month, the topic in its TAGS, and its record."""

    at: int
    hour: int
    month: int
    tagged: str | None
    record: Record


def sittings(rng: Random, events: int) -> list[int]:
    """The sizes of a reader's visits; who reads more also stays longer."""
    longest = 12 + events // 1000
    sizes: list[int] = []
    while events:
        u = rng.random()
        sizes.append(min(events, 1 + int(longest * u * u)))
        events -= sizes[-1]
    return sizes


def page_views(
    rng: Random, person: Person, identity: Record, visits: Iterable[Visit]
) -> Iterator[View]:
    """What a person views in their visits; every record begins with their identity."""
    interests = _Interests(person)
    for visit in visits:
        tracking = _tracking(rng, visit.day)
        searched = not tracking and rng.random() < _FROM_SEARCH
        referrer = rng.choice(_SEARCH_ENGINES) if searched else ""
        for at in visit.times:
            page = _choose(rng, interests, visit.day)
            path = page.path.replace("{user}", person.user_id)
            url = f"https://{page.host}{path}{tracking}"
            record = identity | {"TIMESTAMP": iso(at)} | _record(rng, page, path, url, referrer)
            tagged = page.topic if record["TAGS"] not in (None, "[]") else None
            yield View(at, visit.day.hour(at), visit.day.date.month, tagged, record)
            referrer, tracking = url, ""


@final
class _Interests:
    """A person's topics by month, ready to draw from."""

    def __init__(self, person: Person) -> None:
        weights = [person.persona.interests(month) for month in range(1, 13)]
        self._topics = [list(month) for month in weights]
        self._cumulated = [list(accumulate(month.values())) for month in weights]

    def draw(self, rng: Random, month: int) -> str:
        cumulated = self._cumulated[month - 1]
        return rng.choices(self._topics[month - 1], cum_weights=cumulated)[0]


def _choose(rng: Random, interests: _Interests, day: Day) -> Page:
    """A page of the app, a page like any other, or an article of recent weeks."""
    kind = rng.random()
    if kind < _APP_SHARE:
        return rng.choice(APP_SCREENS)
    if kind < _APP_SHARE + _GENERIC_SHARE:
        return rng.choice(GENERIC_PAGES)
    u = rng.random()
    latest = day.date.toordinal() // ISSUE_DAYS
    return article(interests.draw(rng, day.date.month), latest - int(_BACK_ISSUES * u * u))


def _tracking(rng: Random, day: Day) -> str:
    """The query a visit's first address carries, by how the reader got there."""
    u = rng.random()
    if u < _FROM_EMAIL:
        return (
            f"?utm_source=newsletter&utm_medium=email&utm_campaign=week-{day.date:%W}"
            f"&_hsenc=p2-{rng.getrandbits(160):040x}&_hsmi={rng.randrange(10**8, 10**9)}"
        )
    return _SHARED_LINK if u < _FROM_EMAIL + _FROM_SHARED_LINK else ""


def _record(rng: Random, page: Page, path: str, url: str, referrer: str) -> Record:
    """The fields of a page view, some of them missing."""
    record: Record = {
        "MESSAGEID": f"{rng.getrandbits(128):032x}",
        "DOMAIN": _spelling(rng, page),
        "TITLE": page.title,
        "PAGE_TITLE": page.title,
        "URL": url,
        "PAGE_URL": url,
        "PATH": path,
        "TAGS": None,
        "AUTHORS": None,
        "PUBLISH_DATE": None,
        "CONTENT_TYPE": None,
        "MODULE": page.module,
        "SIGNED_IN": rng.choice(_SIGNED_IN),
        "REFERRER": referrer,
        "REFERRING_DOMAIN": None,
        "LOAD_TIME": f"{3 * rng.random() * rng.random():.6f}",
        "LOCALE": "en-US",
    }
    if page.topic is not None and rng.random() < _WITH_METADATA:
        record["TAGS"] = "[]" if rng.random() < _EMPTY_TAGS else page.tags
        record["AUTHORS"] = page.authors
        record["PUBLISH_DATE"] = page.publish_date
    for field, share in _MISSING.items():
        if rng.random() < share:
            record[field] = None
    return record


def _spelling(rng: Random, page: Page) -> str:
    """A publication's name, now and then in another case or as a host name."""
    u = rng.random()
    if u < _AS_HOST:
        return page.host
    if u < _AS_HOST + _IN_OTHER_CASE:
        return page.domain.title() if page.domain.islower() else page.domain.lower()
    return page.domain
