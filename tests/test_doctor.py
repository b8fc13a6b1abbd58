"""The doctor: whatever is broken is told with its cure, and is well again once that was done."""

import json
import shutil
import subprocess
import sys
from collections import deque, namedtuple
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

import dagster as dg
import pytest
from dagster._daemon.types import DaemonHeartbeat

from journey_dagster import doctor, terminal, warehouse
from journey_dagster.doctor import Finding, configuration, machine
from journey_dagster.instance import open_instance
from journey_dagster.settings import Settings, variables

Patch = pytest.MonkeyPatch
Steps = Callable[[Settings, Patch], Generator[None]]

SECRET = "never-to-be-told"  # noqa: S105


class Case(NamedTuple):
    what: str
    told: str
    cure: str
    steps: Steps
    """Breaks it, after the first yield does what the cure says, after another cleans up."""


CASES: dict[str, Case] = {}


def case(what: str, told: str, cure: str) -> Callable[[Steps], Steps]:
    def keep(steps: Steps) -> Steps:
        CASES[steps.__name__] = Case(what, told, cure, steps)
        return steps

    return keep


def wrong() -> dict[str, Finding]:
    return {one.what: one for one in doctor.examine(Settings()) if one.state == "wrong"}


@case("python", "3.11 or newer", "make setup")
def old_python(_settings: Settings, patch: Patch):
    with patch.context() as older:
        older.setattr(machine, "OLDEST", (9, 0))
        yield


@case("packages", "(pinned: 0.0.1)", "make setup")
def other_packages(settings: Settings, patch: Patch):
    lock = machine.LOCK.read_text()
    settings.home.mkdir()
    other = settings.home / "lock"
    other.write_text(lock.replace("\nduckdb==", "\nduckdb==0.0.1 \\\nwas-duckdb=="))
    with patch.context() as pinned:
        pinned.setattr(machine, "LOCK", other)
        yield


@case("time zones", "no clock", "make setup")
def no_time_zones(_settings: Settings, patch: Patch):
    with patch.context() as without:
        without.setattr(machine, "available_timezones", set)
        yield


@case("settings", "did you mean JOURNEY_NIGHTLY?", "JOURNEY_NIGHTLY instead of JOURNEY_NIGHTLI")
def misspelt_variable(_settings: Settings, patch: Patch):
    patch.setenv("JOURNEY_NIGHTLI", "0 3 * * *")
    yield
    patch.delenv("JOURNEY_NIGHTLI")


@case("settings", "AWS_SECRET_ACCESS_KEY in .env is read by nobody", "remove AWS_SECRET_ACCESS_KEY")
def key_in_the_wrong_place(settings: Settings, patch: Patch):
    settings.home.mkdir()
    env = settings.home / ".env"
    env.write_text(f"AWS_SECRET_ACCESS_KEY={SECRET}\nOPENAI_API_KEY={SECRET}\nAWS_REGION=\n")
    patch.setattr(configuration, "ENV", env)
    yield
    env.write_text(f"OPENAI_API_KEY={SECRET}\n")


@case("registry", "users.json", "edit ")
def broken_registry(settings: Settings, _patch: Patch):
    settings.home.mkdir()
    settings.registry.write_text("[{]")
    yield
    settings.registry.unlink()


@case("home", "is no folder", "JOURNEY_HOME")
def home_in_a_file(settings: Settings, patch: Patch):
    settings.home.write_text("")
    patch.setenv("JOURNEY_HOME", str(settings.home / "below"))
    yield
    patch.setenv("JOURNEY_HOME", str(settings.home.with_name("other")))


@case("dagster home", "has no dagster.yaml", "unset DAGSTER_HOME")
def bare_dagster_home(settings: Settings, patch: Patch):
    patch.setenv("DAGSTER_HOME", str(settings.home.parent))
    yield
    patch.delenv("DAGSTER_HOME")


@case("disk", "a run may need 2.0 GB", "du -sh")
def full_disk(_settings: Settings, patch: Patch):
    with patch.context() as full:
        usage = namedtuple("usage", "total used free")  # noqa: PYI024
        full.setattr(shutil, "disk_usage", lambda _path: usage(9, 8, 1))
        yield


