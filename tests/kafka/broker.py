"""A real Kafka for tests: brokers of their own in folders that go away.

Belongs here: what tests want of a broker beyond `scripts/kafka.py`, which starts it: quick
cleaning, listeners with passwords and certificates, topics made and broken. Does not belong here:
records (tests bring their own) or expectations.
"""

import datetime as dt
import importlib.util
import ipaddress
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic, OffsetSpec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from journey_dagster.settings import ROOT

_loaded = importlib.util.spec_from_file_location("kafka_script", ROOT / "scripts" / "kafka.py")
kafka = importlib.util.module_from_spec(_loaded)
_loaded.loader.exec_module(kafka)

TIMEOUT = 20.0
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
# Whatever Kafka does once in a while, it does at once.
QUICK = {
    "log.initial.task.delay.ms": "50",
    "log.retention.check.interval.ms": "200",
    "log.segment.delete.delay.ms": "0",
    "log.cleaner.backoff.ms": "100",
    "log.cleaner.min.cleanable.ratio": "0.01",
    "log.cleaner.dedupe.buffer.size": "8388608",
    # A killed broker is let in again only when it was given up; by default after nine seconds.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
}


class Broker:
    """One Kafka on free ports of 127.0.0.1, as a context: it starts on entry, is gone on exit.

    There is always a PLAINTEXT listener. `sasl` (users and their passwords, good for PLAIN,
    SCRAM-SHA-256 and SCRAM-SHA-512) adds SASL_PLAINTEXT, `tls` adds SSL, which asks clients for
    their certificate, and both together add SASL_SSL, which does not.
    """

    def __init__(
        self,
        properties: Mapping[str, str] | None = None,
        *,
        sasl: Mapping[str, str] | None = None,
        tls: bool = False,
    ) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="kafka-"))
        protocols = ["PLAINTEXT", *["SASL_PLAINTEXT"] * bool(sasl), *["SSL"] * tls]
        protocols += ["SASL_SSL"] * bool(sasl and tls)
        self.listeners = {name: f"{kafka.HOST}:{kafka.free_port()}" for name in protocols}
        listen = ",".join(f"{name}://{address}" for name, address in self.listeners.items())
        kinds = ",".join(f"{name}:{name}" for name in protocols)
        settings = {
            **QUICK,
            "listeners": listen,
            "advertised.listeners": listen,
            "listener.security.protocol.map": f"{kinds},CONTROLLER:PLAINTEXT",
        }
        options = []
        if sasl:
            settings |= _sasl_settings(protocols, sasl)
            for mechanism in MECHANISMS[1:]:
                for user, password in sasl.items():
                    options += ["--add-scram", f"{mechanism}=[name={user},password={password}]"]
        if tls:
            make_certificates(self.certificates)
            settings |= _tls_settings(self.certificates)
        self._node = kafka.Node(
            self.home,
            int(self.bootstrap.split(":")[1]),
            settings=settings | dict(properties or {}),
            format_options=options,
        )
        self._admin: AdminClient | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._admin = None
        self.kill()
        shutil.rmtree(self.home)

    @property
    def bootstrap(self) -> str:
        """The address of the listener that asks for nothing."""
        return self.listeners["PLAINTEXT"]

    @property
    def log(self) -> str:
        """What the broker has said since it was last started."""
        return self._node.log.read_text(errors="replace")

    @property
    def certificates(self) -> Path:
        """The folder of ca.pem, client.pem and client.key; another CA signed stranger.pem."""
        return self.home / "tls"

    def start(self) -> None:
        """Start, also again on the same data and ports, and wait until all topics are served."""
        self._admin = None  # what it remembers is from before
        self._node.start()
        _until(self._leads)

    def stop(self) -> None:
        """End in good order."""
        self._node.stop()

    def kill(self) -> None:
        """End at once, as a power cut would."""
        self._node.stop(signal.SIGKILL)

    def client(self, protocol: str = "PLAINTEXT") -> dict[str, str]:
        """What a client of librdkafka has to be told to reach a listener, without a user."""
        settings = {"bootstrap.servers": self.listeners[protocol], "security.protocol": protocol}
        if protocol.endswith("SSL"):
            settings["ssl.ca.location"] = str(self.certificates / "ca.pem")
        if protocol == "SSL":
            settings["ssl.certificate.location"] = str(self.certificates / "client.pem")
            settings["ssl.key.location"] = str(self.certificates / "client.key")
        return settings

    @property
    def admin(self) -> AdminClient:
        """A client for whatever the methods below do not do."""
        if self._admin is None:
            self._admin = AdminClient(self.client())
        return self._admin

    def create(self, topic: str, partitions: int = 1, **config: object) -> str:
        """Make a topic, wait until it takes records, return its name; retention_ms=1 sets that."""
        named = {key.replace("_", "."): str(value) for key, value in config.items()}
        self.admin.create_topics([NewTopic(topic, partitions, 1, config=named)])[topic].result()
        _until(lambda: self._partitions(topic) == partitions)
        return topic

    def delete(self, topic: str) -> None:
        """Remove a topic and wait until it is gone."""
        self.admin.delete_topics([topic])[topic].result()
        _until(lambda: self._partitions(topic) == 0)

    def add_partitions(self, topic: str, total: int) -> None:
        """Give a topic more partitions, so many in all, and wait until they take records."""
        self.admin.create_partitions([NewPartitions(topic, total)])[topic].result()
        _until(lambda: self._partitions(topic) == total)

    def delete_records(self, topic: str, partition: int, before: int) -> int:
        """Remove the records of a partition below an offset; the first that is left."""
        asked = TopicPartition(topic, partition, before)
        return self.admin.delete_records([asked])[asked].result().low_watermark

    def offsets(self, topic: str, partition: int = 0) -> tuple[int, int]:
        """The first offset there is and the one after the last."""
        asked = TopicPartition(topic, partition)
        low, high = (
            self.admin.list_offsets({asked: spec})[asked].result().offset
            for spec in (OffsetSpec.earliest(), OffsetSpec.latest())
        )
        return low, high

    def _leads(self) -> bool:
        """Whether every partition there is has a leader."""
        topics = self.admin.list_topics(timeout=TIMEOUT).topics.values()
        return all(part.leader >= 0 for topic in topics for part in topic.partitions.values())

    def _partitions(self, topic: str) -> int:
        """How many partitions of a topic have a leader."""
        known = self.admin.list_topics(timeout=TIMEOUT).topics.get(topic)
        return sum(part.leader >= 0 for part in known.partitions.values()) if known else 0


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not true():
        assert time.monotonic() < deadline, f"not so within {TIMEOUT:.0f} s"
        time.sleep(0.02)


