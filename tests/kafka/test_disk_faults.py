"""A disk that is full, fails to flush or turns bits over: the next run makes it good."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import crash_checks
import duckdb
import pytest
from crash_checks import Known, Sent
from mock_cluster import MockCluster

from journey_dagster.settings import ROOT, KafkaSettings, Settings, TopicChoice
from journey_dagster.topics import kafka, load, segments
from journey_dagster.topics.broker import BrokerError
from journey_dagster.warehouse import WarehouseError, connect, ensure

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
RUN = """
import sys, types
sys.modules["dagster_duckdb"] = types.SimpleNamespace(DuckDBResource=object)
import subprocess
from datetime import UTC, datetime
from pathlib import Path
import duckdb
from journey_dagster import warehouse
from journey_dagster.settings import KafkaSettings, Settings, TopicChoice
from journey_dagster.topics import kafka
bootstrap, home, room = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
disk = home / "disk"
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], check=True)
def run():
    settings = Settings(home=disk / "home")
    with warehouse.connect(settings.database) as con:
        broker = KafkaSettings(bootstrap_servers=bootstrap, timeout_seconds=5)
        kafka.ingest(con, settings, broker, [TopicChoice("visits")], datetime.now(UTC))
def keep(name):
    subprocess.run(["cp", "-r", disk / "home", home / name], check=True)
(disk / "home").mkdir()
run()
keep("before")
input("ready")
with (disk / "ballast").open("wb") as ballast:
    free = 64 * 2**20 - int(subprocess.check_output(["du", "-sB1", disk]).split()[0]) - room
    ballast.write(bytes(max(0, free)))
try:
    run()
    print("there was room")
except (OSError, duckdb.Error) as error:
    print("refused:", type(error).__name__, " ".join(str(error).split()))
