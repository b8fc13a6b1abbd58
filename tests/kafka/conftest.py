"""One Kafka for all tests here, with every listener; a test that breaks it makes its own."""

import os
from collections.abc import Iterator

import pytest
from broker import Broker, kafka

USERS = {"reader": "what-only-the-reader-knows"}


@pytest.fixture(scope="session")
def able() -> None:
    """This machine can start a Kafka: skips where it cannot."""
    if reason := kafka.missing():
        if os.environ.get("JOURNEY_REQUIRE_ALL"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def broker(able: None) -> Iterator[Broker]:
    """A Kafka all tests share: topics are theirs, by names of their own; ending it is not."""
    del able
    with Broker(sasl=USERS, tls=True) as running:
        yield running


@pytest.fixture
def users() -> dict[str, str]:
    """Who the shared Kafka knows, and their passwords."""
    return USERS
