"""Talking to a bucket: the client, many requests at once, and what each answer means.

Belongs here: what any use of a bucket needs. Does not belong here: what is in one (`s3`).

Keys and regions come as AWS's own tools take them, AWS_ENDPOINT_URL_S3 included.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from journey_dagster.publishing.errors import OvertakenError, TargetError

AT_ONCE = 16
"""Requests under way at once: most of the time of each is spent waiting."""

# What was just listed is gone, or is another: only another publisher does that.
_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412"}

T = TypeVar("T")


class Client(Protocol):
    """What is used of botocore's client; threads may share it."""

    def get_object(self, **asked: object) -> Mapping[str, Any]:
        """Read an object."""
        ...

    def put_object(self, **asked: object) -> Mapping[str, Any]:
        """Write an object."""
        ...

    def copy_object(self, **asked: object) -> Mapping[str, Any]:
        """Let the bucket copy an object."""
        ...

    def delete_object(self, **asked: object) -> Mapping[str, Any]:
        """Remove an object, or a version of it."""
        ...

    def get_paginator(self, name: str) -> Any:  # noqa: ANN401  botocore makes it as it runs
        """What asks for page after page."""
        ...


def make_client(region: str, attempts: int = 4) -> Client:
    """A client for a region."""
    made: Any = botocore.session.get_session().create_client(
        "s3",
        region_name=region,
        config=Config(
            retries={"mode": "standard", "total_max_attempts": attempts},
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=AT_ONCE,
            s3={"addressing_style": "path"},
        ),
    )
    return cast("Client", made)


def all_at_once(request: Callable[[T], object], items: Iterable[T]) -> None:
    """Make a request for each item; when it returns or raises, none is under way any more."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        deque(pool.map(request, items), maxlen=0)


@contextmanager
def explained() -> Generator[None]:
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
        if code in _LOST:
            raise OvertakenError("somebody else published meanwhile. Try again") from error
        raise TargetError(f"the bucket refuses: {code}, {answer.get('Message', '')}") from error
    except BotoCoreError as error:
        raise TargetError(f"the bucket cannot be reached: {error}") from error
