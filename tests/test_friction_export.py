"""The files of `journey export friction` say what the tables say, to any reader, or nothing."""

import csv
import json
import re
import shutil
import stat
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, count, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import duckdb
import networkx as nx
import pytest
from formulas import GUARDED
from homes import journey
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from test_docs import HOWTO, follow

from journey_dagster import friction_export
from journey_dagster.folders import FolderError, whole
from journey_dagster.friction_export import READS, WRITERS, documents, export, graph, tables
from journey_dagster.models import Model, model
from journey_dagster.settings import Settings
from journey_dagster.warehouse import WarehouseError

FILES = {*WRITERS, "dataset_info.json"}
SHAPES = {
    "core.events": "source varchar",
    "core.sessions": "session_id varchar, user_id varchar, user_key bigint, "
    "started_at timestamptz, ended_at timestamptz, n_steps bigint, is_open boolean",
    "core.steps": "session_id varchar, step_index bigint, user_id varchar, user_key bigint, "
    "page varchar, event varchar, occurred_at timestamptz",
    "marts.flow_metrics": "n_users bigint, n_sessions bigint, sessions_per_user double, "
    "mean_flow_length double, n_pages bigint, n_edge_events bigint, n_unattributed_events bigint",
    "marts.transitions": "from_page varchar, to_page varchar, event varchar, n bigint, "
    "n_sessions bigint, n_users bigint",
    "marts.page_flows": "page varchar, n_entries bigint, n_inflow bigint, n_outflow bigint, "
    "n_exits bigint",
    "marts.page_centrality": "page varchar, n_sessions bigint, session_share double, "
    "betweenness double, betweenness_error double, is_sampled boolean, degenerate_reason varchar",
    "marts.friction": "page varchar, event varchar, n_visits bigint, n_sessions bigint, "
    "n_sessions_lost bigint, n_users_lost bigint, exit_rate double, exit_rate_low double, "
    "exit_rate_high double, baseline_exit_rate double, n_expected_lost double, p_value double, "
    "p_adjusted double, is_chokepoint boolean, session_share double, betweenness double, "
    "telomesh_score double, n_backtracks bigint, n_repeats bigint, n_retries bigint, "
    "median_dwell_seconds double, is_natural_exit boolean, has_support boolean, "
    "friction_rank bigint",
    "marts.fragile_flows": "session_id varchar",
    "marts.graph_metrics": "metric varchar, value double, reason varchar, low double, "
    "high double, detail varchar",
    "marts.recurring_paths": "path varchar[], n bigint, n_sessions bigint, n_users bigint, "
    "expected_n double, lift double",
}
"""What the export reads, by hand: the columns that it may rely on, and no others."""

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6) | st.sampled_from(
    ["/cart", "=1+1", "'=x", "\ta", 'say "a,b"', "<a&b>", "\r", "a\rb", "\\u0001", "\x01", "\ufffe"]
)
SESSIONS = st.lists(
    st.tuples(TEXT, st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5)),
    min_size=1,
    max_size=6,
)


@dataclass
class Home:
    """An analysts' copy made by hand."""

    settings: Settings
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))

    def write(self, *, without: str | None = None) -> Settings:
        """Put the rows into a new file."""
        self.settings.home.mkdir(parents=True, exist_ok=True)
        self.settings.analytics.unlink(missing_ok=True)
        with duckdb.connect(self.settings.analytics) as con:
            con.execute("set TimeZone = 'UTC'")
            for name in ("core", "marts"):
                con.execute(f"create schema {name}")
            for name, columns in SHAPES.items():
                if name == without:
                    continue
                con.execute(f"create table {name} ({columns})")
                if rows := self.rows[name]:
                    row = f"({', '.join('?' * len(rows[0]))})"
                    places = ", ".join([row] * len(rows))
                    con.execute(f"insert into {name} values {places}", [*chain(*rows)])
        return self.settings


