"""The other side of the crash suite: forks children that ingest for real and die where told.

Belongs here: the clean process that children are forked from, the points at which they die, the
rough client that delivers records again. Does not belong here: what must hold after a death
(`crash_checks`), the bugs sown on purpose (`mutants`), who decides what happens (`crashes`).

The process reads jobs as lines of JSON from stdin. Imports cost seconds and a fork costs
milliseconds, so everything is imported here, but no client of a broker and no warehouse is ever
made: neither survives a fork. A child patches the library it was forked with and then runs it; the
library has no hooks. What a child did is in its log, which outlives it: the segments it committed
(`ack`) and the files and folders it flushed (`flushed`, `listed`), by which a power cut is played.
"""

import json
import os
import random
import signal
import stat
import sys
import traceback
import types
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

if __name__ == "__main__":
    # Dagster has no part in a load, and importing it costs seconds.
    sys.modules["dagster_duckdb"] = types.SimpleNamespace(DuckDBResource=object)

import duckdb
import mutants
import pandas as pd
from confluent_kafka import Consumer, Message

from journey_dagster import warehouse
from journey_dagster.settings import KafkaSettings, Settings, TopicChoice
from journey_dagster.topics import TopicError, kafka, load, segments
from journey_dagster.topics.broker import BrokerError
from journey_dagster.topics.origin import Origin

_IMPORTED = (pd,)
"""What DuckDB imports when it is first used, if nobody has: it costs more than all the rest."""

TIMEOUT = 3.0
"""Seconds of a broker's silence that a child bears."""

ENDED, REFUSED, FAILED = 0, 3, 4
"""How a child ends that was not killed: it is done, the library said no, something else."""


