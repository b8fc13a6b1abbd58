"""Reads Kafka topics into raw segments and loads them; where to go on is said by the manifest.

Belongs here: a run over topics, from their standing in the manifest to the ends that the broker had
when the run began. Does not belong here: what the broker holds (`broker`), how bytes are kept
(`segments`), the transaction that loads them (`load`), what a record says (`decode`).

Complete is a matter of position, not of silence: a run ends when every partition has reached the
end that was noted at its start. Nothing is ever committed to the broker. What a broker lost before
it was read is a gap, and reading goes on past it only when somebody says so.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import ge, methodcaller
from pathlib import Path
from typing import Any, cast

import duckdb
import msgspec
from confluent_kafka import Consumer, KafkaError, Message
from confluent_kafka import TopicPartition as Place

from journey_dagster.models import model
from journey_dagster.settings import Format, KafkaSettings, Settings, TopicChoice
from journey_dagster.topics import TopicError, broker, segments, shapes, suppression
from journey_dagster.topics.broker import BrokerError, Held
from journey_dagster.topics.files import Layout
from journey_dagster.topics.load import (
    SEGMENTS,
    WATERMARKS,
    Receipt,
    load,
    load_landed,
    prepare,
    receipt_of,
)
from journey_dagster.topics.origin import Origin
from journey_dagster.topics.segments import Batch, Segment
from journey_dagster.warehouse import transaction

SOURCE = "kafka"
TOPICS = model("meta/topics.sql")

RECORDS = 40_000
SIZE = 16 * 2**20
"""Records and bytes held in memory, of all partitions together, before they become segments."""

MEMORY = "112MB"
LOG = "256MB"
"""What DuckDB may use meanwhile, and how long its log may grow: loading needs little at a time."""

TUNING = {
    "auto.offset.reset": "error",
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "isolation.level": "read_committed",
    # The client's own queue: big enough to be busy, and no sleep of a second when it is full
    # (bench/kafka.py shows what that is worth).
    "fetch.queue.backoff.ms": 10,
    "queued.min.messages": 1_000_000,
    "queued.max.messages.kbytes": 16_384,
    "fetch.message.max.bytes": 4 * 2**20,
    "fetch.max.bytes": 32 * 2**20,
    "fetch.wait.max.ms": 100,
}
_SOON = 5
"""Seconds for a last look that nothing depends on."""
_AT_ONCE = 1000
"""Messages asked of the client at a time."""


class GapError(TopicError):
    """A broker lost records before they were read, and nobody said to go on without them."""

    def __init__(self, message: str, receipts: Sequence[Receipt]) -> None:
        super().__init__(message)
        self.receipts = receipts
        """Of all that was read all the same."""


Progress = Callable[[int, int], None]
"""Takes the offsets done and the offsets to do."""

_FOR_GOOD = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001
    KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
}


@dataclass(frozen=True)
class Standing:
    """How far a topic is here already."""

    label: str
    """The name its records carry: the topic's own, with @2 for the second topic of that name."""
    reading: int
    next_offsets: Mapping[int, int]
    cluster_id: str | None = None
    topic_id: str | None = None
    layout: Layout | None = None