def _sasl_settings(protocols: list[str], users: Mapping[str, str]) -> dict[str, str]:
    modules = "org.apache.kafka.common.security"
    known = " ".join(f'user_{user}="{password}"' for user, password in users.items())
    settings = {}
    for protocol in protocols:
        if protocol.startswith("SASL"):
            listener = f"listener.name.{protocol.lower()}"
            settings[f"{listener}.sasl.enabled.mechanisms"] = ",".join(MECHANISMS)
            for mechanism in MECHANISMS:
                module = f"{modules}.scram.ScramLoginModule required;"
                if mechanism == "PLAIN":
                    module = f"{modules}.plain.PlainLoginModule required {known};"
                settings[f"{listener}.{mechanism.lower()}.sasl.jaas.config"] = module
    return settings


def _tls_settings(folder: Path) -> dict[str, str]:
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / "server.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(folder / "ca.pem"),
        "listener.name.ssl.ssl.client.auth": "required",
        "listener.name.sasl_ssl.ssl.client.auth": "none",
    }


def make_certificates(folder: Path) -> None:
    """Write an authority, what it gives to the server and to a client, and a stranger's client."""
    folder.mkdir(parents=True)
    authority, stranger = _key(), _key()
    name = _name("tests")
    (folder / "ca.pem").write_bytes(_certificate(name, authority, authority, authority=True))
    for who, issuer in (("server", authority), ("client", authority), ("stranger", stranger)):
        key = _key()
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        certificate = _certificate(_name(who), key, issuer)
        if who == "server":  # Kafka reads both from one file
            (folder / "server.pem").write_bytes(private + certificate)
        else:
            (folder / f"{who}.pem").write_bytes(certificate)
            (folder / f"{who}.key").write_bytes(private)


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: ec.EllipticCurvePrivateKey,
    *,
    authority: bool = False,
) -> bytes:
    now = dt.datetime.now(dt.UTC)
    here = x509.IPAddress(ipaddress.ip_address(kafka.HOST))
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_name("tests"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .sign(issuer, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
