"""The stages by name: each asset in one of them, run one by one the same as all at once."""

import os
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from homes import journey, row_hashes

from journey_dagster import runs, stages, warehouse
from journey_dagster.definitions import build_defs
from journey_dagster.settings import Settings
from journey_dagster.tables import PARTITIONED
from journey_dagster.topics.exports import ingest_file, layout_of
from journey_dagster.warehouse import WarehouseError

DEFS = build_defs()
GRAPH = DEFS.resolve_asset_graph()
BOOKKEEPING = frozenset({"meta.refreshes"})
"""Says which tables are in step, which running a stage may change."""
OF = {stage: stages.tables(DEFS, stage) for stage in stages.STAGES}


def quiet(_line: str) -> None:
    """Narration is tested where it is read."""


@pytest.fixture(autouse=True)
def forget_dagster_home():
    yield
    os.environ.pop("DAGSTER_HOME", None)


def names(keys) -> set[str]:
    return {".".join(key.path) for key in keys}


def test_the_stages_together_are_the_night_without_reports_and_share_nothing():
    every = names(DEFS.resolve_job_def("nightly").asset_layer.executable_asset_keys)
    every -= {"everyone.answers", "everyone.reports"}
    assert set().union(*OF.values()) == every
    assert sum(map(len, OF.values())) == len(every)


def test_the_stages_hold_what_their_names_say():
    assert {"core.events", "core.steps", "core.sessions"} <= OF["parse"]
    assert {"marts.transitions", "marts.page_flows"} <= OF["graph"]
    assert "marts.flow_metrics" in OF["metrics"]
    assert {"marts.friction", "site.analytics"} <= OF["analysis"]
    later = {
        "marts.sankey": "graph",
        "marts.paths": "graph",
        "marts.loops": "graph",
        "marts.page_centrality": "metrics",
        "marts.graph_metrics": "metrics",
        "marts.fragile_flows": "analysis",
        "marts.recurring_paths": "analysis",
    }
    there = set().union(*OF.values())
    assert [name for name, stage in later.items() if name in there - OF[stage]] == []


@pytest.mark.parametrize("stage", stages.STAGES)
def test_no_stage_reads_a_table_of_a_later_one(stage: stages.Stage):
    later = set().union(*(OF[one] for one in stages.STAGES[stages.STAGES.index(stage) + 1 :]))
    for name in OF[stage]:
        assert names(GRAPH.get(dg.AssetKey(name.split("."))).parent_keys) & later == set(), name


@pytest.mark.parametrize("stage", stages.STAGES)
def test_no_check_of_a_stage_reads_a_table_of_a_later_one(stage: stages.Stage):
    later = set().union(*(OF[one] for one in stages.STAGES[stages.STAGES.index(stage) + 1 :]))
    for key in GRAPH.asset_check_keys:
        if ".".join(key.asset_key.path) in OF[stage]:
            assert names(GRAPH.get(key).parent_entity_keys) & later == set(), key


def test_a_stage_runs_with_the_checks_on_its_tables():
    for stage in stages.STAGES:
        run = set(DEFS.resolve_job_def(stage).asset_layer.asset_graph.asset_check_keys)
        on = {key for key in GRAPH.asset_check_keys if ".".join(key.asset_key.path) in OF[stage]}
        assert run == on


@pytest.mark.parametrize("stage", stages.STAGES[1:])
def test_a_stage_names_the_first_that_has_not_run(stage: stages.Stage):
    standing: set[str] = set()
    for earlier in stages.STAGES[: stages.STAGES.index(stage)]:
        with pytest.raises(WarehouseError, match=rf"journey run --stage {earlier}$"):
            stages.check_ready(DEFS, stage, standing)
        standing |= OF[earlier]
    stages.check_ready(DEFS, stage, standing)


def test_a_table_that_is_gone_is_named():
    standing = set().union(*OF.values()) - {"marts.transitions"}
    with pytest.raises(WarehouseError, match=r"needs marts\.transitions, which graph makes"):
        stages.check_ready(DEFS, "metrics", standing)


def test_the_last_stage_is_followed_by_none():
    assert [stages.after(stage) for stage in stages.STAGES] == [*stages.STAGES[1:], None]


