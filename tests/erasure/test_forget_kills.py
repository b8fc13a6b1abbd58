"""An erasure that is killed, again and again and anywhere, ends as one that nobody killed."""

import json
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random

import dagster as dg
import marked
import pytest
import topic_files
from homes import journey, row_hashes
from marked import ID, MARK, SLUG
from typer.testing import CliRunner

from journey_dagster import site, users
from journey_dagster.cli import app
from journey_dagster.erasure import history, journal, person, steps
from journey_dagster.insights.ledger import Ledger, Waiting
from journey_dagster.instance import open_instance, sync_partitions
from journey_dagster.settings import Settings
from journey_dagster.topics import segments, suppression
from journey_dagster.users import load

CHILD = """
import os, signal, sys
from journey_dagster.erasure import steps
from journey_dagster.settings import Settings

left = int(sys.argv[1])
changes = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree", "sqlite3.connect"}

def watch(event, arguments):
    global left
    if event in changes:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
steps.resume(Settings(), lambda line: None)
"""


class Told(dg.Config):
    """What a run tells."""

    text: str


def make(settings: Settings) -> None:
    """Everything that holds the mark without a run."""
    marked.ingest(settings)
    marked.register(settings)
    (settings.home / "synth").mkdir()
    (settings.home / "synth" / "events.json").write_text(f"[{ID}]")
    (settings.home / ".analytics.duckdb.0123").write_text(MARK)
    (settings.home / "analytics-20260101T000000Z.duckdb").write_text(MARK)
    site.write_pages(settings.site)
    (settings.site / "data").mkdir(exist_ok=True)
    (settings.site / "data" / f"{SLUG}.json").write_text(MARK)
    with closing(Ledger(settings.ledger)) as ledger:
        ledger.put([ID], [Waiting(ID, "story", MARK, "openai:none", f"[{MARK}]" * 2000)])
    with open_instance(settings) as instance:
        sync_partitions(instance, load(settings.registry))


def end(settings: Settings) -> dict[str, object]:
    """All that is left, apart from moments and random keys."""
    known = suppression.load(settings.raw)
    intents = journal.pending(settings)
    with open_instance(settings) as instance:
        partitions = set(instance.get_dynamic_partitions("users"))
    home = topic_files.Home(settings.home)
    return {
        "rows": row_hashes(settings.database, frozenset({"raw.segments"})),
        "segments": home.rows("select * exclude (sha256, is_taken, landed_at) from raw.segments"),
        "records": [
            (segment.first, segment.last, segment.origin.n_erased, segment.read().num_rows)
            for segment in segments.find(settings.raw)
        ],
        "registry": settings.registry.read_bytes(),
        "kept out": len(known.listed.entries),
        "partitions": partitions,
        "removed": [intent.removed for intent in intents],
        "done": [intent.done for intent in intents],
        "files": sorted(
            str(path.relative_to(settings.home))
            for path in settings.home.rglob("*")
            if path.is_file() and ".dagster" not in path.parts and "pending" not in path.parts
        ),
    }


def test_killed_anywhere_it_ends_the_same(tmp_path: Path, monkeypatch, settings: Settings):
    make(settings)
    found = person.look(settings, SLUG).person
    steps.begin(settings, found)
    steps.resume(settings, lambda _line: None)
    (settings.home.parent / "sources").rename(tmp_path / "sources of the first")
    straight = end(settings)
    again = Settings(home=tmp_path / "again" / "home")
    make(again)
    steps.begin(again, person.look(again, f"user:{ID}").person)
    monkeypatch.setenv("JOURNEY_HOME", str(again.home))
    draw, kills = Random(20), 0  # noqa: S311  any moment will do
    while True:
        after = 400 if kills == 5 else draw.randrange(1, 25)
        done = subprocess.run(
            [sys.executable, "-c", CHILD, str(after)], check=False, stderr=subprocess.PIPE
        )
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        kills += 1
    assert kills >= 3
    told = end(again)
    for intent in told["removed"]:  # what a step had removed before it was killed is not counted
        assert set(intent) <= set(straight["removed"][0])
    assert told | {"removed": []} == straight | {"removed": []}
    (pending,) = (again.home / "erasure" / "pending").glob("*.json")
    pending.unlink()
    (tmp_path / "again" / "sources").rename(tmp_path / "sources of the second")
    assert marked.marks(again.home) == []


def test_any_command_finishes_what_a_kill_left(settings: Settings):
    marked.ingest(settings)
    marked.register(settings)
    steps.begin(settings, person.look(settings, SLUG).person)
    assert steps.is_open(settings)
    done = journey("users", "list", "--json", home=settings.home)
    assert done.returncode == 0, done.stderr
    assert MARK not in done.stdout
    assert not steps.is_open(settings)
    refused = journey("users", "add", ID, home=settings.home)
    assert refused.returncode == 2
    assert "was forgotten" in refused.stderr


def test_the_command_asks_and_tells_before_it_removes(settings: Settings):
    marked.ingest(settings)
    marked.register(settings)
    runner = CliRunner()
    told = runner.invoke(app, ["users", "forget", SLUG, "--dry-run", "--json"])
    assert json.loads(told.stdout)["person"]["user_ids"] == [ID, marked.OLD_ID]
    asked = runner.invoke(app, ["users", "forget", SLUG])
    assert asked.exit_code == 2
    assert "say --yes" in asked.stderr
    with pytest.raises(users.RegistryError, match="nobody here is called"):
        person.look(settings, "synthetic-nobody")
    assert not (settings.home / "erasure").exists()


def test_only_runs_that_name_somebody_go(settings: Settings):
    """Most users are not registered, and Dagster never heard of them."""

    @dg.asset
    def told(config: Told) -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata={"wrong": config.text})

    who = person.Person((ID, '"é"'), ())
    with open_instance(settings) as instance:
        for text in (f"row of {ID}, and more", f"{ID}22", 'a "é"', "nobody"):
            dg.materialize(
                [told], instance=instance, run_config={"ops": {"told": {"config": {"text": text}}}}
            )
        assert history.forget(settings, instance, who)["runs"] == 2
        assert instance.get_runs_count() == 2
        assert history.forget(settings, instance, who)["runs"] == 0
    database = settings.home / ".dagster" / "storage"
    assert [
        path for path in database.rglob("*.db") if f"row of {ID}".encode() in path.read_bytes()
    ] == []