def home_of(folder: Path, sessions: list[tuple[str, list[tuple[str, str]]]]) -> Home:
    """A home with these sessions: a user, and the page and event of each step."""
    home = Home(Settings(home=folder / "home", dataset="synthetic"))
    keys = {user: n for n, user in enumerate(dict.fromkeys(user for user, _ in sessions))}
    ways: dict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
    visits: dict[tuple[str, str], list[tuple[int, str, bool]]] = defaultdict(list)
    clock = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n) for n in count())
    for n, (user, steps) in enumerate(sessions):
        name, key = f"session-{n}", keys[user]
        moments = [next(clock) for _ in steps]
        home.rows["core.sessions"].append(
            (name, user, key, moments[0], moments[-1], len(steps), n == len(sessions) - 1)
        )
        home.rows["core.events"] += [("synthetic",)] * len(steps)
        for index, ((page, event), at) in enumerate(zip(steps, moments, strict=True)):
            home.rows["core.steps"].append((name, index, user, key, page, event, at))
            visits[page, event].append((key, name, index == len(steps) - 1))
        ways["(entry)", steps[0][0], steps[0][1]].append((key, name))
        ways[steps[-1][0], "(exit)", "(exit)"].append((key, name))
        for (page, _), (to_page, event) in pairwise(steps):
            ways[page, to_page, event].append((key, name))
    _add_graph(home, ways, len(keys))
    _add_friction(home, visits)
    return home


def _add_graph(
    home: Home, ways: dict[tuple[str, str, str], list[tuple[int, str]]], n_users: int
) -> None:
    flows: dict[str, Counter[str]] = defaultdict(Counter)
    for (page, to_page, event), taken in ways.items():
        n = len(taken)
        sessions, users = {name for _, name in taken}, {key for key, _ in taken}
        home.rows["marts.transitions"].append((page, to_page, event, n, len(sessions), len(users)))
        if page == "(entry)":
            flows[to_page]["n_entries"] += n
        elif to_page == "(exit)":
            flows[page]["n_exits"] += n
        else:
            flows[to_page]["n_inflow"] += n
            flows[page]["n_outflow"] += n
    for page, counted in flows.items():
        names = ("n_entries", "n_inflow", "n_outflow", "n_exits")
        home.rows["marts.page_flows"].append((page, *(counted[name] for name in names)))
        home.rows["marts.page_centrality"].append((page, 1, 0.5, 0.25, None, False, None))
    n_sessions, n_steps = len(home.rows["core.sessions"]), len(home.rows["core.steps"])
    between = {event for page, to_page, event in ways if page != "(entry)" and to_page != "(exit)"}
    home.rows["marts.flow_metrics"].append(
        (n_users, n_sessions, n_sessions / n_users, n_steps / n_sessions, len(flows),
         len(between), 0)
    )  # fmt: skip


def _add_friction(home: Home, visits: dict[tuple[str, str], list[tuple[int, str, bool]]]) -> None:
    for rank, ((page, event), seen) in enumerate(sorted(visits.items()), 1):
        lost = [(key, name) for key, name, is_exit in seen if is_exit]
        rate = len(lost) / len(seen)
        home.rows["marts.friction"].append(
            (page, event, len(seen), len({name for _, name, _ in seen}), len(lost),
             len({key for key, _ in lost}), rate, rate / 2, (1 + rate) / 2, 0.25, 1.5, 0.01, 0.02,
             rank == 1, 0.5, 0.25, rate * 0.25, 0, 0, 0, None, False, True, rank)
        )  # fmt: skip
    home.rows["marts.fragile_flows"].append(("session-0",))
    home.rows["marts.graph_metrics"] += [
        ("power_law_exponent", None, "fewer than 50 pages", None, None, None),
        ("fractal_dimension", None, "fewer than 50 pages hang together", None, None, None),
        ("clustering", 0.5, None, 0.25, 0.75, "means of 4 pages"),
    ]
    home.rows["marts.recurring_paths"].append((["/a", "/b"], 5, 4, 3, 2.5, 2.0))


