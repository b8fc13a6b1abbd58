"""The friction page's data: it adds up, lists what it counts, and tells on nobody."""

import csv
import io
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from formulas import GUARDED
from friction_warehouse import GENERATED_AT, TABLES, Session, walks, warehouse
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from journey_dagster import site
from journey_dagster.cli import app
from journey_dagster.friction_page import MARTS, FrictionPage, build
from journey_dagster.friction_page.tables import SOURCES, csv_cell
from journey_dagster.friction_page.words import percent
from journey_dagster.settings import Settings
from journey_dagster.warehouse import connect

SETTINGS = Settings.model_construct(
    natural_exits=("/done",),
    **{
        name: field.default
        for name, field in Settings.model_fields.items()
        if name not in {"natural_exits", "home"}
    },
)
OPTIONAL = sorted(
    {*MARTS} - {"core.events", "core.horizon", "core.sessions", "core.steps", "core.users"}
)


def shown(page: str) -> str:
    return page.partition("?")[0].partition("#")[0] or "/"


names = st.text(min_size=1, max_size=12).filter(
    lambda name: name[0] not in "(?#" and shown(name) == name
)
steps = st.tuples(st.sampled_from("abcdefgh") | names, st.sampled_from(["View", "Error"]))
any_sessions = st.lists(
    st.builds(Session, st.integers(0, 9), st.lists(steps, min_size=1, max_size=12), st.booleans()),
    max_size=12,
)


def made(sessions: list[Session]) -> FrictionPage:
    with warehouse(sessions) as con:
        return build(con, SETTINGS, GENERATED_AT)


