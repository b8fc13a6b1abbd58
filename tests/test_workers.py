"""Runs whose process was killed: found whatever killed it, buried once, in nobody's way."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import dagster as dg
import pytest
from dagster._core.events import EngineEventData

from journey_dagster import workers
from journey_dagster.definitions import build_defs
from journey_dagster.instance import only_runner, open_instance
from journey_dagster.settings import Settings
from journey_dagster.warehouse import POOL, WarehouseBusyError

Process = subprocess.Popen[bytes]
Start = Callable[[int | None], dg.DagsterRun]


@pytest.fixture
def process() -> Iterator[Process]:
    """A process that lives until it is killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as started:
        yield started
        started.kill()


def kill(process: Process) -> None:
    """As the kernel does: the process is no more, and nobody has asked what became of it."""
    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


@pytest.fixture
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    with open_instance(settings) as instance:
        yield instance


@pytest.fixture(scope="module")
def defs(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    """The graph, which costs a second; no asset of it is computed here."""
    return build_defs(Settings(home=tmp_path_factory.mktemp("nowhere")))


@pytest.fixture
def start(instance: dg.DagsterInstance, defs: dg.Definitions) -> Start:
    """Begin a night as Dagster's worker records it, in a process and with a slot of the pool."""
    job = defs.resolve_job_def("nightly")

    def begun(pid: int | None) -> dg.DagsterRun:
        return _begin(instance, job, pid)

    return begun


def _begin(instance: dg.DagsterInstance, job: dg.JobDefinition, pid: int | None) -> dg.DagsterRun:
    run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    if pid is not None:
        instance.report_engine_event("Started", run, EngineEventData.in_process(pid))
    instance.event_log_storage.set_concurrency_slots(POOL, 1)
    claim = instance.event_log_storage.claim_concurrency_slot(POOL, run.run_id, "core__events")
    assert claim.is_claimed
    return run


def held(instance: dg.DagsterInstance) -> set[str]:
    return instance.event_log_storage.get_concurrency_info(POOL).active_run_ids


def test_a_process_is_known_by_its_number_and_its_beginning(process: Process):
    now = time.time()
    assert workers.is_running(process.pid, now)
    assert not workers.is_running(process.pid, now - 3600)  # then the number was another's
    kill(process)
    assert not workers.is_running(process.pid, now)  # nobody has waited for it yet
    process.wait()
    assert not workers.is_running(process.pid, now)


def test_a_killed_run_fails_and_frees_the_pool_and_a_live_one_does_not(
    start: Start, instance: dg.DagsterInstance, process: Process
):
    run = start(process.pid)
    assert not workers.bury_killed(instance)
    assert held(instance) == {run.run_id}
    kill(process)
    assert [one.run_id for one in workers.bury_killed(instance)] == [run.run_id]
    assert instance.get_run_by_id(run.run_id).status == dg.DagsterRunStatus.FAILURE
    assert not held(instance)
    assert not workers.bury_killed(instance)


def test_whoever_looks_at_the_same_moment_buries_none_twice(
    start: Start, instance: dg.DagsterInstance, process: Process
):
    run = start(process.pid)
    kill(process)
    together = threading.Barrier(8)

    def look(_: int) -> list[dg.DagsterRun]:
        together.wait()
        return workers.bury_killed(instance)

    with ThreadPoolExecutor(8) as pool:
        found = [one.run_id for buried in pool.map(look, range(8)) for one in buried]
    assert found == [run.run_id]


def test_a_run_that_ended_well_is_not_buried(
    start: Start, instance: dg.DagsterInstance, process: Process, monkeypatch
):
    """It may end, and its process with it, while somebody looks."""
    run = start(process.pid)

    def ends(*_: object) -> bool:
        instance.handle_run_event(
            run.run_id,
            dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, run.job_name),
        )
        return False

    monkeypatch.setattr(workers, "is_running", ends)
    assert not workers.bury_killed(instance)
    assert instance.get_run_by_id(run.run_id).status == dg.DagsterRunStatus.SUCCESS


def test_a_run_that_never_named_a_process_is_given_some_time(
    start: Start, instance: dg.DagsterInstance
):
    run = start(None)
    assert not list(workers.killed(instance))
    later = time.time() + workers.PATIENCE + 1
    assert [one.run_id for one in workers.killed(instance, later)] == [run.run_id]


def test_the_command_line_waits_for_the_daemon_but_not_for_the_dead(
    settings: Settings, start: Start, instance: dg.DagsterInstance, process: Process
):
    settings.home.mkdir(parents=True, exist_ok=True)
    run = start(process.pid)
    with pytest.raises(WarehouseBusyError, match=run.run_id), only_runner(instance, settings):
        pass
    kill(process)
    with only_runner(instance, settings):
        assert instance.get_run_by_id(run.run_id).status == dg.DagsterRunStatus.FAILURE


def test_the_daemon_waits_for_the_command_line(instance: dg.DagsterInstance):
    """One run at a time, whoever started it: the others wait in the queue."""
    assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 1


def test_a_dead_night_holds_up_no_other(
    start: Start, defs: dg.Definitions, instance: dg.DagsterInstance, process: Process
):
    run = start(process.pid)
    context = dg.build_schedule_context(instance=instance, repository_def=defs.get_repository_def())
    schedule = defs.resolve_schedule_def("every_night")
    assert run.run_id in schedule.evaluate_tick(context).skip_message
    kill(process)
    assert schedule.evaluate_tick(context).run_requests


def test_the_sensor_buries_and_says_whom(
    start: Start, defs: dg.Definitions, instance: dg.DagsterInstance, process: Process
):
    run = start(process.pid)
    sensor = defs.resolve_sensor_def("killed_runs")
    assert "has its process" in sensor(dg.build_sensor_context(instance)).skip_message
    kill(process)
    assert run.run_id in sensor(dg.build_sensor_context(instance)).skip_message
    assert instance.get_run_by_id(run.run_id).status == dg.DagsterRunStatus.FAILURE
