"""Asks a Kafka broker what it holds: topics, their ids, the first and the last offsets.

Belongs here: the client's configuration, metadata, what a broker's errors mean.
Does not belong here: reading records (`kafka`), settings (`settings`).
"""

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, cast

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection
from confluent_kafka import TopicPartition as Place
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import EarliestSpec, LatestSpec, OffsetSpec

from journey_dagster.settings import KafkaSettings
from journey_dagster.topics import TopicError

_REFUSED = {
    KafkaError._AUTHENTICATION,  # noqa: SLF001  librdkafka's own codes have this name
    KafkaError._SSL,  # noqa: SLF001
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.UNSUPPORTED_SASL_MECHANISM,
}
"""Errors that no second try mends."""

_LOGGER = logging.getLogger("journey.kafka")
_LOGGER.addHandler(logging.NullHandler())
_LOGGER.propagate = False  # librdkafka's lines are told once, as the reason of a failure


class BrokerError(Exception):
    """The broker does not answer as it should; another try later may succeed."""


@dataclass(frozen=True)
class Extent:
    """The offsets that a partition holds."""

    low: int
    """First offset that is still there."""
    end: int
    """Offset after the last committed one."""


@dataclass(frozen=True)
class Held:
    """A topic as the broker has it."""

    name: str
    cluster_id: str | None
    topic_id: str | None
    partitions: Mapping[int, Extent]


class Troubles:
    """What a client heard of its connections: the last trouble, and whether it is for good."""

    def __init__(self) -> None:
        self.last: KafkaError | None = None
        self.refusal: KafkaError | None = None

    def hear(self, error: KafkaError) -> None:
        """Called by the client for each trouble with a connection."""
        self.last = error
        if error.code() in _REFUSED:
            self.refusal = error

    def check(self) -> None:
        """Go on, unless the broker refuses us.

        Raises:
            TopicError: it does, and no second try mends it.
        """
        if self.refusal is not None:
            raise TopicError(
                f"the broker refuses us: {self.refusal.str()}. Check the KAFKA_* settings (user, "
                "password, certificates, rights on the topic)"
            )

    def why(self) -> str:
        """The last trouble in words."""
        return f" ({self.last.str()})" if self.last else ""


def client_config(kafka: KafkaSettings, troubles: Troubles) -> dict[str, Any]:
    """What every client of this broker is told; the only place where a secret is in clear.

    Raises:
        TopicError: no broker is configured.
    """
    if not kafka.bootstrap_servers:
        raise TopicError("no broker is named. Set KAFKA_BOOTSTRAP_SERVERS=host:9092")
    secrets = {
        "sasl.password": kafka.sasl_password,
        "ssl.key.password": kafka.ssl_key_password,
    }
    stated = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "security.protocol": kafka.protocol,
        "sasl.mechanism": kafka.sasl_mechanism if kafka.sasl_username else None,
        "sasl.username": kafka.sasl_username,
        "ssl.ca.location": kafka.ssl_ca_location,
        "ssl.certificate.location": kafka.ssl_certificate_location,
        "ssl.key.location": kafka.ssl_key_location,
        **{name: secret.get_secret_value() for name, secret in secrets.items() if secret},
    }
    return {
        **{name: str(value) for name, value in stated.items() if value is not None},
        "client.id": "journey",
        "error_cb": troubles.hear,
        "logger": _LOGGER,
    }


def look(kafka: KafkaSettings, names: Iterable[str] = ()) -> list[Held]:
    """What the broker holds of these topics, or of all but its own; nothing is consumed.

    The end of a partition is the end of what is committed.

    Raises:
        TopicError: a topic does not exist, or the broker refuses us.
        BrokerError: the broker does not answer.
    """
    troubles = Troubles()
    admin = AdminClient(client_config(kafka, troubles))
    seconds = kafka.timeout_seconds
    try:
        _knock(admin, troubles, seconds)
        known = admin.list_topics(timeout=seconds)
        topics = {
            name: topic for name, topic in (known.topics or {}).items() if not name.startswith("__")
        }
        chosen = list(dict.fromkeys(names)) or sorted(topics)
        _refuse_unknown(chosen, topics)
        ids = _topic_ids(admin, chosen, seconds)
        places = [Place(name, n) for name in chosen for n in topics[name].partitions]
        lows = _offsets(admin, places, EarliestSpec(), seconds)
        ends = _offsets(admin, places, LatestSpec(), seconds)
    except KafkaException as error:
        # The client hears of a refused login on its own thread, and only tells when it is polled.
        admin.poll(0)
        told: KafkaError = error.args[0]
        troubles.hear(told)
        troubles.check()
        raise BrokerError(
            f"{kafka.bootstrap_servers} does not answer: {told.str()}. Is the broker up, and "
            "KAFKA_BOOTSTRAP_SERVERS right? Nothing was lost; try again"
        ) from error
    return [
        Held(
            name=name,
            cluster_id=known.cluster_id,
            topic_id=ids.get(name),
            partitions={
                n: Extent(lows[name, n], ends[name, n]) for n in sorted(topics[name].partitions)
            },
        )
        for name in chosen
    ]


def topic_ids(kafka: KafkaSettings, names: Iterable[str]) -> dict[str, str]:
    """The ids of topics; a topic without one is absent.

    Raises:
        BrokerError: the broker does not answer.
    """
    admin = AdminClient(client_config(kafka, Troubles()))
    try:
        return _topic_ids(admin, list(names), kafka.timeout_seconds)
    except KafkaException as error:
        raise BrokerError(f"{kafka.bootstrap_servers} does not answer: {error}") from error


def _knock(admin: AdminClient, troubles: Troubles, seconds: float) -> None:
    """Wait for a first answer, but no longer for a broker that refuses us.

    The client itself would log in again and again until the time is over.
    """
    asked = cast("Future[Any]", admin.describe_cluster(request_timeout=seconds))
    while not asked.done():
        admin.poll(0.02)
        troubles.check()
    asked.result()


def _refuse_unknown(chosen: list[str], topics: Mapping[str, Any]) -> None:
    for name in chosen:
        if name not in topics:
            near = get_close_matches(name, topics, 3) or sorted(topics)[:5]
            there = f"; there is {', '.join(near)}" if near else "; it has no topics"
            raise TopicError(f"the broker has no topic {name!r} that we may see{there}")


def _topic_ids(admin: AdminClient, names: list[str], seconds: float) -> dict[str, str]:
    ids: dict[str, str] = {}
    if not names:
        return ids
    asked = cast(
        "Mapping[str, Future[Any]]",
        admin.describe_topics(TopicCollection(names), request_timeout=seconds),
    )
    for name, future in asked.items():
        try:
            described = future.result()
        except KafkaException as error:
            if error.args[0].code() in {
                KafkaError.UNSUPPORTED_VERSION,
                KafkaError._UNSUPPORTED_FEATURE,  # noqa: SLF001
                KafkaError.UNKNOWN_TOPIC_OR_PART,
            }:
                continue  # a broker too old for ids, or a topic that went meanwhile
            raise
        if described.topic_id is not None:
            ids[name] = str(described.topic_id)
    return ids


def _offsets(
    admin: AdminClient, places: list[Place], which: OffsetSpec, seconds: float
) -> dict[tuple[str, int], int]:
    if not places:
        return {}
    asked = cast(
        "Mapping[Place, Future[Any]]",
        admin.list_offsets(
            dict.fromkeys(places, which),
            isolation_level=IsolationLevel.READ_COMMITTED,
            request_timeout=seconds,
        ),
    )
    return {(place.topic, place.partition): found.result().offset for place, found in asked.items()}
