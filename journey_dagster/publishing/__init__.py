"""The site leaves the machine: what goes out, whether it may, where to.

Belongs here: the steps of publishing and what a home remembers of them. Does not belong here:
making the local site (`site`, `publish`), who is who (`users`).

    tree      what could go out: pages, public data, reports by visibility
    leaks     what must not be in it
    outwards  what goes out: a report that leaks stays here, any other leak stops everything
    targets   folder, bucket, branch: each holds the old site or the new one, never a mix
    memory    unguessable names, and where the site went
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from journey_dagster.publishing import memory
from journey_dagster.publishing.errors import LeakError, OvertakenError, PublishError, TargetError
from journey_dagster.publishing.leaks import Leak
from journey_dagster.publishing.memory import Memory
from journey_dagster.publishing.outwards import Outwards, outwards
from journey_dagster.publishing.targets import settled, target
from journey_dagster.publishing.tree import Tree, build
from journey_dagster.settings import Settings
from journey_dagster.users import User

SHOWN = 10
"""Leaks that an error tells."""


class Published(NamedTuple):
    """What came of publishing."""

    changed: Mapping[str, bool]
    """Target to whether anything changed there."""
    held: Mapping[str, Sequence[Leak]]
    """Slugs of users whose report was held back, and for what."""


def prepare(settings: Settings, registered: Sequence[User]) -> tuple[Tree, Memory]:
    """What would go out now; unlisted users who have no name yet get one.

    Raises:
        PublishError: there is no site yet.
    """
    unlisted = [user.user_id for user in registered if user.visibility == "unlisted"]
    with memory.being_edited(settings.publishing) as known:
        named = memory.named(known, unlisted)
        if named != known:
            memory.save(settings.publishing, named)
    return build(settings, registered, named.names), named


def look(settings: Settings, registered: Sequence[User]) -> Outwards:
    """Look through what could go out now: what goes, and what leaks.

    Raises:
        PublishError: there is no site yet.
    """
    tree, known = prepare(settings, registered)
    return outwards(settings, registered, tree, known.names)


def publish(settings: Settings, registered: Sequence[User], to: Sequence[str]) -> Published:
    """Bring the site to targets; a report that leaks stays here, and all else goes.

    Args:
        settings: where the site is and what of it goes out.
        registered: everyone, with their visibility.
        to: the targets; none means all that were ever published to.

    Raises:
        LeakError: what is nobody's own leaks; nothing was touched.
        PublishError: there is no site, a target is none, or there is none at all.
        TargetError: a target fails; all others are done.
        OvertakenError: somebody else published there meanwhile.
    """
    if not to and not memory.load(settings.publishing).targets:
        raise PublishError("say where to: --to, or JOURNEY_PUBLISH_TO")
    going = look(settings, registered)
    if found := [leak for leaks in going.leaks.values() for leak in leaks]:
        told = "; ".join(map(str, found[:SHOWN]))
        raise LeakError(f"nothing was published, {len(found)} leaks: {told}")
    return Published(_bring(settings, going.tree, to), going.held)


def withdraw(settings: Settings, registered: Sequence[User], user_id: str) -> dict[str, bool]:
    """Take a user's report from every target, and forget its unguessable name.

    Files that leak are left out rather than waited for: what is withdrawn has to go now.

    Args:
        settings: where the site is and what of it goes out.
        registered: everyone, the user already private or gone.
        user_id: whose report goes.

    Raises:
        PublishError: there is no site, or a target is none.
        TargetError: a target fails.
        OvertakenError: somebody else published there meanwhile.
    """
    with memory.being_edited(settings.publishing) as known:
        memory.save(settings.publishing, memory.forgotten(known, user_id))
    going = look(settings, registered)
    kept = {path: file for path, file in going.tree.content.items() if path not in going.leaks}
    secret = {path: user_id for path, user_id in going.tree.secret.items() if path in kept}
    return _bring(settings, Tree(kept, secret), ())


def rotate(settings: Settings, user: User) -> str:
    """Give an unlisted report a new name; the old address is dead once the site is published.

    Raises:
        PublishError: the user is not unlisted.
    """
    if user.visibility != "unlisted":
        raise PublishError(
            f"{user.slug} is {user.visibility}: only an unlisted report has a name of its own. "
            f"Make it so: journey users set {user.slug} --visibility unlisted"
        )
    with memory.being_edited(settings.publishing) as known:
        changed = memory.named(memory.forgotten(known, user.user_id), [user.user_id])
        memory.save(settings.publishing, changed)
    return changed.names[user.user_id]


def _bring(settings: Settings, tree: Tree, to: Sequence[str]) -> dict[str, bool]:
    """Publish to each; a target is remembered before anything reaches it."""
    with memory.being_edited(settings.publishing) as known:
        chosen = tuple(map(settled, to)) or known.targets
        targets = {text: target(text, settings) for text in chosen}
        remembered = tuple(dict.fromkeys((*known.targets, *chosen)))
        memory.save(settings.publishing, msgspec.structs.replace(known, targets=remembered))
    changed: dict[str, bool] = {}
    failures: list[Exception] = []
    for text, one in targets.items():
        try:
            changed[text] = one.publish(tree)
        except (OSError, OvertakenError, PublishError, TargetError) as error:
            failures.append(error)  # one that is down keeps no report on the others
    if failures:
        raise failures[0]
    return changed