@case("raw segments", ".parquet", "backup")
def damaged_segment(settings: Settings, _patch: Patch):
    damaged = settings.raw / "file" / "topic" / "0" / "000000000000-000000000001.parquet"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"damaged")
    yield
    shutil.rmtree(settings.raw)


@case("warehouse", "cannot be read", ".damaged")
def damaged_warehouse(settings: Settings, _patch: Patch):
    settings.home.mkdir()
    settings.database.write_bytes(b"no database" * 1000)
    yield
    settings.database.rename(f"{settings.database}.damaged")


@case("site", "schema_version", "journey run")
def document_of_another_version(settings: Settings, _patch: Patch):
    users = settings.site / "data" / "users.json"
    users.parent.mkdir(parents=True)
    document = {"schema_version": "2.0", "data_through": None, "users": []}
    users.write_text(json.dumps(document))
    yield
    users.write_text(json.dumps(document | {"schema_version": "1.0"}))


@case("kafka", "does not answer", "make kafka-up")
def silent_broker(_settings: Settings, patch: Patch):
    patch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    yield
    patch.delenv("KAFKA_BOOTSTRAP_SERVERS")


@case("kafka", "KAFKA_TIMEOUT_SECONDS", "KAFKA_TIMEOUT_SECONDS")
def impossible_setting(_settings: Settings, patch: Patch):
    patch.setenv("KAFKA_TIMEOUT_SECONDS", "-1")
    yield
    patch.delenv("KAFKA_TIMEOUT_SECONDS")


def models(patch: Patch, model: str, **environment: str) -> None:
    for name in ("STORY", "STRUCTURE"):
        patch.setenv(f"INSIGHTS_{name}_MODEL", model)
    for name, value in {"INSIGHTS_ENABLED": "true", **environment}.items():
        patch.setenv(name, value)


@case("models", "nobody said what my-model costs", "INSIGHTS_PRICES=my-model=")
def model_without_a_price(_settings: Settings, patch: Patch):
    with service(200) as (url, _asked):
        models(patch, "openai:my-model", OPENAI_BASE_URL=url, OPENAI_API_KEY=SECRET)
        yield
        patch.setenv("INSIGHTS_PRICES", "my-model=1/2")
        yield


@case("models", "OPENAI_API_KEY is not set", "set OPENAI_API_KEY")
def model_without_a_key(_settings: Settings, patch: Patch):
    with service(200) as (url, asked):
        models(patch, "openai:gpt-5-nano", OPENAI_BASE_URL=url)
        yield
        patch.setenv("OPENAI_API_KEY", SECRET)
        yield
        assert set(asked) == {"GET /v1/models"}  # nothing that costs


@case("models", "does not take the key", "check OPENAI_API_KEY")
def key_that_is_refused(_settings: Settings, patch: Patch):
    with service(401) as (url, _asked):
        models(patch, "openai:gpt-5-nano", OPENAI_BASE_URL=url, OPENAI_API_KEY=SECRET)
        yield
        patch.setenv("INSIGHTS_ENABLED", "false")


@case("models", "cannot be reached", "curl")
def service_that_is_down(_settings: Settings, patch: Patch):
    url = "http://127.0.0.1:1/v1"
    models(patch, "openai:gpt-5-nano", OPENAI_BASE_URL=url, OPENAI_API_KEY=SECRET)
    yield
    patch.setenv("INSIGHTS_ENABLED", "false")


@case("models", "no key of AWS", "AWS_BEARER_TOKEN_BEDROCK")
def bedrock_without_a_key(settings: Settings, patch: Patch):
    nothing = str(settings.home / "none")
    with service(404) as (url, _asked):
        models(
            patch, "bedrock:us.anthropic.claude-haiku-4-5-20251001-v1:0", INSIGHTS_BEDROCK_URL=url,
            AWS_SHARED_CREDENTIALS_FILE=nothing, AWS_CONFIG_FILE=nothing,
        )  # fmt: skip
        yield
        patch.setenv("AWS_BEARER_TOKEN_BEDROCK", SECRET)
        yield


@case("publishing", "holds something else", "journey site publish")
def folder_of_others(settings: Settings, patch: Patch):
    settings.home.mkdir()
    (settings.home / "theirs").write_text("")
    patch.setenv("JOURNEY_PUBLISH_TO", str(settings.home))
    yield
    patch.setenv("JOURNEY_PUBLISH_TO", str(settings.home / "site-of-mine"))


