"""What is under way: a note for each person who is being forgotten, until it is done.

Belongs here: the notes, `erasure/pending/` in the home, for its owner alone. Does not belong here:
what is done (`steps`, `receipt`).

A note names the person, since what is left of them has to be found; it goes with the last step.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from journey_dagster.erasure.person import Person
from journey_dagster.settings import Settings
from journey_dagster.topics import TopicError
from journey_dagster.topics.suppression import write_private


class Intent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody is being forgotten."""

    person: Person
    mark: str
    """Stands for the person where nobody may be named."""
    asked_at: datetime
    n_erased_before: int
    """Records left out of all segments before."""
    done: tuple[str, ...] = ()
    """Steps that are done."""
    removed: Mapping[str, int] = {}
    """What they removed."""


def folder(settings: Settings) -> Path:
    """Everything of erasure in a home."""
    return settings.home / "erasure"


def pending(settings: Settings) -> list[Intent]:
    """What is not finished, the first asked for first.

    Raises:
        TopicError: a note cannot be read.
    """
    found: list[Intent] = []
    for path in (folder(settings) / "pending").glob("[!.]*.json"):
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=Intent))
        except msgspec.MsgspecError as error:
            raise TopicError(
                f"{path}: {error}. It says who is being forgotten: say it again with `journey "
                "users forget`, and remove it"
            ) from error
    return sorted(found, key=lambda intent: intent.asked_at)


def note(settings: Settings, intent: Intent) -> None:
    """Write down how far it is."""
    write_private(_path(settings, intent), msgspec.json.encode(intent))


def strike(settings: Settings, intent: Intent) -> None:
    """It is done."""
    _path(settings, intent).unlink(missing_ok=True)


def _path(settings: Settings, intent: Intent) -> Path:
    return folder(settings) / "pending" / f"{intent.mark[:16]}.json"
