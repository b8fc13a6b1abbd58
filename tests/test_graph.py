"""The graph as Dagster sees it: whole, described, and bound to the SQL files."""

import ast
from pathlib import Path

import dagster as dg
import pytest

from journey_dagster.definitions import build_defs
from journey_dagster.instance import open_instance
from journey_dagster.models import QUERIES, every_model
from journey_dagster.settings import ROOT, Settings

GRAPH = build_defs().resolve_asset_graph()
FILES = [model for model in every_model() if model.schema not in QUERIES]
CHECKS = [model for model in every_model() if model.schema == "checks"]


@pytest.mark.parametrize("model", FILES, ids=lambda model: model.name)
def test_every_sql_file_is_one_asset_with_its_words(model):
    node = GRAPH.get(dg.AssetKey(model.name.split(".")))
    assert node.description == model.description
    assert node.group_name == model.schema
    assert node.code_version == model.version
    assert {".".join(parent.path) for parent in node.parent_keys} >= model.reads


@pytest.mark.parametrize("model", CHECKS, ids=lambda model: model.table)
def test_every_check_file_is_bound_to_an_asset_it_reads(model):
    bound = [key for key in GRAPH.asset_check_keys if key.name == model.table]
    tables = {".".join(key.asset_key.path) for key in bound}
    nightly = {name for name in tables if name.startswith("everyone.")}
    assert len(tables - nightly) == 1
    assert tables - nightly <= model.reads


@pytest.mark.parametrize("key", sorted(GRAPH.get_all_asset_keys()), ids=str)
def test_every_asset_is_worth_showing(key):
    node = GRAPH.get(key)
    assert node.description
    assert node.description.split(". ")[0]
    assert node.group_name in {"raw", "core", "marts", "meta", "insights", "everyone", "site"}
    assert node.owners == ["team:journey"]
    assert 1 <= len(node.kinds) <= 3


def test_every_table_shows_its_columns_and_a_number_over_time(ran: Path):
    with open_instance(Settings(home=ran)) as instance:
        for bound in FILES:
            key = dg.AssetKey(bound.name.split("."))
            latest = instance.get_latest_materialization_event(key)
            told = latest.asset_materialization.metadata
            shown = {**GRAPH.get(key).metadata, **told}["dagster/column_schema"]
            columns = getattr(shown, "schema", shown).columns
            assert {column.name: column.description for column in columns} == bound.columns
            assert all(column.type for column in columns)
            numbers = {
                name
                for name, each in told.items()
                if isinstance(each, dg.IntMetadataValue | dg.FloatMetadataValue)
            }
            assert numbers or bound.is_view


def test_only_what_a_report_needs_is_partitioned():
    partitioned = {
        ".".join(k.path) for k in GRAPH.get_all_asset_keys() if GRAPH.get(k).is_partitioned
    }
    assert partitioned == {
        "insights.answers",
        "marts.user_insights",
        "marts.user_generations",
        "marts.user_report",
    }


def test_publishing_waits_for_the_checks_on_what_it_counts():
    for table in ("meta.manifest", "core.events", "core.sessions", "marts.page_flows"):
        for outlet in ("marts.user_report", "everyone.reports", "site.analytics"):
            parents = GRAPH.get(dg.AssetKey(outlet.split("."))).parent_keys
            assert dg.AssetKey(table.split(".")) in parents


def test_nobody_but_the_composition_root_imports_the_graph():
    importers = set()
    for path in (ROOT / "journey_dagster").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            if any(name.split(".")[0] == "assets" for name in names):
                importers.add(path.name)
    assert importers == {"definitions.py"}


def test_each_file_of_the_graph_fits_a_screen():
    for path in (ROOT / "assets").glob("*.py"):
        assert len(path.read_text().splitlines()) <= 66, path


def test_every_module_says_what_belongs_in_it():
    for path in (ROOT / "journey_dagster").rglob("*.py"):
        words = ast.get_docstring(ast.parse(Path(path).read_text()))
        assert words, path


def test_the_instance_has_a_pool_of_one_and_no_telemetry():
    text = (ROOT / "dagster.yaml").read_text()
    assert "free_slots_after_run_end_seconds" in text
    assert "granularity: op" in text
    assert "telemetry: {enabled: false}" in text
