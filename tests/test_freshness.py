"""Freshness: one limit for Dagster's policies, the check, the pages and the reports."""

import re
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from journey_dagster import freshness, warehouse
from journey_dagster.definitions import build_defs
from journey_dagster.instance import open_instance
from journey_dagster.settings import ROOT, Settings
from journey_dagster.warehouse import Warehouse


def test_data_reports_and_site_have_the_policy_and_dagster_looks_at_it(settings: Settings):
    graph = build_defs(settings).resolve_asset_graph()
    policies = {
        key: graph.get(key).freshness_policy
        for key in graph.get_all_asset_keys()
        if graph.get(key).freshness_policy
    }
    assert set(policies) == freshness.WATCHED
    assert all(not graph.get(key).is_partitioned for key in policies)
    assert {one.fail_window.to_timedelta() for one in policies.values()} == {freshness.STALE}
    with open_instance(settings) as instance:
        assert instance.get_settings("freshness")["enabled"]


@pytest.mark.parametrize("automate", [True, False])
@pytest.mark.parametrize("hours", [0, 47, 49, None])
def test_old_data_warns_where_nights_run_by_themselves(
    settings: Settings, hours: int | None, automate: bool
):
    through = None if hours is None else datetime.now(UTC) - timedelta(hours=hours)
    with warehouse.connect(settings.database) as con:
        con.execute("create schema core")
        con.execute("create table core.horizon as select $at::timestamptz as data_through",
                    {"at": through})  # fmt: skip
    told = freshness.judge_data(
        Warehouse(database=str(settings.database)),
        settings.model_copy(update={"automate": automate}),
    )
    assert told.passed == (hours != 49 or not automate)
    assert told.severity == dg.AssetCheckSeverity.WARN


def test_a_report_calls_data_behind_by_the_same_limit():
    header = (ROOT / "journey_dagster/site/static/js/sections/header.js").read_text()
    (days,) = re.findall(r"STALE_DAYS = (\d+);", header)
    assert timedelta(days=int(days)) == freshness.STALE
