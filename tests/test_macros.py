"""The analysts' macros: described, run as their examples say, and one with the tables.

Belongs here: what a file of `sql/macros/` must be, and what its answers must be. Does not belong
here: the tables that two of the macros repeat (`test_flows`).
"""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import strategies as st
from test_flows import (
    CAME,
    FUNNEL,
    SHAPES,
    WINDOW,
    Row,
    Seen,
    Session,
    answer,
    fill,
    filled,
    funnel_rows,
    law,
    model,
    rows_of,
    session_row,
    sessions,
    step_rows,
    visited,
    ways_through,
)

from journey_dagster import analysts_copy, funnels, macros, warehouse
from journey_dagster.ingest import FUNNELS
from journey_dagster.macros import Macro, every_macro
from journey_dagster.models import Model
from journey_dagster.settings import Settings
from journey_dagster.synth.shop_map import FUNNELS as OF_THE_SHOP

MACROS = every_macro()
OURS = {"funnel", "paths_between", "retention", "session_path"}
STEPS_COLUMNS = SHAPES.partition("core.steps (")[2].partition(");")[0]


@pytest.fixture(scope="session")
def asked() -> Iterator[duckdb.DuckDBPyConnection]:
    """Empty tables, and the macros that read them."""
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(SHAPES)
        con.execute(f"create table raw.funnels as {model('raw/funnels.sql').sql}")
        macros.create(con)
        yield con


# ---- the files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("macro", MACROS, ids=lambda macro: macro.name)
def test_a_file_describes_all_there_is_to_say(macro: Macro):
    assert re.match(r"One row .+?\.(\s|$)", macro.description)
    assert all(each.description.endswith(".") for each in macro.parameters)
    assert macro.name in macro.example
    lines = macro.model.sql.splitlines()
    assert [line for line in lines if re.match(r"\s*[A-Z]{2,}\b", line)] == []
    assert [line for line in lines if len(line) > 120 and not line.startswith("Example: ")] == []


def test_there_are_the_questions_that_analysts_ask():
    assert {macro.name for macro in MACROS} >= OURS


def file(tmp_path: Path, text: str) -> Macro:
    path = tmp_path / "main" / "m.sql"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return Macro(Model(path))


def test_a_file_says_everything(tmp_path: Path):
    macro = file(
        tmp_path,
        "/* One row. It's one.\n\n$least: The least,\nand no less.\n\n$most = 1 + 2: The most.\n\n"
        "Example: from m(1)\nlimit 2 */\nselect x -- The x.\nfrom range(9) as t(x)\n"
        "where x between $least and $most and '$' <> '$leastest'\n",
    )
    assert macro.description == "One row. It's one."
    assert [(each.name, each.default) for each in macro.parameters] == [
        ("least", None),
        ("most", "1 + 2"),
    ]
    assert macro.parameters[0].description == "The least, and no less."
    assert macro.signature == "m(least, most := 1 + 2)"
    assert macro.example == "from m(1) limit 2"
    with duckdb.connect() as con:
        con.execute(macro.statement)
        assert con.execute("from m(2)").fetchall() == [(2,), (3,)]
        assert con.execute("from m(2, most := 2)").fetchall() == [(2,)]


def test_a_file_that_leaves_something_out_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="other parameters than it names, most"):
        _ = file(tmp_path, "/* One row.\n\n$least: L. */\nselect $most as x").parameters
    with pytest.raises(ValueError, match="no paragraph that starts with 'Example: '"):
        _ = file(tmp_path, "/* One row. */\nselect 1 as x").example


# ---- in the analysts' copy ----------------------------------------------------------------------


def test_the_copy_has_every_macro_with_its_words(ran: Path):
    with duckdb.connect(ran / "analytics.duckdb", read_only=True) as con:
        found = con.execute(
            "select function_name, comment from duckdb_functions() "
            "where function_type = 'table_macro' and not internal"
        ).fetchall()
    assert dict(found) == {macro.name: macro.model.description for macro in MACROS}


@pytest.mark.parametrize("macro", MACROS, ids=lambda macro: macro.name)
def test_an_example_runs_and_finds_something(ran: Path, macro: Macro):
    with duckdb.connect(ran / "analytics.duckdb", read_only=True) as con:
        found = rows_of(con, macro.example)
        columns = {name for row in found for name in row}
    assert found
    assert columns <= set(macro.model.columns), "a column is not described"


def test_a_macro_is_left_out_where_neither_table_nor_view_is():
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as other")
        for database, read in (("memory", "table"), ("other", "view")):
            con.execute(f"use {database}; create schema core")
            con.execute(f"create table core.all_steps ({STEPS_COLUMNS})")
            con.execute(f"create {read} core.steps as from core.all_steps")
            made = {macro.name for macro in macros.create(con)}
            assert made & OURS == {"paths_between", "session_path"}
            assert con.execute("from session_path('nobody')").fetchall() == []


