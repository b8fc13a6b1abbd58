"""Holds each file of `sql/` against `tests/sql/<schema>/<table>.yaml`.

Belongs here: the runner. Does not belong here: cases; they are the YAML files.

A file of cases has `columns` (name to type, exactly) where the SQL only declares a shape, and
`cases` otherwise. A case says `given` (table to rows), `expect` (rows; only the columns named are
compared), and where it needs to `users`, `parameters` and `ordered: true`.
`defaults` (table to columns) fill the given rows of all cases in the file.
"""

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from sql_tables import MODELS, bound, columns, fill

from journey_dagster.models import QUERIES

CASES = Path(__file__).parent
FILES = {f"{path.parent.name}.{path.stem}": path for path in sorted(CASES.glob("*/*.yaml"))}
TABLES = [name for name, model in MODELS.items() if model.schema not in QUERIES]


class _Loader(yaml.SafeLoader):
    """Leaves times as the text they are: DuckDB reads them, in UTC."""


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
    for letter, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _read(name: str) -> dict[str, Any]:
    return yaml.load(FILES[name].read_text(encoding="utf-8"), _Loader)  # noqa: S506 (a SafeLoader)


def _cases() -> list[Any]:
    return [
        pytest.param(
            name,
            case,
            file.get("defaults", {}),
            id=f"{name}: {case['description']}",
        )
        for name, file in ((name, _read(name)) for name in FILES if name in MODELS)
        for case in file.get("cases", [])
    ]


def _key(row: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(repr(round(cell, 6) if isinstance(cell, float) else cell) for cell in row)


def _close(cell: object) -> object:
    return pytest.approx(cell, rel=1e-9, abs=1e-9) if isinstance(cell, float) else cell


@pytest.mark.parametrize(("name", "case", "defaults"), _cases())
def test_case(
    con: duckdb.DuckDBPyConnection, name: str, case: dict[str, Any], defaults: dict[str, Any]
) -> None:
    model = MODELS[name]
    for table, rows in case["given"].items():
        plain = isinstance(rows, str)
        fill(con, table, rows if plain else [{**defaults.get(table, {}), **row} for row in rows])
    values = bound(model, {**case.get("parameters", {}), "users": case.get("users", [])})

    expected = case["expect"]
    compared = ", ".join(f'"{column}"' for column in expected[0]) if expected else "*"
    con.execute(f"create table found as {model.sql}", values)
    con.execute(f"create table expected as select {compared} from found with no data")
    fill(con, "expected", expected)
    found, stated = (
        con.execute(f"select {compared} from {table}").fetchall() for table in ("found", "expected")
    )
    if not case.get("ordered"):
        found, stated = sorted(found, key=_key), sorted(stated, key=_key)
    assert found == [tuple(map(_close, row)) for row in stated]


def _declared() -> list[str]:
    return [name for name in FILES if "columns" in _read(name)]


@pytest.mark.parametrize("name", _declared())
def test_declares_exactly(con: duckdb.DuckDBPyConnection, name: str) -> None:
    assert list(columns(con, MODELS[name]).items()) == list(_read(name)["columns"].items())
    assert con.execute(MODELS[name].sql).fetchall() == []


def test_every_file_has_cases() -> None:
    assert set(FILES) == set(MODELS)


@pytest.mark.parametrize("name", FILES)
def test_cases_are_stated(name: str) -> None:
    file = _read(name)
    assert set(file) <= {"columns", "cases", "defaults"}
    assert file.get("columns") or file.get("cases")
    known = {"description", "given", "expect", "users", "parameters", "ordered"}
    for case in file.get("cases", []):
        assert {"description", "given", "expect"} <= set(case) <= known
        assert len({tuple(row) for row in case["expect"]}) <= 1, "rows name different columns"
    if name.startswith("checks."):
        outcomes = {bool(case["expect"]) for case in file["cases"]}
        assert outcomes == {False, True}, "one case that passes, one that fails"


@pytest.mark.parametrize("name", MODELS)
def test_description_starts_with_a_sentence(name: str) -> None:
    assert re.match(r".+?\.(\s|$)", MODELS[name].description.split("\n\n")[0])


@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_described(con: duckdb.DuckDBPyConnection, name: str) -> None:
    assert set(columns(con, MODELS[name])) - set(MODELS[name].columns) == set()


@pytest.mark.parametrize("name", MODELS)
def test_keywords_are_lower_case(name: str) -> None:
    lines = MODELS[name].sql.splitlines()
    assert [line for line in lines if re.match(r"\s*[A-Z]{2,}\b", line)] == []


@pytest.mark.parametrize("name", MODELS)
def test_lines_are_short(name: str) -> None:
    lines = MODELS[name].sql.splitlines()
    unions = [i for i, line in enumerate(lines) if line.strip() == "union all"]
    exempt = {i + step for i in unions for step in (-1, 1)}
    assert [line for i, line in enumerate(lines) if len(line) > 120 and i not in exempt] == []
