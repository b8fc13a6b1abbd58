"""A bucket as the target: content first, the pointer last.

Belongs here: releases and the pointer in a bucket, and what each answer of it means.
Does not belong here: what a release holds.

A bucket replaces one object at a time, so a site under names that stay would be mixed while it is
written. Each release therefore has a folder of its own, and `current.json`, written last, names it.
The pages at addresses that stay only lead there. Two publishers never mix: the pointer is written
only if it is still the one that was read. Only folders that were there before that are swept.

Keys and regions come as AWS's own tools take them, AWS_ENDPOINT_URL_S3 included.
"""

import re
import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any, Protocol, cast

import botocore.session
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from journey_dagster.publishing import forward, manifest
from journey_dagster.publishing.errors import OvertakenError, PublishError, TargetError
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
_LOST = {"PreconditionFailed", "ConditionalRequestConflict"}


class _Pointer(msgspec.Struct, frozen=True):
    """Which release is the site, and what it is made of."""

    schema_version: str
    release: str
    manifest_sha256: str


class _Client(Protocol):
    def get_object(self, **asked: object) -> Mapping[str, Any]: ...
    def put_object(self, **asked: object) -> Mapping[str, Any]: ...
    def delete_object(self, **asked: object) -> Mapping[str, Any]: ...
    def get_paginator(self, name: str) -> Any: ...  # noqa: ANN401  botocore makes it as it runs


class Bucket:
    """A site in a bucket of S3, or of another service that speaks its protocol."""

    def __init__(self, bucket: str, prefix: str, region: str) -> None:
        self._bucket = bucket
        self._root = f"{prefix}/" if prefix else ""
        self._region = region

    def publish(self, tree: Tree) -> bool:
        """Make the pointer name a release of this tree; False if it did already.

        Raises:
            PublishError: a page at the top is not ours.
            TargetError: the bucket cannot be reached or refuses.
            OvertakenError: somebody else published meanwhile.
        """
        with _told():
            return self._publish(_client(self._region), tree)

    def _publish(self, client: _Client, tree: Tree) -> bool:
        standing = self._keys(client)
        pointer, version = self._pointer(client) if POINTER in standing else (None, None)
        wanted = manifest.sha256(tree.manifest)
        if pointer and pointer.manifest_sha256 == wanted:
            self._sweep(client, standing, pointer.release)
            return False
        fixed = forward.pages(tree.files)
        if "robots.txt" in tree.files:
            fixed["robots.txt"] = tree.files["robots.txt"]
        for path in fixed.keys() & standing:
            self._refuse_stranger(client, path, fixed[path])
        release = f"releases/{secrets.token_hex(8)}"
        for path, content in tree.files.items():
            self._put(client, f"{release}/{path}", content, IfNoneMatch="*")
        for path, content in fixed.items():
            self._put(client, path, content)
        told = msgspec.json.encode(_Pointer("1.0", release, wanted)) + b"\n"
        condition = {"IfMatch": version} if version else {"IfNoneMatch": "*"}
        self._put(client, POINTER, told, **condition)
        self._sweep(client, standing, release)
        return True

    def _keys(self, client: _Client) -> set[str]:
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._root
        )
        return {
            str(found["Key"]).removeprefix(self._root)
            for page in pages
            for found in page.get("Contents", ())
        }

    def _get(self, client: _Client, path: str) -> tuple[bytes, str]:
        found = client.get_object(Bucket=self._bucket, Key=self._root + path)
        return found["Body"].read(), found["ETag"]

    def _pointer(self, client: _Client) -> tuple[_Pointer, str]:
        content, version = self._get(client, POINTER)
        try:
            return msgspec.json.decode(content, type=_Pointer), version
        except msgspec.MsgspecError as error:
            raise PublishError(f"{POINTER} in the bucket is not ours ({error})") from error

    def _refuse_stranger(self, client: _Client, path: str, ours: bytes) -> None:
        content, _ = self._get(client, path)
        if content != ours and forward.MARK not in content:
            raise PublishError(
                f"the bucket holds a {path} that is not ours. Choose a prefix: s3://bucket/prefix"
            )

    def _put(self, client: _Client, path: str, content: bytes, **condition: str) -> None:
        suffix = PurePosixPath(path).suffix
        client.put_object(
            Bucket=self._bucket,
            Key=self._root + path,
            Body=content,
            ContentType=TYPES.get(suffix, "application/octet-stream"),
            CacheControl=_KEPT if suffix in _CODE and "/" in path else _ASKED,
            **condition,
        )

    def _sweep(self, client: _Client, standing: set[str], release: str) -> None:
        """Remove releases that were there before; nobody is led to them any more."""
        for path in sorted(standing):
            if _OURS.match(path) and not path.startswith(f"{release}/"):
                client.delete_object(Bucket=self._bucket, Key=self._root + path)


def _client(region: str) -> _Client:
    made: Any = botocore.session.get_session().create_client(
        "s3",
        region_name=region,
        config=Config(
            retries={"mode": "standard", "total_max_attempts": 4},
            connect_timeout=10,
            read_timeout=60,
            s3={"addressing_style": "path"},
        ),
    )
    return cast("_Client", made)


@contextmanager
def _told() -> Generator[None]:
    """What the bucket's answers mean.

    Raises:
        TargetError: it cannot be reached or refuses.
        OvertakenError: a condition no longer holds.
    """
    try:
        yield
    except ClientError as error:
        answer = cast("dict[str, str]", error.response["Error"])
        code = answer.get("Code", "")
        if code in _LOST or code == "412":
            raise OvertakenError("somebody else published meanwhile. Try again") from error
        raise TargetError(f"the bucket refuses: {code}, {answer.get('Message', '')}") from error
    except BotoCoreError as error:
        raise TargetError(f"the bucket cannot be reached: {error}") from error
