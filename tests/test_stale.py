"""What code changed is stale, as the UI says it, and a run renews it: by Dagster's own resolver."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from journey_dagster import everyone, users, warehouse
from journey_dagster.definitions import build_defs
from journey_dagster.instance import open_instance
from journey_dagster.settings import InsightsSettings, Settings

CHANGED = dg.AssetKey(["marts", "user_days"])


@pytest.fixture
def instance(ran: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """What Dagster recorded of the demo; it is only asked."""
    monkeypatch.setenv("DAGSTER_HOME", str(ran / ".dagster"))
    with open_instance(Settings(home=ran)) as instance:
        yield instance


def stale(instance: dg.DagsterInstance, defs: dg.Definitions) -> dict[str, set[str]]:
    """The unpartitioned assets that the UI calls stale, with the reasons at the root of it."""
    graph = defs.resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    return {
        ".".join(key.path): {cause.reason for cause in resolver.get_stale_root_causes(key)}
        for key in graph.get_all_asset_keys()
        if not graph.get(key).is_partitioned and resolver.get_status(key) == StaleStatus.STALE
    }


def test_after_a_run_nothing_is_stale_and_then_the_table_whose_sql_changed(
    ran: Path, instance: dg.DagsterInstance
):
    defs = build_defs(Settings(home=ran))
    assert stale(instance, defs) == {}
    changed = dg.map_asset_specs(
        lambda spec: (
            spec.replace_attributes(code_version="another") if spec.key == CHANGED else spec
        ),
        defs.assets,
    )
    found = stale(instance, dg.Definitions(assets=changed, resources=defs.resources))
    assert found == {"marts.user_days": {"has a new code version"}}


def test_any_changed_file_of_the_program_is_everybodys_report_again(
    demo_home: Settings, monkeypatch: pytest.MonkeyPatch
):
    registered, insights = users.load(demo_home.registry), InsightsSettings()
    with warehouse.connect(demo_home.database) as con:
        assert everyone.changed(con, demo_home, insights, registered) == []
        monkeypatch.setattr(everyone, "code_version", lambda: "another")
        assert everyone.changed(con, demo_home, insights, registered) == registered
