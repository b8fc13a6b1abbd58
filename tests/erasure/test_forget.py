"""A user is forgotten: no byte of theirs is left anywhere, and nobody else is touched."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import botocore.session
import marked
import msgspec
import pytest
import topic_files
from marked import ID, MARK, OTHERS, SLUG
from moto.server import ThreadedMotoServer

from journey_dagster import demo, publishing, runs, users
from journey_dagster.erasure import journal, person, receipt, steps
from journey_dagster.instance import open_instance
from journey_dagster.settings import Settings
from journey_dagster.topics import suppression
from journey_dagster.users import RegistryError
from journey_dagster.warehouse import connect

TABLES = ("core.events", "core.sessions", "core.users", "marts.user_days")
RAW = ("raw.records", "raw.segments", "meta.quarantine")


@dataclass
class Story:
    """A home before and after somebody was forgotten."""

    root: Path
    settings: Settings
    bucket: object
    marks: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    others: dict[str, list[str]] = field(default_factory=dict)
    found: person.Found | None = None
    receipt: Path | None = None
    summary: runs.Summary | None = None


@pytest.fixture(scope="module")
def bucket() -> Iterator[object]:
    """A bucket that keeps versions."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_S3", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "synthetic")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "synthetic")
        patch.setenv("AWS_CONFIG_FILE", "/dev/null")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        made = botocore.session.get_session().create_client("s3", region_name="us-east-1")
        made.create_bucket(Bucket="versioned-journeys")
        made.put_bucket_versioning(
            Bucket="versioned-journeys", VersioningConfiguration={"Status": "Enabled"}
        )
        yield made
        made.close()
    server.stop()


def marked_versions(client) -> list[str]:
    """The versions of objects that hold the mark, in their names or bytes."""
    found = client.list_object_versions(Bucket="versioned-journeys")
    assert not found["IsTruncated"]
    return [
        version["Key"]
        for version in found.get("Versions", ())
        if MARK.lower() in version["Key"].lower()
        or MARK.lower().encode()
        in client.get_object(
            Bucket="versioned-journeys", Key=version["Key"], VersionId=version["VersionId"]
        )["Body"].read().lower()
    ]  # fmt: skip


def git(*words: str, at: Path) -> None:
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@localhost")
    subprocess.run(["git", *who, *words], cwd=at, check=True, capture_output=True)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, bucket) -> Iterator[Story]:
    """Everything computed, told by models and published to three places; then one is forgotten."""
    root = tmp_path_factory.mktemp("erasure")
    with pytest.MonkeyPatch.context() as patch, demo.models() as models:
        patch.setenv("JOURNEY_HOME", str(root / "home"))
        patch.delenv("DAGSTER_HOME", raising=False)
        settings = Settings()
        told = Story(root, settings, bucket)
        marked.ingest(settings)
        marked.register(settings)
        assert runs.run(settings, lambda _line: None, insights=models).succeeded
        git("init", "-q", "--bare", "repo.git", at=root)
        places = [
            str(root / "www"),
            f"git:{root / 'repo.git'}#pages",
            "s3://versioned-journeys/site",
        ]
        registered = users.load(settings.registry)
        publishing.publish(settings, registered, places)
        git("clone", "-q", "-b", "pages", "repo.git", "clone", at=root)
        (root / "clone" / "CNAME").write_text("journeys.example\n")
        git("add", "CNAME", at=root / "clone")
        git("commit", "-q", "-m", "A file of somebody's", at=root / "clone")
        git("push", "-q", at=root / "clone")
        shutil.rmtree(root / "clone")
        shutil.rmtree(root / "sources")
        private = [msgspec.structs.replace(registered[1], visibility="private")]
        publishing.publish(settings, [registered[0], *private, registered[2]], [])
        told.marks, told.versions = marked.marks(root), marked_versions(bucket)
        told.others = marked.others(settings, TABLES)
        told.found = person.look(settings, SLUG)
        intent = steps.begin(settings, told.found.person)
        told.summary = runs.run(settings, lambda _line: None, insights=models)
        told.receipt = receipt.path_of(settings, intent)
        yield told