@dataclass
class Part:
    """One partition on its way: what is read of it and not yet a segment."""

    start: int
    """First offset that no segment covers."""
    end: int
    next: int
    """Next offset to come."""
    is_done: bool = False
    is_lost: bool = False
    """The broker lost what was to come next."""
    messages: list[Message] = field(default_factory=list[Message])
    size: int = 0

    @property
    def is_over(self) -> bool:
        """Nothing more is to be read."""
        return self.is_done or self.is_lost

    def take(self, messages: list[Message], troubles: broker.Troubles) -> None:
        """Keep the records between here and the end; what was delivered before is let go.

        Raises:
            TopicError: the broker says that it will not go on.
        """
        # map() and methodcaller() here and below: this is run for every record of a topic.
        errors: list[Message] = []
        records = messages
        if any(map(methodcaller("error"), messages)):
            errors = [one for one in messages if one.error() is not None]
            records = [one for one in messages if one.error() is None]
        if records:
            offsets = cast("list[int]", list(map(methodcaller("offset"), records)))
            in_order = not any(map(ge, offsets, offsets[1:]))
            if not in_order or offsets[0] < self.next or offsets[-1] >= self.end:
                records = list(self._new(records))
            self.is_done |= max(offsets) >= self.end - 1
        if records:
            self.next = (records[-1].offset() or 0) + 1
            self.messages += records
            self.size += sum(map(len, records))
        for message in errors:
            self._heed(message, troubles)

    def _new(self, records: Iterable[Message]) -> Iterator[Message]:
        """Those that come next, each once."""
        to_come = self.next
        for one in records:
            offset = one.offset() or 0
            if to_come <= offset < self.end:
                to_come = offset + 1
                yield one

    def _heed(self, message: Message, troubles: broker.Troubles) -> None:
        error = message.error()
        if error is None:
            return
        match error.code():
            case KafkaError._PARTITION_EOF:  # noqa: SLF001  librdkafka's own codes have such names
                self.is_done |= (message.offset() or 0) >= self.end
            case KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001
                self.is_lost = True
            case code if code in _FOR_GOOD:
                raise TopicError(
                    f"{message.topic()}: {error.str()}. What was read stays. Check that the topic "
                    "is there and that our user may read it"
                )
            case _:
                troubles.hear(error)  # the client tries again; silence has its own limit
                troubles.check()

    def empty(self) -> tuple[tuple[int, int], Batch] | None:
        """What was read since the last time, and the offsets that it covers."""
        last = (self.end if self.is_done else self.next) - 1
        if last < self.start:
            return None
        covered, messages = (self.start, last), self.messages
        self.start, self.messages, self.size = last + 1, [], 0
        return covered, Batch(
            offsets=cast("list[int]", list(map(methodcaller("offset"), messages))),
            values=list(map(methodcaller("value"), messages)),
            keys=list(map(methodcaller("key"), messages)),
            broker_at=[told[1] if (told := one.timestamp())[0] else None for one in messages],
            headers=list(map(methodcaller("headers"), messages)),
        )


@dataclass
class Course:
    """One topic on its way."""

    held: Held
    standing: Standing
    choice: TopicChoice
    parts: dict[int, Part]
    lost: dict[int, int]
    """Partition to the first offset that the broker lost before it was read."""
    layout: Layout | None

    def origin(self, landed_at: datetime, gap: str | None = None) -> Origin:
        """What the footers of its segments say."""
        return Origin(
            source=SOURCE,
            topic=self.standing.label,
            reading=self.standing.reading,
            landed_at=landed_at,
            layout=self.layout or Layout("json", user_id=self.choice.user_id),
            cluster_id=self.held.cluster_id,
            topic_id=self.held.topic_id,
            gap=gap,
        )


def ingest(  # noqa: PLR0913  one argument per option of the command
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    kafka: KafkaSettings,
    choices: Sequence[TopicChoice],
    landed_at: datetime,
    *,
    from_beginning: bool = False,
    accept_gap: bool = False,
    progress: Progress = lambda _done, _all: None,
) -> list[Receipt]:
    """Read topics to the ends they have now, each segment loaded as soon as it has landed.

    Args:
        con: the warehouse, writable; holding it keeps a second reader away.
        settings: where segments lie.
        kafka: the broker.
        choices: the topics.
        landed_at: the moment that the records are noted to have arrived.
        from_beginning: read everything the broker holds once more; the newest reading counts.
        accept_gap: go on past what the broker has lost.
        progress: takes how far the run is.

    Raises:
        TopicError: a topic does not exist or may not be read; what was read stays.
        GapError: a topic lost records before they were read; all else was read.
        BrokerError: the broker fell silent; what was read stays, and another run goes on from it.
    """
    load_landed(con, settings.raw)
    con.execute(f"set memory_limit = '{MEMORY}'")
    con.execute(f"set checkpoint_threshold = '{LOG}'")
    chosen = {choice.name: choice for choice in choices}
    helds = broker.look(kafka, chosen)
    courses = [
        set_out(
            held, standing(con, settings.raw, held.name), chosen[held.name],
            from_beginning=from_beginning, accept_gap=accept_gap,
        )
        for held in helds
    ]  # fmt: skip
    try:
        landing = land(settings.raw, kafka, courses, landed_at, accept_gap=accept_gap)
        n_all = sum(part.end - part.start for course in courses for part in course.parts.values())
        for segment in landing:
            with transaction(con):
                path = segment.path.relative_to(settings.raw)
                load(con, segment, path, suppression.load(settings.raw))
            left = sum(part.end - part.start for one in courses for part in one.parts.values())
            progress(n_all - left, n_all)
    finally:
        _note(con, courses, _ends(kafka, courses), landed_at)
    labels = [course.standing.label for course in courses]
    try:
        receipts = [receipt_of(con, label, landed_at) for label in labels]
    except duckdb.OutOfMemoryException:  # a very large load is held against all others
        con.execute(f"set memory_limit = '{settings.memory_limit}'")
        receipts = [receipt_of(con, label, landed_at) for label in labels]
    _refuse_lost(courses, receipts)
    return receipts


