"""Homes that read from a broker, records for it, and what must hold of a home whatever happened.

Belongs here: helpers that several modules import. Does not belong here: expectations of one test,
brokers (`broker`, `mock_cluster`).
"""

import hashlib
import json
import shutil
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow.parquet as pq
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer
from confluent_kafka import TopicPartition as Place

from journey_dagster import warehouse
from journey_dagster.models import Model, model
from journey_dagster.settings import KafkaSettings, Settings, TopicChoice
from journey_dagster.topics import kafka
from journey_dagster.topics.load import Receipt, load_landed, prepare

AT = "2026-01-01T00:00:00Z"
FIRST_RUN = datetime(2026, 11, 1, 12, tzinfo=UTC)
"""When the first run of a home is; each later one is a minute later."""
SECONDS = 3.0
"""How long a test waits for a silent broker."""
COMPUTED = ("core.events", "meta.manifest", "meta.topics", "meta.gaps")
REBUILT = ("raw.records", "raw.segments", "meta.quarantine", "core.events", "meta.manifest")
"""What the raw segments alone give; the broker's standing is the broker's to tell."""
CHECKS = (
    "manifest_conserves",
    "manifest_counts_events",
    "offsets_are_contiguous",
    "events_are_unique",
)


class Kept(NamedTuple):
    """A record, as a broker delivers it or a raw segment has it."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    at: int
    """Milliseconds since 1970."""


def ksql(user: str | None, n: object, **more: object) -> bytes:
    """A record of the topic dump, which names its user unless there is none."""
    said = {"TIMESTAMP": AT, "MESSAGEID": f"{user}-{n}", "URL": f"https://x.org/p/{n}"}
    return json.dumps(said | ({"USERID": user} if user else {}) | more).encode()


def nameless(n: object, **more: object) -> bytes:
    """A record that says neither whose nor which it is."""
    return json.dumps({"TIMESTAMP": AT, "PAGE_URL": f"https://x.org/p/{n}"} | more).encode()


def segment(user: str | None, n: object) -> bytes:
    """A message of Segment, by a device of the user's."""
    said = {"type": "page", "messageId": f"{user}-{n}", "timestamp": AT, "anonymousId": f"d-{user}"}
    return json.dumps(
        said | {"userId": user, "properties": {"url": f"https://x.org/p/{n}"}}
    ).encode()


def plain(user: str | None, n: object) -> bytes:
    """A flat JSON event."""
    said = {"user_id": user, "timestamp": AT, "page": f"/p/{n}", "event": "view"}
    return json.dumps(said | {"event_id": f"{user}-{n}"}).encode()


def views(numbers: Iterable[int], user: str = "robin", partition: int = 0) -> list[tuple]:
    """Records to produce, without keys."""
    return [(None, ksql(user, n), partition) for n in numbers]


def produce(client: Mapping[str, str], topic: str, records: Iterable[tuple]) -> None:
    """Put records (key, value, partition) into a real broker's topic."""
    producer = Producer({**client, "linger.ms": 1, "message.max.bytes": 16 * 2**20})
    for key, value, partition in records:
        producer.produce(topic, key=key, value=value, partition=partition)
    assert producer.flush(20) == 0


