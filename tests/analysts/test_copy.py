"""The analysts' copy as a product: described to the last column, private, whole at any moment.

Belongs here: what is in the file and how it gets its names. Does not belong here: what its queries
answer (`test_macros`, `test_page_data`), asking it (`test_safe`, `test_cli`).
"""

import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from journey_dagster import analysts_copy, recorded, warehouse
from journey_dagster.analysts_copy import OWN, PRIVATE, dated, lasting, publish
from journey_dagster.instance import open_instance
from journey_dagster.models import QUERIES, every_model
from journey_dagster.settings import Settings
from journey_dagster.version import code_version
from journey_dagster.warehouse import WarehouseError


@pytest.fixture(scope="module")
def copy(ran: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(ran / "analytics.duckdb", read_only=True)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A warehouse of one table."""
    path = tmp_path / "w.duckdb"
    with warehouse.connect(path) as con:
        con.execute("create schema core; create table core.a as from range(1000) as t(x)")
    return path


# ---- described ----------------------------------------------------------------------------------

NAMED = {
    "tables": "select schema_name || '.' || table_name, comment from duckdb_tables()",
    "views": "select schema_name || '.' || view_name, comment from duckdb_views()",
    "columns": "select schema_name || '.' || table_name || '.' || column_name, comment "
    "from duckdb_columns()",
    "macros": "select schema_name || '.' || function_name, comment from duckdb_functions()",
}


@pytest.mark.parametrize("kind", NAMED)
def test_everything_in_the_copy_is_described(copy: duckdb.DuckDBPyConnection, kind: str):
    found = copy.execute(f"{NAMED[kind]} where not internal").fetchall()
    assert len(found) >= 4
    said = r"\nExample: from \w+\(.+" if kind == "macros" else r".\.$"
    assert [name for name, words in found if not re.search(said, words or "")] == []


def test_the_copy_holds_every_table_and_nothing_private(copy: duckdb.DuckDBPyConnection):
    wanted = {each.name for each in every_model() if each.schema not in QUERIES | PRIVATE}
    assert warehouse.standing(copy) == wanted | {each.name for each in OWN}
    told = {
        row[0]
        for row in copy.execute(
            "select column_name from meta.dictionary where table_name = 'quarantine'"
        ).fetchall()
    }
    assert "reason" in told
    assert not told & {"key", "value"}


def test_the_dictionary_is_the_comments_its_own_too(copy: duckdb.DuckDBPyConnection):
    told = copy.execute(
        "select schema_name, table_name, column_name, description from meta.dictionary"
    ).fetchall()
    there = copy.execute(
        "select schema_name, table_name, column_name, comment from duckdb_columns() "
        "where not internal"
    ).fetchall()
    assert sorted(told) == sorted(there)


# ---- what it tells of the pipeline --------------------------------------------------------------


def test_checks_are_those_of_the_graph_with_their_verdicts(copy: duckdb.DuckDBPyConnection):
    from journey_dagster.definitions import defs  # noqa: PLC0415  it costs a second

    told = copy.execute("select table_name, check_name, outcome, judged_at from meta.checks")
    rows = told.fetchall()
    assert {row[:2] for row in rows} == {(c.table, c.name) for c in recorded.checks(defs)}
    assert {row[2] for row in rows} == {"passed"}
    assert all(row[3] for row in rows)


def test_the_run_that_made_the_copy_is_told_by_it(demo_home: Settings):
    with duckdb.connect(demo_home.analytics, read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        rows = con.execute(
            "select job, status, started_at is null, ended_at is null, code_version, "
            "data_through = (select data_through from core.horizon) from meta.runs"
        ).fetchall()
    assert rows == [("nightly", "started", False, True, code_version(), True)]
    assert re.fullmatch(r"\d+\.\d+\.\d+\+[0-9a-f]{12}", rows[0][4])


def test_an_ended_run_keeps_what_it_was_made_of(ran: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JOURNEY_HOME", str(ran))
    from journey_dagster.outlets import ANALYTICS  # noqa: PLC0415  it costs a second

    with open_instance(Settings()) as instance:
        (run,) = recorded.runs(instance, ANALYTICS.key)
    with duckdb.connect(ran / "analytics.duckdb", read_only=True) as con:
        (through,) = con.execute("select epoch(data_through) from core.horizon").fetchone()
    assert run.status == "success"
    assert run.started_at < run.ended_at
    assert run.data_through.timestamp() == pytest.approx(through, abs=1e-3)
    assert run.code_version == code_version()


def test_a_metric_is_defined_once_where_it_stands(copy: duckdb.DuckDBPyConnection):
    rows = copy.execute(
        "select metric, definition, unit, table_name, column_name from meta.metrics"
    ).fetchall()
    words = {
        (f"{schema}.{table}", column): text
        for schema, table, column, text in copy.execute(
            "select schema_name, table_name, column_name, description from meta.dictionary"
        ).fetchall()
    }
    facts = dict(copy.execute("select fact, definition from marts.fact_definitions").fetchall())
    assert len({row[0] for row in rows}) == len(rows) > 150
    for metric, definition, unit, table, column in rows:
        fact = metric.removeprefix("fact ")
        assert unit
        if metric.startswith("fact "):
            assert definition.endswith(facts.pop(fact))
        else:
            assert (metric, definition) == (f"{table}.{column}", words[table, column])
    assert facts == {}


def test_every_metric_can_be_read_by_its_query(copy: duckdb.DuckDBPyConnection):
    queries = copy.execute("select query from meta.metrics").fetchall()
    assert [query for (query,) in queries if not copy.execute(query).description] == []


def test_every_example_query_finds_something(copy: duckdb.DuckDBPyConnection):
    queries = copy.execute("select query from meta.example_queries").fetchall()
    assert len(queries) > 30
    assert [query for (query,) in queries if not copy.execute(query).fetchall()] == []


def test_lineage_names_what_there_is(copy: duckdb.DuckDBPyConnection):
    edges = copy.execute("select table_name, read_by from meta.lineage").fetchall()
    assert len(edges) > 50
    assert ("marts.friction", "site.friction") in edges
    assert {table for table, _ in edges} <= warehouse.standing(copy)
    for table, reader in edges:
        found = [each for each in every_model() if each.name == reader and each.reads]
        assert all(table in each.reads for each in found)


# ---- private, readable --------------------------------------------------------------------------


def test_the_copy_is_readable_by_old_tools(ran: Path):
    """DuckDB writes its storage version after the magic word; 64 is that of version 1.0."""
    with (ran / "analytics.duckdb").open("rb") as file:
        head = file.read(20)
    assert head[8:12] == b"DUCK"
    assert int.from_bytes(head[12:20], "little") == 64


def test_quarantined_bytes_are_not_in_the_copy(tmp_path: Path):
    path = tmp_path / "w.duckdb"
    with warehouse.connect(path) as con:
        con.execute("create schema meta; create schema raw")
        con.execute(
            "create table meta.quarantine as select 't' as topic, 'k' as reason, "
            "'MARKER-IN-KEY'::blob as key, repeat('MARKER-IN-VALUE', 10)::blob as value"
        )
        con.execute("create table raw.records as select 'MARKER-IN-RAW' as user_name")
    copied = tmp_path / "copy.duckdb"
    assert publish(path, copied) == {"meta.quarantine": 1}
    assert b"MARKER" not in copied.read_bytes()
    assert b"MARKER" in path.read_bytes()


# ---- names --------------------------------------------------------------------------------------


def test_a_failed_copy_leaves_the_old_one(small: Path, monkeypatch: pytest.MonkeyPatch):
    copied = small.with_name("copy.duckdb")
    publish(small, copied, keep_days=1)
    before = {path: path.read_bytes() for path in small.parent.iterdir()}

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(analysts_copy, "_create_own", fail)
    with pytest.raises(OSError, match="disk full"):
        publish(small, copied, keep_days=1)
    assert {path: path.read_bytes() for path in small.parent.iterdir()} == before


def test_a_dated_name_is_the_same_file_and_stays_when_the_copy_is_swapped(small: Path):
    copied = small.with_name("copy.duckdb")
    publish(small, copied, keep_days=1)
    (name,) = dated(copied)
    assert name.samefile(copied)
    assert lasting(copied) == name
    with duckdb.connect(name, read_only=True) as reader:
        with warehouse.connect(small) as con:
            con.execute("delete from core.a")
        publish(small, copied)
        assert reader.execute("select count(*) from core.a").fetchone() == (1000,)
    with duckdb.connect(copied, read_only=True) as reader:
        assert reader.execute("select count(*) from core.a").fetchone() == (0,)


def test_dated_names_are_kept_for_their_days_and_nothing_else_is_removed(small: Path):
    copied = small.with_name("copy.duckdb")
    now = datetime.now(UTC)

    def name(age: timedelta) -> Path:
        return copied.with_name(f"copy-{now - age:%Y%m%dT%H%M%SZ}.duckdb")

    old, young = name(timedelta(days=3, minutes=1)), name(timedelta(days=2, hours=23))
    others = [copied.with_name("copy-mine.duckdb"), copied.with_name(f"x{old.name}")]
    for path in (old, young, *others):
        path.touch()
    publish(small, copied, keep_days=3)
    assert not old.exists()
    assert all(path.exists() for path in (young, *others))
    assert list(dated(copied))[:-1] == [young]
    publish(small, copied, keep_days=0)
    assert dated(copied) == {}
    assert lasting(copied) == copied


def test_there_is_no_lasting_name_of_nothing(tmp_path: Path):
    with pytest.raises(WarehouseError, match="journey run"):
        lasting(tmp_path / "copy.duckdb")


def test_a_kill_leaves_whole_files_and_what_it_left_is_swept(small: Path):
    copied = small.with_name("copy.duckdb")
    program = (
        "import sys; from pathlib import Path; from journey_dagster.analysts_copy import publish\n"
        f"while True: publish(Path({str(small)!r}), Path({str(copied)!r}), keep_days=1); print('x')"
    )
    for n in range(3):
        child = subprocess.Popen(
            [sys.executable, "-uc", program], stdout=subprocess.PIPE, text=True
        )
        child.stdout.readline()
        time.sleep(0.011 * n)  # anywhere in the next one
        child.send_signal(signal.SIGKILL)
        child.communicate()
        for path in (copied, *dated(copied)):
            with duckdb.connect(path, read_only=True) as con:
                assert con.execute("select count(*) from core.a").fetchone() == (1000,)
    left = small.with_name(f".{copied.name}.dead")
    left.touch()
    os.utime(left, (0, 0))
    publish(small, copied)
    assert not left.exists()


def test_rows_that_python_brings_are_of_their_columns(small: Path):
    copied = small.with_name("copy.duckdb")
    publish(small, copied, {"meta.lineage": pa.table({"table_name": ["core.a"], "read_by": ["b"]})})
    with duckdb.connect(copied, read_only=True) as con:
        assert con.execute("from meta.lineage").fetchall() == [("core.a", "b")]
        assert con.execute("from meta.runs").fetchall() == []
    with pytest.raises(duckdb.BinderException):
        publish(small, copied, {"meta.lineage": pa.table({"another": ["core.a"]})})
