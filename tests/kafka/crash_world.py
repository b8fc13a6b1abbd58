"""A broker, a home and what is known of both: records go in, children ingest and die.

Belongs here: single steps, each with its own look at what is left. Does not belong here: their
order and number (`crashes`), what must hold (`crash_checks`).
"""

import hashlib
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import crash_checks
import pyarrow as pa
import pyarrow.parquet as pq
from crash_brokers import MockBroker, RealBroker
from crash_checks import GOOD, POISON, TOMBSTONE, Flushed, Known, Sent

BAD = (
    b"\xff\xfe", b'{"user_id":NaN}', b"", b"[1]", b'{"x":1}', b"null", b"[" * 5000,
    b'{"user_id":' + b"9" * 6000 + b"}", b'{"timestamp":"yesterday","user_id":"u","serial":1}',
)  # fmt: skip
"""Values that are no event, whatever comes before or after them."""

PATIENCE = 30.0
"""Seconds after which a child that neither ends nor dies is a violation."""

ROOM = 9_000
"""Records a world may hold: the mock broker keeps little."""


@dataclass
class Tally:
    """What was done, and what was found wrong."""

    seed: int
    kills: int = 0
    runs: int = 0
    faults: int = 0
    worlds: int = 0
    power_cuts: int = 0
    damages: int = 0
    gaps: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        summary = (
            f"kills={self.kills} broker faults={self.faults} records={self.sent.total()} "
            f"violations={len(self.violations)} seed={self.seed}"
        )
        listed = (
            f"worlds={self.worlds} runs={self.runs} power cuts={self.power_cuts} "
            f"damaged segments={self.damages} gaps={self.gaps} seconds={self.seconds:.0f} "
            f"kills/s={self.kills / max(self.seconds, 0.01):.1f}"
        )
        return "\n".join(
            (
                summary,
                listed,
                ", ".join(f"{kind}={n}" for kind, n in sorted(self.sent.items())),
                "killed: " + ", ".join(f"{at}={n}" for at, n in sorted(self.points.items())),
                *self.violations,
            )
        )


class Nursery:
    """The process that children are forked from."""

    def __enter__(self) -> Self:
        script = Path(__file__).with_name("crash_child.py")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("JOURNEY_", "KAFKA_"))}
        self._process = subprocess.Popen(
            [sys.executable, str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=kept | {"PYTHONPATH": str(script.parents[2])},
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._process.stdout.close()

    def start(self, job: dict[str, Any]) -> int:
        """Start a child; its process id."""
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        return self._told()

    def wait(self, seconds: float) -> int | None:
        """How the child ended (a signal is negative); None while it has not."""
        ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, seconds))
        return self._told() if ready else None

    def _told(self) -> int:
        line = self._process.stdout.readline()
        if not line:
            raise ChildProcessError("the process that children are forked from has ended")
        return int(line)