def test_the_pipeline_does_without_them(ran: Path):
    with duckdb.connect(ran / "journey.duckdb", read_only=True) as con:
        found = con.execute(
            "select function_name from duckdb_functions() "
            "where function_type = 'table_macro' and not internal"
        ).fetchall()
    assert found == []


# ---- one with the tables ------------------------------------------------------------------------


def test_the_funnel_is_counted_by_the_same_words():
    mart, macro = (
        Path(each.path).read_text()
        for each in (model("marts/funnel_steps.sql"), model("macros/main/funnel.sql"))
    )
    shared = mart[mart.index("-- What happens") : mart.index("select\n    funnel, ")]
    columns = mart[mart.index("    step_no,     ") : mart.rindex("from rates")]
    assert len(shared) > 1000
    assert macro.count(shared) == macro.count(columns) == 1


def as_json(steps: Sequence[Any]) -> str:
    return json.dumps(
        [
            {"name": f"step {no}", "page": pages, "event": events}
            for no, (pages, events) in enumerate(steps, 1)
        ]
    )


@law(sessions(), FUNNEL, WINDOW, examples=60)
def test_a_funnel_asked_for_is_the_funnel_defined(
    asked: duckdb.DuckDBPyConnection, made: list[Session], steps: list[Any], window: int
):
    steps = [step if any(step) else (["/a"], None) for step in steps]
    with filled(asked, made) as con:
        fill(con, "raw.funnels", funnel_rows("defined", steps, window))
        answer(con, "funnel_steps")
        defined = con.execute(
            "select * exclude (funnel, window_hours) from marts.funnel_steps order by step_no"
        ).fetchall()
        found = con.execute(
            "from funnel($steps::json, within := to_seconds($window))",
            {"steps": as_json(steps), "window": window},
        ).fetchall()
    assert found == defined


def test_funnels_of_the_demo_asked_for_are_those_defined(demo_home: Settings, tmp_path: Path):
    path = tmp_path / "funnels.json"
    path.write_text(json.dumps(OF_THE_SHOP))
    with warehouse.connect(demo_home.database) as con:
        warehouse.ensure(con, FUNNELS)
        con.execute("delete from raw.funnels")
        warehouse.insert(con, FUNNELS, funnels.table(funnels.load(path)))
        warehouse.replace(con, model("marts/funnel_steps.sql"), demo_home.sql_parameters())
    analysts_copy.publish(demo_home.database, tmp_path / "copy.duckdb")
    with duckdb.connect(tmp_path / "copy.duckdb", read_only=True) as con:
        for funnel in OF_THE_SHOP:
            defined = con.execute(
                "select * exclude (funnel, window_hours) from marts.funnel_steps "
                "where funnel = $name order by step_no",
                {"name": funnel["name"]},
            ).fetchall()
            assert len(defined) == len(funnel["steps"])
            assert defined[0][2] > 0
            found = con.execute(
                "from funnel($steps::json, within := to_hours($hours))",
                {"steps": json.dumps(funnel["steps"]), "hours": funnel["window_hours"]},
            ).fetchall()
            assert found == defined


def test_funnels_of_the_shop_are_what_was_walked(ran: Path):
    """From the file that the synthetic visitors left, without the warehouse in between."""
    with duckdb.connect(ran / "analytics.duckdb", read_only=True) as con:
        (through,) = con.execute("select max(ended_at) from core.sessions").fetchall()[0]
        found = [
            rows_of(con, f"from funnel('{json.dumps(each['steps'])}'::json, within := {hours})")
            for each in OF_THE_SHOP
            for hours in [f"to_hours({each['window_hours']})"]
        ]
    walked = defaultdict(list)
    with (ran / "synth" / "shop_events.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["timestamp"])
            walked[row["user_id"]].append((at, row["page"], row["event"]))
    made = [
        [Seen(no, f"{no}", step_no, *step) for step_no, step in enumerate(sorted(steps))]
        for no, steps in enumerate(walked.values())
    ]
    end = [Seen(-1, "end", 0, through, "", "")]
    for funnel, rows in zip(OF_THE_SHOP, found, strict=True):
        steps = [
            (row["pages"], row["events"])
            for row in funnels.table([msgspec.convert(funnel, funnels.Funnel)]).to_pylist()
        ]
        expected = ways_through([*made, end], steps, timedelta(hours=funnel["window_hours"]))
        told = [{name: row[name] for name in expected[0]} for row in rows]
        assert told == [pytest.approx(row) for row in expected]
        assert rows[0]["n_users_started"] > rows[-1]["n_reached"]


def test_steps_may_be_texts_structs_or_json(asked: duckdb.DuckDBPyConnection):
    def steps(given: str) -> list[Any]:
        return [row["step"] for row in rows_of(asked, f"from funnel({given})")]

    assert steps("['/a', '/b']") == ["/a", "/b"]
    assert steps("[{'page': '/a'}, {'event': 'Pay'}]") == ["/a", "Pay"]
    assert steps("[{'page': ['/a', '/b'], 'event': ['x']}]") == ["x on /a or /b"]
    assert steps("""'["/a", {"name": "In", "event": ["x", "y"]}]'::json""") == ["/a", "In"]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("['/a', null]", "step 2 of the funnel names neither page nor event"),
        ("[{'name': 'x'}]", "step 1 of the funnel names neither page nor event"),
        (
            "[{'page': '/a', 'evnt': 'x'}]",
            "step 1 of the funnel has more than page, event and name",
        ),
    ],
)
def test_a_step_that_says_nothing_or_too_much_is_refused(
    asked: duckdb.DuckDBPyConnection, steps: str, said: str
):
    with pytest.raises(duckdb.Error, match=said):
        asked.execute(f"from funnel({steps})").fetchall()