def test_the_stages_in_order_make_what_a_whole_run_makes(demo_home: Settings):
    """All that is not per user: made anew, the same rows, and the analysts' copy with them."""
    before = row_hashes(demo_home.database, BOOKKEEPING)
    demo_home.database.unlink()
    demo_home.analytics.unlink()
    n_checks = 0
    for stage in stages.STAGES:
        summary = runs.run_stage(demo_home, quiet, stage)
        assert summary.succeeded, summary
        n_checks += summary.n_checks
    per_user = {*PARTITIONED, "everyone.answers", "everyone.reports"}
    after = row_hashes(demo_home.database, BOOKKEEPING)
    assert after == {name: rows for name, rows in before.items() if name not in per_user}
    assert n_checks == sum(
        ".".join(key.asset_key.path) not in per_user for key in GRAPH.asset_check_keys
    )
    copied = row_hashes(demo_home.analytics)
    assert copied["marts.friction"] == after["marts.friction"]


def test_what_a_stage_took_in_is_not_lost_on_the_next_whole_run(demo_home: Settings):
    """Tables that a stage leaves behind are brought up to date later."""
    log = demo_home.home / "late.csv"
    log.write_text(
        "user_id,timestamp,page,event\n"
        + "".join(f"synthetic-late,2025-03-0{n} 10:0{n}:00,/late/{n},view\n" for n in range(1, 9))
    )
    with warehouse.connect(demo_home.database) as con:
        layout = layout_of(log, "csv", timezone="UTC", mapping={})
        ingest_file(con, demo_home, log, layout, datetime.now(UTC))
    assert runs.run_stage(demo_home, quiet, "parse").succeeded
    assert runs.run(demo_home, quiet).succeeded
    with warehouse.connect(demo_home.database, read_only=True) as con:
        for table in ("core.steps", "marts.page_flows", "marts.friction", "marts.user_pages"):
            late = f"select count(distinct page) from {table} where page like '/late/%'"
            assert con.execute(late).fetchone() == (8,), table


def test_a_stage_alone_leaves_the_others_as_they_are(demo_home: Settings):
    with warehouse.connect(demo_home.database) as con:
        con.execute("drop table marts.transitions")
        con.execute("drop table marts.flow_metrics")
    before = row_hashes(demo_home.database, BOOKKEEPING)
    summary = runs.run_stage(demo_home, quiet, "graph")
    assert summary.succeeded
    after = row_hashes(demo_home.database, BOOKKEEPING)
    made = {name: rows for name, rows in after.items() if name not in before}
    assert {name: rows[0] > 0 for name, rows in made.items()} == {"marts.transitions": True}
    changed = {name for name, rows in before.items() if rows != after[name]}
    assert changed <= OF["graph"]


def test_a_red_check_of_a_stage_is_told(demo_home: Settings):
    with warehouse.connect(demo_home.database) as con:
        con.execute("delete from core.sessions where n_steps = 1")
    done = journey("run", "--stage", "graph", home=demo_home.home)
    assert done.returncode == 4, done.stderr
    assert "flows_balance" in done.stderr


def test_the_command_says_what_comes_next_and_refuses_what_cannot_be(tmp_path: Path, ran: Path):
    empty = tmp_path / "empty"
    early = journey("run", "--stage", "analysis", home=empty)
    assert early.returncode == 2
    assert early.stderr.splitlines() == [early.stderr.strip()]
    assert early.stderr.startswith("error: analysis needs ")
    assert "journey run --stage parse" in early.stderr
    assert not empty.exists()
    unknown = journey("run", "--stage", "chokepoints", home=ran)
    assert unknown.returncode == 2
    assert all(f"'{stage}'" in unknown.stderr for stage in stages.STAGES)
    both = journey("run", "--stage", "graph", "--user", "robin", home=ran)
    assert both.returncode == 2
    assert "--user is for reports" in both.stderr


def test_the_command_runs_a_stage(demo_home: Settings):
    done = journey("run", "--stage", "metrics", home=demo_home.home)
    assert done.returncode == 0, done.stderr
    assert "marts.flow_metrics" in done.stderr
    assert "marts.transitions" not in done.stderr
    assert "next: journey run --stage analysis" in done.stderr
    assert done.stdout == ""
