"""The questions of docs/how-to/friction.md can be asked as they stand there."""

import re
from pathlib import Path

import duckdb
import pytest

from journey_dagster.settings import ROOT, Settings

PAGE = (ROOT / "docs" / "how-to" / "friction.md").read_text()
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)


def test_there_are_questions():
    assert len(QUERIES) >= 2


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_a_question_of_the_how_to_can_be_asked(
    ran: Path, monkeypatch: pytest.MonkeyPatch, number: int
):
    monkeypatch.setenv("JOURNEY_HOME", str(ran))
    with duckdb.connect(Settings().analytics, read_only=True) as con:
        assert con.execute(QUERIES[number]).description


def test_columns_that_the_how_to_names_exist(ran: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JOURNEY_HOME", str(ran))
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", PAGE, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert len(named) > 5
    with duckdb.connect(Settings().analytics, read_only=True) as con:
        columns = {row[0] for row in con.execute("describe marts.friction").fetchall()}
    assert named <= columns
