"""The data of the status page and of the dictionary: true, whole, and without anybody in it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from journey_dagster import data_page, recorded, runs, site, status_page, users
from journey_dagster.analysts_copy import OWN
from journey_dagster.definitions import defs
from journey_dagster.settings import Settings
from journey_dagster.tables import PARTITIONED
from journey_dagster.warehouse import connect

NOW = datetime(2026, 1, 1, 4, 15, tzinfo=UTC)
NOTHING = status_page.Recorded([], {})
IMPORTANT = {
    "core.events", "core.users", "core.sessions", "core.steps", "core.pages",
    "marts.friction", "marts.transitions", "marts.page_flows", "marts.user_facts",
    "marts.user_interests", "marts.retention", "marts.funnel_steps", "meta.manifest",
}  # fmt: skip


def read(home: Path, name: str) -> dict:
    return json.loads((home / "site" / "data" / f"{name}.json").read_text())


# ---- the dictionary -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "example", data_page.examples(), ids=lambda one: f"{one.table}: {one.title}"
)
def test_an_example_runs_on_the_analysts_copy(ran: Path, example: data_page.Example):
    with duckdb.connect(ran / "analytics.duckdb", read_only=True) as con:
        assert con.execute(example.sql).fetchall()
    assert example.table in example.sql
    assert example.title.endswith(".")


def test_the_important_tables_have_an_example_and_no_comment_is_lost():
    found = data_page.examples()
    assert {example.table for example in found} >= IMPORTANT
    assert data_page.EXAMPLES.read_text().count("-- ") == len(found)
    assert {example.table for example in found} <= {table.name for table in status_page.TABLES}


def test_every_table_and_column_of_the_copy_is_described(ran: Path):
    told = {table["name"]: table for table in read(ran, "dictionary")["tables"]}
    with duckdb.connect(ran / "analytics.duckdb", read_only=True) as con:
        columns = con.execute(
            "select schema_name || '.' || table_name, column_name, data_type "
            "from duckdb_columns() where schema_name in ('core', 'marts', 'meta') "
            "order by all",
        ).fetchall()
    shown = [(name, c["name"], c["type"]) for name, t in told.items() for c in t["columns"]]
    assert sorted(shown) == columns
    assert all(c["description"] for table in told.values() for c in table["columns"])
    assert all(table["grain"].endswith(".") for table in told.values())
    assert {table["state"] for table in told.values()} == {"built", "view", "copy"}
    assert {name for name, t in told.items() if t["state"] == "copy"} == {t.name for t in OWN}


def test_lineage_goes_both_ways_and_checks_are_there(ran: Path):
    told = {table["name"]: table for table in read(ran, "dictionary")["tables"]}
    for name, table in told.items():
        for other in table["reads"]:
            assert name in told.get(other, {"read_by": [name]})["read_by"]
        for other in table["read_by"]:
            assert name in told.get(other, {"reads": [name]})["reads"]
    assert told["marts.friction"]["reads"]
    names = {(name, check["name"]) for name, table in told.items() for check in table["checks"]}
    assert ("core.events", "events_are_unique") in names
    assert ("marts.flow_metrics", "sessions") in names


def test_quarantined_bytes_are_in_no_dictionary(ran: Path):
    told = {table["name"]: table for table in read(ran, "dictionary")["tables"]}
    names = {column["name"] for column in told["meta.quarantine"]["columns"]}
    assert "reason" in names
    assert not names & {"key", "value"}


def test_every_macro_of_the_copy_is_told_and_its_example_runs(ran: Path):
    told = {macro["name"]: macro for macro in read(ran, "dictionary")["macros"]}
    with duckdb.connect(ran / "analytics.duckdb", read_only=True) as con:
        found = con.execute(
            "select function_name, parameters from duckdb_functions() "
            "where function_type = 'table_macro' and not internal"
        ).fetchall()
        assert {name: [each["name"] for each in told[name]["parameters"]] for name in told} == dict(
            found
        )
        for name, macro in told.items():
            assert macro["grain"].startswith("One row per ")
            assert macro["signature"].startswith(f"{name}(")
            answer = con.execute(macro["example"])
            assert [c[0] for c in answer.description] == [c["name"] for c in macro["columns"]]
            assert answer.fetchall(), name


def test_the_grain_is_the_first_sentence_and_the_rest_is_kept():
    for table in status_page.TABLES:
        words = data_page._words(table)
        again = " ".join([words["grain"], *words["description"]]).split()
        assert again == table.description.split()


# ---- the status page ----------------------------------------------------------------------------


def test_the_status_counts_what_the_warehouse_holds(ran: Path):
    told = read(ran, "status")
    rows = {table["name"]: table for table in told["tables"]}
    with duckdb.connect(ran / "analytics.duckdb", read_only=True) as con:
        for name in ("core.events", "marts.friction", "meta.manifest", "marts.user_report"):
            n = con.execute(f"select count(*) from {name}").fetchone()[0]
            assert rows[name]["n_rows"] == n
    records = told["records"]
    parts = ("events", "duplicates", "superseded", "quarantined", "tombstones", "erased")
    assert records["n_consumed"] == sum(records[f"n_{part}"] for part in parts) > 0
    assert records["n_consumed"] == sum(topic["n_consumed"] for topic in told["topics"])
    assert rows["core.steps"] == {**rows["core.steps"], "state": "view", "n_rows": None}
    assert all(table["computed_at"] for table in told["tables"])
    assert told["reports"]["published"] == len(read(ran, "users")["users"])


def test_every_check_of_the_graph_has_a_verdict(ran: Path):
    told = read(ran, "status")["checks"]
    assert {(c["table"], c["name"]) for c in told} == {
        (check.table, check.name) for check in recorded.checks(defs)
    }
    assert {check["outcome"] for check in told} == {"passed"}
    assert all(check["judged_at"] and check["description"] for check in told)


def test_a_check_that_partitions_share_with_everyone_is_one_check():
    graph = defs.resolve_asset_graph()
    shared = [check for check in recorded.checks(defs) if check.table != check.judged_on]
    assert {check.table for check in shared} <= set(PARTITIONED)
    assert len(shared) == 3
    for check in shared:
        key = dg.AssetCheckKey(dg.AssetKey(check.judged_on.split(".")), check.name)
        assert graph.get(key).description == check.description
    names = [key.name for key in graph.asset_check_keys]
    assert len(recorded.checks(defs)) == len(names) - len(shared) == len(set(names))


def test_a_failed_check_is_told_though_it_stops_all_else(demo_home: Settings):
    with connect(demo_home.database) as con:
        con.execute("update marts.visits set n_exits = 0")
    standing = demo_home.analytics.stat().st_mtime_ns
    assert not runs.run_stage(demo_home, lambda _line: None, "analysis").succeeded
    assert demo_home.analytics.stat().st_mtime_ns == standing
    failed = [c for c in read(demo_home.home, "status")["checks"] if c["outcome"] == "failed"]
    assert "friction_adds_up" in {check["name"] for check in failed}
    assert all(check["n_wrong"] for check in failed)


def test_nobody_is_on_the_status_page(ran: Path):
    text = (ran / "site" / "data" / "status.json").read_text().lower()
    for user in users.load(ran / "users.json"):
        for name in (user.user_id, user.slug, user.display_name or user.slug):
            assert name.lower() not in text


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("slug", lambda topic: topic),
        ("display_name", lambda topic: f"{topic.split('-')[0].title()} Lund"),
    ],
)
def test_a_topic_named_after_somebody_is_told_without_its_name(
    demo_home: Settings, field: str, name: Callable[[str], str]
):
    victim = users.load(demo_home.registry)[0]
    with connect(demo_home.database) as con:
        first = con.execute("select min(topic) from meta.manifest").fetchone()[0]
        con.execute(
            f"update raw.registry set {field} = $1 where user_id = $2",
            [name(first), victim.user_id],
        )
        told = status_page.build(con, demo_home, NOTHING, NOW)
    topics = [topic["topic"] for topic in told["topics"]]
    assert topics[-1] is None
    assert first not in topics
    site.validate("status.v1", told)


def test_a_warehouse_without_anything_has_a_status_and_a_dictionary(settings: Settings):
    with connect(settings.database) as con:
        told = status_page.build(con, settings, NOTHING, NOW)
        words = data_page.build(con, settings, {}, [], NOW)
    site.validate("status.v1", told)
    site.validate("dictionary.v1", words)
    assert told["freshness"]["state"] == "empty"
    assert told["records"] is None
    assert {table["state"] for table in told["tables"]} == {"missing"}
    assert {table["n_rows"] for table in words["tables"]} == {None}


@pytest.mark.parametrize(
    ("behind", "state"),
    [(timedelta(hours=47), "current"), (timedelta(days=2, seconds=1), "behind"), (None, "empty")],
)
def test_freshness_is_a_state_in_words(behind: timedelta | None, state: str):
    through = (NOW - behind).isoformat().replace("+00:00", "Z") if behind else None
    told = status_page.freshness(through, NOW)
    assert told["state"] == state
    assert told["text"].endswith(".")


# ---- what Dagster recorded ----------------------------------------------------------------------


def test_verdicts_are_those_recorded_last():
    checks = [
        recorded.Check(name, "core.things", "Words.", "core.things")
        for name in ("a", "b", "c", "d")
    ]

    @dg.multi_asset_check(
        specs=[dg.AssetCheckSpec(name, asset=dg.AssetKey(["core", "things"])) for name in "abc"]
    )
    def judged():
        warn = dg.AssetCheckSeverity.WARN
        yield dg.AssetCheckResult(check_name="a", passed=True, metadata={"n_wrong": 0})
        yield dg.AssetCheckResult(check_name="b", passed=False, metadata={"n_wrong": 3})
        yield dg.AssetCheckResult(check_name="c", passed=False, severity=warn)

    with dg.DagsterInstance.local_temp() as instance:
        job = dg.Definitions(
            asset_checks=[judged],
            jobs=[dg.define_asset_job("j", dg.AssetSelection.all_asset_checks())],
        )
        job.resolve_job_def("j").execute_in_process(instance=instance)
        found = recorded.verdicts(instance, checks)
        assert recorded.computed(instance, ["core.things"]) == {}
    assert [one.outcome for one in found] == ["passed", "failed", "warned", "unknown"]
    assert [one.n_wrong for one in found] == [0, 3, None, None]
    assert [one.judged_at is None for one in found] == [False, False, False, True]


def test_both_documents_are_written_last_and_whatever_failed():
    graph = defs.resolve_asset_graph()
    for name in ("status", "dictionary"):
        node = graph.get(dg.AssetKey(["site", name]))
        assert node.group_name == "site"
        assert not node.parent_keys
    assert not {"status", "dictionary"} - users.RESERVED