def test_the_mark_was_everywhere(story: Story):
    places = [
        f"{story.root}/{place}"
        for place in ("home/raw/json", "home/raw/segment", "home/raw/kafka", "home/journey.duckdb",
                      "home/analytics.duckdb", "home/analytics-", "home/insights.sqlite",
                      "home/site/data", "home/users.json", "home/.dagster/storage", ".www.releases",
                      "repo.git")
    ]  # fmt: skip
    assert [place for place in places if not any(m.startswith(place) for m in story.marks)] == []
    assert len({key.split("/")[2] for key in story.versions}) == 2, "two releases, one deleted"


def test_no_mark_is_left_in_any_byte(story: Story):
    assert marked.marks(story.root) == []
    assert marked_versions(story.bucket) == []


def test_everything_is_computed_and_published_again(story: Story):
    assert story.summary.succeeded, story.summary
    assert not story.summary.failed_checks
    assert not journal.pending(story.settings)
    listed = json.loads((story.root / "www" / "data" / "users.json").read_text())
    assert [user["slug"] for user in listed["users"]] == ["ann"]
    git("fsck", "--strict", at=story.root / "repo.git")
    log = subprocess.run(
        ["git", "ls-tree", "--name-only", "pages"],
        cwd=story.root / "repo.git", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "CNAME" in log.stdout.split(), "files of others stay"
    with open_instance(story.settings) as instance:
        assert set(instance.get_dynamic_partitions("users")) == {"ann", "bea"}


def test_everybody_else_is_as_before(story: Story):
    assert marked.others(story.settings, TABLES) == story.others


def test_the_receipt_adds_up_and_names_nobody(story: Story):
    told = json.loads(story.receipt.read_text())
    assert (told["n_user_ids"], told["n_devices"], told["n_shared_devices"]) == (2, 2, 1)
    assert told["n_targets"] == 3
    assert told["out_of_reach"] == []
    with connect(story.settings.database, read_only=True) as con:
        (n_erased,) = con.execute("select sum(n_erased)::bigint from raw.segments").fetchone()
        wrong = con.execute(
            "from meta.manifest where n_consumed <> n_accepted + n_quarantined + n_tombstones "
            "+ n_erased"
        ).fetchall()
        left = con.execute("select count(*) from meta.quarantine").fetchone()
    assert wrong == []
    assert left == (3,), "what nobody could read and does not name them stays"
    # A tombstone, and what only headers or a whole topic tie to them, is not counted beforehand.
    assert told["removed"]["records"] == n_erased
    assert n_erased == story.found.n_records + story.found.n_unreadable + 3
    assert {path.stat().st_mode & 0o777 for path in story.receipt.parents[1].rglob("*.*")} == {
        0o600
    }


def test_read_again_from_the_beginning_nobody_comes_back(story: Story, tmp_path: Path):
    """Also where the raw segments went with the warehouse; and twice, to the same rows."""
    again = Settings(home=tmp_path / "home")
    shutil.copytree(story.settings.home / "erasure", again.home / "erasure")
    marked.ingest(again)
    shutil.rmtree(tmp_path / "sources")
    assert marked.marks(tmp_path) == []
    home, before = topic_files.Home(again.home), topic_files.Home(story.settings.home)
    seen = "select * exclude (landed_at) from raw.records"
    assert home.rows(seen) == before.rows(seen)
    kept = 'select topic, "partition", first_offset, last_offset, n_consumed, n_accepted, '
    kept += "n_quarantined, n_tombstones, n_erased from raw.segments"
    assert home.rows(kept) == before.rows(kept)
    home.delete_warehouse()
    home.load_landed()
    assert home.rows(seen) == before.rows(seen)


def test_a_segment_from_a_copy_is_taken_in_without_them(story: Story, tmp_path: Path):
    home = topic_files.Home(tmp_path / "home")
    marked.clicks(home.raw)
    assert any("kafka" in mark for mark in marked.marks(home.raw))
    shutil.copytree(story.settings.home / "erasure", home.root / "erasure")
    home.load_landed()
    assert marked.marks(home.root) == []
    assert home.rows("select sum(n_erased) from raw.segments") == [("6",)]


def test_whoever_was_forgotten_is_not_registered_again(story: Story):
    known = suppression.load(story.settings.raw)
    assert known.has_user(ID)
    assert not any(map(known.has_user, OTHERS))
    assert person.look(story.settings, ID).is_forgotten
    with pytest.raises(RegistryError, match="nobody here"):
        person.look(story.settings, "synthetic-nobody")
