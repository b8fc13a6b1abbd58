"""The registry: who gets a report, under which slug, on which clock.

Belongs here: the file `users.json`, slugs, the users partition, which keys to add.
Does not belong here: what is known of users from events (`sql/core/users.sql` joins both).

Identity is an id, never a name: two users with one name are two entries with two slugs. A slug, once
given, stays. Dagster: https://docs.dagster.io/guides/build/partitions-and-backfills
"""

import hashlib
import os
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Literal
from zoneinfo import available_timezones

import dagster as dg
import msgspec

USERS = dg.DynamicPartitionsDefinition(name="users")
"""One partition per registered user; the key is the slug."""

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")

Visibility = Literal["private", "unlisted", "public"]


class RegistryError(Exception):
    """The registry, or what was asked of it, is wrong; the message says where and how to mend it."""


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
        RegistryError: the file is not a list of users, or two entries share an id or a slug.
    """
    if not path.exists():
        return []
    try:
        users = msgspec.json.decode(path.read_bytes(), type=list[User])
    except msgspec.MsgspecError as error:
        raise RegistryError(f"{path}: {error}. Mend the entry, or restore the file") from error
    for field in ("user_id", "slug"):
        values = [getattr(user, field) for user in users]
        twice = sorted({value for value in values if values.count(value) > 1}) if len(
            set(values)
        ) < len(values) else []
        if twice:
            raise RegistryError(f"{path}: {field} {twice[0]!r} stands twice. Remove one entry")
    return users


def save(path: Path, users: Sequence[User]) -> None:
    """Write the registry; a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    text = msgspec.json.format(msgspec.json.encode(list(users)), indent=1)
    with new.open("wb") as file:
        file.write(text + b"\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def add(
    users: Sequence[User],
    user_id: str,
    *,
    slug: str | None = None,
    display_name: str | None = None,
    tz: str | None = None,
    avatar: str | None = None,
) -> tuple[list[User], User]:
    """The registry with one more user, and the entry made; adding a known id changes nothing.

    Raises:
        RegistryError: an empty id, a slug that is taken or malformed, an unknown time zone.
    """
    known = next((user for user in users if user.user_id == user_id), None)
    if known:
        return list(users), known
    if not user_id.strip():
        raise RegistryError("a user needs an id; an empty one would be shared by strangers")
    taken = {user.slug for user in users}
    if slug is None:
        slug = free_slug(display_name or user_id, user_id, taken)
    elif not SLUG.fullmatch(slug):
        raise RegistryError(f"slug {slug!r}: use a-z, 0-9 and inner hyphens, at most 64 characters")
    elif slug in taken:
        raise RegistryError(f"slug {slug!r} belongs to another user; choose another with --slug")
    user = User(user_id, slug, display_name, checked_zone(tz), avatar)
    return [*users, user], user


def checked_zone(tz: str | None) -> str | None:
    """The zone's name, if it is one.

    Raises:
        RegistryError: not an IANA name.
    """
    if tz is not None and tz not in available_timezones():
        raise RegistryError(f"{tz!r} is no IANA time zone; write it like Europe/Berlin")
    return tz


def free_slug(name: str, user_id: str, taken: Collection[str]) -> str:
    """A slug made of a name; with a piece of the id's hash where the name is taken or has no letters."""
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
    found: list[User] = []
    for slug in slugs:
        if slug not in index:
            near = [known for known in sorted(index) if known[:3] == slug[:3]][:3]
            hint = f"did you mean {', '.join(near)}?" if near else "see: journey users list"
            raise RegistryError(f"no registered user has the slug {slug!r}; {hint}")
        found.append(index[slug])
    return found


def partition_changes(
    wanted: Iterable[str], known: Iterable[str]
) -> tuple[list[str], list[str]]:
    """Which partition keys to add, in the registry's order, and which no longer have a user.

    Keys are never deleted from a sensor: a run may be in flight, and a registry that could not be
    read is not an empty one. The second list is for whoever removes users by name.
    """
    wanted, known = list(wanted), set(known)
    return [key for key in wanted if key not in known], sorted(known - set(wanted))