def standing(con: duckdb.DuckDBPyConnection, raw: Path, name: str) -> Standing | None:
    """How far a topic is here, by the manifest; None before its first reading."""
    rows = con.execute(
        'select topic, reading, "partition", max(last_offset) + 1, max(cluster_id), max(topic_id), '
        f"arg_max(path, last_offset) filter (n_accepted > 0) from {SEGMENTS.name} "
        "where source = $source and split_part(topic, '@', 1) = $name group by all order by all",
        {"source": SOURCE, "name": name},
    ).fetchall()
    if not rows:
        return None
    label, reading = max(((row[0], row[1]) for row in rows), key=lambda row: (_age(row[0]), row[1]))
    mine = [row for row in rows if (row[0], row[1]) == (label, reading)]
    path = next((row[6] for row in reversed(mine) if row[6]), None)
    return Standing(
        label=label,
        reading=reading,
        next_offsets={row[2]: row[3] for row in mine},
        cluster_id=next((row[4] for row in mine if row[4]), None),
        topic_id=next((row[5] for row in mine if row[5]), None),
        layout=segments.described(raw / path).origin.layout if path else None,
    )


def _age(label: str) -> int:
    return int(label.partition("@")[2] or 1)


def set_out(
    held: Held,
    stands: Standing | None,
    choice: TopicChoice,
    *,
    from_beginning: bool = False,
    accept_gap: bool = False,
) -> Course:
    """From where to where each partition is to be read, and what is missing before that."""
    stands = stands or Standing(held.name, 1, {})
    if told := _made_anew(held, stands):
        if not accept_gap:
            raise TopicError(
                f"{held.name}: the broker's topic is another than the one read before ({told}). "
                f"What that one held and was not read is gone. Go on with the new one, as "
                f"{held.name}@{_age(stands.label) + 1}: journey ingest kafka --topic {held.name} "
                "--accept-gap"
            )
        stands = Standing(f"{held.name}@{_age(stands.label) + 1}", 1, {}, layout=stands.layout)
    elif from_beginning and stands.next_offsets:
        stands = Standing(stands.label, stands.reading + 1, {}, layout=stands.layout)
    parts: dict[int, Part] = {}
    lost: dict[int, int] = {}
    for n, extent in held.partitions.items():
        start = stands.next_offsets.get(n)
        if start is not None and start < extent.low and not accept_gap:
            lost[n] = start
        else:
            parts[n] = Part(start=start or 0, end=extent.end, next=max(start or 0, extent.low))
    layout = _layout(stands.layout, choice)
    return Course(held, stands, choice, parts, lost, layout)


def _made_anew(held: Held, stands: Standing) -> str | None:
    """How it shows that a topic was deleted and made anew, or that this is another cluster."""
    for what, was, now in (
        ("cluster", stands.cluster_id, held.cluster_id),
        ("topic id", stands.topic_id, held.topic_id),
    ):
        if was and now and was != now:
            return f"its {what} was {was} and is {now}"
    for n, offset in stands.next_offsets.items():
        end = held.partitions[n].end if n in held.partitions else 0
        if end < offset:
            return f"partition {n} was read up to {offset:,} and ends at {end:,}"
    return None


def _layout(standing_layout: Layout | None, choice: TopicChoice) -> Layout | None:
    """How to read the records: as stated, else as before, else to be told from the first of them.

    None while it is not known.
    """
    format_ = choice.format or (standing_layout.format if standing_layout else None)
    if format_ is None:
        return None
    user_id = choice.user_id or (standing_layout.user_id if standing_layout else None)
    return Layout(format_, user_id=user_id)


