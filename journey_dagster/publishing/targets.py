"""Where a site can go, as one line of text says it.

Belongs here: telling a folder, a bucket and a branch apart. Does not belong here: what each does.
"""

import re
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from journey_dagster.publishing.branch import Branch
from journey_dagster.publishing.errors import PublishError
from journey_dagster.publishing.folder import Folder
from journey_dagster.publishing.s3 import Bucket
from journey_dagster.publishing.tree import Tree
from journey_dagster.settings import InsightsSettings, Settings

DEFAULT_BRANCH = "gh-pages"


class Target(Protocol):
    """A place that holds a site."""

    def examine(self) -> None:
        """See whether a site could be brought there; nothing is written, errors say why not."""
        ...

    def publish(self, tree: Tree) -> bool:
        """Make it hold the tree, whole or not at all; False if it did already."""
        ...

    def purge(self) -> list[str]:
        """Remove what stood there before and can still be had; told is what is out of reach."""
        ...


def settled(text: str) -> str:
    """The same target from wherever it is read: a path on this machine becomes absolute."""
    kind, remote = (text[:4], text[4:]) if text.startswith(("git:", "git+")) else ("", text)
    is_path = remote and ":" not in remote and not remote.startswith("-")
    return f"{kind}{Path(remote).expanduser().absolute()}" if is_path else text


def told(text: str) -> str:
    """A target as it may stand in a log: without a user or a password."""
    return re.sub(r"//[^/@]*@", "//", text)


def target(text: str, settings: Settings) -> Target:
    """What a text such as `/var/www/journeys`, `s3://bucket/prefix` or `git:URL#branch` means.

    Args:
        text: a folder, a bucket, or a repository with a branch (`gh-pages` where none is said).
        settings: who commits.

    Raises:
        PublishError: it is none of them.
    """
    if text.startswith("s3://"):
        place = urlsplit(text)
        prefix = place.path.strip("/")
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", place.netloc):
            raise PublishError(f"{text!r} names no bucket; write s3://bucket/prefix")
        return Bucket(place.netloc, prefix, InsightsSettings().aws_region)
    if text.startswith(("git:", "git+")):
        remote, _, branch = text[4:].partition("#")
        if not remote or remote.startswith("-"):
            raise PublishError("that names no repository; write git:URL#branch")
        return Branch(remote, branch or DEFAULT_BRANCH, settings.author)
    if "://" in text or not text:
        raise PublishError(
            f"{text.partition('://')[0]!r} is no target: a folder, s3://bucket/prefix or "
            "git:URL#branch"
        )
    return Folder(Path(text))