def rows(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    table = document["tables"].get(name) or document[name]
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def text(page: FrictionPage) -> bytes:
    return msgspec.json.encode(page.document, order="sorted") + b"".join(page.twins.values())


@pytest.fixture(scope="module")
def shop() -> FrictionPage:
    return made(walks(400))


@given(any_sessions)
@settings(max_examples=40, deadline=None)
def test_any_warehouse_makes_a_page_that_keeps_the_contract_and_adds_up(sessions: list[Session]):
    document = made(sessions).document
    site.validate("friction.v1", document)
    n = len(sessions)
    assert document["dataset"]["n_sessions"] == n
    assert document["dataset"]["n_steps"] == sum(len(session.steps) for session in sessions)
    matrix, flow = document["matrix"], document["steps"]
    if n == 0:
        assert matrix["reason"] == flow["reason"] == "There is no session."
        return
    assert matrix["reason"] is flow["reason"] is None
    assert sum(matrix["counts"][0]) == n
    assert sum(row[-1] for row in matrix["counts"]) == n
    columns = Counter()
    for step, _, n_sessions, _, _ in flow["boxes"]:
        columns[step] += n_sessions
    assert set(columns.values()) == {n}
    for anchor in document["around"]["anchors"]:
        sums = {sum(count for _, count in column) for column in anchor["columns"]}
        assert sums == {anchor["n_sessions"]}
        page = document["pages"][anchor["page"]]
        assert anchor["n_sessions"] == sum(
            page in {shown(step) for step, _ in session.steps} for session in sessions
        )


@given(any_sessions)
@settings(max_examples=25, deadline=None)
def test_a_list_is_as_long_as_its_number_and_holds_what_it_says(sessions: list[Session]):
    document = made(sessions).document
    told = rows(document, "sessions")
    pages = document["pages"]
    by_id = {f"{i:020x}": session for i, session in enumerate(sessions)}
    assert len({one["session_id"] for one in told}) == len(told)
    for row in rows(document, "chokepoints"):
        listed = [told[place] for place in row["sessions"]]
        assert len(listed) == min(row["n_sessions_lost"], 10 if row["has_support"] else 3)
        for one in listed:
            session = by_id[one["session_id"]]
            page, event = session.steps[-1]
            assert (shown(page), event) == (pages[row["page"]], row["event"])
            assert not session.is_open
            assert one["n_steps"] == len(session.steps)
            assert [pages[place] for place in one["path"]] == [shown(p) for p, _ in session.steps]
    for name in ("pairs", "loops"):
        for row in rows(document, name):
            assert len(row["sessions"]) == min(row["n_sessions"], 3), name
    for row in rows(document, "fragile_paths"):
        assert len(row["sessions"]) == min(row["n_sessions"], 10)


@pytest.mark.parametrize("recent", [1, 25])
def test_where_sessions_are_looked_for_first_changes_nothing(
    shop: FrictionPage, monkeypatch: pytest.MonkeyPatch, recent: int
):
    monkeypatch.setattr("journey_dagster.friction_page.sessions.RECENT", recent)
    assert text(made(walks(400))) == text(shop)


def test_the_same_sessions_in_any_order_give_the_same_bytes(shop: FrictionPage):
    with warehouse(walks(400)) as con:
        con.execute("set threads = 2")
        for name in [*TABLES, "core.steps"]:
            con.execute(f"create table shuffled as from {name} order by hash({name.split('.')[1]})")
            con.execute(f"create or replace table {name} as from shuffled")
            con.execute("drop table shuffled")
        assert text(build(con, SETTINGS, GENERATED_AT)) == text(shop)


def test_nobody_is_named_but_who_made_their_report_public(shop: FrictionPage):
    assert b"user_id" not in text(shop)
    slugs = {row["slug"] for row in rows(shop.document, "sessions")} - {None}
    assert slugs
    assert all(slug.endswith("1") for slug in slugs)
    rest = {**shop.document, "sessions": None}
    assert "synthetic-user" not in json.dumps(rest)
    assert not any(b"synthetic-user" in content for content in shop.twins.values())


def test_what_follows_a_question_mark_is_not_published():
    page = made([Session(1, [("/a?token=secret", "View"), ("/b#secret", "View")])])
    assert b"secret" not in text(page)


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_missing_mart_leaves_its_reason_and_the_rest(shop: FrictionPage, name: str):
    with warehouse(walks(400)) as con:
        con.execute(f"drop table {name}")
        document = build(con, SETTINGS, GENERATED_AT).document
    site.validate("friction.v1", document)
    assert f"{name} is not built yet." in json.dumps(document)
    for table in SOURCES:
        told = document["tables"][table]["reason"]
        assert bool(told) == (SOURCES[table].mart == name)
    assert document["dataset"] == shop.document["dataset"]


@pytest.mark.parametrize("name", sorted({source.mart for source in SOURCES.values()}))
def test_an_empty_mart_says_why(name: str):
    with warehouse(walks(400)) as con:
        con.execute(f"delete from {name}")
        document = build(con, SETTINGS, GENERATED_AT).document
    site.validate("friction.v1", document)
    for table, source in SOURCES.items():
        assert (document["tables"][table]["reason"] == source.empty) == (source.mart == name)


def test_a_mart_of_an_older_shape_is_read_as_far_as_it_goes():
    with warehouse(walks(50)) as con:
        con.execute("alter table marts.friction drop column telomesh_score")
        con.execute("alter table marts.loops drop column n")
        document = build(con, SETTINGS, GENERATED_AT).document
    site.validate("friction.v1", document)
    assert {row["telomesh_score"] for row in rows(document, "chokepoints")} == {None}
    assert document["tables"]["loops"]["reason"] == "marts.loops has no n."


@pytest.mark.parametrize(
    ("figure", "rows_lost"),
    [
        ("matrix", "marts.transitions where from_page = '(entry)'"),
        ("matrix", "marts.transitions where to_page = '(exit)'"),
        ("steps", "marts.sankey where step_index = 2 and to_page = '(exit)'"),
    ],
)
def test_a_figure_that_does_not_add_up_is_left_out(figure: str, rows_lost: str):
    with warehouse(walks(50)) as con:
        con.execute(f"delete from {rows_lost}")
        document = build(con, SETTINGS, GENERATED_AT).document
    assert "not to the 50 sessions" in document[figure]["reason"]
    site.validate("friction.v1", document)


def test_small_samples_never_lead():
    once = [Session(50, [("/rare", "Open")])]
    document = made([*walks(400), *once]).document
    table = rows(document, "chokepoints")
    places = {document["pages"][row["page"]]: i for i, row in enumerate(table)}
    ranked = [row for row in table if row["friction_rank"] is not None]
    assert table[: len(ranked)] == ranked
    assert places["/rare"] >= len(ranked)
    assert not any("/rare" in sentence["text"] for sentence in document["summary"])


def test_the_summary_names_the_numbers_of_the_rows(shop: FrictionPage):
    (first, *_) = [row for row in rows(shop.document, "chokepoints") if row["is_chokepoint"]]
    sentence = shop.document["summary"][0]["text"]
    for number in (first["n_visits"], first["n_sessions_lost"], first["n_users_lost"]):
        assert f"{number:,}" in sentence
    assert shop.document["pages"][first["page"]] in sentence
    assert percent(first["exit_rate"]) in sentence


def test_without_a_chokepoint_the_summary_says_so():
    document = made([Session(i, [("/a", "View"), ("/b", "View")]) for i in range(4)]).document
    assert document["summary"][0]["text"].startswith("No page and event loses more sessions")


@pytest.mark.parametrize("name", ["periods", "visitors"])
def test_the_summary_tells_of_each_comparison(shop: FrictionPage, name: str):
    compared = rows(shop.document, name)
    assert shop.document["counts"]["n_compared"][name] == len(compared)
    beyond = [row for row in compared if row["is_significant"]]
    assert shop.document["counts"]["n_significant"][name] == len(beyond) > 0
    largest = max(beyond, key=lambda row: abs(row["rate_difference"]))
    told = [each["text"] for each in shop.document["summary"] if each["section"] == "comparisons"]
    (sentence,) = [text for text in told if ("first visits" in text) == (name == "visitors")]
    for side in ("", "_against"):
        n, rate = largest[f"n_visits{side}"], percent(largest[f"rate{side}"])
        assert f"{rate} (n\u00a0=\u00a0{n:,})" in sentence


def test_where_no_difference_is_beyond_chance_the_summary_says_of_how_many():
    with warehouse(walks(400)) as con:
        con.execute("update marts.friction_comparisons set is_significant = false")
        document = build(con, SETTINGS, GENERATED_AT).document
    told = [each["text"] for each in document["summary"] if each["section"] == "comparisons"]
    for text, n in zip(told, document["counts"]["n_compared"].values(), strict=True):
        assert text.startswith("No exit rate ")
        assert f"({n} pairs compared)" in text


@pytest.mark.parametrize(("n", "can_compare"), [(6 * 28 - 1, False), (6 * 28 + 13, True)])
def test_data_shorter_than_two_periods_is_the_reason(n: int, can_compare: bool):
    """Sessions lie four hours apart: six are a day, and they begin at eight in the morning."""
    with warehouse([Session(1, [("/a", "View")]) for _ in range(n)]) as con:
        con.execute("delete from marts.friction_comparisons")
        tables = build(con, SETTINGS, GENERATED_AT).document["tables"]
    short = "The data begins on 2025-10-01, and nothing lies before the last 28 whole days."
    expected = SOURCES["periods"].empty if can_compare else short
    assert tables["periods"]["reason"] == expected
    assert tables["visitors"]["reason"] == SOURCES["visitors"].empty


def test_where_nobody_came_twice_there_is_nobody_who_returns():
    with warehouse([Session(i, [("/a", "View")]) for i in range(9)]) as con:
        tables = build(con, SETTINGS, GENERATED_AT).document["tables"]
    assert tables["visitors"]["reason"] == "Nobody has come for a second session yet."


def test_the_twins_hold_all_rows_and_no_formula(shop: FrictionPage):
    with warehouse(walks(400)) as con:
        for name, source in SOURCES.items():
            parsed = list(csv.reader(io.StringIO(shop.twins[name].decode(), newline="")))
            (n,) = con.execute(
                f"select count(*) from {source.mart} where {source.where}"
            ).fetchone()
            assert parsed[0] == list(source.columns)
            assert len(parsed) == n + 1, name
    risky = made([Session(1, [("=1+1", "@SUM"), ("\t-2", "+3")])])
    for content in risky.twins.values():
        for row in csv.reader(io.StringIO(content.decode(), newline="")):
            assert not any(cell.startswith(("=", "@", "+", "\t")) for cell in row)


def test_a_page_is_a_few_kilobytes_whatever_the_site():
    draw = random.Random(3)  # noqa: S311  no secret
    crowd = [
        Session(draw.randrange(300), [(f"/page/{draw.randrange(2000)}", "View") for _ in range(9)])
        for _ in range(3000)
    ]
    page = made(crowd)
    assert len(msgspec.json.encode(page.document)) < 150_000
    assert len(page.document["graph"]["nodes"]) <= 40
    assert len(page.document["matrix"]["to"]) <= 27
    assert sum(row[-1] for row in page.document["matrix"]["counts"]) == 3000


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0, "0"),
        (0.0004, "under 0.1"),
        (0.031, "3.1"),
        (0.05, "5"),
        (0.66, "66"),
        (0.999, "over 99"),
        (1, "100"),
    ],
)
def test_shares_are_written_as_the_page_writes_them(share: float, said: str):
    assert percent(share) == f"{said}\u00a0%"


