"""Fetches Apache Kafka and runs one broker of it on this machine: `up`, `down`, `fetch`.

Belongs here: the jars and their digests, what every broker of this project is set to, starting
and stopping one. Does not belong here: which Kafka that is (`kafka/pom.xml` and
`kafka/jars.sha256` beside this file) or what only tests want of a broker
(`tests/kafka/broker.py`, which builds on this). Standard library only.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

POM = Path(__file__).parent / "kafka" / "pom.xml"
DIGESTS = POM.with_name("jars.sha256")
VERSION = re.findall(r"<kafka\.version>(.+)</kafka\.version>", POM.read_text())[0]
PACKAGES = "apt install default-jre-headless maven"
HOST = "127.0.0.1"
PORT = 9092
PATIENCE = 60.0  # seconds until a broker serves, or is gone
CLUSTER = "am91cm5leS1vZi1rYWZrYQ"  # a cluster's name has to be 16 bytes in base64
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    # There is one broker: nothing can have a second copy.
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    # By default records older than a week go, and what one tries out here is mostly older.
    "log.retention.ms": "-1",
}
JVM = [
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",  # no files outside the broker's own folder
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "-Dorg.slf4j.simpleLogger.showThreadName=false",
]


class KafkaError(Exception):
    """What failed, why, and what to do about it."""


def cache() -> Path:
    """The folder outside the repository in which jars and data lie."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).resolve() / "journey"


def jars() -> Path:
    """The folder of this Kafka's jars."""
    return cache() / f"kafka-{VERSION}"


def faults(folder: Path) -> list[str]:
    """What in a folder is not as jars.sha256 has it, by the names of the jars."""
    lines = DIGESTS.read_text().splitlines()
    pinned = {name: digest for digest, name in map(str.split, lines)}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.jar")
    }
    return [
        f"{name} {'is missing' if name not in found else 'has another sha256 than is pinned'}"
        for name in sorted(pinned)
        if found.get(name) != pinned[name]
    ] + [f"{name} is not pinned" for name in sorted(found.keys() - pinned.keys())]


def missing() -> str | None:
    """Why no broker can be started on this machine, or None."""
    if shutil.which("java") is None:
        return f"there is no java on this machine: {PACKAGES}"
    if wrong := faults(jars()):
        return f"Kafka is not here ({wrong[0]}): python scripts/kafka.py fetch"
    return None


def fetch() -> Path:
    """Bring the jars through Maven unless they are there, and return their folder."""
    there = jars()
    if not faults(there):
        return there
    absent = [name for name in ("java", "mvn") if shutil.which(name) is None]
    if absent:
        raise KafkaError(f"Kafka cannot be fetched without {' and '.join(absent)}: {PACKAGES}")
    there.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=there.parent) as folder:
        got = Path(folder) / "jars"
        command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
        done = _run([*command, f"-DoutputDirectory={got}"])
        if done.returncode != 0:
            why = re.findall(r"\[ERROR\] (.+)", done.stdout) or ["it gave no reason"]
            raise KafkaError(f"Maven could not fetch Kafka {VERSION}: {why[0]}. {_MAVEN_HELP}")
        if wrong := faults(got):
            raise KafkaError(
                f"Kafka {VERSION} was fetched but is not what {DIGESTS.name} pins: "
                f"{'; '.join(wrong)}. Nothing was installed. Fetch again from a mirror you trust; "
                f"after a change of version renew the digests as {POM.name} says."
            )
        shutil.rmtree(there, ignore_errors=True)
        with contextlib.suppress(OSError):  # somebody else was quicker
            got.rename(there)
    if wrong := faults(there):
        raise KafkaError(f"{there} is not whole: {wrong[0]}. Remove the folder and fetch again.")
    return there


