"""Writes a folder whole or not at all.

Belongs here: the temporary folder beside the place, the rename into it, and telling an earlier
folder of the same kind from a stranger's. Does not belong here: what the files say.
"""

import secrets
import shutil
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from journey_dagster.durable import sync


class FolderError(Exception):
    """A folder that is not ours to replace; the message says why."""


@contextmanager
def whole(place: Path, names: Iterable[str], is_ours: Callable[[Path], bool]) -> Generator[Path]:
    """A folder to write to, which takes its place when the block ends well.

    Whoever looks at the place sees the old folder or the new one, never half of one; only while the
    two change places, for a moment, none.

    Args:
        place: where the folder shall be; an empty folder there is filled, ours is replaced.
        names: the files that a folder of this kind may hold.
        is_ours: whether a folder that is there was written here before.

    Raises:
        FolderError: there is a file, or a folder with something else in it; nothing is written.
    """
    place = place.expanduser().resolve()
    _refuse_strangers(place, set(names), is_ours)
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    new.mkdir()
    try:
        yield new
        for path in sorted(new.iterdir()):
            sync(path)
        sync(new)
        _swap(new, place)
        sync(place.parent)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _refuse_strangers(place: Path, names: set[str], is_ours: Callable[[Path], bool]) -> None:
    if place.exists() and not place.is_dir():
        raise FolderError(f"{place} is a file. Name a folder")
    if Path.cwd().is_relative_to(place):
        raise FolderError(f"{place} is where you are, and it would change places. Name another")
    there = {path.name for path in place.iterdir()} if place.exists() else set[str]()
    if not there:
        return
    if not is_ours(place):
        raise FolderError(f"{place} holds something else. Name an empty folder, or one not there")
    if strange := sorted(there - names):
        raise FolderError(
            f"{place} holds {strange[0]} too, which would be lost. Move it away, or name another"
        )


def _swap(new: Path, place: Path) -> None:
    """Put the new folder in its place; an empty one gives way by itself."""
    if not place.exists() or not any(place.iterdir()):
        new.rename(place)
        return
    old = place.with_name(f"{new.name}.old")
    place.rename(old)
    try:
        new.rename(place)
    except OSError:
        old.rename(place)
        raise
    shutil.rmtree(old)
