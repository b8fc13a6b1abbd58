"""After nights without a daemon there is one run, not one for each.

The daemon's scheduler is stepped by hand, as in `test_backfill`; a run that it asks for stays in
the queue, where a real daemon would take it from.
"""

import logging
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
import stepped
from dagster._scheduler.scheduler import launch_scheduled_runs

from journey_dagster import definitions
from journey_dagster.instance import open_instance
from journey_dagster.settings import Settings


def test_missed_nights_are_made_up_for_by_one_run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("JOURNEY_AUTOMATE", "true")
    monkeypatch.setattr(definitions, "defs", definitions.build_defs(Settings(home=settings.home)))
    start = datetime.now(UTC)
    with (
        open_instance(settings) as instance,
        stepped.workspace(instance) as workspace,
    ):

        def asked_for_after(days: float) -> list[dg.DagsterRunStatus]:
            """What runs there are when a daemon starts then, knowing what the instance knows."""
            log, then = logging.getLogger("scheduler"), start + timedelta(days=days)
            for error in launch_scheduled_runs(workspace, log, then, {}):
                assert not error
            return [run.status for run in instance.get_runs()]

        assert asked_for_after(0) == []
        queued = dg.DagsterRunStatus.QUEUED
        assert asked_for_after(5.5) == [queued]
        assert asked_for_after(5.6) == [queued]
        assert asked_for_after(7.5) == [queued]  # it still waits, and takes in what is there
        (run,) = instance.get_runs()
        instance.report_run_failed(run)
        assert asked_for_after(10.5) == [queued, dg.DagsterRunStatus.FAILURE]
