"""What `journey status` says is what the copy, the page, the ledger and the books hold."""

import json
import subprocess
import sys

import duckdb
from homes import journey

from journey_dagster import terminal
from journey_dagster.insights.ledger import Caps, Ledger, Waiting
from journey_dagster.insights.question import Answer
from journey_dagster.publishing import memory
from journey_dagster.settings import Settings
from journey_dagster.status import status

PLENTY = Caps(10**9, 10**9, 10**9)


def test_layers_are_those_of_the_copy_and_nobody_waits_for_the_writer(demo_home: Settings):
    writer = (
        f"import duckdb; c = duckdb.connect('{demo_home.database}'); print(1, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", writer], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as held:
        assert held.stdout
        held.stdout.readline()
        found = status(demo_home)
        held.communicate(b"\n")
    with duckdb.connect(demo_home.analytics, read_only=True) as con:
        own = "('checks', 'runs', 'lineage', 'dictionary', 'metrics', 'example_queries')"
        names = con.execute(
            "select schema_name, table_name from duckdb_tables() where not internal "
            f"and (schema_name <> 'meta' or table_name not in {own})"
        ).fetchall()
        rows: dict[str, int] = {}
        for schema, name in names:
            count = con.execute(f"select count(*) from {schema}.{name}").fetchone()
            rows[schema] = rows.get(schema, 0) + (count or (0,))[0]
    layers = {layer.name: layer for layer in found.layers if layer.n_tables}
    # Reports are noted after the copy was made.
    assert {name: layer.n_rows for name, layer in layers.items()} == rows
    assert all(layer.computed_at and not layer.failed for layer in layers.values())
    assert found.cost.total_usd == 0  # a stand-in on this machine
    assert found.published_to == []


def test_a_check_that_failed_is_named_in_its_layer(demo_home: Settings):
    page = demo_home.site / "data" / "status.json"
    document = json.loads(page.read_bytes())
    for check in document["checks"]:
        if check["name"] in {"flows_balance", "pages_leak_nothing"}:
            check["outcome"] = "failed"
    page.write_text(json.dumps(document))
    found = {layer.name: layer.failed for layer in status(demo_home).layers if layer.failed}
    assert found == {"marts": ["flows_balance"], "site": ["pages_leak_nothing"]}
    assert "failed      flows_balance" in terminal.status(status(demo_home))


def test_cost_and_places_are_told_without_secrets(demo_home: Settings):
    ledger = Ledger(demo_home.ledger)
    before = status(demo_home).cost
    question = Waiting("u-1", "story", "key", "openai:model", "{}")
    settled = ledger.reserve(question, "run", 5000, PLENTY)
    ledger.settle(settled, Answer("text", 10, 20), 1500)
    ledger.reserve(question, "run", 2500, PLENTY)  # killed: nobody knows what it cost
    ledger.close()
    where = ("/var/www/site", "git:https://me:secret@example.org/site.git#pages")
    memory.save(demo_home.publishing, memory.Memory(targets=where))
    found = status(demo_home)
    assert round(found.cost.total_usd - before.total_usd, 6) == 0.004
    assert found.cost.today_usd == found.cost.total_usd
    assert found.cost.n_calls == before.n_calls + 2
    assert found.published_to == ["/var/www/site", "git:https://example.org/site.git#pages"]
    assert "secret" not in terminal.status(found)


def test_the_last_run_is_told(ran):
    told = json.loads(journey("status", "--json", home=ran).stdout)["last_run"]
    assert told["status"] == "success"
    assert told["started_at"] < told["ended_at"]
    assert f"last run      {told['job']}, success" in journey("status", home=ran).stdout
