"""The site leaves the machine: what goes out, whether it may, where to.

Belongs here: the steps of publishing and what a home remembers of them. Does not belong here:
making the local site (`site`, `publish`), who is who (`users`).

    tree      what goes out: pages, public data, reports by visibility
    leaks     what must not be in it; a hit stops everything
    targets   folder, bucket, branch: each holds the old site or the new one, never a mix
    memory    unguessable names, and where the site went
"""

from collections.abc import Sequence

import msgspec

from journey_dagster.publishing import memory
from journey_dagster.publishing.errors import LeakError, OvertakenError, PublishError, TargetError
from journey_dagster.publishing.leaks import Leak, find
from journey_dagster.publishing.memory import Memory
from journey_dagster.publishing.targets import settled, target
from journey_dagster.publishing.tree import Tree, build
from journey_dagster.settings import Settings
from journey_dagster.users import User

SHOWN = 10
"""Leaks that an error tells."""


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


def leaks(settings: Settings, tree: Tree, registered: Sequence[User]) -> list[Leak]:
    """What of a tree must not go out."""
    index = msgspec.json.decode((settings.site / "data" / "users.json").read_bytes())
    return find(tree, registered, {user["slug"]: user["display_name"] for user in index["users"]})


def publish(settings: Settings, registered: Sequence[User], to: Sequence[str]) -> dict[str, bool]:
    """Bring the site to targets, if nothing in it leaks.

    Args:
        settings: where the site is and what of it goes out.
        registered: everyone, with their visibility.
        to: the targets; none means all that were ever published to.

    Returns:
        Target to whether anything changed there.

    Raises:
        LeakError: something in it must not go out; nothing was touched.
        PublishError: there is no site, a target is none, or there is none at all.
        TargetError: a target fails; all others are done.
        OvertakenError: somebody else published there meanwhile.
    """
    if not to and not memory.load(settings.publishing).targets:
        raise PublishError("say where to: --to, or JOURNEY_PUBLISH_TO")
    tree, _ = prepare(settings, registered)
    if found := leaks(settings, tree, registered):
        told = "; ".join(f"{leak.path}: {leak.kind}" for leak in found[:SHOWN])
        raise LeakError(f"nothing was published, {len(found)} leaks: {told}")
    return _bring(settings, tree, to)


def withdraw(settings: Settings, registered: Sequence[User], user: User) -> dict[str, bool]:
    """Take a user's report from every target, and forget its unguessable name.

    Files that leak are left out rather than waited for: what is withdrawn has to go now.

    Args:
        settings: where the site is and what of it goes out.
        registered: everyone, the user already private.
        user: whose report goes.

    Raises:
        PublishError: there is no site, or a target is none.
        TargetError: a target fails.
        OvertakenError: somebody else published there meanwhile.
    """
    with memory.being_edited(settings.publishing) as known:
        memory.save(settings.publishing, memory.forgotten(known, user.user_id))
    tree, _ = prepare(settings, registered)
    bad = {leak.path for leak in leaks(settings, tree, registered)}
    if "an unlisted report" in bad:
        bad |= tree.secret.keys()
    kept = {path: file for path, file in tree.content.items() if path not in bad}
    secret = {path: user_id for path, user_id in tree.secret.items() if path in kept}
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
