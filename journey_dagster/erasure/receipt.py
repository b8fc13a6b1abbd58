"""The end of it: what was published is replaced, and a receipt says what was removed.

Belongs here: the last steps, after a run has computed everything from what is left.
Does not belong here: the removal (`steps`), how a target is written (`publishing`).

The receipt holds counts and moments and no word about the person; its mark is that of their lines
in the list of those kept out.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from journey_dagster import publishing, users
from journey_dagster.erasure import journal
from journey_dagster.erasure.journal import Intent
from journey_dagster.erasure.steps import STEPS, Narrator
from journey_dagster.publishing import memory
from journey_dagster.publishing.targets import target
from journey_dagster.settings import Settings
from journey_dagster.topics.suppression import write_private


class Receipt(msgspec.Struct, frozen=True):
    """What was done."""

    schema_version: str
    person: str
    asked_at: datetime
    done_at: datetime
    n_user_ids: int
    n_devices: int
    n_shared_devices: int
    """Devices that others use too: of these, only what is nobody else's went."""
    removed: Mapping[str, int]
    n_targets: int
    """Places whose published site was replaced."""
    out_of_reach: tuple[str, ...]
    """What is left for somebody to do."""


def conclude(settings: Settings, narrate: Narrator) -> None:
    """Replace what was published, and write the receipt of everyone whose removal is done.

    Raises:
        TargetError: a place cannot be reached; another run tries again.
    """
    for intent in journal.pending(settings):
        if len(intent.done) == len(STEPS):
            targets = memory.load(settings.publishing).targets
            left = _replace(settings, intent, targets) if targets else []
            devices = intent.person.devices
            made = Receipt(
                schema_version="1.0",
                person=intent.mark,
                asked_at=intent.asked_at,
                done_at=datetime.now(UTC),
                n_user_ids=len(intent.person.user_ids),
                n_devices=len({(one.source, one.id) for one in devices}),
                n_shared_devices=len(
                    {(one.source, one.id) for one in devices if one.after or one.before}
                ),
                removed=intent.removed,
                n_targets=len(targets),
                out_of_reach=tuple(left),
            )
            text = msgspec.json.format(msgspec.json.encode(made), indent=1)
            write_private(path_of(settings, intent), text + b"\n")
            journal.strike(settings, intent)
            narrate(f"  receipt    {path_of(settings, intent)}")
            for line in left:
                narrate(f"  left       {line}")


def path_of(settings: Settings, intent: Intent) -> Path:
    """Where the receipt lies."""
    name = f"{intent.asked_at:%Y%m%dT%H%M%SZ}-{intent.mark[:16]}.json"
    return journal.folder(settings) / "receipts" / name


def _replace(settings: Settings, intent: Intent, targets: Iterable[str]) -> list[str]:
    """Publish what there is now, and leave nothing of what stood there before."""
    registered = users.load(settings.registry)
    publishing.withdraw(settings, registered, intent.person.user_ids[0])
    return [line for text in targets for line in target(text, settings).purge()]
