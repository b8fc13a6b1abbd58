"""Alerts: to a real server and a real command; they name nobody and are in nobody's way."""

import http.server
import json
import logging
import shlex
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import settings as bounds
from hypothesis import strategies as st

from journey_dagster import alerts, users
from journey_dagster.automation import alert_sensors
from journey_dagster.settings import Settings
from journey_dagster.topics import TopicError
from journey_dagster.users import User

LOG = logging.getLogger("alerts")
PEOPLE = [User("4711-abc", "robin-hale", "Robin Hale"), User("wren@x.example", "wren")]


class Hook(http.server.ThreadingHTTPServer):
    """A webhook that keeps what it is told, and answers as it was told to."""

    def __init__(self) -> None:
        hook = self
        self.told: list[object] = []
        self.answer = 200

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.told.append((self.headers["Content-Type"], json.loads(body)))
                self.send_response(hook.answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook/of-great-secrecy"


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def command(code: str, *words: str) -> str:
    return shlex.join([sys.executable, "-c", code, *words])


def told(hook: Hook | None = None, line: str = "") -> Settings:
    return Settings(alert_webhook=hook.url if hook else "", alert_command=line)


def test_both_are_told_the_same(hook: Hook, tmp_path: Path):
    target = tmp_path / "with a blank"
    code = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
    text = 'three "lines"\n\u2026 of\ntext'
    alerts.send(told(hook, command(code, str(target))), text, LOG)
    assert hook.told == [("application/json", {"text": text})]
    assert target.read_text() == f"{text}\n"


def test_nobody_is_told_where_nobody_is_named(hook: Hook):
    alerts.send(Settings(), "something", LOG)
    assert not hook.told


@pytest.mark.parametrize(
    "line",
    [
        command("import sys; sys.exit(3)"),
        command("input(); input(); input()"),
        "no-such-program-anywhere",
    ],
)
def test_a_hook_that_fails_is_logged_and_the_other_is_told(
    hook: Hook, line: str, caplog: pytest.LogCaptureFixture
):
    alerts.send(told(hook, line), "something", LOG)
    assert len(hook.told) == 1
    assert "JOURNEY_ALERT_COMMAND failed" in caplog.text


def test_a_command_that_never_ends_is_ended(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(alerts, "SECONDS", 0.2)
    alerts.send(told(line=command("import threading; threading.Event().wait()")), "x", LOG)
    assert "took over" in caplog.text


def test_a_webhook_that_fails_is_logged_without_its_address(
    hook: Hook, caplog: pytest.LogCaptureFixture
):
    hook.answer = 500
    settings = told(hook)
    alerts.send(settings, "something", LOG)
    assert "answered 500" in caplog.text
    hook.server_close()
    hook.shutdown()
    alerts.send(settings, "something", LOG)
    assert "cannot be reached" in caplog.text
    assert "secrecy" not in caplog.text
    assert "secrecy" not in repr(settings)


@pytest.mark.parametrize(
    "wrong", [{"alert_webhook": "file:///etc/passwd"}, {"alert_command": "mail 'ops"}]
)
def test_what_cannot_be_told_is_refused_at_once(wrong: dict[str, str]):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings(**wrong)


@bounds(max_examples=30, deadline=None)
@given(
    before=st.text("abc ,;:()", max_size=8),
    user=st.sampled_from(PEOPLE),
    upper=st.booleans(),
)
def test_no_user_is_named(before: str, user: User, upper: bool):
    settings = Settings(home="/nowhere")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(users, "load", lambda _path: PEOPLE)
        for name in filter(None, (user.user_id, user.slug, user.display_name)):
            said = alerts.scrubbed(f"{before} {name.upper() if upper else name}!", settings)
            assert name.lower() not in said.lower()
            assert said.startswith(before)


def test_no_secret_and_nothing_quoted_is_told(monkeypatch: pytest.MonkeyPatch, settings: Settings):
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", "hunter2")
    said = alerts.scrubbed("refused hunter2 for 'some value' and ann@x.example", settings)
    assert said == "refused (secret) for (...) and (address)"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run(instance: dg.DagsterInstance, error: Exception | None, *, sound: bool, warns: bool = False):
    @dg.asset(key=["core", "events"])
    def events() -> None:
        if error:
            raise error

    @dg.asset_check(asset=events)
    def is_sound() -> dg.AssetCheckResult:
        severity = dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR
        shown = {"n_wrong": 3, "wrong": "robin-hale"}
        return dg.AssetCheckResult(passed=sound, severity=severity, metadata=shown)

    result = dg.materialize([events, is_sound], instance=instance, raise_on_error=False)
    return instance.get_run_by_id(result.run_id)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (TopicError("the topic is gone. Robin Hale knows"), "the topic is gone."),
        (dg.Failure("1 of 2 withheld. robin-hale: 7", allow_retries=False), "1 of 2 withheld."),
        (RuntimeError("could not convert 7 of robin-hale"), "RuntimeError"),
    ],
)
def test_a_failed_run_is_told_with_its_reason_and_the_way_to_it(
    instance: dg.DagsterInstance, settings: Settings, error: Exception, why: str
):
    failed = run(instance, error, sound=True)
    lines = alerts.about(instance, failed, settings).splitlines()
    assert lines[0] == "Journey: a backfill failed"
    assert lines[1] == f"core__events: {why}"
    assert f"/runs/{failed.run_id}" in lines[-1]
    assert len(lines) == 3


@pytest.mark.parametrize(("warns", "severity"), [(True, "warning"), (False, "error")])
def test_faults_of_a_run_that_succeeded_are_told_and_their_rows_are_not(
    instance: dg.DagsterInstance, settings: Settings, warns: bool, severity: str
):
    assert alerts.about(instance, run(instance, None, sound=True), settings) is None
    found = run(instance, None, sound=False, warns=warns)
    if not warns:
        assert found.status == dg.DagsterRunStatus.SUCCESS
    text = alerts.about(instance, found, settings)
    assert "checks found faults" in text
    assert f"core.events, is_sound ({severity}, 3 wrong)" in text
    assert "robin" not in text


def test_the_sensor_tells_of_a_killed_run(
    hook: Hook, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("JOURNEY_ALERT_WEBHOOK", hook.url)
    failed, _ = alert_sensors()
    assert failed.default_status == dg.DefaultSensorStatus.RUNNING

    @dg.job
    def nightly() -> None:
        pass

    killed = instance.create_run_for_job(nightly)
    instance.report_run_failed(killed, "its process was killed")
    (event,) = instance.all_logs(killed.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    context = dg.build_run_status_sensor_context(
        failed.name, event.dagster_event, instance, instance.get_run_by_id(killed.run_id)
    )
    failed(context)
    ((_, body),) = hook.told
    assert body["text"].splitlines()[:2] == ["Journey: nightly failed", "its process was killed"]


def test_without_anybody_to_tell_no_sensor_runs():
    assert {one.default_status for one in alert_sensors()} == {dg.DefaultSensorStatus.STOPPED}