def land(
    raw: Path,
    kafka: KafkaSettings,
    courses: Sequence[Course],
    landed_at: datetime,
    *,
    accept_gap: bool = False,
) -> Iterator[Segment]:
    """Read to the noted ends; yields each segment when it is on the disk.

    Raises:
        TopicError: the broker refuses us, or a topic was made anew meanwhile.
        BrokerError: the broker fell silent.
    """
    yield from _gaps(raw, courses, landed_at, accept_gap=accept_gap)
    ways = {
        (course.held.name, n): part
        for course in courses
        for n, part in course.parts.items()
        if part.start < part.end
    }
    for _ in _read(kafka, ways):
        yield from _flush(raw, kafka, courses, landed_at)
    yield from _flush(raw, kafka, courses, landed_at)


def _gaps(
    raw: Path, courses: Iterable[Course], landed_at: datetime, *, accept_gap: bool
) -> Iterator[Segment]:
    """A segment without records for what the broker had lost before it was read."""
    for course in courses:
        for n, part in course.parts.items():
            low = min(course.held.partitions[n].low, part.end)
            if part.start < low:
                known = n in course.standing.next_offsets
                origin = course.origin(
                    landed_at, "truncated" if known and accept_gap else "before_reading"
                )
                yield segments.write_segment(
                    raw, origin, n, (part.start, low - 1), Batch([], [], [], [], [])
                )
                part.start = low


def _read(kafka: KafkaSettings, ways: Mapping[tuple[str, int], Part]) -> Iterator[None]:
    """Fill the parts; yields whenever they hold enough to be written."""
    if not ways:
        return
    troubles = broker.Troubles()
    consumer = Consumer({**TUNING, **broker.client_config(kafka, troubles), "group.id": "journey"})
    consumer.assign([Place(name, n, part.next) for (name, n), part in ways.items()])
    open_ = set(ways)
    heard_at = time.monotonic()
    try:
        while open_:
            before = sum(part.next for part in ways.values()), len(open_)
            for place, run in _by_place(consumer.consume(_AT_ONCE, 0.2)):
                if place not in open_:
                    continue
                ways[place].take(run, troubles)
                if ways[place].is_over:
                    open_.remove(place)
                    consumer.incremental_unassign([Place(*place)])
            if before != (sum(part.next for part in ways.values()), len(open_)):
                heard_at = time.monotonic()
            troubles.check()
            if time.monotonic() - heard_at > kafka.timeout_seconds:
                raise BrokerError(_silent(kafka, ways, troubles))
            if _is_much(ways.values()):
                yield
                heard_at = time.monotonic()
    finally:
        consumer.close()


def _by_place(messages: list[Message]) -> Iterator[tuple[tuple[str, int], list[Message]]]:
    """Runs of messages of one partition, as the client hands them over."""
    for topic, of_topic in groupby(messages, Message.topic):
        for n, run in groupby(of_topic, Message.partition):
            yield (topic or "", n or 0), list(run)


def _is_much(parts: Iterable[Part]) -> bool:
    held = [(len(part.messages), part.size) for part in parts]
    return sum(n for n, _ in held) >= RECORDS or sum(size for _, size in held) >= SIZE


def _silent(
    kafka: KafkaSettings, ways: Mapping[tuple[str, int], Part], troubles: broker.Troubles
) -> str:
    (name, n), part = next(way for way in ways.items() if not way[1].is_over)
    return (
        f"{kafka.bootstrap_servers} was silent for {kafka.timeout_seconds:.0f} s at {name}, "
        f"partition {n}, offset {part.next:,} of {part.end:,}{troubles.why()}. What was read "
        "stays; another run goes on from there"
    )


def _flush(
    raw: Path, kafka: KafkaSettings, courses: Iterable[Course], landed_at: datetime
) -> Iterator[Segment]:
    """Make segments of what is held, once it is sure to be of the topic that was looked at.

    A topic that is deleted and made anew goes on under its old name and offsets: only its id tells.
    """
    held = [course for course in courses if any(part.messages for part in course.parts.values())]
    ids = broker.topic_ids(kafka, [course.held.name for course in held]) if held else {}
    for course in held:
        now = ids.get(course.held.name)
        if now != course.held.topic_id:
            raise TopicError(
                f"{course.held.name} was deleted or made anew while it was read (its topic id was "
                f"{course.held.topic_id} and is {now}). What was read before stays; run it again"
            )
    for course in courses:
        for n, part in course.parts.items():
            if course.layout is None and part.messages:
                course.layout = _told_by(part.messages, course.choice)
            if found := part.empty():
                covered, batch = found
                yield segments.write_segment(raw, course.origin(landed_at), n, covered, batch)


