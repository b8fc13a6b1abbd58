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