@pytest.fixture
def shop(tmp_path: Path) -> Home:
    """Two synthetic users, three sessions."""
    steps = [("/home", "view"), ("/cart", "view"), ("/cart", "error"), ("/home", "view")]
    return home_of(
        tmp_path,
        [("synthetic-1", steps), ("synthetic-1", steps[:3]), ("synthetic-2", steps[1:])],
    )


def rows_in(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def loaded(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def text_of(guarded: str) -> str:
    """What was in a cell before it was made safe: the rule that the how-to states."""
    return re.sub(r"^'('*[=+\-@\t\r\n＝＋－＠])", r"\1", guarded)  # noqa: RUF001


# ---- what stands in the files -------------------------------------------------------------------


def test_every_file_is_written_and_counted(shop: Home, tmp_path: Path):
    files = export(shop.write(), tmp_path / "out")
    assert {file.path.name for file in files} == FILES == set(bytes_in(tmp_path / "out"))
    assert all(file.n_bytes == file.path.stat().st_size for file in files)
    n_rows = {file.path.name: file.n_rows for file in files}
    for name in (name for name in FILES if name.endswith(".csv")):
        assert n_rows[name] == len(rows_in(tmp_path / "out" / name)), name
    assert n_rows["session_paths.json"] == 3
    assert n_rows["user_graph.json"] == n_rows["user_graph.graphml"]


@given(sessions=SESSIONS)
@how(max_examples=25, deadline=None)
def test_whatever_the_names_are_the_files_hold_the_steps(sessions):
    with TemporaryDirectory() as folder:
        home = home_of(Path(folder), sessions)
        export(home.write(), Path(folder) / "out")
        flows = rows_in(Path(folder) / "out" / "session_flows.csv")
        steps = [
            (text_of(row["user_id"]), row["session_id"], int(row["step_index"]),
             text_of(row["page"]), text_of(row["event"]))
            for row in flows
        ]  # fmt: skip
        expected = [
            (user, name, index, page, event)
            for name, index, user, _, page, event, _ in home.rows["core.steps"]
        ]
        expected.sort(key=lambda step: (step[0].encode(), int(step[1].split("-")[1]), step[2]))
        assert steps == expected
        cells = [row[name] for row in flows for name in ("user_id", "page", "event")]
        assert not [cell for cell in cells if cell[0] in "=+-@\t\r\n"]
        paths = loaded(Path(folder) / "out" / "session_paths.json")
        for one in paths:
            assert one["path"] == [s[3] for s in steps if s[1] == one["session_id"]]
        _same_graph(Path(folder) / "out", home)


def _same_graph(out: Path, home: Home) -> None:
    """GraphML and JSON hold the transitions, and what flows into a page flows out of it."""
    nodes, edges = read_graphml(out / "user_graph.graphml")
    linked = loaded(out / "user_graph.json")
    assert sorted(nodes.values(), key=lambda node: node["label"]) == [
        {"label": node["id"]} | {k: v for k, v in node.items() if k != "id" and v is not None}
        for node in sorted(linked["nodes"], key=lambda node: node["id"])
    ]
    told = [
        (nodes[edge.pop("source")]["label"], nodes[edge.pop("target")]["label"], edge)
        for edge in edges
    ]
    assert [(page, to_page, edge["event"]) for page, to_page, edge in told] == [
        (edge["source"], edge["target"], edge["key"]) for edge in linked["edges"]
    ]
    ways = {
        way[:3]: way[3:]
        for way in home.rows["marts.transitions"]
        if way[0] != "(entry)" and way[1] != "(exit)"
    }
    assert {
        (page, to_page, edge["event"]): (edge["weight"], edge["n_sessions"], edge["n_users"])
        for page, to_page, edge in told
    } == ways
    for node in linked["nodes"]:
        arriving = sum(edge["weight"] for edge in linked["edges"] if edge["target"] == node["id"])
        leaving = sum(edge["weight"] for edge in linked["edges"] if edge["source"] == node["id"])
        assert node["n_inflow"] == arriving
        assert node["n_outflow"] == leaving
        assert node["n_entries"] + arriving == leaving + node["n_exits"]


def read_graphml(path: Path) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """Nodes by id and edges in order, typed as declared; strict about what GraphML allows."""
    space = "{http://graphml.graphdrawing.org/xmlns}"
    root = ET.parse(path).getroot()  # noqa: S314
    assert root.tag == f"{space}graphml"
    types = {"string": graph.unescape, "long": int, "double": float}
    keys = {key.get("id"): key for key in root.findall(f"{space}key")}
    assert len(keys) == len(root.findall(f"{space}key"))
    (body,) = root.findall(f"{space}graph")
    assert body.get("edgedefault") == "directed"

    def data(element: ET.Element) -> dict[str, Any]:
        found = {}
        for cell in element:
            key = keys[cell.get("key")]
            assert f"{space}{key.get('for')}" == element.tag
            found[key.get("attr.name")] = types[key.get("attr.type")](cell.text or "")
        return found

    nodes = {node.get("id"): data(node) for node in body.findall(f"{space}node")}
    assert len(nodes) == len(body.findall(f"{space}node"))
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", name) for name in nodes)
    edges = [
        {"source": edge.get("source"), "target": edge.get("target"), **data(edge)}
        for edge in body.findall(f"{space}edge")
    ]
    assert all(edge["source"] in nodes and edge["target"] in nodes for edge in edges)
    return nodes, edges


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_goes_through_xml_and_comes_back(text: str):
    read = ET.fromstring(f"<a>{graph.xml_text(text)}</a>").text or ""  # noqa: S314
    assert graph.unescape(read) == text


@given(text=st.text(st.characters(exclude_categories=["Cs"])) | st.from_regex(r"'{0,3}[=+@\t-].*"))
@how(deadline=None)
def test_any_text_goes_through_a_cell_and_comes_back(text: str):
    with duckdb.connect() as con:
        (guarded,) = con.execute(f"select {tables.cell('$text')}", {"text": text}).fetchone()
    assert text_of(guarded) == text
    assert guarded[:1] not in {*"=+-@\t\r\n"}
    assert guarded in {text, f"'{text}"}


@pytest.mark.parametrize("text", GUARDED)
def test_a_cell_that_a_spreadsheet_may_run_is_guarded(text: str):
    with duckdb.connect() as con:
        found = con.execute(f"select {tables.cell('$text')}", {"text": text}).fetchone()
    assert found == (GUARDED[text],)
    assert text_of(GUARDED[text]) == text


def test_networkx_reads_both_graphs(shop: Home, tmp_path: Path):
    export(shop.write(), tmp_path / "out")
    read = nx.read_graphml(tmp_path / "out" / "user_graph.graphml", force_multigraph=True)
    linked = nx.node_link_graph(loaded(tmp_path / "out" / "user_graph.json"), edges="edges")
    assert linked.is_directed()
    assert linked.is_multigraph()
    named = nx.relabel_nodes(read, dict(read.nodes(data="label")))
    ways = [
        sorted((page, to_page, data["event"], data["weight"]) for page, to_page, data in edges)
        for edges in (named.edges(data=True), linked.edges(data=True))
    ]
    assert ways[0] == ways[1]
    assert sum(way[3] for way in ways[0]) == 7


def test_the_columns_that_telomesh_names_are_there(shop: Home, tmp_path: Path):
    export(shop.write(), tmp_path / "out")
    known = {
        "session_flows.csv": "user_id session_id step_index page event timestamp",
        "event_chokepoints.csv": "page event exit_rate users_lost betweenness",
        "high_friction_flows.csv": "session_id step_index page event is_chokepoint user_id",
        "decision_table.csv": "node ux_label suggested_action",
        "final_report.csv": "metric value",
    }
    for name, columns in known.items():
        assert set(columns.split()) <= set(rows_in(tmp_path / "out" / name)[0]), name
    members = {
        "metrics.json": "total_events unique_users total_sessions sessions_per_user "
        "avg_flow_length most_common_event most_common_event_count node_count edge_count "
        "unique_edge_events most_common_edge_event most_common_edge_event_count "
        "connected_components",
        "dataset_info.json": "dataset_name num_users num_events num_sessions",
        "recurring_patterns.json": "recurring_patterns total_patterns node_loop_counts",
        "final_report.json": "fractal_dimension power_law_alpha clustering_coefficient "
        "top_chokepoints",
    }
    for name, told in members.items():
        assert set(told.split()) <= set(loaded(tmp_path / "out" / name)), name


def test_numbers_are_those_of_the_tables(shop: Home, tmp_path: Path):
    export(shop.write(), tmp_path / "out")
    info, metrics = (
        loaded(tmp_path / "out" / name) for name in ("dataset_info.json", "metrics.json")
    )
    assert (info["num_users"], info["num_events"], info["num_sessions"]) == (2, 10, 3)
    assert info["data_from"] == "2026-01-01T00:00:00.000000Z"
    assert info["data_through"] == "2026-01-01T00:09:00.000000Z"
    assert (info["dataset_name"], info["sources"]) == ("synthetic", ["synthetic"])
    assert metrics["total_events"] == len(rows_in(tmp_path / "out" / "session_flows.csv"))
    assert (metrics["edge_count"], metrics["transition_count"]) == (3, 7)
    assert (metrics["most_common_event"], metrics["most_common_event_count"]) == ("view", 7)
    assert (metrics["most_common_edge_event"], metrics["open_sessions"]) == ("view", 1)
    patterns = loaded(tmp_path / "out" / "recurring_patterns.json")
    assert patterns["total_patterns"] == len(patterns["recurring_patterns"]) == 1
    assert patterns["node_loop_counts"] == {"/cart": 3}
    (worst, *_) = rows_in(tmp_path / "out" / "event_chokepoints.csv")
    assert (worst["page"], worst["sessions_lost"], worst["users_lost"]) == ("/cart", "1", "1")


def test_a_fragile_flow_is_there_with_all_its_steps(shop: Home, tmp_path: Path):
    export(shop.write(), tmp_path / "out")
    flows = rows_in(tmp_path / "out" / "high_friction_flows.csv")
    assert [(row["session_id"], row["step_index"]) for row in flows] == [
        ("session-0", str(n)) for n in range(4)
    ]
    assert [row["is_chokepoint"] for row in flows] == ["0", "0", "1", "0"]


def test_what_cannot_be_told_is_null_and_says_why(shop: Home, tmp_path: Path):
    for name, place in (("marts.page_centrality", 6), ("marts.friction", 16)):
        told = {"marts.page_centrality": "complete graph"}.get(name)
        shop.rows[name] = [(*row[:place], told, *row[place + 1 :]) for row in shop.rows[name]]
    export(shop.write(), tmp_path / "out")
    assert set(loaded(tmp_path / "out" / "friction_node_map.json").values()) == {None}
    report = loaded(tmp_path / "out" / "final_report.json")
    assert report["top_betweenness_nodes"] == []
    assert report["clustering_coefficient"] == 0.5
    assert report["intervals"]["clustering_coefficient"] == {"low": 0.25, "high": 0.75}
    assert report["power_law_alpha"] is report["fractal_dimension"] is None
    assert report["not_estimable"] == {
        "power_law_alpha": "fewer than 50 pages",
        "fractal_dimension": "fewer than 50 pages hang together",
        "top_betweenness_nodes": "complete graph",
    }
    lines = {row["metric"]: row for row in rows_in(tmp_path / "out" / "final_report.csv")}
    assert (lines["power_law_alpha"]["value"], lines["power_law_alpha"]["reason"]) == (
        "", "fewer than 50 pages",
    )  # fmt: skip
    metrics = loaded(tmp_path / "out" / "metrics.json")
    assert metrics["connected_components"] is None
    assert metrics["not_estimable"] == {"connected_components": "not measured"}
    rows = rows_in(tmp_path / "out" / "event_chokepoints.csv")
    assert {row["telomesh_score"] for row in rows} == {""}


@given(
    n_visits=st.integers(1, 500),
    lost=st.integers(0, 500),
    is_chokepoint=st.booleans(),
    is_natural=st.booleans(),
    has_support=st.booleans(),
)
@how(max_examples=20, deadline=None)
def test_a_label_cites_its_own_numbers(n_visits, lost, is_chokepoint, is_natural, has_support):
    lost = min(lost, n_visits)
    is_chokepoint &= has_support and not is_natural
    with TemporaryDirectory() as folder:
        home = home_of(Path(folder), [("synthetic-1", [("/a", "view")])])
        home.rows["marts.friction"] = [
            ("/a", "view", n_visits, n_visits, lost, lost, lost / n_visits, 0.125, 0.5, 0.25, 1.0,
             0.01, 0.02, is_chokepoint, 1.0, 0.0, 0.0, 0, 0, 0, None, is_natural, has_support,
             1 if has_support and not is_natural else None)
        ]  # fmt: skip
        export(home.write(), Path(folder) / "out")
        (row,) = rows_in(Path(folder) / "out" / "decision_table.csv")
    label = (
        "chokepoint" if is_chokepoint
        else "natural exit" if is_natural
        else "no finding" if has_support
        else "too few visits"
    )  # fmt: skip
    assert row["ux_label"] == label
    assert row["evidence"].startswith(f"{lost} of {n_visits} visits end here: ")
    cited = [float(found) for found in re.findall(r"([\d.]+) %", row["evidence"])]
    columns = ("exit_rate", "exit_rate_low", "exit_rate_high", "baseline_exit_rate")
    rates = [100 * float(row[name]) for name in columns]
    assert [cited[0], *cited[2:]] == pytest.approx(rates, abs=0.0501)
    assert (row["suggested_action"] == "none") == (label == "no finding")


def test_the_same_tables_give_the_same_bytes(shop: Home, tmp_path: Path):
    settings = shop.write()
    export(settings, tmp_path / "a")
    for rows in shop.rows.values():
        rows.reverse()
    export(shop.write(), tmp_path / "b")
    assert bytes_in(tmp_path / "a") == bytes_in(tmp_path / "b")


def test_what_is_read_is_named(tmp_path: Path):
    """The tables whose absence is told are those that the queries name."""
    read: set[str] = set()
    for module in (tables, documents, graph):
        for n, query in enumerate(queries_in(module)):
            (tmp_path / f"{n}.sql").write_text(query)
            read |= Model(tmp_path / f"{n}.sql").reads
    assert read == set(READS) == set(SHAPES)


def queries_in(module: ModuleType) -> list[str]:
    texts = [value for value in vars(module).values() if isinstance(value, str)]
    return [text for text in texts if text.strip().startswith(("select", "with"))]


@pytest.mark.parametrize("name", [name for name in READS if name != "core.events"])
def test_the_tables_have_the_columns_that_are_read(name: str):
    """What the tests make by hand is what the files in `sql/` declare."""
    schema, table = name.split(".")
    if not (declared := set(model(f"{schema}/{table}.sql").columns)):
        pytest.skip("its columns are not declared in its own file")
    assert {column.split()[0] for column in SHAPES[name].split(", ")} - declared == set()


# ---- where they go ------------------------------------------------------------------------------


def test_an_earlier_export_is_replaced_as_a_whole(shop: Home, tmp_path: Path):
    out = tmp_path / "deep" / "out"
    settings = shop.write()
    export(settings, out)
    before = bytes_in(out)
    (out / "metrics.json").write_text("changed")
    (out / "user_graph.json").unlink()
    export(settings, out)
    assert bytes_in(out) == before
    assert {path.name for path in out.parent.iterdir()} == {"out"}
    assert stat.S_IMODE(out.stat().st_mode) == stat.S_IMODE(out.parent.stat().st_mode)


def test_an_empty_folder_and_a_link_to_one_are_filled(shop: Home, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    export(shop.write(), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert set(bytes_in(tmp_path / "empty")) == FILES


@pytest.mark.parametrize("strange", ["notes.txt", "dataset_info.json", ".hidden"])
def test_a_folder_of_somebody_else_is_left_alone(shop: Home, tmp_path: Path, strange: str):
    out = tmp_path / "out"
    out.mkdir()
    (out / strange).write_text('{"dataset_name": "mine"}')
    with pytest.raises(FolderError, match="holds something else"):
        export(shop.write(), out)
    assert bytes_in(out) == {strange: b'{"dataset_name": "mine"}'}
    assert {path.name for path in tmp_path.iterdir()} == {"home", "out"}


def test_what_somebody_added_to_an_export_is_not_lost(shop: Home, tmp_path: Path):
    settings = shop.write()
    export(settings, tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(FolderError, match=r"notes\.txt too, which would be lost"):
        export(settings, tmp_path / "out")
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


def test_a_file_in_the_way_is_told(shop: Home, tmp_path: Path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(FolderError, match="is a file"):
        export(shop.write(), tmp_path / "out")


def test_nobody_is_left_in_a_folder_that_is_gone(
    shop: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "out" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "out" / "deep")
    for place in (Path(), Path("..")):
        with pytest.raises(FolderError, match="is where you are"):
            export(shop.write(), place)
    export(shop.write(), Path("below"))
    assert set(bytes_in(Path("below"))) == FILES


def test_a_failure_leaves_what_was_there_and_nothing_else(
    shop: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = shop.write()
    export(settings, tmp_path / "out")
    before = bytes_in(tmp_path / "out")

    def fail(_con: duckdb.DuckDBPyConnection, path: Path) -> int:
        path.write_text("half")
        raise OSError("the disk is full")

    monkeypatch.setitem(WRITERS, "user_graph.json", fail)
    with pytest.raises(OSError, match="the disk is full"):
        export(settings, tmp_path / "out")
    assert bytes_in(tmp_path / "out") == before
    assert {path.name for path in tmp_path.iterdir()} == {"home", "out"}


def test_a_swap_that_fails_puts_the_old_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    place = tmp_path / "out"
    place.mkdir()
    (place / "a").write_text("old")
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if target == place and (path / "a").read_text() == "new":
            raise OSError("refused")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with (
        pytest.raises(OSError, match="refused"),
        whole(place, ["a"], lambda _place: True) as folder,
    ):
        (folder / "a").write_text("new")
    assert bytes_in(place) == {"a": b"old"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


# ---- when there is nothing to write -------------------------------------------------------------


def test_what_is_missing_is_told_before_anything_is_written(shop: Home, tmp_path: Path):
    with pytest.raises(WarehouseError, match=r"does not exist yet\. Make it: journey run"):
        export(shop.settings, tmp_path / "out")
    settings = shop.write(without="marts.page_centrality")
    with pytest.raises(WarehouseError, match=r"has no marts\.page_centrality yet"):
        export(settings, tmp_path / "out")
    shop.rows.clear()
    with pytest.raises(WarehouseError, match="holds no session"):
        export(shop.write(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_copy_of_another_version_is_told_in_a_line(shop: Home, tmp_path: Path):
    settings = shop.write()
    with duckdb.connect(settings.analytics) as con:
        con.execute("alter table marts.friction drop column telomesh_score")
    with pytest.raises(WarehouseError, match="of another version") as told:
        export(settings, tmp_path / "out")
    assert len(str(told.value).splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"home"}


def test_the_command_says_what_it_wrote(shop: Home, tmp_path: Path):
    home = shop.write().home
    out = tmp_path / "out"
    done = journey("export", "friction", "--dir", str(out), home=home)
    assert done.returncode == 0, done.stderr
    assert {Path(line).name for line in done.stdout.splitlines()} == FILES
    assert "13 files" in done.stderr
    again = journey("export", "friction", "--dir", str(out), "--json", home=home)
    told = json.loads(again.stdout)
    assert {Path(one["file"]).name for one in told} == FILES
    assert all(one["n_bytes"] == Path(one["file"]).stat().st_size for one in told)


def test_the_command_ends_with_the_code_that_says_why_not(shop: Home, tmp_path: Path):
    home = shop.write().home
    shutil.copytree(home, tmp_path / "out")
    empty = tmp_path / "empty"
    for words, there in (
        (("export", "friction"), home),
        (("export", "friction", "--dir", str(tmp_path / "out")), home),
        (("export", "friction", "--dir", str(tmp_path / "new")), empty),
        (("export", "everything", "--dir", str(tmp_path / "new")), home),
    ):
        refused = journey(*words, home=there)
        assert refused.returncode == 2, (words, refused)
        assert refused.stdout == ""
        assert "Traceback" not in refused.stderr
    assert not (tmp_path / "new").exists()
    assert not empty.exists()


def test_the_files_of_the_demo_agree_with_the_warehouse(ran: Path, tmp_path: Path):
    settings, out = Settings(home=ran), tmp_path / "out"
    n_rows = {file.path.name: file.n_rows for file in export(settings, out)}
    with duckdb.connect(settings.analytics, read_only=True) as con:

        def asked(query: str) -> Any:
            return con.execute(f"select {query}").fetchone()[0]

        tables = {"session_flows.csv": "core.steps", "event_chokepoints.csv": "marts.friction",
                  "final_report.csv": "marts.graph_metrics", "session_paths.json": "core.sessions",
                  "recurring_patterns.json": "marts.recurring_paths"}  # fmt: skip
        for name, table in tables.items():
            assert n_rows[name] == asked(f"count(*) from {table}"), name
        n_sessions, n_events = (
            asked(f"{one} from core.sessions") for one in ("count(*)", "sum(n_steps)")
        )
        n_fragile = asked("count(*) from marts.fragile_flows")
        n_open = asked("count(*) from core.sessions where is_open")
    metrics, info, linked, paths = (
        loaded(out / name)
        for name in ("metrics.json", "dataset_info.json", "user_graph.json", "session_paths.json")
    )
    assert metrics["total_sessions"] == info["num_sessions"] == len(paths) == n_sessions
    assert metrics["total_events"] == info["num_events"] == n_events
    assert sum(len(one["path"]) for one in paths) == n_events
    assert sum(node["n_exits"] for node in linked["nodes"]) == n_sessions
    assert sum(edge["weight"] for edge in linked["edges"]) == n_events - n_sessions
    assert len(linked["nodes"]) == metrics["node_count"]
    lost = [int(row["sessions_lost"]) for row in rows_in(out / "event_chokepoints.csv")]
    assert sum(lost) == n_sessions - n_open
    fragile = {row["session_id"] for row in rows_in(out / "high_friction_flows.csv")}
    assert len(fragile) == n_fragile


def test_the_how_to_works_as_it_says(tmp_path: Path):
    follow(HOWTO / "telomesh.md", tmp_path)


def test_nothing_is_pickled():
    """An export may come from anybody: reading it must run nothing."""
    assert {Path(name).suffix for name in FILES} == {".csv", ".json", ".graphml"}
    for path in Path(friction_export.__file__).parent.glob("*.py"):
        assert "pickle" not in path.read_text()
