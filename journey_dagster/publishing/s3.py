"""A bucket as the target: content first, the pointer last.

Belongs here: releases and the pointer in a bucket, and what each answer of it means.
Does not belong here: what a release holds.

A bucket replaces one object at a time, so a site under names that stay would be mixed while it is
written. Each release therefore has a folder of its own, and `current.json`, written last, names it.
The pages at addresses that stay only lead there. Two publishers never mix: the pointer is written
only if it is still the one that was read. Only folders that were there before that are swept.

What the release before has too is not sent again: the bucket copies it. Its checksum is the one
that a bucket lists (MD5), so where keys of a customer's own encrypt, everything is sent.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any, cast

import msgspec
from botocore.exceptions import ClientError

from journey_dagster.publishing import forward, manifest
from journey_dagster.publishing.errors import PublishError
from journey_dagster.publishing.s3_client import Client, all_at_once, explained, make_client
from journey_dagster.publishing.tree import Tree

POINTER = "current.json"

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}

# Data that was withdrawn must not live on in a cache; code and styles of a release never change.
_KEPT = "public, max-age=31536000, immutable"
_ASKED = "no-cache"
_CODE = {".css", ".js", ".svg"}

_OURS = re.compile("releases/[0-9a-f]{16}/")
_NO_VERSIONS = {"AccessDenied", "MethodNotAllowed", "NotImplemented"}


class _Pointer(msgspec.Struct, frozen=True):
    """Which release is the site, and what it is made of."""

    schema_version: str
    release: str
    manifest_sha256: str


class Bucket:
    """A site in a bucket of S3, or of another service that speaks its protocol."""

    def __init__(self, bucket: str, prefix: str, region: str) -> None:
        self._bucket = bucket
        self._root = f"{prefix}/" if prefix else ""
        self._region = region

    def examine(self) -> None:
        """See whether the bucket lets us list it; nothing is written.

        Raises:
            TargetError: the bucket cannot be reached or refuses.
        """
        with explained():
            pages = make_client(self._region, attempts=1).get_paginator("list_objects_v2")
            next(iter(pages.paginate(Bucket=self._bucket, Prefix=self._root)), None)

    def publish(self, tree: Tree) -> bool:
        """Make the pointer name a release of this tree; False if it did already.

        Raises:
            PublishError: a page at the top is not ours.
            TargetError: the bucket cannot be reached or refuses.
            OvertakenError: somebody else published meanwhile.
        """
        with explained():
            return self._publish(make_client(self._region), tree)

    def _publish(self, client: Client, tree: Tree) -> bool:
        standing = self._standing(client)
        pointer, version = self._pointer(client) if POINTER in standing else (None, None)
        wanted = manifest.sha256(tree.manifest)
        if pointer and pointer.manifest_sha256 == wanted:
            self._sweep(client, standing, pointer.release)
            return False
        files = tree.files
        fixed = forward.pages(files)
        if "robots.txt" in files:
            fixed["robots.txt"] = files["robots.txt"]
        fixed = {
            path: content for path, content in fixed.items() if standing.get(path) != _etag(content)
        }
        for path in fixed.keys() & standing.keys():
            self._refuse_stranger(client, path, fixed[path])
        before = pointer.release if pointer else ""
        release = f"releases/{secrets.token_hex(8)}"

        def bring(path: str) -> None:
            content = files[path]
            if standing.get(f"{before}/{path}") == _etag(content):
                self._copy(client, f"{before}/{path}", f"{release}/{path}", _etag(content))
            else:
                self._put(client, f"{release}/{path}", content, IfNoneMatch="*")

        all_at_once(bring, files)
        all_at_once(lambda path: self._put(client, path, fixed[path]), fixed)
        text = msgspec.json.encode(_Pointer("1.0", release, wanted)) + b"\n"
        condition = {"IfMatch": version} if version else {"IfNoneMatch": "*"}
        self._put(client, POINTER, text, **condition)
        self._sweep(client, standing, release)
        return True

    def purge(self) -> list[str]:
        """Remove every version of releases that are no more, of a bucket that keeps versions.

        Returns:
            A line, if the bucket does not let us look at versions.

        Raises:
            TargetError: the bucket cannot be reached or refuses.
        """
        with explained():
            client = make_client(self._region)
            release = self._pointer(client)[0].release
            pages = client.get_paginator("list_object_versions").paginate(
                Bucket=self._bucket, Prefix=self._root
            )
            try:
                found = [
                    each
                    for page in pages
                    for kind in ("Versions", "DeleteMarkers")
                    for each in page.get(kind, ())
                ]
            except ClientError as error:
                if cast("Any", error.response)["Error"].get("Code") not in _NO_VERSIONS:
                    raise
                told = f"versions that the bucket {self._bucket} may keep: it does not let us list "
                return [f"{told}them. Delete those below releases/ except of {release}"]
            for each in found:
                path = str(each["Key"]).removeprefix(self._root)
                if _OURS.match(path) and not path.startswith(f"{release}/"):
                    client.delete_object(
                        Bucket=self._bucket, Key=each["Key"], VersionId=each["VersionId"]
                    )
        return []

    def _standing(self, client: Client) -> dict[str, str]:
        """What is there: path to checksum."""
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._root
        )
        return {
            str(found["Key"]).removeprefix(self._root): str(found["ETag"])
            for page in pages
            for found in page.get("Contents", ())
        }

    def _get(self, client: Client, path: str) -> tuple[bytes, str]:
        found = client.get_object(Bucket=self._bucket, Key=self._root + path)
        return found["Body"].read(), found["ETag"]

    def _pointer(self, client: Client) -> tuple[_Pointer, str]:
        content, version = self._get(client, POINTER)
        try:
            return msgspec.json.decode(content, type=_Pointer), version
        except msgspec.MsgspecError as error:
            raise PublishError(f"{POINTER} in the bucket is not ours ({error})") from error

    def _refuse_stranger(self, client: Client, path: str, ours: bytes) -> None:
        content, _ = self._get(client, path)
        if content != ours and forward.MARK not in content:
            raise PublishError(
                f"the bucket holds a {path} that is not ours. Choose a prefix: s3://bucket/prefix"
            )

    def _put(self, client: Client, path: str, content: bytes, **condition: str) -> None:
        client.put_object(
            Bucket=self._bucket,
            Key=self._root + path,
            Body=content,
            **_headers(path),
            **condition,
        )

    def _copy(self, client: Client, source: str, path: str, etag: str) -> None:
        client.copy_object(
            Bucket=self._bucket,
            Key=self._root + path,
            CopySource={"Bucket": self._bucket, "Key": self._root + source},
            CopySourceIfMatch=etag,
            MetadataDirective="REPLACE",
            **_headers(path),
        )

    def _sweep(self, client: Client, standing: Iterable[str], release: str) -> None:
        """Remove releases that were there before; nobody is led to them any more."""
        all_at_once(
            lambda path: client.delete_object(Bucket=self._bucket, Key=self._root + path),
            [path for path in standing if _OURS.match(path) and not path.startswith(f"{release}/")],
        )


def _headers(path: str) -> dict[str, str]:
    suffix = PurePosixPath(path).suffix
    return {
        "ContentType": TYPES.get(suffix, "application/octet-stream"),
        "CacheControl": _KEPT if suffix in _CODE and "/" in path else _ASKED,
    }


def _etag(content: bytes) -> str:
    """The checksum that a bucket lists of an object."""
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