@case("publishing", "the bucket cannot be reached", "credentials")
def bucket_out_of_reach(_settings: Settings, patch: Patch):
    patch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    patch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    patch.setenv("JOURNEY_PUBLISH_TO", "s3://bucket/prefix")
    yield
    patch.delenv("JOURNEY_PUBLISH_TO")


@case("publishing", "git ls-remote", "journey site publish")
def no_repository(settings: Settings, patch: Patch):
    place = settings.home / "repository"
    patch.setenv("JOURNEY_PUBLISH_TO", f"git:{place}#pages")
    yield
    subprocess.run(["git", "init", "-q", "--bare", place], check=True)


@case("last run", "nightly, failure", "journey run")
def failed_night(settings: Settings, _patch: Patch):
    with open_instance(settings) as instance:
        run = instance.create_run_for_job(no_night)
        instance.report_run_failed(run)
        dagster_run(instance, "nightly", run.run_id)
    yield
    with open_instance(settings) as instance:
        no_night.execute_in_process(instance=instance)


@case("daemon", "never started", "make dev")
def no_daemon(settings: Settings, patch: Patch):
    patch.setenv("JOURNEY_AUTOMATE", "true")
    yield
    with open_instance(settings) as instance:
        beat(instance, timedelta())


@case("daemon", "last heard of", "make dev")
def dead_daemon(settings: Settings, patch: Patch):
    patch.setenv("JOURNEY_AUTOMATE", "true")
    with open_instance(settings) as instance:
        beat(instance, timedelta(hours=1))
    yield
    with open_instance(settings) as instance:
        beat(instance, timedelta())


@dg.job(name="nightly")
def no_night() -> None:
    """No step at all."""


def dagster_run(instance: dg.DagsterInstance, job: str, run_id: str) -> None:
    found = instance.get_run_by_id(run_id)
    assert found is not None
    assert (found.job_name, found.status) == (job, dg.DagsterRunStatus.FAILURE)


def beat(instance: dg.DagsterInstance, ago: timedelta) -> None:
    at = (datetime.now(UTC) - ago).timestamp()
    instance.add_daemon_heartbeat(DaemonHeartbeat(at, "SCHEDULER", "one", []))


class service:  # noqa: N801  used as a function
    """A web server that gives one answer to all, and what it was asked."""

    def __init__(self, status: int) -> None:
        asked = self._asked = list[str]()

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(f"GET {self.path}")
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> tuple[str, list[str]]:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}/v1", self._asked

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_told_with_a_cure_that_cures(
    name: str, settings: Settings, monkeypatch: Patch
):
    """Also: no secret is told, whatever is broken."""
    what, told, cure, steps = CASES[name]
    assert not wrong()
    going = steps(settings, monkeypatch)
    next(going)
    broken = doctor.examine(Settings())
    found = [one for one in broken if one.state == "wrong"]
    assert what in {one.what for one in found}
    (said,) = [one for one in found if one.what == what][:1]
    assert told in said.told
    assert cure in (said.cure or "")
    text = terminal.findings(broken)
    assert f"✗ {what}" in text
    assert f"  → {said.cure}" in text
    assert SECRET not in text
    next(going, None)
    assert what not in wrong()
    deque(going, maxlen=0)


def test_whoever_holds_the_warehouse_is_named(settings: Settings):
    with warehouse.connect(settings.database):
        pass
    program = (
        f"import duckdb; c = duckdb.connect('{settings.database}'); print(1, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        holder.stdout.readline()
        (found,) = [one for one in doctor.examine(settings) if one.what == "warehouse"]
        holder.communicate(b"\n")
    assert found.state == "note"
    assert f"process {holder.pid}" in found.told


def test_every_variable_of_the_example_is_read_by_somebody():
    text = (configuration.ROOT / ".env.example").read_text()
    named = {
        line[1:].split("=")[0]
        for line in text.splitlines()
        if line.startswith("#") and "=" in line.split(" ")[0]
    }
    assert named <= variables().keys()
    assert variables().keys() - named <= {"KAFKA_API_KEY", "KAFKA_API_SECRET"}
