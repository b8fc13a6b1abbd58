"""What a SQL file says of itself is understood; over other tables it is the same statement."""

import json
import re
from typing import Any

import duckdb
import pytest

from journey_dagster.models import Model, every_model

MODELS = every_model()
MARKS = re.compile(r"(Kept by|Added up|Appended|A view|Names of)\b.*")


def _tree(sql: str) -> Any:
    with duckdb.connect() as con:
        row = con.execute("select json_serialize_sql($1)", [sql]).fetchone()
    assert row is not None
    return _without_places(json.loads(row[0]))


def _without_places(node: Any) -> Any:
    """A parsed statement without where in the text its parts stand, and what a table is called."""
    if isinstance(node, dict):
        kept = {key: _without_places(value) for key, value in node.items()}
        return {key: value for key, value in kept.items() if key != "query_location"}
    return [_without_places(each) for each in node] if isinstance(node, list) else node


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_file_read_over_other_tables_is_the_same_statement(model: Model) -> None:
    assert _tree(model.reading({})) == _tree(model.sql)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_mark_in_the_description_is_understood(model: Model) -> None:
    marks = [text for text in model.description.split("\n\n") if MARKS.fullmatch(text)]
    understood = [model.kept_by, model.added_over, model.is_appended, model.is_view]
    assert sum(map(bool, understood)) + model.is_names == len(marks)
    assert {*model.kept_by} <= model.columns.keys()
    assert model.within is None or model.within in model.reads
    assert model.added_over is None or model.added_over in model.reads


def test_stand_ins_keep_the_names_that_columns_are_called_by(tmp_path: Any) -> None:
    path = tmp_path / "s" / "t.sql"
    path.parent.mkdir()
    path.write_text(
        "/* One row. */ select a.x, b.x, (select max(x) from core.a) from core.a "
        "join core.b as b using (x) where 'core.a' <> 'x'"
    )
    with duckdb.connect() as con:
        con.execute("create schema core; create table core.b as select 1 as x")
        con.execute("create temp table other as select 1 as x")
        sql = Model(path).reading({"core.a": "temp.other"})
        assert con.execute(sql).fetchall() == [(1, 1, 1)]