@law(CAME, st.integers(0, 30), examples=40)
def test_retention_by_the_week_is_the_table(
    asked: duckdb.DuckDBPyConnection, came: dict[tuple[int, str], set[int]], hours: int
):
    with visited(asked, came, hours):
        answer(asked, "retention")
        table = asked.execute("from marts.retention order by 1 nulls last, 2").fetchall()
        assert asked.execute("from retention()").fetchall() == table


@pytest.mark.parametrize(
    ("period", "after"),
    [("day", 31), ("week", 5), ("month", 1), ("quarter", 1), ("year", 0)],
)
def test_retention_goes_by_other_periods_too(
    asked: duckdb.DuckDBPyConnection, period: str, after: int
):
    """From 1 March to 1 April; the day that the data ends on is not over, nor is its month."""
    with visited(asked, {(0, "UTC"): {0, 31}}, hours=12):
        found = rows_of(asked, f"from retention('{period}') where cohort_date is not null")
    assert [row["period_no"] for row in found] == list(range(after + 1))
    assert [row["n_retained"] for row in found] == [
        int(no in (0, after)) for no in range(after + 1)
    ]
    assert [row["is_finished"] for row in found] == [True] * after + [False]


# ---- within sessions ----------------------------------------------------------------------------


def ways(made: Sequence[Session], first: str, last: str, most: int) -> dict[tuple[str, ...], Row]:
    """From each stop on the last page back to the nearest stop on either."""
    taken: defaultdict[tuple[str, ...], list[tuple[str, int, float]]] = defaultdict(list)
    for session in made:
        stops = [list(group) for _, group in groupby(session, key=lambda step: step.page)]
        for end, stop in enumerate(stops):
            pages = [each[0].page for each in stops[:end]]
            start = next((no for no in range(end)[::-1] if pages[no] in (first, last)), None)
            if stop[0].page != last or start is None or pages[start] != first:
                continue
            path = (*pages[start:], last) if end - start <= most else ("(other)",)
            seconds = (stop[0].at - stops[start][-1].at).total_seconds()
            taken[path].append((session[0].session_id, session[0].user, seconds))
    return {
        path: {
            "n": len(found),
            "n_sessions": len({session_id for session_id, _, _ in found}),
            "n_users": len({user for _, user, _ in found}),
            "median_seconds": median(seconds for _, _, seconds in found),
        }
        for path, found in taken.items()
    }


PAGE = st.sampled_from(["/a", "/b", "/c"])


@law(sessions(), PAGE, PAGE, st.integers(1, 3))
def test_paths_between_pages_lead_back_to_the_nearest(
    asked: duckdb.DuckDBPyConnection, made: list[Session], first: str, last: str, most: int
):
    with filled(asked, made) as con:
        found = con.execute(
            "from paths_between($first, $last, $most)",
            {"first": first, "last": last, "most": most},
        ).fetchall()
    names = ("n", "n_sessions", "n_users", "median_seconds")
    assert {tuple(path): dict(zip(names, row, strict=True)) for path, *row in found} == ways(
        made, first, last, most
    )
    order = [(path == ["(other)"], -n, path) for path, n, *_ in found]
    assert order == sorted(order)


@law(sessions(), examples=30)
def test_the_path_of_a_session_is_its_steps(asked: duckdb.DuckDBPyConnection, made: list[Session]):
    names = ("step_index", "occurred_at", "page", "event", "dwell_seconds", "is_exit")
    with filled(asked, made) as con:
        for session in made:
            found = con.execute(
                "from session_path($id)", {"id": session_row(session)["session_id"]}
            ).fetchall()
            assert found == [tuple(row[name] for name in names) for row in step_rows(session)]
        assert con.execute("from session_path('nobody')").fetchall() == []