_MAVEN_HELP = "Is there a way to its repository? A mirror belongs in ~/.m2/settings.xml."


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port nobody listens on, from below those the kernel hands out to clients.

    A client that calls a broker which is gone could otherwise be given the broker's own port.
    """
    ports = random.SystemRandom().sample(range(15_000, 32_000), 200)
    for port in ports:
        if is_free(port):
            return port
    raise KafkaError("200 ports tried between 15000 and 32000 are all in use: stop what holds them")


def serves(port: int) -> bool:
    """Whether a broker answers a request for metadata by naming itself."""
    request = struct.pack(">hhihi", 3, 1, 1, -1, 0)  # Metadata, version 1, of no topics
    try:
        with socket.create_connection((HOST, port), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.makefile("rb").read(12)
    except OSError:
        return False
    _, _, brokers = struct.unpack(">iii", answer) if len(answer) == 12 else (0, 0, 0)  # noqa: PLR2004  length, number, brokers
    return brokers == 1


class Node:
    """One broker that is its own controller, with all it writes below one folder.

    Whoever is running holds a lock on the pid file and hands it down to the Java process, so it
    is free as soon as that is gone, however it went.
    """

    def __init__(
        self,
        home: Path,
        port: int = PORT,
        *,
        settings: Mapping[str, str] | None = None,
        format_options: Sequence[str] = (),
    ) -> None:
        self.home = home.resolve()
        self.port = port
        self.settings = dict(settings or {})
        self.format_options = list(format_options)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """The address clients start from."""
        return f"{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        """What the broker has said since it was last started."""
        return self.home / "kafka.log"

    def start(self) -> bool:
        """Start the broker and wait until it serves; False if it was running already."""
        self.home.mkdir(parents=True, exist_ok=True)
        with self._pid_file.open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._wait()
                return False
            lock.truncate(0)
            self._configure()
            command = ["java", *JVM, *self._classes("kafka.Kafka"), str(self._properties)]
            with self.log.open("wb") as log:
                self._process = subprocess.Popen(  # noqa: S603  no part of it comes from outside
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[lock.fileno()],
                    start_new_session=True,
                )
            lock.write(f"{self._process.pid} {self.port}")
        self._wait()
        return True

    def stop(self, how: signal.Signals = signal.SIGTERM) -> bool:
        """End the broker and wait until it is gone; False if it was not running."""
        running = self.running()
        if running is None:
            return False
        pid, _ = running
        if not pid:
            raise KafkaError(f"the broker in {self.home} is just being started: try again")
        os.kill(pid, how)
        now = time.monotonic()
        ends, deadline = now + PATIENCE / 3, now + PATIENCE
        while self.running() is not None:
            if time.monotonic() > ends:
                # A node that is its own controller may wait for itself; its log is recovered.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                ends = deadline
            if time.monotonic() > deadline:
                raise KafkaError(
                    f"Kafka (process {pid}) did not stop within {PATIENCE:.0f} s: {self.log} may "
                    f"say why; `kill -9 {pid}` ends it"
                )
            time.sleep(0.02)
        if self._process is not None:
            self._process.wait()
        return True

    def erase(self) -> None:
        """Remove what a broker that is not running has left, and the folder if that was all."""
        for folder in (self._data, self.home / "tmp"):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.log, self._properties, self._pid_file):
            file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.home.rmdir()

    def running(self) -> tuple[int, int] | None:
        """Process and port of who runs in this folder (zeros while it is set up), or None."""
        try:
            with self._pid_file.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            pid, port = map(int, self._pid_file.read_text().split() or (0, 0))
            return pid, port
        return None

    @property
    def _pid_file(self) -> Path:
        return self.home / "kafka.pid"

    @property
    def _properties(self) -> Path:
        return self.home / "server.properties"

    @property
    def _data(self) -> Path:
        return self.home / "data"

    def _classes(self, main: str) -> list[str]:
        # Native libraries are unpacked into the temporary folder; a killed JVM leaves them.
        return [f"-Djava.io.tmpdir={self.home / 'tmp'}", "-cp", f"{jars()}/*", main]

    def _configure(self) -> None:
        """Write the properties and, the first time, format the storage."""
        controller = free_port()
        listen = f"PLAINTEXT://{self.bootstrap}"
        written = {
            **SETTINGS,
            "listeners": listen,
            "advertised.listeners": listen,
            "log.dirs": str(self._data),
            **self.settings,
        }
        written["listeners"] += f",CONTROLLER://{HOST}:{controller}"
        written["controller.quorum.voters"] = f"1@{HOST}:{controller}"
        for port in map(int, re.findall(r":(\d+)", written["listeners"])):
            if not is_free(port):
                raise KafkaError(
                    f"port {port} is held by another process (`ss -ltnp sport = :{port}` names "
                    "it): stop that, or choose another with --port"
                )
        # What JSON escapes, and how, Java's properties understand as well.
        lines = [f"{key}={json.dumps(value)[1:-1]}\n" for key, value in written.items()]
        self._properties.write_text("".join(lines), encoding="ascii")
        (self.home / "tmp").mkdir(exist_ok=True)
        if not (self._data / "meta.properties").exists():
            command = ["java", "-XX:TieredStopAtLevel=1", *JVM]
            command += [*self._classes("kafka.tools.StorageTool"), "format", "-t", CLUSTER]
            done = _run([*command, "-c", str(self._properties), *self.format_options])
            if done.returncode != 0:
                self.log.write_text(done.stdout)
                raise KafkaError(f"Kafka could not format {self._data}: {self._last_words()}")

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            running = self.running()
            if running is None:
                raise KafkaError(f"Kafka ended while it started: {self._last_words()}")
            pid, port = running
            if port not in {0, self.port}:
                raise KafkaError(
                    f"the broker in {self.home} runs at {HOST}:{port} (process {pid}), not at "
                    f"{self.bootstrap}: stop it first, or choose another folder with --home"
                )
            if serves(self.port):
                return
            if time.monotonic() > deadline:
                raise KafkaError(
                    f"Kafka (process {pid}) does not serve {self.bootstrap} after "
                    f"{PATIENCE:.0f} s: {self._last_words()}"
                )
            time.sleep(0.05)

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        telling = [line for line in lines if re.search(r"ERROR|Exception|Error:", line)]
        return "\n  ".join([*(telling[:3] or lines[-3:]), f"the whole log: {self.log}"])


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  no part of it comes from outside
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _up(node: Node) -> str:
    if faults(jars()):
        print(f"fetching Kafka {VERSION} into {jars()}", file=sys.stderr)  # noqa: T201
        fetch()
    if reason := missing():
        raise KafkaError(reason)
    started = node.start()
    state = "is up" if started else "was up already"
    return f"Kafka {VERSION} {state} at {node.bootstrap} (all it writes is in {node.home})"


def _down(node: Node, *, erase: bool) -> str:
    ended = node.stop()
    if erase:
        node.erase()
    data = "its data is erased" if erase else f"its data stays in {node.home}"
    return f"Kafka {'is down' if ended else 'was not running'} at {node.bootstrap}; {data}"


def main() -> int:
    """Read the command line, do it, and say in one line what is so now."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch", help="bring the jars into the cache, checked against their pins")
    up = commands.add_parser("up", help="start a broker that outlives this command")
    down = commands.add_parser("down", help="stop it and keep its data")
    for command in (up, down):
        command.add_argument("--port", type=int, default=PORT, help=f"default: {PORT}")
        command.add_argument("--home", type=Path, help="default: kafka-data-PORT in the cache")
    down.add_argument("--erase", action="store_true", help="remove its data as well")
    given = parser.parse_args()
    try:
        if given.command == "fetch":
            said = f"Kafka {VERSION} is in {fetch()}"
        else:
            node = Node(given.home or cache() / f"kafka-data-{given.port}", given.port)
            said = _up(node) if given.command == "up" else _down(node, erase=given.erase)
    except KafkaError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(said)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
