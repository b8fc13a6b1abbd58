"""`journey ingest file`: what is wrong is told in one line, and then nothing is loaded."""

import gzip
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest
from topic_files import AT, HEADER, Home, csv_file, ksql, lines, raw_ksql, views

from journey_dagster import cli

ROW = f"u,{AT},/a,view"


@dataclass(frozen=True)
class Told:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


class Journey:
    """The command line, in this process, on a home of its own."""

    def __init__(
        self, home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.home, self._monkeypatch, self._capsys = home, monkeypatch, capsys
        monkeypatch.setenv("JOURNEY_HOME", str(home.root))

    def ingest(self, path: Path, format_: str, *options: str) -> Told:
        words = ["journey", "ingest", "file", str(path), "--format", format_, *options]
        self._monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        code = ended.value.code
        assert isinstance(code, int)
        return Told(code, *self._capsys.readouterr())

    def refused(self, path: Path, format_: str, *options: str) -> str:
        """The one line that a refused file ends in."""
        landed, state = self.home.landed(), self.home.state()
        told = self.ingest(path, format_, *options)
        assert (told.code, told.out) == (2, "")
        assert told.err.startswith("error: ")
        assert told.err.count("\n") == 1
        assert (self.home.landed(), self.home.state()) == (landed, state)
        return told.err


@pytest.fixture
def journey(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Journey:
    return Journey(home, monkeypatch, capsys)


ZIPPED = gzip.compress(lines(*views(99)))
REFUSED: dict[str, tuple[str, bytes, tuple[str, ...], str]] = {
    "empty file": ("ksql", b"", (), "is empty (0 bytes)"),
    "empty table": ("csv", b"", (), "error: "),
    "only a header": ("csv", csv_file(), (), "holds no records"),
    "only blank lines": ("ksql", b"\n\n", (), "holds no records"),
    "missing column": (
        "csv",
        csv_file(f"u,{AT},/a", header=HEADER[:3]),
        (),
        "has no column 'event'; it has 'user_id', 'timestamp', 'page'. Name it: --map event=",
    ),
    "column twice": ("csv", csv_file(ROW, header=(*HEADER, "page")), (), "stands twice"),
    "mapped to nowhere": ("csv", csv_file(ROW), ("--map", "page=place"), "no column 'place'"),
    "mapping of an unknown name": ("csv", csv_file(ROW), ("--map", "who=page"), "unknown name"),
    "naive time in a table": (
        "csv",
        csv_file(ROW, "u,2026-01-01 10:00:00,/,view"),
        (),
        "states no time zone. Say whose clock it is: --timezone Europe/Berlin (or UTC). Nothing",
    ),
    "naive time in a topic": (
        "ksql",
        lines(*views(3), ksql(TIMESTAMP="2026-01-01 10:00:00")),
        (),
        "record 4: TIMESTAMP '2026-01-01 10:00:00' states no time zone",
    ),
    "unknown zone": ("csv", csv_file(ROW), ("--timezone", "CEST"), "is no IANA name"),
    "truncated gzip": ("ksql", ZIPPED[: len(ZIPPED) // 2], (), "damaged or cut short"),
    "truncated gzip of a table": (
        "csv",
        gzip.compress(csv_file(*[ROW] * 99))[:-9],
        (),
        "damaged or cut short",
    ),
    "truncated array": ("ksql", b"[" + b",".join(views(9)), (), "cut short"),
    "open quote": ("csv", csv_file(ROW, f'u,{AT},"/a,view'), (), ":3: "),
    "a table called a topic": ("ksql", csv_file(ROW), (), "looks like csv, not ksql: --format csv"),
    "a topic called a table": (
        "csv",
        lines(*views(2)),
        (),
        "looks like ksql, not csv: --format ksql",
    ),
    "a web page": ("ksql", b"<html>\n</html>\n", (), "none of its 2 records could be read"),
    "UTF-16": ("csv", csv_file(ROW).decode().encode("utf-16"), (), "is UTF-16. Convert it: iconv"),
    "zip archive": ("ksql", b"PK\x03\x04" + b"\0" * 99, (), "zip archive is damaged"),
    "only a record of 2 MB": ("ksql", ksql(X="x" * 2**21), (), "too_large"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_taken_ends_in_one_line(journey: Journey, name: str) -> None:
    format_, content, options, words = REFUSED[name]
    path = journey.home.file("export", content)
    told = journey.refused(path, format_, *options)
    assert words in told
    assert journey.home.holds_nothing()


@pytest.mark.parametrize("name", ["missing", "folder"])
@pytest.mark.parametrize("format_", ["ksql", "csv"])
def test_what_is_no_file_ends_in_one_line(journey: Journey, name: str, format_: str) -> None:
    (journey.home.root / "folder").mkdir(parents=True)
    words = {"missing": "does not exist", "folder": "is a folder"}[name]
    assert words in journey.refused(journey.home.root / name, format_)


def test_an_empty_table_is_told_to_be_empty(journey: Journey) -> None:
    assert "is empty" in journey.refused(journey.home.file("a.csv", b""), "csv")


@pytest.mark.parametrize("format_", ["ksql", "csv"])
def test_a_file_that_may_not_be_read_ends_in_one_line(
    journey: Journey, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    path = journey.home.file("export", csv_file(ROW))
    opened = Path.open

    def refuse(self: Path, *args: Any, **options: Any) -> IO[Any]:
        if self == path:  # permissions do not stop root, so the refusal is played
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *args, **options)

    monkeypatch.setattr(Path, "open", refuse)
    assert "Permission denied" in journey.refused(path, format_)


def test_line_ends_of_old_macs_end_in_one_line(journey: Journey) -> None:
    path = journey.home.file("a.csv", csv_file(ROW).replace(b"\n", b"\r"))
    journey.refused(path, "csv")


def test_a_time_of_5000_digits_costs_no_other_record(journey: Journey) -> None:
    path = journey.home.file("a.csv", csv_file(ROW, f"u,{'9' * 5000},/a,view"))
    assert "1 kept + 0 duplicates + 1 quarantined (bad_time 1)" in journey.ingest(path, "csv").out


@pytest.mark.parametrize(
    ("format_", "options", "words"),
    [
        ("xml", (), "'xml' is not one of"),
        ("csv", ("--map", "page"), "write CANONICAL=FIELD"),
        ("csv", ("--map", "=page"), "write CANONICAL=FIELD"),
        ("csv", ("--tz", "UTC"), "No such option"),
    ],
)
def test_a_wrong_option_is_told_with_the_usage(
    journey: Journey, format_: str, options: tuple[str, ...], words: str
) -> None:
    told = journey.ingest(journey.home.file("a.csv", csv_file(ROW)), format_, *options)
    assert (told.code, told.out) == (2, "")
    assert words in " ".join(told.err.split())
    assert journey.home.holds_nothing()


BAD_RECORDS: dict[str, tuple[str, bytes, str]] = {
    "invalid UTF-8": ("ksql", lines(*views(3), b'{"a":"\xff"}'), "bad_encoding"),
    "invalid UTF-8 in a table": ("csv", csv_file(*[ROW] * 3) + b"u,\xff,/,x\n", "bad_encoding"),
    "NaN": ("ksql", lines(*views(3), raw_ksql(b'"X":NaN')), "bad_json"),
    "2 MB": ("ksql", lines(*views(3), ksql(X="x" * 2**21)), "too_large"),
    "2 MB in a table": ("csv", csv_file(*[ROW] * 3, ROW + "x" * 2**21), "too_large"),
    "ragged row": ("csv", csv_file(*[ROW] * 3, "u,1"), "bad_row"),
    "in an array": ("ksql", b"[" + b",".join([*views(3), b"{bad}"]) + b"]", "bad_json"),
    "zipped": ("ksql", gzip.compress(lines(*views(3), b"[]")), "not_object"),
}


@pytest.mark.parametrize("name", BAD_RECORDS)
def test_a_bad_record_is_counted_and_the_good_ones_are_taken(journey: Journey, name: str) -> None:
    format_, content, why = BAD_RECORDS[name]
    told = journey.ingest(journey.home.file("a", content), format_)
    assert told.code == 0
    assert told.out.endswith(f": 4 records = 3 kept + 0 duplicates + 1 quarantined ({why} 1)\n")
    assert told.out.count("\n") == 1
    assert "Traceback" not in told.err
    state = journey.home.state()
    assert (len(state["raw.records"]), len(state["meta.quarantine"])) == (3, 1)


def test_the_second_time_is_told_and_changes_nothing(journey: Journey) -> None:
    path = journey.home.file("a.json", lines(*views(3), b"{"))
    first = journey.ingest(path, "ksql")
    before = journey.home.state()
    again = journey.ingest(path, "ksql")
    assert (first.code, again.code) == (0, 0)
    assert again.out == first.out.replace("\n", "; known already, nothing changed\n")
    assert journey.home.state() == before


def test_another_clock_for_the_same_bytes_ends_in_one_line(journey: Journey) -> None:
    path = journey.home.file("a.csv", csv_file("u,2026-01-01 10:00:00,/,view"))
    assert journey.ingest(path, "csv", "--timezone", "Europe/Berlin").code == 0
    told = journey.refused(path, "csv", "--timezone", "UTC")
    assert "was ingested before with --timezone Europe/Berlin" in told


def test_a_file_is_taken_after_what_was_wrong_is_mended(journey: Journey) -> None:
    path = journey.home.file("a.csv", csv_file("u,2026-01-01 10:00:00,/,view", header="abcd"))
    mapped = [f"--map={name}={column}" for name, column in zip(HEADER, "abcd", strict=True)]
    journey.refused(path, "csv")
    journey.refused(path, "csv", *mapped)
    assert journey.ingest(path, "csv", *mapped, "--timezone=UTC").code == 0
    assert len(journey.home.state()["raw.records"]) == 1


def test_the_machine_readable_receipt_adds_up(journey: Journey) -> None:
    path = journey.home.file("a.json", lines(*views(3), b"{", b"[]", b"{"))
    told = journey.ingest(path, "ksql", "--json")
    receipt = json.loads(told.out)
    assert receipt.pop("topic").startswith("a-")
    assert receipt == {
        "is_new": True,
        "n_consumed": 6,
        "n_accepted": 3,
        "n_kept": 3,
        "n_late": 0,
        "n_duplicates": 0,
        "n_superseded": 0,
        "n_tombstones": 0,
        "n_erased": 0,
        "n_quarantined": 3,
        "quarantined": {"bad_json": 2, "not_object": 1},
    }


def test_the_program_itself_ends_in_one_line_without_a_traceback(home: Home) -> None:
    path = home.file("cut.json.gz", ZIPPED[:-20])
    program = (sys.executable, "-c", "from journey_dagster.cli import main; main()")
    told = subprocess.run(
        [*program, "ingest", "file", path, "--format", "ksql"],
        env=os.environ | {"JOURNEY_HOME": str(home.root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("error: ")
    assert told.stderr.count("\n") == 1
    assert "damaged or cut short" in told.stderr
    assert home.holds_nothing()
