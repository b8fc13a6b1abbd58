"""The registry: who gets a report, under which slug, on which clock.

Belongs here: the file `users.json`, slugs, the users partition, which keys to add.
Does not belong here: what is known of users from events (`sql/core/users.sql` joins both).

Identity is an id, never a name: two users with one name are two entries with two slugs. A slug,
once given, stays. Dagster: https://docs.dagster.io/guides/build/partitions-and-backfills
"""

import difflib
import fcntl
import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar
from zoneinfo import available_timezones

import dagster as dg
import msgspec

from journey_dagster.durable import sync
from journey_dagster.topics.values import RejectedError, identity

USERS_NAME = "users"
"""Name of the partitions in Dagster's instance."""

USERS = dg.DynamicPartitionsDefinition(name=USERS_NAME)
"""One partition per registered user; the key is the slug."""

RESERVED = frozenset(
    {"cohorts", "dictionary", "friction", "manifest", "product", "status", "users"}
)
"""Names of data files that are no user's."""

MAX_NAME = 200
MAX_AVATAR = 16

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")

T = TypeVar("T")

Visibility = Literal["private", "unlisted", "public"]


class RegistryError(Exception):
    """The registry, or what was asked of it, is wrong; the message says how to mend it."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A user to be registered."""

    user_id: str
    slug: str | None = None
    """None: one is made of the name."""
    display_name: str | None = None
    tz: str | None = None
    avatar: str | None = None


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One registered user."""

    user_id: str
    slug: str
    display_name: str | None = None
    tz: str | None = None
    """IANA name; None is not known, and reports say so."""
    avatar: str | None = None
    visibility: Visibility = "private"


def load(path: Path) -> list[User]:
    """The registered users in the order they were added; none if there is no file.

    Raises:
        RegistryError: not a list of users, a slug that is none, an id or a slug that stands twice.
    """
    if not path.exists():
        return []
    users = _decoded(path, list[User])
    for user in users:
        _refuse_bad_slug(user.slug, path)
    for what, values in (
        ("user_id", [user.user_id for user in users]),
        ("slug", [user.slug for user in users]),
    ):
        twice = next((value for value, n in Counter(values).items() if n > 1), None)
        if twice is not None:
            raise RegistryError(f"{path}: {what} {twice!r} stands twice. Remove one entry")
    return users


def read_entries(path: Path) -> list[Entry]:
    """Users to register, from a JSON file.

    Raises:
        RegistryError: the file is not a list of such users.
    """
    return _decoded(path, list[Entry])


def _decoded(path: Path, shape: type[list[T]]) -> list[T]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=shape)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise RegistryError(
            f'{path}: {error}. It should be a list of users, {{"user_id": "...", ...}}'
        ) from error


@contextmanager
def being_edited(path: Path) -> Generator[list[User]]:
    """The registered users, while nobody else changes them: load, change, `save`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield load(path)


def save(path: Path, entries: Sequence[msgspec.Struct]) -> None:
    """Write such a list; a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    text = msgspec.json.format(msgspec.json.encode(list(entries)), indent=1)
    new.write_bytes(text + b"\n")
    sync(new)
    new.replace(path)


def add(users: Sequence[User], entry: Entry) -> tuple[list[User], User]:
    """The registry with one more user, and the user made; adding a known id changes nothing.

    Raises:
        RegistryError: an empty id, a slug that is taken or malformed, an unknown time zone.
    """
    try:
        user_id = identity("user_id", entry.user_id)
    except RejectedError as error:
        raise RegistryError(str(error)) from error
    if user_id is None:
        raise RegistryError(f"{entry.user_id!r} is what broken clients send for nobody; no user")
    known = next((user for user in users if user.user_id == user_id), None)
    if known:
        return list(users), known
    if len(entry.display_name or "") > MAX_NAME or len(entry.avatar or "") > MAX_AVATAR:
        raise RegistryError(f"a name has at most {MAX_NAME} characters, an avatar {MAX_AVATAR}")
    taken = {user.slug for user in users} | RESERVED
    slug = entry.slug or free_slug(entry.display_name or user_id, user_id, taken)
    _refuse_bad_slug(slug)
    if slug in taken:
        raise RegistryError(f"slug {slug!r} belongs to another user; choose another with --slug")
    user = User(user_id, slug, entry.display_name, checked_zone(entry.tz), entry.avatar)
    return [*users, user], user


def _refuse_bad_slug(slug: str, path: Path | None = None) -> None:
    if not SLUG.fullmatch(slug) or slug in RESERVED:
        where = f"{path}: " if path else ""
        raise RegistryError(
            f"{where}slug {slug!r} cannot be used: a-z, 0-9 and inner hyphens, at most 64 "
            f"characters, and none of {', '.join(sorted(RESERVED))}"
        )


def checked_zone(tz: str | None) -> str | None:
    """The zone's name, if it is one.

    Raises:
        RegistryError: not an IANA name.
    """
    if tz is not None and tz not in available_timezones():
        raise RegistryError(f"{tz!r} is no IANA time zone; write it like Europe/Berlin")
    return tz


def free_slug(name: str, user_id: str, taken: Collection[str]) -> str:
    """A slug made of a name; with a piece of the id's hash where that is taken or empty."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-")
    digest = hashlib.sha256(user_id.encode()).hexdigest()
    if slug and slug not in taken:
        return slug
    stem = slug or "user"
    return next(
        candidate
        for length in range(6, len(digest))
        if (candidate := f"{stem}-{digest[:length]}"[:64]) not in taken
    )


def by_slug(users: Iterable[User], slugs: Iterable[str]) -> list[User]:
    """The users of these slugs, in the order asked for.

    Raises:
        RegistryError: a slug that nobody has; the message names similar ones.
    """
    index = {user.slug: user for user in users}
    slugs = list(slugs)
    unknown = next((slug for slug in slugs if slug not in index), None)
    if unknown is not None:
        near = difflib.get_close_matches(unknown, index, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "see: journey users list"
        raise RegistryError(f"no registered user has the slug {unknown!r}; {hint}")
    return [index[slug] for slug in slugs]


def partition_changes(wanted: Iterable[str], known: Iterable[str]) -> tuple[list[str], list[str]]:
    """Which partition keys to add, in the registry's order, and which no longer have a user.

    Keys are never deleted from a sensor: a run may be in flight, and a registry that could not be
    read is not an empty one. The second list is for whoever removes users by name.
    """
    wanted, known = list(wanted), set(known)
    return [key for key in wanted if key not in known], sorted(known - set(wanted))