class Log:
    """A file that is added to, a line of JSON at a time; what was written stays."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def __call__(self, **told: object) -> None:
        os.write(self._file, json.dumps(told).encode() + b"\n")


class Death:
    """Comes at one of the times that a point is passed."""

    def __init__(self, log: Log, point: str, nth: int, share: float) -> None:
        self.share = share
        """How much of a file gets written, where that is the point."""
        self._log, self._point, self._left = log, point, nth

    def comes(self) -> bool:
        self._left -= 1
        return self._left == 0

    def now(self) -> None:
        self._log(died=self._point)
        os.kill(os.getpid(), signal.SIGKILL)


def before(module: object, name: str) -> Callable[[Death], None]:
    """Die when a function is called."""

    def install(death: Death) -> None:
        real = getattr(module, name)

        def dying(*args: object, **kwargs: object) -> object:
            if death.comes():
                death.now()
            return real(*args, **kwargs)

        setattr(module, name, dying)

    return install


def after(module: object, name: str) -> Callable[[Death], None]:
    """Die when a function has done its work."""

    def install(death: Death) -> None:
        real = getattr(module, name)

        def dying(*args: object, **kwargs: object) -> object:
            found = real(*args, **kwargs)
            if death.comes():
                death.now()
            return found

        setattr(module, name, dying)

    return install


def around_commit(module: object, *, is_committed: bool) -> Callable[[Death], None]:
    """Die when all of a transaction is done but its commit, or when that is done too."""

    def install(death: Death) -> None:
        real = module.transaction

        @contextmanager
        def transaction(con: duckdb.DuckDBPyConnection):
            with real(con):
                yield
                if not is_committed and death.comes():
                    death.now()
            if is_committed and death.comes():
                death.now()

        module.transaction = transaction

    return install


def in_parquet(death: Death) -> None:
    real = segments.pq.write_table

    def write(table: object, where: Path, **options: object) -> None:
        real(table, where, **options)
        if death.comes():
            os.truncate(where, int(where.stat().st_size * death.share))
            death.now()

    segments.pq.write_table = write


def in_checksum(death: Death) -> None:
    real = segments._note_sum

    def note(file: Path, name: str) -> None:
        sums = file.with_name(segments.SUMS)
        was = sums.stat().st_size if sums.exists() else 0
        real(file, name)
        if death.comes():
            os.truncate(sums, was + int((sums.stat().st_size - was) * death.share))
            death.now()

    segments._note_sum = note


def after_gap(death: Death) -> None:
    real = segments.write_segment

    def write(raw: Path, origin: Origin, *rest: object) -> segments.Segment:
        found = real(raw, origin, *rest)
        if origin.gap and death.comes():
            death.now()
        return found

    segments.write_segment = write


def in_consume(death: Death) -> None:
    class Dying(kafka.Consumer):
        def consume(self, *args: object) -> list[Message]:
            found = super().consume(*args)
            if found and death.comes():
                death.now()
            return found

    kafka.Consumer = Dying


def in_noting(death: Death) -> None:
    """Die between two statements of the transaction that notes the watermarks."""
    real = kafka._note

    class Dying:
        def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
            self._con = con

        def __getattr__(self, name: str) -> object:
            return getattr(self._con, name)

        def execute(self, sql: str, *rest: object) -> object:
            found = self._con.execute(sql, *rest)
            if kafka.WATERMARKS.name in sql and death.comes():
                death.now()
            return found

    kafka._note = lambda con, *rest: real(Dying(con), *rest)


POINTS: dict[str, Callable[[Death], None]] = {
    "warehouse not yet named": before(Path, "replace"),
    "tables made": after(load, "prepare"),
    "landed not committed": around_commit(load, is_committed=False),
    "landed committed": around_commit(load, is_committed=True),
    "consuming": in_consume,
    "parquet half written": in_parquet,
    "parquet flushed": before(segments, "_note_sum"),
    "checksum torn": in_checksum,
    "checksum noted": after(segments, "_note_sum"),
    "segment named": after(segments, "_write"),
    "segment landed": after(segments, "write_segment"),
    "gap landed": after_gap,
    "decoded": before(load, "insert"),
    "inserted": after(load, "insert"),
    "not committed": around_commit(kafka, is_committed=False),
    "committed": around_commit(kafka, is_committed=True),
    "noting": in_noting,
    "noted": after(kafka, "_note"),
}
"""Where a child can be told to die."""


def redeliver(seed: int) -> None:
    """A client that now and then hands over again what it handed over before."""
    rng = random.Random(seed)  # noqa: S311

    class Rough(Consumer):
        kept: list[Message] = []  # noqa: RUF012

        def consume(self, *args: object) -> list[Message]:
            found = super().consume(*args)
            again = self.kept if found and rng.random() < 0.3 else []
            self.kept = [one for one in found if one.error() is None][-rng.randint(1, 30) :]
            return again + found

    kafka.Consumer = Rough


def watch_flushes(log: Log) -> None:
    """Note what a power cut would leave."""
    real = os.fsync

    def fsync(file: int) -> None:
        real(file)
        state = os.fstat(file)
        if stat.S_ISDIR(state.st_mode):
            path = Path(f"/proc/self/fd/{file}").readlink()
            log(listed=str(path), names=[one.name for one in path.iterdir()])
        else:
            log(flushed=state.st_ino, size=state.st_size)

    os.fsync = fsync


def ingest(job: dict, log: Log) -> None:
    """What `journey ingest kafka` does, in small bites."""
    kafka.RECORDS, kafka._AT_ONCE = job["bite"], job["at_once"]
    watch_flushes(log)
    if job["redeliver"] is not None:
        redeliver(job["redeliver"])
    if job["point"]:
        POINTS[job["point"]](Death(log, job["point"], job["nth"], job["share"]))
    if job["mutant"]:
        mutants.MUTANTS[job["mutant"]]()
    loaded: list[str] = []
    real = kafka.load

    def load_one(
        con: duckdb.DuckDBPyConnection, segment: segments.Segment, path: Path, *rest: object
    ) -> object:
        loaded.append(str(path))
        return real(con, segment, path, *rest)

    kafka.load = load_one
    settings = Settings(home=Path(job["home"]))
    broker = KafkaSettings(bootstrap_servers=job["bootstrap"], timeout_seconds=TIMEOUT)
    with warehouse.connect(settings.database) as con:
        con.execute(f"set checkpoint_threshold = '{job['checkpoint']}'")
        kafka.ingest(
            con, settings, broker, [TopicChoice.parse(one) for one in job["topics"]],
            datetime.now(UTC), accept_gap=job["accept_gap"],
            from_beginning=job["from_beginning"],
            progress=lambda _done, _all: log(ack=loaded[-1]),
        )  # fmt: skip


def rebuild(job: dict, _log: Log) -> None:
    """A new warehouse of the same segments."""
    home = Path(job["home"])
    with warehouse.connect(Path(job["database"])) as con:
        load.load_landed(con, home / "raw")


def child(job: dict) -> int:
    log = Log(job["log"])
    try:
        {"ingest": ingest, "rebuild": rebuild}[job["what"]](job, log)
    except (TopicError, BrokerError) as refusal:
        log(refused=type(refusal).__name__, why=str(refusal))
        return REFUSED
    except BaseException:  # noqa: BLE001  a child has no caller; its log has
        log(failed=traceback.format_exc())
        return FAILED
    log(done=True)
    return ENDED


def serve(jobs: Iterable[str]) -> None:
    """Fork a child for each job; tell its process id, then how it ended."""
    last = None
    for line in jobs:
        if last is not None:
            os.waitpid(last, 0)
        job = json.loads(line)
        last = os.fork()
        if last == 0:
            os._exit(child(job))
        print(last, flush=True)  # noqa: T201
        # Only looked at: its id stays taken until the next job, so that a late kill hits nobody.
        ended = os.waitid(os.P_PID, last, os.WEXITED | os.WNOWAIT)
        print(-ended.si_status if ended.si_code != os.CLD_EXITED else ended.si_status, flush=True)  # noqa: T201


if __name__ == "__main__":
    serve(sys.stdin)
