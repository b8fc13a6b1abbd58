"""A deployment as `deploy/` describes it: Dagster's daemon and web server as processes.

Belongs here: starting and killing them, and asking them over HTTP, as the UI does.
Does not belong here: what is expected of them.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

from homes import journey

from journey_dagster.settings import ROOT

T = TypeVar("T")
PATIENCE = 600.0
"""Seconds after which what should have happened has not; a busy machine takes its time."""

_SCHEDULE = {
    "repositoryName": "__repository__",
    "repositoryLocationName": "journey",
    "scheduleName": "every_night",
}
_STOP = "mutation ($id: String!) { stopRunningSchedule(id: $id) { __typename } }"
_START = "mutation ($of: ScheduleSelector!) { startSchedule(scheduleSelector: $of) { __typename } }"
_STATE = """
query ($of: ScheduleSelector!) {
  scheduleOrError(scheduleSelector: $of) {
    ... on Schedule { scheduleState { id status ticks(limit: 50) { status skipReason runIds } } }
  }
}
"""
_RUNS = """
query {
  runsOrError(limit: 100) { ... on Runs { results { runId status jobName } } }
}
"""
_EVENTS = """
query ($run: ID!) {
  logsForRun(runId: $run, limit: 1000) {
    ... on EventConnection {
      events {
        ... on MessageEvent { message }
        ... on MaterializationEvent { assetKey { path } }
      }
    }
  }
}
"""


def until(what: str, found: Callable[[], T | None]) -> T:
    """Wait until there is something, and return it."""
    deadline = time.monotonic() + PATIENCE
    while not (it := found()):
        assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: {what}"
        time.sleep(0.2)
    return it


class Deployment:
    """Daemon and web server over one home, as a context; both are gone on exit.

    Attributes:
        home: the home.
        environment: what both are told.
    """

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH", "LANG")
                if name in os.environ}  # fmt: skip
        self.environment = {**kept, "JOURNEY_HOME": str(home), **environment}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._port = 0

    def __enter__(self) -> Self:
        # Before both: they would race for the first version of Dagster's tables.
        told = journey("dagster-home", home=self.home)
        assert told.returncode == 0, told.stderr
        self.environment["DAGSTER_HOME"] = told.stdout.strip()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start both, and wait until the web server has loaded the graph."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._spawn("dagster-daemon", "run")
        self._spawn("dagster-webserver", "-h", "127.0.0.1", "-p", str(self._port))
        until("the web server knows the schedule", self._answers)

    def kill(self) -> None:
        """Kill both and all that they started, as a power cut would."""
        for process in self._processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._processes.clear()

    def _spawn(self, program: str, *words: str) -> None:
        # Of a worktree's or another's environment alike: it lies beside this Python.
        command = [str(Path(sys.executable).parent / program), *words, "-w", "workspace.yaml"]
        with (self.home / f"{program}.log").open("ab") as log:
            started = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._processes.append(started)

    def _answers(self) -> bool:
        for process in self._processes:
            assert process.poll() is None, f"{process.args} ended: see its log in {self.home}"
        try:
            return bool(self._schedule())
        except OSError:
            return False

    def ask(self, query: str, **variables: object) -> Any:
        """What the web server answers to a question in GraphQL."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            told = json.load(answer)
        assert "errors" not in told, told
        return told["data"]

    def _schedule(self) -> dict[str, Any]:
        told = self.ask(_STATE, of=_SCHEDULE)["scheduleOrError"]
        return told.get("scheduleState") or {}

    def ticks(self) -> list[dict[str, Any]]:
        """The ticks of the schedule, the latest first."""
        return self._schedule()["ticks"]

    def is_scheduled(self) -> bool:
        """Whether the schedule runs."""
        return self._schedule()["status"] == "RUNNING"

    def schedule_nights(self, on: bool) -> None:
        """Start or stop the schedule, as its switch in the UI does."""
        if on:
            self.ask(_START, of=_SCHEDULE)
        else:
            self.ask(_STOP, id=self._schedule()["id"])
        assert self.is_scheduled() == on

    def runs(self) -> dict[str, str]:
        """Run id to status, the latest first."""
        found = self.ask(_RUNS)["runsOrError"]["results"]
        return {run["runId"]: run["status"] for run in found}

    def ended(self, run_id: str) -> str:
        """How a run ended, once it has."""
        over = {"SUCCESS", "FAILURE", "CANCELED"}
        return until(f"run {run_id} ends", lambda: next(iter({self.runs()[run_id]} & over), None))

    def rest(self) -> None:
        """Wait until no run is under way or waits."""
        over = {"SUCCESS", "FAILURE", "CANCELED"}
        until("all runs end", lambda: set(self.runs().values()) <= over)

    def made(self, run_id: str) -> set[str]:
        """The tables that a run has made so far."""
        paths = [event["assetKey"]["path"] for event in self._events(run_id) if "assetKey" in event]
        return {".".join(path) for path in paths}

    def worker(self, run_id: str) -> int:
        """The process that a run is in."""
        named = [re.search(r"Started process for run \(pid: (\d+)\)", event["message"])
                 for event in self._events(run_id)]  # fmt: skip
        (pid,) = {int(found[1]) for found in named if found}
        return pid

    def _events(self, run_id: str) -> list[dict[str, Any]]:
        return self.ask(_EVENTS, run=run_id)["logsForRun"]["events"]

    def log(self) -> str:
        """What the daemon has said."""
        return (self.home / "dagster-daemon.log").read_text(errors="replace")
