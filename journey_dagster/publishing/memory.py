"""What a home remembers of publishing: unguessable names, and where the site went.

Belongs here: the file `publishing.json`, which only its owner can read. Does not belong here: who
is public (`users`), what goes out (`tree`).
"""

import fcntl
import os
import secrets
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from journey_dagster.durable import sync
from journey_dagster.publishing.errors import PublishError


class Memory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names of unlisted reports by user id, and the targets published to, as they were given."""

    names: Mapping[str, str] = {}
    targets: tuple[str, ...] = ()


def new_name() -> str:
    """A name that nobody guesses: 128 random bits."""
    return secrets.token_hex(16)


def named(memory: Memory, user_ids: Iterable[str]) -> Memory:
    """The memory in which each of these users has a name; who has one keeps it."""
    missing = {user_id: new_name() for user_id in user_ids if user_id not in memory.names}
    return msgspec.structs.replace(memory, names={**memory.names, **missing})


def forgotten(memory: Memory, user_id: str) -> Memory:
    """The memory without a user's name: the next one will be another."""
    names = {known: name for known, name in memory.names.items() if known != user_id}
    return msgspec.structs.replace(memory, names=names)


def load(path: Path) -> Memory:
    """What is remembered; nothing if there is no file.

    Raises:
        PublishError: the file is broken. New names in its place would break every address given
            away, so it is for the operator to decide.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Memory)
    except FileNotFoundError:
        return Memory()
    except msgspec.MsgspecError as error:
        raise PublishError(f"{path}: {error}. Bring it back from a copy, or remove it") from error


@contextmanager
def being_edited(path: Path) -> Generator[Memory]:
    """The memory, while nobody else changes it: load, change, `save`.

    Raises:
        PublishError: the file is broken.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield load(path)


def save(path: Path, memory: Memory) -> None:
    """Write it, for the owner alone; a reader sees the old file or the new one."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(memory), indent=1) + b"\n")
    sync(new)
    new.replace(path)
