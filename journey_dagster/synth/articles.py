"""What there is to read: publications, their articles, and the pages that are no articles.

Here belongs the content, the same for every reader. Who reads what, and how a page view is
recorded, belongs to `magazine`.
"""

from datetime import date
from functools import cache
from typing import NamedTuple

_PUBLICATIONS = {
    "Fernrun": (
        "trail-shoes",
        "ultra-races",
        "recovery",
        "heat-training",
        "winter-running",
        "marathon-training",
    ),
    "fernwheel": ("gravel-riding", "bike-repair", "road-climbs", "indoor-riding", "bikepacking"),
    "Ferncrag": (
        "bouldering",
        "finger-strength",
        "sport-routes",
        "indoor-walls",
        "alpine-climbing",
        "rope-care",
    ),
    "fern-snow": ("ski-fitness", "powder-skiing", "nordic-skiing", "ski-waxing"),
    "Fernwater": ("sea-kayaking", "river-running", "boat-building", "wild-swimming"),
    "fern-weekly": (
        "weather-lore",
        "backpacking",
        "campfire-cooking",
        "ultralight-gear",
        "desert-hikes",
        "hut-tours",
        "birdwatching",
        "spring-migration",
        "feeder-visits",
    ),
    "Fernwell": (
        "yoga",
        "nutrition",
        "cold-plunges",
        "garden-herbs",
        "breathing",
        "strength",
    ),
}
_PUBLICATION_OF = {topic: name for name, topics in _PUBLICATIONS.items() for topic in topics}
_FORMS = ("Field Notes", "A Beginner's Guide", "Seven Questions", "Gear Check", "The Long Read")
# The comma is deliberate: splitting the list of authors on commas makes one too many of it.
_AUTHORS = (
    "Synthetic Author A",
    "Synthetic Author B",
    "Synthetic Author C",
    "Synthetic Author D, Jr.",
    "Synthetic Author E",
    "Synthetic Author F",
    "Synthetic Author G",
)
# Not from the locale: the dates are English on every machine.
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
ISSUE_DAYS = 5


class Page(NamedTuple):
    """A page that can be viewed; `{user}` in a path stands for the viewer's id."""

    domain: str
    host: str
    path: str
    title: str
    module: str | None = None
    topic: str | None = None
    tags: str | None = None
    authors: str | None = None
    publish_date: str | None = None


_SITE = "www.fernmaps.example"
_APP = "app.fernmaps.example"
GENERIC_PAGES = (
    Page("fernmaps", _SITE, "/", "Home"),
    Page("fernmaps", _SITE, "/search", "Search"),
    Page("Fernmaps", _SITE, "/profile/{user}", "Profile"),
    Page("Fernmaps", _SITE, "/profile/{user}/saved", "Saved"),
    Page("accounts", "accounts.fernmaps.example", "/settings", "Settings"),
)
APP_SCREENS = (
    Page("Fernmaps App", _APP, "/feed", "Activity Feed", module="appfeed"),
    Page("Fernmaps App", _APP, "/map", "Map", module="map"),
    Page("Fernmaps App", _APP, "/profile/{user}", "Profile", module="profile"),
    Page("Fernmaps Watch", "watch.fernmaps.example", "/rides", "Ride Log", module="ridelog"),
    Page("Fernmaps App", _APP, "/start", "Home", module=""),
)


@cache
def article(topic: str, issue: int) -> Page:
    """The article of a topic in an issue; an issue comes out every few days."""
    publication = _PUBLICATION_OF[topic]
    form = _FORMS[issue % len(_FORMS)]
    slug = form.lower().replace(" ", "-").replace("'", "")
    published = date.fromordinal(issue * ISSUE_DAYS)
    first = (issue + len(topic)) % len(_AUTHORS)
    authors = [_AUTHORS[first]]
    if issue % 3 == 0:
        authors.append(_AUTHORS[first - 1])
    return Page(
        domain=publication,
        host=f"www.{publication.lower()}.example",
        path=f"/{topic}/{slug}-{issue % 1000:03d}",
        title=f"{topic.replace('-', ' ').title()}: {form} {issue % 1000:03d}",
        topic=topic,
        tags=_pseudo_list([topic, slug] if issue % 4 else [topic]),
        authors=_pseudo_list(authors),
        publish_date=f"{_MONTHS[published.month - 1]} {published.day}, {published.year}",
    )


def _pseudo_list(values: list[str]) -> str:
    """The list as the topic writes it: in brackets, without quotes."""
    return f"[{', '.join(values)}]"
