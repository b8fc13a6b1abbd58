"""A run that was killed costs nothing but itself."""

import signal
import subprocess
import time

import dagster as dg
import pytest
from homes import PROGRAM, journey, row_hashes

from journey_dagster.instance import only_runner, open_instance
from journey_dagster.settings import Settings
from journey_dagster.warehouse import WarehouseBusyError

TABLES = ("core.events", "core.sessions", "marts.user_summary")


@pytest.mark.parametrize("table", TABLES)
def test_a_run_killed_in_the_middle_is_made_good_by_the_next(demo_home: Settings, table: str):
    before = row_hashes(demo_home.database)
    started = subprocess.Popen([*PROGRAM, "run"], stderr=subprocess.PIPE, text=True)
    for line in started.stderr:
        if table in line:
            break
    started.send_signal(signal.SIGKILL)
    started.communicate()
    assert started.returncode == -signal.SIGKILL
    with open_instance(demo_home) as instance:
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.STARTED]
    done = journey("run", home=demo_home.home)
    assert done.returncode == 0, done.stderr
    assert row_hashes(demo_home.database) == before
    with open_instance(demo_home) as instance:
        assert [run.status for run in instance.get_runs()] == [
            dg.DagsterRunStatus.SUCCESS,
            dg.DagsterRunStatus.FAILURE,
        ]


def test_two_runs_at_once_are_refused_with_a_reason(demo_home: Settings):
    with open_instance(demo_home) as instance, only_runner(instance, demo_home):
        refused = journey("run", home=demo_home.home)
        assert refused.returncode == 3
        assert "another `journey run` is under way" in refused.stderr
        with pytest.raises(WarehouseBusyError), only_runner(instance, demo_home):
            pass


def test_a_warehouse_in_somebodys_hands_is_told_before_anything_starts(demo_home: Settings):
    code = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print(0, flush=True); input()"
    holder = subprocess.Popen(
        [PROGRAM[0], "-c", code, str(demo_home.database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "0\n"
        start = time.monotonic()
        refused = journey("run", home=demo_home.home)
        assert refused.returncode == 3
        assert f"process {holder.pid}" in refused.stderr
        assert time.monotonic() - start < 30
    finally:
        holder.kill()
        holder.communicate()
