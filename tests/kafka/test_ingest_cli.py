"""`journey ingest kafka` and `journey topics`: what they print, where, and how they end.

Belongs here: exit codes, stdout and stderr. Does not belong here: what a run reads (the modules
beside this one).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from homes import PROGRAM, journey
from homes_kafka import KafkaHome, views
from mock_cluster import MockCluster

from journey_dagster import cli

CANARY = "canary-of-a-password"


@dataclass(frozen=True)
class Told:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


class Shell:
    """The command line, in this process, on a home and a broker of its own."""

    def __init__(
        self, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.root, self._monkeypatch, self._capsys = root, monkeypatch, capsys
        for name in [name for name in os.environ if name.startswith("KAFKA_")]:
            monkeypatch.delenv(name)
        self.set(JOURNEY_HOME=str(root), KAFKA_TIMEOUT_SECONDS="1")

    def set(self, **environment: str) -> None:
        for name, value in environment.items():
            self._monkeypatch.setenv(name, value)

    def say(self, *words: str) -> Told:
        self._monkeypatch.setattr(sys, "argv", ["journey", *words])
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        return Told(code, *self._capsys.readouterr())

    def ingest(self, *words: str) -> Told:
        return self.say("ingest", "kafka", *words)

    def refused(self, code: int, *words: str) -> str:
        """The one line that a command which failed ends in."""
        told = self.say(*words)
        assert (told.code, told.out) == (code, "")
        assert told.err.startswith("error: ")
        assert told.err.count("\n") == 1
        return told.err


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    with MockCluster() as running:
        running.topic("t", 2)
        running.produce("t", [*views(range(3)), (None, b"{", 1)])
        yield running


@pytest.fixture
def nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """A shell that knows of no broker."""
    return Shell(tmp_path / "home", monkeypatch, capsys)


@pytest.fixture
def shell(nowhere: Shell, cluster: MockCluster) -> Shell:
    nowhere.set(KAFKA_BOOTSTRAP_SERVERS=cluster.bootstrap)
    return nowhere


def test_a_receipt_is_data_and_the_rest_is_narration(shell: Shell):
    first = shell.ingest("--topic", "t")
    assert first.code == 0
    assert (
        first.out == "t: 4 records = 3 kept (3 late) + 0 duplicates + 1 quarantined (bad_json 1)\n"
    )
    assert first.err == "complete\nnext: journey run\n"
    again = shell.ingest("--topic", "t")
    assert json.loads(shell.ingest("--topic", "t", "--json").out)["n_late"] == 0
    assert again.out == "t: 0 records = 0 kept + 0 duplicates + 0 quarantined\n"
    assert again.err == first.err


def test_the_topics_of_the_environment_are_read_by_default(shell: Shell, cluster: MockCluster):
    cluster.topic("mine")
    cluster.produce("mine", [(None, b'{"TIMESTAMP": 1767225600, "PAGE_URL": "/"}', 0)])
    shell.set(KAFKA_TOPICS="t, mine=user-1")
    assert [line.split(":")[0] for line in shell.ingest().out.splitlines()] == ["t", "mine"]
    home = KafkaHome(shell.root, None)
    assert ("user-1",) in home.events("user_id")


def test_what_is_configured_of_a_topic_holds_where_it_is_named(shell: Shell, cluster: MockCluster):
    cluster.topic("mine")
    cluster.produce("mine", [(None, b'{"TIMESTAMP": 1767225600, "PAGE_URL": "/"}', 0)])
    shell.set(KAFKA_TOPICS="mine=user-1")
    assert shell.ingest("--topic", "mine").code == 0
    assert KafkaHome(shell.root, None).events("user_id") == [("user-1",)]


def test_the_machine_readable_receipt_adds_up(shell: Shell):
    told = shell.ingest("--topic", "t", "--json")
    assert told.err == ""
    assert json.loads(told.out) == {
        "topic": "t",
        "is_new": True,
        "n_consumed": 4,
        "n_accepted": 3,
        "n_kept": 3,
        "n_late": 3,
        "n_duplicates": 0,
        "n_superseded": 0,
        "n_tombstones": 0,
        "n_erased": 0,
        "n_quarantined": 1,
        "quarantined": {"bad_json": 1},
    }


def test_a_topic_named_twice_is_read_once(shell: Shell):
    told = shell.ingest("--topic", "t", "--topic", "t")
    assert told.out.count("\n") == 1
    assert told.out.startswith("t: 4 records")


def test_read_once_more_the_older_reading_is_superseded_by_none(shell: Shell):
    shell.ingest("--topic", "t")
    told = shell.ingest("--topic", "t", "--from-beginning", "--json")
    receipt = json.loads(told.out)
    assert (receipt["n_consumed"], receipt["n_kept"], receipt["n_duplicates"]) == (4, 0, 3)
    KafkaHome(shell.root, os.environ["KAFKA_BOOTSTRAP_SERVERS"]).invariants("t")


def test_a_gap_is_told_until_it_is_accepted(shell: Shell, cluster: MockCluster):
    shell.ingest("--topic", "t")
    cluster.produce("t", views(range(3, 9)))
    cluster.delete_records("t", 0, 6)
    refused = shell.say("ingest", "kafka", "--topic", "t")
    assert refused.code == 4
    assert "--accept-gap" in refused.err
    assert refused.out.startswith("t: 0 records")  # what was read all the same
    told = shell.ingest("--topic", "t", "--accept-gap")
    assert (told.code, told.out.split(" = ")[0]) == (0, "t: 3 records")


def test_a_broker_that_is_down_is_worth_another_try(shell: Shell, cluster: MockCluster):
    cluster.down()
    shell.set(KAFKA_SASL_PASSWORD=CANARY)
    for words in (["ingest", "kafka", "--topic", "t"], ["topics"]):
        told = shell.refused(3, *words)
        assert "Is the broker up, and KAFKA_BOOTSTRAP_SERVERS right?" in told
        assert CANARY not in told


def test_an_unknown_topic_is_told_with_those_there_are(shell: Shell):
    assert "no topic 'tt' that we may see; there is t" in shell.refused(
        2, "ingest", "kafka", "--topic", "tt"
    )
    assert "no topic 'tt' that we may see; there is t" in shell.refused(
        2, "topics", "--topic", "tt"
    )


def test_without_a_broker_it_is_told_what_to_set(nowhere: Shell):
    for words in (["ingest", "kafka", "--topic", "t"], ["topics"]):
        assert "KAFKA_BOOTSTRAP_SERVERS=host:9092" in nowhere.refused(2, *words)


def test_without_a_topic_it_is_told_what_to_say(shell: Shell):
    assert "Say --topic NAME, or set KAFKA_TOPICS" in shell.refused(2, "ingest", "kafka")


@pytest.mark.parametrize("topic", ["", "a b", "t=", "t:xml", "t:csv", "../up", "x" * 250], ids=str)
def test_what_can_be_no_topic_is_told_with_the_usage(shell: Shell, topic: str):
    told = shell.ingest("--topic", topic)
    assert (told.code, told.out) == (2, "")
    assert "--topic" in told.err
    assert not shell.root.exists()


@pytest.mark.parametrize(
    ("name", "value"), [("TOPICS", "a b"), ("TIMEOUT_SECONDS", "0"), ("SASL_MECHANISM", "X")]
)
def test_a_wrong_setting_is_told_by_its_name(shell: Shell, name: str, value: str):
    shell.set(**{f"KAFKA_{name}": value, "KAFKA_SASL_PASSWORD": CANARY})
    told = shell.ingest("--topic", "t")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith(f"error: KAFKA_{name}: ")
    assert CANARY not in told.err


def test_the_topics_are_shown_and_not_read(shell: Shell, cluster: MockCluster):
    def rows() -> list[tuple]:
        told = shell.say("topics", "--json")
        assert (told.code, told.err) == (0, "")
        names = ("topic", "partition", "low_offset", "end_offset", "n_held", "next_offset", "lag")
        return [tuple(row[name] for name in names) for row in json.loads(told.out)]

    assert rows() == [("t", 0, 0, 3, 3, None, 3), ("t", 1, 0, 1, 1, None, 1)]
    assert not shell.root.exists()
    shell.ingest("--topic", "t")
    assert rows() == [("t", 0, 0, 3, 3, 3, 0), ("t", 1, 0, 1, 1, 1, 0)]
    cluster.produce("t", views(range(3, 9)))
    cluster.delete_records("t", 0, 2)
    assert rows() == [("t", 0, 2, 9, 7, 3, 6), ("t", 1, 0, 1, 1, 1, 0)]
    assert len(KafkaHome(shell.root, None).rows("from raw.records")) == 3


def test_the_topics_are_a_table_for_people(shell: Shell, cluster: MockCluster):
    cluster.topic("another")
    told = shell.say("topics")
    assert told.out.splitlines() == [
        "topic    partition  first  end  held  read to  lag",
        "another          0      0    0     0        -    0",
        "t                0      0    3     3        -    3",
        "t                1      0    1     1        -    1",
    ]
    assert shell.say("topics", "--topic", "t").out.count("\n") == 3


def test_two_at_once_are_refused_with_a_reason(shell: Shell, cluster: MockCluster):
    code = (
        "import sys; from pathlib import Path; from journey_dagster import warehouse\n"
        "with warehouse.connect(Path(sys.argv[1])):\n    print(0, flush=True); input()"
    )
    holder = subprocess.Popen(
        [PROGRAM[0], "-c", code, str(shell.root / "journey.duckdb")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout.readline() == "0\n"
        told = shell.refused(3, "ingest", "kafka", "--topic", "t")
        assert f"process {holder.pid}" in told
    finally:
        holder.kill()
        holder.communicate()
    assert shell.ingest("--topic", "t").code == 0
    KafkaHome(shell.root, cluster.bootstrap).invariants("t")


def test_the_program_itself_reads_and_ends_without_a_traceback(
    cluster: MockCluster, tmp_path: Path
):
    home = tmp_path / "home"
    words = ("ingest", "kafka", "--topic", "t")
    done = journey(*words, home=home, KAFKA_BOOTSTRAP_SERVERS=cluster.bootstrap)
    assert (done.returncode, done.stderr) == (0, "complete\nnext: journey run\n")
    assert done.stdout.startswith("t: 4 records = ")
    cluster.down()
    down = journey(
        *words, home=home, KAFKA_BOOTSTRAP_SERVERS=cluster.bootstrap, KAFKA_TIMEOUT_SECONDS="1"
    )
    assert (down.returncode, down.stdout, down.stderr.count("\n")) == (3, "", 1)