def held(client: Mapping[str, str], topic: str) -> dict[tuple[int, int], Kept]:
    """Partition and offset to the record, for all that a consumer is given of a topic."""
    consumer = Consumer(
        {
            **client,
            "group.id": "outside",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 10,
        }
    )
    found: dict[tuple[int, int], Kept] = {}
    with consumer:
        left = set(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
        consumer.assign([Place(topic, n, OFFSET_BEGINNING) for n in left])
        while left:
            message = consumer.poll(10)
            assert message is not None, f"{topic}: silent at partitions {left}"
            if message.error() is None:
                found[message.partition(), message.offset()] = Kept(
                    message.key(), message.value(),
                    tuple(message.headers() or ()), message.timestamp()[1],
                )  # fmt: skip
            elif message.error().code() == KafkaError._PARTITION_EOF:
                left.discard(message.partition())
    return found


class KafkaHome:
    """A folder with raw segments and a warehouse, filled from a broker."""

    def __init__(self, root: Path, bootstrap: str | None, **kafka_settings: Any) -> None:
        self.settings = Settings(home=root)
        self.raw = self.settings.raw
        self.kafka = KafkaSettings(
            bootstrap_servers=bootstrap, **{"timeout_seconds": SECONDS} | kafka_settings
        )
        self._con: duckdb.DuckDBPyConnection | None = None
        self._moments = (FIRST_RUN + timedelta(minutes=n) for n in count())

    @contextmanager
    def connect(self) -> Generator[duckdb.DuckDBPyConnection]:
        """The warehouse; opening it takes longer than most of what is asked of it, so once."""
        if self._con is not None:
            yield self._con
            return
        with warehouse.connect(self.settings.database) as con:
            self._con = con
            try:
                yield con
            finally:
                self._con = None

    def ingest(self, *topics: str, **options: Any) -> list[Receipt]:
        """What `journey ingest kafka` does, with topics as they stand behind --topic."""
        choices = [TopicChoice.parse(topic) for topic in topics]
        with self.connect() as con:
            return kafka.ingest(
                con, self.settings, self.kafka, choices, next(self._moments), **options
            )

    def consumed(self, *topics: str, **options: Any) -> list[int]:
        """Of an ingest, how many records each topic gave."""
        return [receipt.n_consumed for receipt in self.ingest(*topics, **options)]

    def compute(self) -> None:
        """Make the tables of what is loaded."""
        done: set[str] = set()
        with self.connect() as con:
            prepare(con)
            with warehouse.transaction(con):
                for name in COMPUTED:
                    _compute(con, self.settings, name, done)

    def rows(self, sql: str) -> list[tuple]:
        """The rows of a query over what was loaded and computed last, sorted."""
        with self.connect() as con:
            return con.execute(f"from ({sql}) order by all").fetchall()

    def events(self, columns: str) -> list[tuple]:
        """core.events, computed from what is loaded."""
        self.compute()
        return self.rows(f"select {columns} from core.events")

    def gaps(self) -> list[tuple]:
        """Topic, partition, first and last offset, reason, and whether it is accepted."""
        self.compute()
        return self.rows(
            'select topic, "partition", first_offset, last_offset, reason, is_accepted '
            "from meta.gaps"
        )

    def red(self) -> bool:
        """Whether the check on gaps stops a run."""
        self.compute()
        return bool(self.rows(_model("checks.gaps_are_accepted").sql))

    def states(self) -> list[tuple[str, int, str, int | None]]:
        """Topic, partition, state and lag."""
        with self.connect() as con:
            found = kafka.states(con)
        return [(one.topic, one.partition, one.state, one.lag) for one in found]

    def segments(self) -> list[tuple[str, int, int, int, int]]:
        """Topic, reading, partition, first and last offset of each, from the warehouse."""
        return self.rows(
            'select topic, reading, "partition", first_offset, last_offset from raw.segments'
        )

    def landed(self) -> dict[tuple[str, int, int, int], Kept]:
        """Topic, reading, partition, offset to the record, from the files alone."""
        found: dict[tuple[str, int, int, int], Kept] = {}
        for path in self.raw.rglob("*.parquet"):
            origin = json.loads(pq.read_schema(path).metadata[b"journey"])
            for row in pq.read_table(path).to_pylist():
                at = (origin["topic"], origin.get("reading", 1), row["partition"], row["offset"])
                assert at not in found, f"{at} landed twice"
                stamp = row["broker_at"]
                found[at] = Kept(
                    row["key"], row["value"], tuple(row["headers"] or ()),
                    (stamp - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1),
                )  # fmt: skip
        return found

    def invariants(self, *topics: str) -> None:
        """Check from outside all that must hold whatever happened.

        Args:
            topics: those that the broker still has; what it delivers is held against what is here.
        """
        with self.connect():
            self.compute()
            landed = self.landed()
            wrong = [*self._checks(), *self._files(), *self._accounts(landed)]
            for topic in topics:
                wrong += self._delivered(topic, landed)
            assert not wrong, "\n".join(map(str, wrong))
            self._rebuilds()

    def _checks(self) -> Generator[object]:
        with self.connect() as con:
            for name in CHECKS:
                check = _model(f"checks.{name}")
                rows = con.execute(check.sql, check.bind(self.settings.sql_parameters())).fetchall()
                yield from ((name, row) for row in rows)

    def _files(self) -> Generator[object]:
        """Files and manifest name the same; the offsets of each folder follow on one another."""
        files = {str(path.relative_to(self.raw)): path for path in self.raw.rglob("*.parquet")}
        listed = dict(self.rows("select path, sha256 from meta.manifest"))
        if files.keys() != listed.keys():
            yield f"files and manifest differ: {files.keys() ^ listed.keys()}"
        for name, path in files.items():
            if listed.get(name) != hashlib.sha256(path.read_bytes()).hexdigest():
                yield f"{name} has another checksum"
        for folder in {path.parent for path in files.values()}:
            ranges = [tuple(map(int, p.stem.split("-"))) for p in sorted(folder.glob("*.parquet"))]
            if ranges[0][0] != 0 or any(b[0] != a[1] + 1 for a, b in pairwise(ranges)):
                yield f"{folder} does not hold every offset once: {ranges}"
        yield from (f"{path} was left behind" for path in self.raw.rglob(".*.new"))

    def _accounts(self, landed: Mapping[tuple[str, int, int, int], Kept]) -> Generator[object]:
        """Each record that landed is one row: an event's record or quarantined; or a tombstone."""
        place = 'topic, reading, "partition", "offset"'
        ways = self.rows(
            f"select {place} from raw.records union all select {place} from meta.quarantine"
        )
        yield from (f"{way} is there twice" for way, other in pairwise(ways) if way == other)
        valued = {at for at, kept in landed.items() if kept.value is not None}
        if valued != set(ways):
            yield f"landed or loaded, not both: {valued ^ set(ways)}"
        for *at, key, value in self.rows(f"select {place}, key, value from meta.quarantine"):
            if (key, value) != landed[tuple(at)][:2]:
                yield f"{at} has other bytes in quarantine"

    def _delivered(
        self, topic: str, landed: Mapping[tuple[str, int, int, int], Kept]
    ) -> Generator[object]:
        """What the broker delivers up to where the topic is read is here as it is there."""
        with self.connect() as con:
            stands = kafka.standing(con, self.raw, topic)
        if stands is None:
            return
        for (n, offset), record in held(self.client, topic).items():
            here = landed.get((stands.label, stands.reading, n, offset))
            if offset < stands.next_offsets.get(n, 0) and here != record:
                yield f"{topic} {n}/{offset}: the broker has {record}, here is {here}"

    def _rebuilds(self) -> None:
        """The raw segments alone give the same rows."""
        again = KafkaHome(self.settings.home.with_name("rebuilt"), None)
        shutil.rmtree(again.settings.home, ignore_errors=True)
        if self.raw.exists():
            shutil.copytree(self.raw, again.raw)
        with again.connect() as con:
            load_landed(con, again.raw)
            again.compute()
            first, second = self._hashes(), again._hashes()
        assert first == second, "rebuilt from raw, other rows"

    def _hashes(self) -> dict[str, list[tuple]]:
        """Rows and an order-independent hash of them, by table.

        Whether core has taken a segment is no part of what it is.
        """
        hashed = "select count(*), sum(hash(one)::hugeint) from"
        rows = {"raw.segments": "(select * exclude (is_taken) from raw.segments)"}
        return {name: self.rows(f"{hashed} {rows.get(name, name)} as one") for name in REBUILT}

    @property
    def client(self) -> dict[str, str]:
        """What a client of librdkafka is told to reach the broker."""
        return {"bootstrap.servers": self.kafka.bootstrap_servers or ""}


@cache
def _model(name: str) -> Model:
    """A file of `sql/`, read and parsed once."""
    schema, table = name.split(".")
    return model(f"{schema}/{table}.sql")


def _compute(con: duckdb.DuckDBPyConnection, settings: Settings, name: str, done: set[str]) -> None:
    """A table after all that it reads; what Python fills is only made sure to be there."""
    if name in done:
        return
    done.add(name)
    file = _model(name)
    for other in sorted(file.reads - {name}):
        _compute(con, settings, other, done)
    con.execute(f"create schema if not exists {file.schema}")
    if file.schema == "raw" or name == "meta.quarantine":
        con.execute(f"create table if not exists {name} as {file.sql}")
    else:
        values = file.bind(settings.sql_parameters())
        con.execute(f"create or replace table {name} as {file.sql}", values)