def _told_by(messages: Iterable[Message], choice: TopicChoice) -> Layout:
    """The shape that most of the first records have; json where they have none."""
    seen: list[dict[str, Any]] = []
    for message in messages:
        try:
            seen.append(msgspec.json.decode(message.value() or b"", type=dict[str, Any]))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        if len(seen) == 100:  # noqa: PLR2004
            break
    told = Counter[Format](found for one in seen if (found := shapes.guess([one])) is not None)
    most = told.most_common(1)
    return Layout(most[0][0] if most else "json", user_id=choice.user_id)


def _ends(kafka: KafkaSettings, courses: Iterable[Course]) -> dict[str, Held]:
    """What the broker holds after the run; nothing where it does not answer soon."""
    soon = kafka.model_copy(update={"timeout_seconds": min(kafka.timeout_seconds, _SOON)})
    try:
        return {held.name: held for held in broker.look(soon, [c.held.name for c in courses])}
    except (BrokerError, TopicError):
        return {}


def _note(
    con: duckdb.DuckDBPyConnection,
    courses: Iterable[Course],
    after: Mapping[str, Held],
    looked_at: datetime,
) -> None:
    """Write down how the topics stand after the run, also after one that failed."""
    prepare(con)
    with transaction(con):
        for course in courses:
            name, stands = course.held.name, course.standing
            # Not what was read: a segment that could not be loaded is not here.
            loaded = con.execute(
                f'select "partition", max(last_offset) + 1 from {SEGMENTS.name} '
                "where topic = $topic and reading = $reading group by all",
                {"topic": stands.label, "reading": stands.reading},
            ).fetchall()
            con.execute(
                f"delete from {WATERMARKS.name} where split_part(topic, '@', 1) = $name",
                {"name": name},
            )
            for n, extent in course.held.partitions.items():
                part = course.parts.get(n)
                later = after.get(name, course.held).partitions.get(n, extent)
                lost = course.lost.get(n) if part is None else part.start if part.is_lost else None
                con.execute(
                    f"insert into {WATERMARKS.name} values ($topic, $reading, $partition, $low, "
                    "$end, $after, $next, $lost, $looked_at)",
                    {
                        "topic": stands.label,
                        "reading": stands.reading,
                        "partition": n,
                        "low": later.low,
                        "end": extent.end,
                        "after": max(later.end, extent.end),
                        "next": dict(loaded).get(n, 0),
                        "lost": lost,
                        "looked_at": looked_at,
                    },
                )


def _refuse_lost(courses: Iterable[Course], receipts: Sequence[Receipt]) -> None:
    for course in courses:
        lost = course.lost | {n: part.start for n, part in course.parts.items() if part.is_lost}
        for n, first in lost.items():
            raise GapError(
                f"{course.held.name}: the broker no longer has what comes at offset {first:,} of "
                f"partition {n}; it was deleted before it was read. meta.gaps lists all that is "
                f"lost. Go on without it: journey ingest kafka --topic {course.held.name} "
                "--accept-gap",
                receipts,
            )


@dataclass(frozen=True)
class State:
    """How a partition stands, as meta.topics has it."""

    topic: str
    reading: int
    partition: int
    low: int | None
    end: int | None
    next: int | None
    lag: int | None
    state: str


STATES = ("complete", "still replaying", "behind", "gap")
"""From good to bad."""


def states(con: duckdb.DuckDBPyConnection) -> list[State]:
    """How every partition stands since it was last read."""
    rows = con.execute(
        'select topic, reading, "partition", low_offset, end_offset, next_offset, lag, state '
        f"from ({TOPICS.sql}) order by all"
    ).fetchall()
    return [State(*row) for row in rows]


def worst(found: Iterable[State]) -> str:
    """The state of the whole: that of the partition in the worst."""
    return max((one.state for one in found), key=STATES.index, default="no topics")