class World:
    """One home, one topic."""

    def __init__(
        self,
        nursery: Nursery,
        broker: MockBroker | RealBroker,
        rng: random.Random,
        tally: Tally,
        mutant: str | None = None,
    ) -> None:
        self.nursery, self.broker, self.rng, self.tally = nursery, broker, rng, tally
        self.mutant = mutant
        self.home = Path(tempfile.mkdtemp(prefix="crashes-")).resolve()
        self.sent = Sent(rng.randint(1, 3))
        self.known, self.flushed = Known(), Flushed()
        self.topic = broker.make("visits", self.sent.partitions)
        self.choice = self.topic + rng.choice(("", ":json"))
        self.pace = 0.6
        """Seconds that a run takes when nobody disturbs it."""
        self._good: list[bytes] = []
        self._read = 0

    def violated(self, *told: str) -> None:
        """Note what is wrong."""
        self.tally.violations += [f"{one} ({self.home})" for one in told]

    def produce(self, n: int) -> None:
        """Send records of all kinds, now and then as a transaction."""
        if len(self.sent.rows) + n > ROOM:
            return
        made = [self._record() for _ in range(n)]
        places = [self.rng.randrange(self.sent.partitions) for _ in made]
        transaction = self.rng.random() < 0.2
        records = [(key, value, place) for (_, key, value), place in zip(made, places, strict=True)]
        offsets = self.broker.produce(self.topic, records, transaction=transaction)
        for (kind, _, value), place, offset in zip(made, places, offsets, strict=True):
            told = hashlib.md5(value or b"", usedforsecurity=False).hexdigest()
            if kind == GOOD:
                told = str(json.loads(value)["serial"])
            self.sent.rows.append((place, offset, kind, told))
            self.sent.ends[place] = max(self.sent.ends[place], offset + 1)
            self.tally.sent[kind] += 1
        for place in set(places) if transaction else ():
            self.sent.ends[place] += 1  # the marker

    def _record(self) -> tuple[str, bytes | None, bytes | None]:
        draw = self.rng.random()
        if draw < 0.08:
            return POISON, self.rng.choice((None, b"key")), self.rng.choice(BAD)
        if draw < 0.12:
            return TOMBSTONE, b"key", None
        if draw < 0.2 and self._good:
            return GOOD, None, self.rng.choice(self._good)  # a duplicate
        serial = len(self._good)
        said = {
            "user_id": f"robin-{serial % 7}",
            "timestamp": "2026-01-01T00:00:00Z",
            "page": f"/{serial % 50}",
            "event": "View",
            "message_id": f"m{serial}",
            "serial": serial,
        }
        self._good.append(json.dumps(said).encode())
        return GOOD, None, self._good[-1]

    def cut(self) -> None:
        """Let the broker lose records, also such that nobody has read."""
        place = self.rng.randrange(self.sent.partitions)
        low, end = self.sent.lows[place], self.sent.ends[place]
        if end - low > 40:
            before = self.rng.randint(max(low, end - 60), end - 10)
            self.broker.cut(self.topic, place, before)
            self.sent.lows[place] = before
            self.tally.gaps += self._frontier(place) < before

    def _frontier(self, place: int) -> int:
        newest = max((reading for reading, _ in self.known.frontiers), default=1)
        return self.known.frontiers.get((newest, place), 0)

    @property
    def has_lost(self) -> bool:
        """The broker no longer has all that is to be read."""
        return any(self._frontier(n) < low for n, low in enumerate(self.sent.lows))

    def job(self, point: str | None = None, **told: object) -> dict[str, Any]:
        """What a child is to do."""
        rng = self.rng
        return {
            "what": "ingest",
            "home": str(self.home),
            "log": str(self.home / "log"),
            "bootstrap": self.broker.bootstrap,
            "topics": [self.choice],
            "bite": rng.choice((30, 60, 120)),
            "at_once": rng.choice((10, 40)),
            "accept_gap": self.has_lost and rng.random() < 0.7,
            "from_beginning": False,
            "redeliver": rng.randrange(10**6) if rng.random() < 0.5 else None,
            "checkpoint": rng.choice(("20KB", "16MB")),
            "point": point,
            "nth": 1 if rng.random() < 0.6 else rng.randint(1, 3),
            "share": rng.random(),
            "mutant": self.mutant,
            **told,
        }

    def run(
        self, job: dict[str, Any], *, at_random: bool = False, faults: bool = False
    ) -> dict[str, Any]:
        """Let a child do its job and look at what is left; its last words."""
        n_faults = self.broker.annoy(self.rng) if faults else 0
        began = time.monotonic()
        child = self.nursery.start(job)
        status = None
        if at_random:
            if self.rng.random() < 0.4:
                self.produce(self.rng.randint(1, 40))
            if self.rng.random() < 0.1:
                self.cut()
        if faults:
            n_faults += self.broker.shake(self.rng)
        if at_random:
            status = self.nursery.wait(began + self.rng.random() * self.pace - time.monotonic())
        else:
            status = self.nursery.wait(PATIENCE)
        if status is None:
            os.kill(child, signal.SIGKILL)
            status = self.nursery.wait(PATIENCE)
            if not at_random:
                self.violated(f"a run did not end within {PATIENCE:.0f} s")
        self.broker.calm()
        self.tally.runs += 1
        self.tally.faults += n_faults
        if status == 0 and not faults:
            self.pace = 0.7 * self.pace + 0.3 * (time.monotonic() - began)
        last = self._hear(job, status, n_faults)
        self.look()
        return last

    def _hear(self, job: dict[str, Any], status: int | None, n_faults: int) -> dict[str, Any]:
        told, self._read = crash_checks.read_log(self.home / "log", self._read)
        for line in told:
            self.flushed.hear(line)
            if "ack" in line:
                self.known.acked.add(line["ack"])
        last = told[-1] if told else {}
        if status == -signal.SIGKILL:
            self.tally.kills += 1
            self.tally.points[last.get("died", "at random")] += 1
        elif last.get("refused") == "GapError":
            if not self.has_lost or job["accept_gap"]:
                self.violated(f"a gap where nothing is lost: {last}")
        elif status and not (n_faults and last.get("refused") in {"BrokerError", "TopicError"}):
            self.violated(f"a run ended with {status}: {last}")
        return last

    def look(self) -> None:
        """Hold the home against what was sent."""
        self.violated(*crash_checks.violations(self.home, self.sent, self.known))

    def cut_power(self) -> None:
        """What nobody waited for is gone."""
        self.tally.power_cuts += 1
        self.flushed.cut_power(self.home / "raw")
        self.look()

    def damage(self) -> None:
        """A segment that landed and is not loaded yet rots; the next run must say so."""
        raw, listed = self.home / "raw", crash_checks.listed(self.home)
        waiting = [
            path for path in crash_checks.visible(raw) if str(path.relative_to(raw)) not in listed
        ]
        if not waiting:
            return
        self.tally.damages += 1
        path = self.rng.choice(waiting)
        sound = path.read_bytes()
        if self.rng.random() < 0.5:
            rotten = bytearray(sound)
            rotten[self.rng.randrange(len(rotten))] ^= 1 << self.rng.randrange(8)
            path.write_bytes(rotten)
        else:  # well made, but another
            table = pq.ParquetFile(path).read()
            turned = list(reversed(table.column("value").to_pylist()))
            at = table.schema.get_field_index("value")
            field_ = table.schema.field(at)
            turned = pa.array(turned, field_.type)
            pq.write_table(table.set_column(at, field_, turned), path)
        if path.read_bytes() != sound:
            self.nursery.start(self.job())
            self.nursery.wait(PATIENCE)
            told, self._read = crash_checks.read_log(self.home / "log", self._read)
            if path.name not in told[-1].get("why", ""):
                self.violated(f"{path.name} was damaged and nobody noticed: {told[-1]}")
        path.write_bytes(sound)
        self.look()

    def finish(self) -> None:
        """Read to the end, hold it against all that was sent, rebuild it from the segments."""
        for _ in range(3):
            if self.run(self.job(accept_gap=True)).get("done"):
                break
        else:
            self.violated("undisturbed, it does not come to its end")
            return
        self.violated(*crash_checks.shortcomings(self.home, self.sent, self.known))
        again = self.home / "again.duckdb"
        self.run(self.job(what="rebuild", database=str(again)))
        was, now = map(crash_checks.row_hashes, (self.home / "journey.duckdb", again))
        changed = [name for name in was if was[name] != now[name]]
        self.violated(*[f"{name} is another when rebuilt" for name in changed])

    def close(self) -> None:
        """Leave nothing behind, unless there is something to look at."""
        if not self.tally.violations:
            shutil.rmtree(self.home)
