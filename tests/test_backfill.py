"""A backfill as the UI starts it: over GraphQL and through Dagster's own daemon, in one process.

The daemon's loop is stepped by hand; these are Dagster's private doors, used here and nowhere else.
"""

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
import stepped
from dagster._core.execution.backfill import BulkActionStatus
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.test_utils import instance_for_test
from dagster._daemon.backfill import execute_backfill_iteration
from dagster_graphql.test.utils import execute_dagster_graphql

from journey_dagster import definitions, site, users, warehouse
from journey_dagster.settings import Settings

CHAIN = [
    ["insights", "answers"],
    ["marts", "user_insights"],
    ["marts", "user_generations"],
    ["marts", "user_report"],
]
LAUNCH = """
mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
IN_PROCESS = {
    "run_launcher": {
        "module": "dagster._core.launcher.sync_in_memory_run_launcher",
        "class": "SyncInMemoryRunLauncher",
    },
    "run_coordinator": {
        "module": "dagster._core.run_coordinator",
        "class": "DefaultRunCoordinator",
    },
}


@pytest.fixture(scope="module")
def home(ran: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A copy of the demo for all tests here: Dagster keeps the graph that it loaded first."""
    folder = tmp_path_factory.mktemp("backfill") / "home"
    shutil.copytree(ran, folder, ignore=shutil.ignore_patterns(".dagster"))
    settings = Settings(home=folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(definitions, "defs", definitions.build_defs(settings))
        yield settings


@contextmanager
def poisoned(settings: Settings, user_id: str) -> Iterator[None]:
    """One user's hours count an event too many."""

    def change(by: int) -> None:
        with warehouse.connect(settings.database) as con:
            con.execute(
                "update marts.user_hour_week set n_events = n_events + $by where user_id = $id",
                {"by": by, "id": user_id},
            )

    change(1)
    yield
    change(-1)


@contextmanager
def backfilled(
    assets: list[list[str]], slugs: list[str]
) -> Iterator[tuple[dg.DagsterInstance, str]]:
    """Launch a backfill of these assets and users, and step the daemon until it ends."""
    with instance_for_test(overrides=IN_PROCESS) as instance:
        instance.add_dynamic_partitions(users.USERS_NAME, slugs)
        with stepped.workspace(instance) as workspace:
            params = {
                "assetSelection": [{"path": path} for path in assets],
                "partitionNames": slugs,
            }
            answer = execute_dagster_graphql(
                workspace.create_request_context(), LAUNCH, {"params": params}
            )
            launched = answer.data["launchPartitionBackfill"]
            assert launched["__typename"] == "LaunchBackfillSuccess", launched
            backfill_id = launched["backfillId"]
            for _ in range(10):
                list(execute_backfill_iteration(workspace, logging.getLogger("backfill")))
                if instance.get_backfill(backfill_id).status != BulkActionStatus.REQUESTED:
                    break
            yield instance, backfill_id


def test_twenty_users_are_one_run(home: Settings):
    slugs = [user.slug for user in users.load(home.registry)][:20]
    for slug in slugs:
        site.report_path(home.site, slug).unlink(missing_ok=True)
    with backfilled(CHAIN, slugs) as (instance, backfill_id):
        assert instance.get_backfill(backfill_id).status == BulkActionStatus.COMPLETED_SUCCESS
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.SUCCESS]
        for path in CHAIN:
            done = instance.get_materialized_partitions(dg.AssetKey(path))
            assert done == set(slugs)
    for slug in slugs:
        report = json.loads(site.report_path(home.site, slug).read_text())
        site.validate("report.v1", report)


def test_one_poisoned_user_fails_alone_in_a_range_run(home: Settings):
    registered = users.load(home.registry)[:20]
    slugs = [user.slug for user in registered]
    victim = registered[7]
    others = [slug for slug in slugs if slug != victim.slug]
    before = {slug: site.report_path(home.site, slug).read_bytes() for slug in others}
    with poisoned(home, victim.user_id), backfilled(CHAIN, slugs) as (instance, backfill_id):
        assert instance.get_backfill(backfill_id).status == BulkActionStatus.COMPLETED_FAILED
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.FAILURE]
        done = instance.get_materialized_partitions(dg.AssetKey(["marts", "user_report"]))
        assert done == set(others)
        verdicts = check_results(instance, "user_insights", "sentences_rest_on_facts")
        assert verdicts == dict.fromkeys([None, *slugs], AssetCheckExecutionRecordStatus.SUCCEEDED)
    assert not site.report_path(home.site, victim.slug).exists()
    assert before == {slug: site.report_path(home.site, slug).read_bytes() for slug in others}
    index = json.loads((home.site / "data/users.json").read_text())
    states = {user["slug"]: user["status"] for user in index["users"]}
    assert states.pop(victim.slug) == "withheld"
    assert set(states.values()) == {"published"}


def test_a_partition_of_nobody_fails_alone(home: Settings):
    slugs = ["nobody-of-that-name", *[user.slug for user in users.load(home.registry)][:3]]
    with backfilled(CHAIN, slugs) as (instance, _):
        done = instance.get_materialized_partitions(dg.AssetKey(["marts", "user_report"]))
        assert done == set(slugs[1:])


def check_results(
    instance: dg.DagsterInstance, asset: str, check: str
) -> dict[str | None, AssetCheckExecutionRecordStatus]:
    """Verdict by partition; None is the verdict on all."""
    records = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey(["marts", asset]), check), limit=100
    )
    return {record.partition: record.status for record in records if record.event}