def test_a_session_that_is_no_more_is_an_error():
    with warehouse(walks(400)) as con:
        gone = con.execute("select min(session_id) from marts.fragile_flows").fetchone()
        con.execute("delete from core.sessions where session_id = $1", gone)
        with pytest.raises(KeyError):
            build(con, SETTINGS, GENERATED_AT)


def test_before_and_after_a_page_are_counted_from_its_first_stop():
    path = [("/a", "View"), ("/b", "View"), ("/b", "Click"), ("/c", "View"), ("/b", "View")]
    document = made([Session(1, path), Session(2, path[:3])]).document
    pages = document["pages"]
    told = {
        pages[anchor["page"]]: [
            {pages[page]: n for page, n in column} for column in anchor["columns"]
        ]
        for anchor in document["around"]["anchors"]
    }
    assert told["/b"] == [
        {"(entry)": 2},
        {"(entry)": 2},
        {"/a": 2},
        {"/b": 2},
        {"/c": 1, "(exit)": 1},
        {"/b": 1, "(exit)": 1},
        {"(exit)": 2},
    ]


# ---- publishing ---------------------------------------------------------------------------------


def publish(folder: Path, page: FrictionPage, generated_at: str) -> bytes:
    document = {**page.document, "generated_at": generated_at}
    return site.write_page_data(folder, "friction.v1", "friction", document, page.twins)