keep("full")
(disk / "ballast").unlink()
run()
keep("after")
"""


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    with MockCluster() as running:
        running.topic("visits")
        yield running


def produce(cluster: MockCluster, sent: Sent, n: int, size: int = 10) -> None:
    """Records that a home is held against afterwards."""
    values = []
    for _ in range(n):
        serial = len(sent.rows) + len(values)
        said = {"user_id": f"robin-{serial}", "timestamp": "2026-01-01T00:00:00Z", "page": "/"}
        padding = random.Random(serial).randbytes(size).hex()  # noqa: S311
        values.append(json.dumps(said | {"event": "View", "serial": serial, "x": padding}).encode())
    offsets = cluster.produce("visits", [(None, value) for value in values])
    for offset in offsets:
        sent.rows.append((0, offset, crash_checks.GOOD, str(offset)))
    sent.ends[0] = offsets[-1] + 1


def run(cluster: MockCluster, settings: Settings, n: int = 0) -> None:
    """The n-th run of a home."""
    broker = KafkaSettings(bootstrap_servers=cluster.bootstrap, timeout_seconds=3)
    with connect(settings.database) as con:
        kafka.ingest(
            con, settings, broker, [TopicChoice("visits")], AT + timedelta(minutes=n)
        )  # fmt: skip


def assert_complete(home: Path, sent: Sent, known: Known | None = None) -> None:
    """All is here, once, and the segments give it again."""
    known = known or Known()
    assert not crash_checks.violations(home, sent, known)
    assert not crash_checks.shortcomings(home, sent, known)
    with connect(home / "again.duckdb") as con:
        load.load_landed(con, home / "raw")
    hashes = crash_checks.row_hashes
    assert hashes(home / "again.duckdb") == hashes(home / "journey.duckdb")
    (home / "again.duckdb").unlink()


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Whoever runs the tests may mount a small disk of their own."""
    if (
        shutil.which("unshare")
        and not subprocess.run(
            ["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
            capture_output=True,
            check=False,
        ).returncode
    ):
        return
    pytest.skip("user namespaces are not permitted: no small disk can be mounted")


@pytest.mark.parametrize("room", [0, 4096, 150_000, 600_000, 1_200_000])
def test_a_full_disk_costs_nothing_but_a_run(
    cluster: MockCluster, tmp_path: Path, namespaces: None, room: int
):
    del namespaces
    home = tmp_path / "small"
    (home / "disk").mkdir(parents=True)
    sent = Sent(1)
    produce(cluster, sent, 200)
    running = subprocess.Popen(
        ["unshare", "-Urm", sys.executable, "-c", RUN, cluster.bootstrap, str(home), str(room)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )
    assert running.stdout.read(5) == "ready"
    produce(cluster, sent, 600, size=900)
    told, wrong = running.communicate("\n", timeout=60)
    assert running.returncode == 0, wrong
    assert "refused: " in told, told
    assert "space" in told
    known = Known()
    for name in ("before", "full"):
        assert not crash_checks.violations(home / name, sent, known)
    assert_complete(home / "after", sent, known)


def failing(nth: int) -> Callable[[Path], None]:
    """A flush that fails once."""
    real, count = segments.sync, iter(range(1, 1000))

    def sync(path: Path) -> None:
        if next(count) == nth:
            raise OSError(5, "Input/output error", str(path))
        real(path)

    return sync


@pytest.mark.parametrize("nth", range(1, 8))
def test_a_flush_that_fails_leaves_nothing_half_visible(
    cluster: MockCluster, settings: Settings, monkeypatch: pytest.MonkeyPatch, nth: int
):
    sent, known = Sent(1), Known()
    produce(cluster, sent, 90)
    monkeypatch.setattr(kafka, "RECORDS", 30)
    monkeypatch.setattr(kafka, "_AT_ONCE", 10)
    with monkeypatch.context() as patch:
        patch.setattr(segments, "sync", failing(nth))
        with pytest.raises(OSError, match="Input/output error"):
            run(cluster, settings)
    assert not crash_checks.violations(settings.home, sent, known)
    produce(cluster, sent, 10)
    run(cluster, settings, 1)
    assert_complete(settings.home, sent, known)


def broken(*, is_committed: bool, nth: int) -> Callable[..., object]:
    """A transaction whose commit gives an error, whether it was done or not."""
    count = iter(range(1, 1000))

    @contextmanager
    def once(con: duckdb.DuckDBPyConnection):
        is_it = next(count) == nth
        con.begin()
        try:
            yield
        except BaseException:
            con.rollback()
            raise
        if is_it and not is_committed:
            con.rollback()
        else:
            con.commit()
        if is_it:
            raise duckdb.IOException("could not sync the log")

    return once


@pytest.mark.parametrize("is_committed", [True, False])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_whether_a_commit_was_done_is_seen_by_looking(
    cluster: MockCluster,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    nth: int,
    *,
    is_committed: bool,
):
    sent, known = Sent(1), Known()
    produce(cluster, sent, 90)
    monkeypatch.setattr(kafka, "RECORDS", 30)
    monkeypatch.setattr(kafka, "_AT_ONCE", 10)
    with monkeypatch.context() as patch:
        patch.setattr(kafka, "transaction", broken(is_committed=is_committed, nth=nth))
        with pytest.raises(duckdb.IOException, match="could not sync"):
            run(cluster, settings)
    assert not crash_checks.violations(settings.home, sent, known)
    assert known.frontiers.get((1, 0), 0) == 30 * (nth - (not is_committed))
    run(cluster, settings, 1)
    assert_complete(settings.home, sent, known)


def wal(settings: Settings) -> Path:
    return settings.database.with_name(settings.database.name + ".wal")


@pytest.fixture
def image(cluster: MockCluster, settings: Settings) -> tuple[Path, Sent]:
    """A warehouse as a kill leaves it: a part in the file, a part in the log to be replayed."""
    sent = Sent(1)
    produce(cluster, sent, 60)
    run(cluster, settings)
    produce(cluster, sent, 60)
    kept = settings.home / "image"
    kept.mkdir()
    broker = KafkaSettings(bootstrap_servers=cluster.bootstrap, timeout_seconds=3)
    with connect(settings.database) as con:
        con.execute("set checkpoint_threshold = '1TB'")
        kafka.ingest(con, settings, broker, [TopicChoice("visits")], AT + timedelta(minutes=1))
        for path in (settings.database, wal(settings)):
            shutil.copy(path, kept)
    return kept, sent


def restore(settings: Settings, kept: Path) -> None:
    for path in (settings.database, wal(settings)):
        path.unlink(missing_ok=True)
        if (kept / path.name).exists():
            shutil.copy(kept / path.name, path)


def made_good(settings: Settings, sent: Sent, what: str) -> str:
    """A load works, or says how to rebuild; then that is done, and all is as it was."""
    told = ""
    try:
        with connect(settings.database) as con:
            load.load_landed(con, settings.raw)
            for name in (*crash_checks.TABLES, "raw.watermarks"):
                con.execute(f"from {name}").fetchall()  # damage shows where it is read
    except WarehouseError as error:
        told = str(error)
        assert f"It can be rebuilt from {settings.home}/raw" in told, what
        settings.database.unlink()
        wal(settings).unlink(missing_ok=True)
        with connect(settings.database) as con:
            load.load_landed(con, settings.raw)
    known = Known()
    assert not crash_checks.violations(settings.home, sent, known), what
    assert_complete(settings.home, sent, known)
    return told


@pytest.mark.parametrize("name", ["journey.duckdb.wal", "journey.duckdb"])
def test_a_flipped_bit_in_the_warehouse_costs_a_rebuild_at_most(
    settings: Settings, image: tuple[Path, Sent], name: str
):
    kept, sent = image
    seed = random.randrange(10**6)  # noqa: S311
    rng = random.Random(seed)  # noqa: S311
    sound = (kept / name).read_bytes()
    told = []
    for _ in range(12):
        restore(settings, kept)
        rotten = bytearray(sound)
        at, bit = rng.randrange(len(rotten)), rng.randrange(8)
        rotten[at] ^= 1 << bit
        (settings.home / name).write_bytes(rotten)
        told.append(made_good(settings, sent, f"bit {bit} of byte {at} of {name} (seed {seed})"))
    assert name != "journey.duckdb.wal" or any(told)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_cut_log_costs_nothing(settings: Settings, image: tuple[Path, Sent], share: float):
    kept, sent = image
    restore(settings, kept)
    os.truncate(wal(settings), int(wal(settings).stat().st_size * share))
    made_good(settings, sent, str(share))


def test_a_lost_warehouse_with_its_log_left_is_made_anew(
    settings: Settings, image: tuple[Path, Sent]
):
    kept, sent = image
    restore(settings, kept)
    settings.database.unlink()
    made_good(settings, sent, "no warehouse")


def test_the_log_of_another_warehouse_is_told(settings: Settings, image: tuple[Path, Sent]):
    kept, sent = image
    restore(settings, kept)
    settings.database.unlink()
    with duckdb.connect(settings.database) as con:
        con.execute("create table somebody_elses as select 1")
    shutil.copy(kept / wal(settings).name, wal(settings))
    made_good(settings, sent, "another warehouse")


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_a_kill_while_tables_are_made_anew_leaves_no_list_without_its_rows(
    cluster: MockCluster, settings: Settings, monkeypatch: pytest.MonkeyPatch, nth: int
):
    sent = Sent(1)
    produce(cluster, sent, 30)
    run(cluster, settings)
    with connect(settings.database) as con:
        con.execute("alter table raw.records add column of_an_older_version integer")
        count = iter(range(1, 100))

        def dying(*args: object) -> bool:
            if next(count) == nth:
                raise KeyboardInterrupt
            return ensure(*args)

        with monkeypatch.context() as patch:
            patch.setattr(load, "ensure", dying)
            with pytest.raises(KeyboardInterrupt):
                load.load_landed(con, settings.raw)
    run(cluster, settings, 1)
    assert_complete(settings.home, sent)


def test_the_broker_is_not_blamed_for_the_disk(
    cluster: MockCluster, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    sent = Sent(1)
    produce(cluster, sent, 30)
    monkeypatch.setattr(segments, "sync", failing(1))
    with pytest.raises(OSError, match="Input/output error") as raised:
        run(cluster, settings)
    assert not isinstance(raised.value, BrokerError)
    with connect(settings.database) as con:
        assert [one.state for one in kafka.states(con)] == ["behind"]


def test_what_a_dead_run_left_is_flushed_before_it_counts(
    cluster: MockCluster, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    """Its writer may have died between the segment's name and the flush of the folder."""
    sent = Sent(1)
    produce(cluster, sent, 30)
    with monkeypatch.context() as patch:
        patch.setattr(segments, "sync", failing(5))  # the folder, once the segment has its name
        with pytest.raises(OSError, match="Input/output error"):
            run(cluster, settings)
    (path,) = crash_checks.visible(settings.raw)
    flushed: list[Path] = []
    monkeypatch.setattr(segments, "sync", flushed.append)
    with connect(settings.database) as con:
        load.load_landed(con, settings.raw)
    assert flushed == [path.parent, *list(path.parents)[1:4]]
