"""The manifest: every file of a published site, its size and its hash.

Belongs here: making, reading and asking it. Does not belong here: what is published (`tree`).

It lies open beside the files, so the path of an unlisted report stands in it as a hash: whoever has
the path finds it, nobody finds the path. An earlier manifest tells which files of a target are ours
to remove.
"""

import hashlib
from collections.abc import Collection, Mapping

import msgspec

from journey_dagster import site
from journey_dagster.publishing.errors import PublishError

PATH = "data/manifest.json"


class File(msgspec.Struct, frozen=True):
    """What one file holds."""

    n_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """The files of a site by their paths, and those with secret paths by the hash of these."""

    schema_version: str
    files: Mapping[str, File]
    unlisted: Mapping[str, File]

    def names(self, path: str) -> bool:
        """Whether a path is one of this site's, the manifest's own among them."""
        return path == PATH or path in self.files or sha256(path.encode()) in self.unlisted


def sha256(content: bytes) -> str:
    """SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def write(files: Mapping[str, bytes], secret: Collection[str]) -> bytes:
    """The manifest of these files.

    Args:
        files: path to content.
        secret: those paths that nobody may read in it.

    Raises:
        ContractError: a path that no site has.
    """
    told = {path: File(len(content), sha256(content)) for path, content in files.items()}
    made = Manifest(
        "1.0",
        {path: file for path, file in told.items() if path not in secret},
        {sha256(path.encode()): file for path, file in told.items() if path in secret},
    )
    site.validate("manifest.v1", msgspec.to_builtins(made))
    return msgspec.json.encode(made, order="sorted") + b"\n"


def read(content: bytes) -> Manifest:
    """An earlier manifest.

    Raises:
        PublishError: it is none.
    """
    try:
        return msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as error:
        raise PublishError(
            f"the {PATH} that stands there cannot be read ({error}), so nobody knows which files "
            "are the site's. Publish elsewhere, or remove the old site by hand"
        ) from error