def test_the_same_data_keeps_the_file_and_its_build_time(tmp_path: Path, shop: FrictionPage):
    first = publish(tmp_path, shop, "2026-01-01T00:00:00Z")
    assert publish(tmp_path, shop, "2026-01-02T00:00:00Z") == first
    assert (tmp_path / "data" / "friction.json").read_bytes() == first
    other = publish(tmp_path, made(walks(50)), "2026-01-02T00:00:00Z")
    assert b"2026-01-02T00:00:00Z" in other


def test_twins_lie_beside_it_and_old_ones_go(tmp_path: Path, shop: FrictionPage):
    publish(tmp_path, shop, "2026-01-01T00:00:00Z")
    old = tmp_path / "data" / "csv" / "friction-old.csv"
    strange = tmp_path / "data" / "csv" / "mine.csv"
    old.write_text("a")
    strange.write_text("a")
    publish(tmp_path, shop, "2026-01-01T00:00:00Z")
    assert not old.exists()
    assert strange.exists()
    names = {path.name for path in (tmp_path / "data" / "csv").glob("friction-*.csv")}
    assert names == {f"friction-{name}.csv" for name in SOURCES}


def test_a_document_that_breaks_the_contract_is_not_written(tmp_path: Path, shop: FrictionPage):
    broken = FrictionPage({**shop.document, "surprise": 1}, shop.twins)
    with pytest.raises(site.ContractError, match="surprise"):
        publish(tmp_path, broken, "2026-01-01T00:00:00Z")
    assert not (tmp_path / "data").exists()


