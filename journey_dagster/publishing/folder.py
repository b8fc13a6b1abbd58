"""A folder as the target: one rename puts the whole site in its place.

Belongs here: writing a release beside the place, and letting the place lead to it.
Does not belong here: what is in it.

The place is a link to the current release in `.NAME.releases` beside it. A release is written whole
and flushed before the link is renamed over the old one, so whoever comes through the place finds
the old site or the new one, whenever the writer dies. Files of others in the place move along.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from journey_dagster.durable import sync
from journey_dagster.publishing import manifest
from journey_dagster.publishing.errors import OvertakenError, PublishError
from journey_dagster.publishing.tree import Tree


class Folder:
    """A site in a folder of this machine."""

    def __init__(self, place: Path) -> None:
        self._place = place.expanduser().absolute()
        self._releases = self._place.with_name(f".{self._place.name}.releases")

    def examine(self) -> None:
        """See whether a site could be put in the place; nothing is written.

        Raises:
            PublishError: the place holds something else, or may not be written.
        """
        self._refuse_strangers()
        above = next(path for path in self._place.parents if path.exists())
        if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
            raise PublishError(f"{above} cannot be written")

    def publish(self, tree: Tree) -> bool:
        """Put the tree in the place; False if it stood there already.

        Raises:
            PublishError: the place holds something else.
            OvertakenError: somebody else is publishing there.
        """
        self._refuse_strangers()
        self._releases.mkdir(parents=True, exist_ok=True)
        with _alone(self._releases / ".lock"):
            standing = self._place.resolve() if self._place.is_symlink() else None
            if standing and not standing.is_dir():
                standing = None
            changes = not (standing and _holds(standing, tree))
            if changes:
                new = self._releases / secrets.token_hex(8)
                _write(new, tree)
                if standing:
                    _take_along(standing, new)
                _sync_all(new)
                self._point_to(new)
            self._sweep()
        return changes

    def purge(self) -> list[str]:
        """Nothing: publishing leaves no release but the current one."""
        return []

    def _refuse_strangers(self) -> None:
        place = self._place
        ours = place.is_symlink() and place.readlink().parent == Path(self._releases.name)
        free = not place.is_symlink() and (
            not place.exists() or (place.is_dir() and not any(place.iterdir()))
        )
        if not ours and not free:
            raise PublishError(
                f"{place} holds something else. Name a folder that is empty or not there"
            )

    def _point_to(self, new: Path) -> None:
        link = self._releases / ".next"
        link.unlink(missing_ok=True)
        link.symlink_to(Path(self._releases.name) / new.name)
        if not self._place.is_symlink() and self._place.exists():
            self._place.rmdir()  # an empty folder gives way; no link can be renamed over it
        link.replace(self._place)
        sync(self._place.parent)

    def _sweep(self) -> None:
        """Remove every release but the current one; what was unpublished is in the others."""
        current = self._place.resolve().name
        for path in self._releases.iterdir():
            if path.is_dir() and not path.is_symlink() and path.name != current:
                shutil.rmtree(path)


@contextmanager
def _alone(path: Path) -> Generator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OvertakenError("somebody else is publishing there. Try again") from error
        yield


def _holds(release: Path, tree: Tree) -> bool:
    """Whether a release is the tree, byte for byte."""
    return all(
        (release / path).is_file() and (release / path).read_bytes() == content
        for path, content in tree.files.items()
    )


def _write(new: Path, tree: Tree) -> None:
    for path, content in tree.files.items():
        (new / path).parent.mkdir(parents=True, exist_ok=True)
        (new / path).write_bytes(content)


def _take_along(old: Path, new: Path) -> None:
    """Copy what others put into the place; ours, by the old manifest, stays behind."""
    listed = manifest.read((old / manifest.PATH).read_bytes())
    for path in sorted(old.rglob("*")):
        name = path.relative_to(old)
        if path.is_file() and not listed.names(name.as_posix()) and not (new / name).exists():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, new / name)


def _sync_all(folder: Path) -> None:
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)
