"""Runs whose process is gone: telling them from those that go on, and recording that they failed.

Belongs here: which process a run has, whether it is there, the burial.
Does not belong here: who may start a run (`instance`), when somebody looks (`automation`).

Dagster's own server notices a worker that was killed, but only while it lives itself. Whatever ends
both (a power cut, the out-of-memory killer, a restart of the service) leaves a run that is called
started for ever, keeps its slot of the pool, and holds up every night to come. Runs and whoever
looks for them are on one machine and see the same processes; so does DuckDB's lock ask for it.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

PATIENCE = 180
"""Seconds in which a run names its process; Dagster's own monitor waits as long."""

_SLACK = 5
"""Seconds by which the clock may have been put right between two looks at it."""

UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
"""What a run is while a process has it; a run that waits in the queue has none."""


def killed(instance: dg.DagsterInstance, now: float | None = None) -> Iterator[dg.DagsterRun]:
    """The unfinished runs whose process is not there, or that named none in time.

    Args:
        instance: whose runs.
        now: the time as a timestamp, for tests.
    """
    now = time.time() if now is None else now
    for record in instance.get_run_records(dg.RunsFilter(statuses=UNFINISHED)):
        run_id = record.dagster_run.run_id
        if process := _process_of(instance, run_id):
            is_gone = not is_running(*process)
        else:
            is_gone = now - record.update_timestamp.timestamp() > PATIENCE
        # Looked up again: a run may have ended well between the two looks, and its process with it.
        if is_gone and (run := instance.get_run_by_id(run_id)) and not run.is_finished:
            yield run


def bury_killed(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Bury all that were killed, and return them.

    Schedule, sensor and command line may look at the same moment, and each burial is a failure to
    tell of: so one after the other, and the second finds none.
    """
    folder = Path(instance.root_directory)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "burial.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = list(killed(instance))
        for run in found:
            bury(instance, run)
    return found


def bury(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Record that a run failed, and give back what it held of the pool."""
    instance.report_run_failed(run, "its process was killed")
    instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def is_running(pid: int, seen_at: float) -> bool:
    """Whether a process that was there at a time still is.

    A number is given again after a while, and from the start after a reboot; so whoever has it now
    must have begun before. One that ended and was not yet waited for has ended.

    Args:
        pid: its number.
        seen_at: when it was there, as a timestamp.
    """
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return not Path("/proc/self/stat").exists() and _answers(pid)
    except ProcessLookupError:  # it ended while we read
        return False
    state, *fields = told.rpartition(")")[2].split()
    booted_at = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    began_at = booted_at + int(fields[18]) / os.sysconf("SC_CLK_TCK")
    return state not in "ZX" and began_at <= seen_at + _SLACK


def _answers(pid: int) -> bool:
    """Whether any process has this number, where there is no /proc to tell since when."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _process_of(instance: dg.DagsterInstance, run_id: str) -> tuple[int, float] | None:
    """The process that a run last named as its own, and when."""
    events = instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    for entry in reversed(events):
        event = entry.dagster_event
        pid = event.engine_event_data.metadata.get("pid") if event else None
        if isinstance(pid, dg.TextMetadataValue) and pid.text:
            return int(pid.text), entry.timestamp
    return None