def test_the_index_of_people_leaves_the_pages_alone(tmp_path: Path, shop: FrictionPage):
    publish(tmp_path, shop, "2026-01-01T00:00:00Z")
    gone = tmp_path / "data" / "gone.json"
    gone.write_text("{}")
    site.write_index(tmp_path, None, [])
    assert (tmp_path / "data" / "friction.json").is_file()
    assert not gone.exists()


def test_the_contract_is_closed_and_explained():
    schema = json.loads((site.SCHEMAS / "friction.v1.schema.json").read_text(encoding="utf-8"))
    todo = [schema]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo.extend(node)
        elif isinstance(node, dict):
            todo.extend(node.values())
            if isinstance(node.get("properties"), dict) and "type" in node:
                assert node["additionalProperties"] is False
                assert set(node["required"]) == set(node["properties"])
                assert all(child.get("description") for child in node["properties"].values())
            if "prefixItems" in node:
                assert node["items"] is False
                assert node["minItems"] == len(node["prefixItems"])


def test_the_page_is_exported_as_one_file(
    tmp_path: Path, shop: FrictionPage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    there = Settings()
    missing = CliRunner().invoke(app, ["site", "export", "friction"])
    assert missing.exit_code == 1
    publish(there.site, shop, "2026-01-01T00:00:00Z")
    done = CliRunner().invoke(app, ["site", "export", "friction"])
    assert done.exit_code == 0
    name = f"journey-friction-{shop.document['data_through'][:10]}.html"
    assert done.stdout.strip() == name
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert "src=" not in text.replace('src="data:', "")
    assert "journey run" in missing.stderr
    chosen = CliRunner().invoke(app, ["site", "export", "friction", "--out", "other.html"])
    assert chosen.stdout.strip() == "other.html"
    assert (tmp_path / "other.html").read_text(encoding="utf-8") == text


# ---- the demo -----------------------------------------------------------------------------------


def test_every_page_of_the_demo_counts_the_same_sessions(ran: Path):
    text = (ran / "site" / "data" / "friction.json").read_bytes()
    document = json.loads(text)
    with duckdb.connect(ran / "analytics.duckdb", read_only=True) as con:
        (n,) = con.execute("select count(*) from core.sessions").fetchone()
        assert con.execute("select n_sessions from marts.flow_metrics").fetchone() == (n,)
    assert document["dataset"]["n_sessions"] == n
    assert sum(row[-1] for row in document["matrix"]["counts"]) == n
    columns = Counter()
    for step, _, n_sessions, _, _ in document["steps"]["boxes"]:
        columns[step] += n_sessions
    assert set(columns.values()) == {n}
    users = json.loads((ran / "site" / "data" / "users.json").read_text())["users"]
    assert sum(user["n_sessions"] for user in users) == n
    assert not [
        name for name, t in document["tables"].items() if "not built" in (t["reason"] or "")
    ]
    assert len(text) <= 150_000
    alone = (ran / "site" / "export" / "friction.html").read_text(encoding="utf-8")
    assert text.decode().strip().replace("<", "\\u003c") in alone


def test_the_demo_names_nobody(ran: Path):
    with duckdb.connect(ran / "analytics.duckdb", read_only=True) as con:
        people = con.execute("select user_id, slug, display_name from core.users").fetchall()
    files = [ran / "site" / "data" / "friction.json", *(ran / "site" / "data" / "csv").iterdir()]
    for file in files:
        content = file.read_text(encoding="utf-8")
        for names in people:
            assert not [name for name in names if name and f'"{name}"' in content], file


def test_building_again_gives_the_same_bytes(demo_home: Settings):
    first, second = [], []
    for texts in (first, second):
        with connect(demo_home.database) as con:
            texts.append(text(build(con, demo_home, GENERATED_AT)))
    assert first == second


@pytest.mark.parametrize("text", GUARDED)
def test_no_cell_of_a_twin_is_run(text):
    assert csv_cell("event", text) == GUARDED[text]
