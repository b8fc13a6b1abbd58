"""What of the local site goes out, as bytes.

Belongs here: which files leave, and what is taken from them first. Does not belong here: whether
they are fit to leave (`leaks`), where to.

The local site holds everybody. Out of it go the pages, data that names nobody, the friction page's
if the settings say so, and reports, each as data and as a page of its own: of public users under
their slugs, of unlisted ones under names that nobody guesses and no list has. A file that is not
named here stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from journey_dagster import site
from journey_dagster.publishing import manifest
from journey_dagster.publishing.errors import PublishError
from journey_dagster.settings import Settings
from journey_dagster.site.person import person_page
from journey_dagster.site.single import single_file
from journey_dagster.users import User

NAMELESS = "Unnamed"
"""Shown in an unlisted report of a user without a name: the slug would say who it is."""

COUNTING = ("dictionary", "status")
"""Pages whose data counts people and names none."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Tree:
    """The files of a publishable site."""

    content: Mapping[str, bytes]
    """Path to bytes, without the manifest."""
    secret: Mapping[str, str]
    """Paths of unlisted reports, each to the id of its user."""

    @cached_property
    def manifest(self) -> bytes:
        """The manifest: equal manifests mean equal trees."""
        return manifest.write(self.content, self.secret)

    @property
    def files(self) -> dict[str, bytes]:
        """All files in the order to write them: the manifest is the last."""
        return {**dict(sorted(self.content.items())), manifest.PATH: self.manifest}


def build(settings: Settings, registered: Sequence[User], names: Mapping[str, str]) -> Tree:
    """What may be published of the local site.

    Args:
        settings: where it is, and whether friction goes out.
        registered: everyone, with their visibility; whoever is not in it is private.
        names: user id to name, of the unlisted users.

    Raises:
        PublishError: there is no site yet, or a listed report is missing in it.
    """
    public = {user.slug for user in registered if user.visibility == "public"}
    unlisted = {
        path: (user.user_id, content)
        for user in registered
        if user.visibility == "unlisted"
        for path, content in _unlisted(settings.site, user, names[user.user_id]).items()
    }
    content = {
        ".nojekyll": b"",  # GitHub leaves the files alone
        **{name: _read(settings.site, name) for name in page_files()},
        **_counting(settings.site),
        **(_friction(settings.site, public) if settings.publish_friction else {}),
        **_public(settings.site, public),
        **{path: content for path, (_, content) in unlisted.items()},
    }
    return Tree(content, {path: user_id for path, (user_id, _) in unlisted.items()})


def page_files() -> list[str]:
    """The files that pages are made of, the same for every site."""
    return sorted(site.page_files())


def _public(folder: Path, public: set[str]) -> dict[str, bytes]:
    """The index of public users and their reports."""
    index: Document = msgspec.json.decode(_read(folder, "data/users.json"))
    listed = [user for user in index["users"] if user["slug"] in public]
    shown = {**index, "users": listed}
    site.validate("users.v1", shown)
    slugs = [user["slug"] for user in listed if user["status"] != "withheld"]
    paths = [path for slug in slugs for path in _paths(slug)]
    return {"data/users.json": _encoded(shown), **{path: _read(folder, path) for path in paths}}


def _paths(name: str) -> tuple[str, str]:
    """Where the data of a report goes, and its page."""
    return f"data/{name}.json", f"u/{name}/index.html"


def _unlisted(folder: Path, user: User, name: str) -> dict[str, bytes]:
    """A report that calls its user by the unguessable name alone; nothing if there is none."""
    path = site.report_path(folder, user.slug)
    if not path.is_file():
        return {}
    document: Document = msgspec.json.decode(path.read_bytes())
    shown = document["user"]["display_name"]
    document["user"]["slug"] = name
    document["user"]["display_name"] = NAMELESS if shown in {user.slug, user.user_id} else shown
    site.validate("report.v1", document)
    data_path, page_path = _paths(name)
    data = _encoded(document)
    return {data_path: data, page_path: person_page(data, document)}


def _counting(folder: Path) -> dict[str, bytes]:
    """Data of pages that name nobody, as far as there is any."""
    paths = [f"data/{name}.json" for name in COUNTING]
    return {path: _read(folder, path) for path in paths if (folder / path).is_file()}


def _friction(folder: Path, public: set[str]) -> dict[str, bytes]:
    """The friction page's data, its tables, and the page as one file; nothing if there is none.

    Who turned private since it was computed is no longer linked to a session.
    """
    if not (folder / "data" / "friction.json").is_file():
        return {}
    document: Document = msgspec.json.decode(_read(folder, "data/friction.json"))
    sessions = document["sessions"]
    place = sessions["columns"].index("slug")
    for row in sessions["rows"]:
        row[place] = row[place] if row[place] in public else None
    data = _encoded(document)
    tables = {
        f"data/csv/{path.name}": path.read_bytes()
        for path in (folder / "data" / "csv").glob("friction-*.csv")
    }
    alone = single_file("friction.html", {"data/friction.json": data}).encode()
    return {"data/friction.json": data, "export/friction.html": alone, **tables}


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError as error:
        raise PublishError(f"the site has no {name}. Make it: journey run") from error


def _encoded(document: Document) -> bytes:
    return msgspec.json.encode(document, order="sorted") + b"\n"
