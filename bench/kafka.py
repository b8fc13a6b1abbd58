"""Kafka to raw segments and to events, beside a bare consumer and what older pipelines do.

Run it with a broker: make kafka-up && python bench/kafka.py [--messages N]. All contenders read the
same messages from the same broker, each in a process of its own, in turns; what is printed are
medians, and ratios to the bare loop. The machine's noise is in all of them alike.
"""

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

PARTITIONS = 4
BARE = {"group.id": "bench", "enable.auto.commit": False, "auto.offset.reset": "earliest"}


def produce(server: str, topic: str, n: int, size: int) -> None:
    """Fill a topic with flat JSON events of about this size, unless it holds them already."""
    admin = AdminClient({"bootstrap.servers": server})
    if topic in (admin.list_topics(timeout=10).topics or {}):
        return
    for made in admin.create_topics([NewTopic(topic, PARTITIONS, 1)]).values():
        made.result()
    producer = Producer({"bootstrap.servers": server, "linger.ms": 50})
    rng = random.Random(1)  # noqa: S311  synthetic events
    for i in range(n):
        event = {
            "user_id": f"synthetic-{rng.randrange(max(n // 50, 1))}",
            "timestamp": f"2026-{1 + i * 12 // n:02d}-{1 + i % 28:02d}T{rng.randrange(24):02d}:"
            f"{rng.randrange(60):02d}:{rng.randrange(60):02d}.{rng.randrange(1000):03d}Z",
            "page": f"/p/{rng.randrange(2000)}",
            "event": "page_view",
            "session_id": f"{rng.getrandbits(64):016x}",
            "event_id": f"{rng.getrandbits(128):032x}",
            "note": "",
        }
        event["note"] = "x" * max(size - len(json.dumps(event)), 0)
        while True:
            try:
                producer.produce(topic, json.dumps(event), partition=i % PARTITIONS)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    producer.flush()


def _bare(server: str, topic: str, **tuning: object) -> tuple[Consumer, int]:
    consumer = Consumer({"bootstrap.servers": server, **BARE, **tuning})
    places = [TopicPartition(topic, n, 0) for n in range(PARTITIONS)]
    n = sum(consumer.get_watermark_offsets(place)[1] for place in places)
    consumer.assign(places)
    return consumer, n


def bare(server: str, topic: str, _home: Path) -> None:
    """consume(1000) and count."""
    consumer, left = _bare(server, topic)
    while left > 0:
        left -= len(consumer.consume(1000, 1.0))


def one_by_one(server: str, topic: str, home: Path) -> None:
    """poll() and json.loads, a list per user, one JSON file."""
    consumer, left = _bare(server, topic)
    users: dict[str, list[object]] = {}
    while left > 0:
        message = consumer.poll(1.0)
        if message is not None and message.error() is None:
            event = json.loads(message.value().decode())
            users.setdefault(event["user_id"], []).append(event)
            left -= 1
    (home / "events.json").write_text(json.dumps(users))


def kcat(server: str, topic: str, home: Path) -> None:
    """Another client, kcat, into a file."""
    with (home / "kcat.jsonl").open("wb") as file:
        subprocess.run(
            ["kcat", "-b", server, "-C", "-t", topic, "-o", "beginning", "-e", "-q"],
            stdout=file, check=True,
        )  # fmt: skip


def segments(server: str, topic: str, home: Path, **tuning: object) -> None:
    """Ours, to raw segments on the disk: flushed, with checksums."""
    from journey_dagster.settings import KafkaSettings, TopicChoice  # noqa: PLC0415
    from journey_dagster.topics import broker, kafka  # noqa: PLC0415

    kafka.TUNING |= tuning
    settings = KafkaSettings(bootstrap_servers=server)
    course = kafka.set_out(broker.look(settings, [topic])[0], None, TopicChoice(topic))
    for _ in kafka.land(home, settings, [course], datetime.now(UTC)):
        pass


def untuned(server: str, topic: str, home: Path) -> None:
    """Ours, with the client's queue as it comes."""
    segments(
        server, topic, home,
        **{"fetch.queue.backoff.ms": 1000, "queued.min.messages": 100_000,
           "queued.max.messages.kbytes": 65_536},
    )  # fmt: skip


def events(server: str, topic: str, home: Path) -> None:
    """Ours, to core.events: segments, records, quarantine, manifest, receipt, identity."""
    from journey_dagster import warehouse  # noqa: PLC0415
    from journey_dagster.models import model  # noqa: PLC0415
    from journey_dagster.settings import KafkaSettings, Settings, TopicChoice  # noqa: PLC0415
    from journey_dagster.topics import kafka  # noqa: PLC0415

    settings = Settings(home=home)
    broker = KafkaSettings(bootstrap_servers=server)
    with warehouse.connect(settings.database) as con:
        kafka.ingest(con, settings, broker, [TopicChoice(topic)], datetime.now(UTC))
    with warehouse.connect(settings.database) as con:
        for declared in ("raw/registry.sql", "raw/identity_vetoes.sql"):
            warehouse.ensure(con, model(declared))
        for name in ("superseded", "deliveries", "identity_edges", "identities", "attributions",
                     "events"):  # fmt: skip
            warehouse.replace(con, model(f"core/{name}.sql"), settings.sql_parameters())


CONTENDERS: dict[str, Callable[[str, str, Path], None]] = {
    each.__name__: each for each in (bare, segments, untuned, events, kcat, one_by_one)
}


def main() -> None:
    """Measure, or be one contender."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--server", default="127.0.0.1:9092")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contender", nargs=2, metavar=("NAME", "TOPIC"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.contender:
        return _be(asked.server, *asked.contender)
    for size in (300, 1000):
        topic = f"bench-{size}-{asked.messages}"
        produce(asked.server, topic, asked.messages, size)
        seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}
        for _ in range(asked.rounds):
            for name in CONTENDERS:
                if name == "kcat" and not shutil.which("kcat"):
                    continue
                command = [sys.executable, __file__, "--server", asked.server]
                told = subprocess.run(
                    [*command, "--contender", name, topic], stdout=subprocess.PIPE, check=True
                )
                seconds[name].append(float(told.stdout))
        _report(size, asked.messages, seconds)
    return None


def _be(server: str, name: str, topic: str) -> None:
    """Be one contender: import first, then work, then say how long the work took."""
    import pandas  # noqa: F401, ICN001, PLC0415  DuckDB and Arrow look for it when first used
    import pyarrow.parquet  # noqa: F401, PLC0415

    import journey_dagster.topics.kafka  # noqa: F401, PLC0415

    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        CONTENDERS[name](server, topic, Path(folder))
        print(time.perf_counter() - start)


def _report(size: int, n: int, seconds: dict[str, list[float]]) -> None:
    print(f"\n{n:,} messages of {size} bytes, {PARTITIONS} partitions, medians")
    floor = statistics.median(seconds["bare"])
    for name, took in seconds.items():
        if took:
            median = statistics.median(took)
            words = (CONTENDERS[name].__doc__ or "").split(".")[0]
            print(f"  {name:<11}{n / median:>10,.0f}/s  {floor / median:>5.2f} of bare   {words}")


if __name__ == "__main__":
    main()
