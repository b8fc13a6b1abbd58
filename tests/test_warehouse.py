"""The warehouse file: replaced atomically, described fully, copied safely."""

import multiprocessing
from pathlib import Path

import duckdb
import pytest

from journey_dagster import warehouse
from journey_dagster.models import Model
from journey_dagster.warehouse import WarehouseBusyError, WarehouseError


def file(tmp_path: Path, text: str, name: str = "t") -> Model:
    path = tmp_path / "marts" / f"{name}.sql"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return Model(path)


def test_a_file_says_everything(tmp_path: Path):
    model = file(
        tmp_path,
        "/* One row per thing.\n\nMore\nwords. */\nwith c as (select * from core.a)\n"
        "select\n    x, -- The x.\n    count(*) as n -- How many, 'quoted'.\n"
        "from c join core.b using (x) where x > $least and user_id = any($users) group by all\n",
    )
    assert model.name == "marts.t"
    assert model.description == "One row per thing.\n\nMore words."
    assert model.columns == {"x": "The x.", "n": "How many, 'quoted'."}
    assert model.reads == {"core.a", "core.b"}
    assert model.parameters == {"least", "users"}
    assert model.per_user
    assert model.bind({"least": 1, "users": [], "other": 2}) == {"least": 1, "users": []}


def test_a_file_without_a_grain_or_that_is_no_select_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="what a row is"):
        _ = file(tmp_path, "select 1").description
    with pytest.raises(ValueError, match=r"t\.sql"):
        _ = file(tmp_path, "/* One row. */ drop table x").reads


def test_replacing_keeps_words_and_is_all_or_nothing(tmp_path: Path):
    with warehouse.connect(tmp_path / "w.duckdb") as con:
        good = file(tmp_path, "/* One row. It's one. */\nselect 1 as a -- It's a.\n")
        for _ in range(2):
            found = warehouse.replace(con, good, {})
        assert [(c.name, c.type, c.description) for c in found.columns] == [
            ("a", "INTEGER", "It's a.")
        ]
        bad = file(tmp_path, "/* One row. */\nselect error('no') as a\n")
        with pytest.raises(duckdb.Error, match="no"):
            warehouse.replace(con, bad, {})
        assert con.execute("from marts.t").fetchall() == [(1,)]


def test_a_per_user_table_computes_only_who_is_asked_for(tmp_path: Path):
    sql = (
        "/* One row per user. */\nselect user_id, {n} as n -- A number.\n"
        "from core.u where user_id = any($users)\n"
    )
    with warehouse.connect(tmp_path / "w.duckdb") as con:
        con.execute("create schema core")
        con.execute("create table core.u as select unnest(['a','b','c']) as user_id")
        assert warehouse.replace(
            con, file(tmp_path, sql.format(n=1)), {}, ["a", "b"]
        ).user_rows == {
            "a": 1,
            "b": 1,
        }
        found = warehouse.replace(con, file(tmp_path, sql.format(n=2)), {}, ["b", "nobody"])
        assert found.user_rows == {"b": 1, "nobody": 0}
        assert con.execute("from marts.t order by all").fetchall() == [("a", 1), ("b", 2)]


def test_changed_columns_compute_everyone_anew(tmp_path: Path):
    """A table of two shapes would be a lie, an insert by name an error."""
    sql = "/* One row per user. */\nselect user_id, {x} from core.u where user_id = any($users)\n"
    with warehouse.connect(tmp_path / "w.duckdb") as con:
        con.execute("create schema core")
        con.execute("create table core.u as select unnest(['a','b','c']) as user_id")
        warehouse.replace(con, file(tmp_path, sql.format(x="1 as n")), {}, ["a", "b"])
        warehouse.replace(con, file(tmp_path, sql.format(x="'x' as m")), {}, ["b"])
        assert con.execute("from marts.t order by all").fetchall() == [("a", "x"), ("b", "x")]


def hold(path: str, ready, done) -> None:
    with duckdb.connect(path):
        ready.set()
        done.wait(30)


def test_a_busy_file_is_a_clear_error_with_its_holder(tmp_path: Path):
    path = tmp_path / "w.duckdb"
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    holder = context.Process(target=hold, args=(str(path), ready, done))
    holder.start()
    try:
        assert ready.wait(30)
        with (
            pytest.raises(WarehouseBusyError, match=rf"process {holder.pid}.*journey sql"),
            warehouse.connect(path),
        ):
            pass
    finally:
        done.set()
        holder.join()


def test_a_damaged_file_names_the_way_back(tmp_path: Path):
    path = tmp_path / "w.duckdb"
    path.write_bytes(b"this is no database, " * 1000)
    with pytest.raises(WarehouseError, match="journey run"), warehouse.connect(path):
        pass


def test_sessions_of_the_connection_are_in_utc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    with warehouse.connect(tmp_path / "w.duckdb") as con:
        row = con.execute("select (timestamptz '2025-01-01 23:30:00+00')::date::varchar").fetchone()
    assert row == ("2025-01-01",)


def test_the_copy_is_described_and_holds_nothing_private(ran: Path):
    with duckdb.connect(ran / "analytics.duckdb", read_only=True) as con:
        tables = con.execute(
            "select schema_name, table_name, comment from duckdb_tables() where not internal"
        ).fetchall()
        columns = con.execute(
            "select schema_name, table_name, column_name, comment from duckdb_columns() "
            "where not internal"
        ).fetchall()
        described = con.execute(
            "select schema_name, table_name, column_name, description from meta.dictionary"
        ).fetchall()
    assert {schema for schema, _, _ in tables} == {"core", "marts", "meta"}
    assert [row for row in tables if not row[2]] == []
    assert [row for row in columns if not row[3]] == []
    assert ("meta", "quarantine", "value") not in {row[:3] for row in columns}
    assert set(described) == {row for row in columns if row[1] != "dictionary"}


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
    copy = tmp_path / "copy.duckdb"
    assert warehouse.publish_copy(path, copy) == {"meta.quarantine": 1}
    assert b"MARKER" not in copy.read_bytes()
    assert b"MARKER" in path.read_bytes()


def test_a_failed_copy_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path, copy = tmp_path / "w.duckdb", tmp_path / "copy.duckdb"
    with warehouse.connect(path) as con:
        con.execute("create schema core; create table core.a as select 1 as x")
    warehouse.publish_copy(path, copy)
    before = copy.read_bytes()

    def fail(_con: duckdb.DuckDBPyConnection) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(warehouse, "_write_dictionary", fail)
    with pytest.raises(OSError, match="disk full"):
        warehouse.publish_copy(path, copy)
    assert copy.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy.duckdb", "w.duckdb"]
