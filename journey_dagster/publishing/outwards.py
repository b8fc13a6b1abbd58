"""What goes out of what could: everything but the reports that leak.

Belongs here: holding reports back. Does not belong here: what a leak is (`leaks`), what could go
out (`tree`), where to.

A leak in one user's report keeps that report here and nobody else's, as if its user were private. A
leak in what is everybody's, such as the friction page, has no such bounds: it stops all.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from journey_dagster.publishing.leaks import Leak, find
from journey_dagster.publishing.names import in_path
from journey_dagster.publishing.tree import Tree, build
from journey_dagster.settings import Settings
from journey_dagster.users import User


class Outwards(NamedTuple):
    """What goes out, and what keeps the rest here."""

    tree: Tree
    """Without the reports that are held back."""
    held: Mapping[str, Sequence[Leak]]
    """Slugs of users whose report leaks, and how."""
    leaks: Mapping[str, Sequence[Leak]]
    """Files of the tree that leak and are nobody's own: nothing may go out with them."""


def outwards(
    settings: Settings, registered: Sequence[User], tree: Tree, names: Mapping[str, str]
) -> Outwards:
    """What may go out of the local site, and what not.

    Args:
        settings: where it is, and whether friction goes out.
        registered: everyone, with their visibility.
        tree: what could go out.
        names: user id to name, of the unlisted users.

    Raises:
        PublishError: a file of the site has gone meanwhile.
    """
    shown = _shown(settings)
    found = find(tree, registered, shown)
    users = {name: user for user in registered if (name := _called(user, names))}
    held: dict[str, list[Leak]] = {}
    for path, leaks in found.items():
        if user := users.get(in_path(path) or ""):
            held.setdefault(user.slug, []).extend(leaks)
    if held:
        kept = [_private(user) if user.slug in held else user for user in registered]
        tree = build(settings, kept, names)
        found = find(tree, registered, shown)  # to be held back makes nobody's name a secret
    return Outwards(tree, held, found)


def _shown(settings: Settings) -> dict[str, str]:
    """Slug to the name that reports show."""
    index = msgspec.json.decode((settings.site / "data" / "users.json").read_bytes())
    return {user["slug"]: user["display_name"] for user in index["users"]}


def _called(user: User, names: Mapping[str, str]) -> str | None:
    """What a user's files are called where they go out; None where none do."""
    if user.visibility == "unlisted":
        return names[user.user_id]
    return user.slug if user.visibility == "public" else None


def _private(user: User) -> User:
    return msgspec.structs.replace(user, visibility="private")
