"""A load is all or nothing, the same bytes count once, and what landed is never lost."""

import hashlib
import itertools
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from topic_files import (
    AT,
    HEADER,
    KSQL,
    LANDED_AT,
    LIGHT,
    Home,
    csv_file,
    ksql,
    lines,
    make_events,
    raw_ksql,
    views,
)

from journey_dagster import warehouse
from journey_dagster.models import model
from journey_dagster.settings import Settings
from journey_dagster.topics import TopicError, exports, segments
from journey_dagster.topics.files import split

HERE = Path(__file__).parent
MIXED = lines(
    *views(5),
    b"{",
    ksql(USERID=1.5),
    ksql(USERID="a", _user_id="b"),
    ksql(TIMESTAMP="soon"),
    b"[1]",
    b'"\xff"',
    raw_ksql(b'"X":NaN'),
    *views(2, "kim"),
)
"""Seven events and seven that are none."""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of three records, so that a handful makes several."""
    monkeypatch.setattr(segments, "RECORDS", 3)


UNBALANCED = """
    from raw.segments as s
    where n_consumed <> last_offset - first_offset + 1
        or n_consumed <> n_accepted + n_quarantined + n_tombstones + n_erased
        or n_accepted <> (
            select count(*) from raw.records as r
            where r.topic = s.topic and r."offset" between s.first_offset and s.last_offset
        )
        or n_quarantined <> (
            select count(*) from meta.quarantine as q
            where q.topic = s.topic and q."offset" between s.first_offset and s.last_offset
        )
"""
"""Segments whose records are not all accounted for."""


# ---- what a load leaves -----------------------------------------------------------------------


@pytest.mark.usefixtures("small")
def test_every_record_of_every_segment_is_an_event_or_set_aside(home: Home) -> None:
    receipt = home.take("mixed.json", MIXED)
    assert (receipt.n_consumed, receipt.n_accepted, receipt.n_quarantined) == (14, 7, 7)
    assert receipt.quarantined == {
        "bad_encoding": 1,
        "bad_json": 2,
        "bad_time": 1,
        "bad_type": 1,
        "identity_conflict": 1,
        "not_object": 1,
    }
    assert len(home.state()["raw.segments"]) == 5
    assert home.rows(UNBALANCED) == []


def test_what_is_set_aside_keeps_its_bytes_and_its_place(home: Home) -> None:
    home.take("mixed.json", MIXED)
    with home.connect() as con:
        found = con.execute('select "offset", value from meta.quarantine order by all').fetchall()
    wanted = MIXED.splitlines()
    assert found == [(at, wanted[at]) for at in range(5, 12)]


@pytest.mark.usefixtures("small")
def test_segments_hold_the_bytes_of_the_file_in_its_order(home: Home) -> None:
    home.take("mixed.json", MIXED)
    found = list(segments.find(home.raw))
    values = [value for one in found for value in one.read().column("value").to_pylist()]
    offsets = [at for one in found for at in one.read().column("offset").to_pylist()]
    assert values == MIXED.splitlines()
    assert offsets == [*range(14)]
    assert [(one.first, one.last) for one in found] == [(0, 2), (3, 5), (6, 8), (9, 11), (12, 13)]


@pytest.mark.usefixtures("small")
def test_the_manifest_names_each_segment_with_its_checksum(home: Home) -> None:
    home.take("mixed.json", MIXED)
    for path, sha256 in home.rows("select path, sha256 from raw.segments"):
        assert hashlib.sha256((home.raw / path).read_bytes()).hexdigest() == sha256


@pytest.mark.usefixtures("small")
def test_the_manifest_counts_events_and_duplicates(home: Home) -> None:
    home.take("a.json", lines(*views(4), views(1)[0]))
    home.take("b.json", lines(*views(6)))
    home.events()
    with home.connect() as con:
        warehouse.replace(con, model("meta/manifest.sql"), Settings().sql_parameters())
    found = home.rows("select sum(n_accepted), sum(n_events), sum(n_duplicates) from meta.manifest")
    assert found == [("11", "6", "5")]


def test_only_users_whose_records_can_be_read_exist(home: Home) -> None:
    home.take("a.json", lines(ksql(USERID="one"), b'{"USERID":"none of him"}'))
    assert home.events("user_id") == [("one",)]


def test_a_time_outside_all_calendars_is_quarantined(home: Home) -> None:
    edges = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-01-01T00:00:00Z")
    receipt = home.take("edges.json", lines(*(ksql(TIMESTAMP=edge) for edge in edges)))
    assert (receipt.n_accepted, receipt.quarantined) == (1, {"bad_time": 2})


def test_whatever_the_decoder_takes_the_warehouse_takes(home: Home) -> None:
    odd = [
        raw_ksql(b'"X":' + b"9" * 4000),
        raw_ksql(b'"X":1e308,"Y":-1e-308'),
        raw_ksql(b'"X\\u0000":"\\u0000","USERID":"a\\u0000b","TITLE":"\\u0000"'),
        ksql(TITLE="\u202e\ufeff\U0001f600", TAGS=["\0", "a"], X={"": [None, {}]}),
        ksql(URL="x" * 10**6),
    ]
    assert home.take("odd.json", lines(*odd)).n_accepted == len(odd)
    assert len(home.events()) == len(odd)


def test_events_of_impossible_times_are_kept_and_flagged(home: Home) -> None:
    times = ["1970-01-02T00:00:00Z", "2262-01-01T00:00:00Z", AT]
    home.take("a.json", lines(*[ksql(TIMESTAMP=at, X=at) for at in times]))
    assert home.events("noise_reason, is_noise") == [
        ("before_earliest", "true"),
        ("in_future", "true"),
        (None, "false"),
    ]


# ---- the same again ---------------------------------------------------------------------------


def test_rows_of_other_zones_are_other_events(home: Home) -> None:
    """Equal cells that mean two moments: neither may stand for the other."""
    for name, zone in (("a.csv", "UTC"), ("b.csv", "America/New_York")):
        path = home.file(
            name, csv_file("u,2024-01-01 10:00:00,/home,view") + b"\n" * (zone != "UTC")
        )
        home.ingest(path, "csv", timezone=zone)
    assert len(home.events()) == 2


@pytest.mark.parametrize(
    "other",
    [
        b"USER_ID,Timestamp,Page,Event\nu,2024-01-01 10:00:00Z,/home,view\n",
        b"user_id,timestamp,page_url,event_name\nu,2024-01-01T10:00:00.000Z,/home,view\n",
        b"event,page,timestamp,user_id,note\nview,/home,2024-01-01 11:00:00+01:00,u,\n",
    ],
)
def test_one_row_in_exports_of_other_dress_is_one_event(home: Home, other: bytes) -> None:
    home.ingest(home.file("a.csv", csv_file("u,2024-01-01T10:00:00Z,/home,view")), "csv")
    home.ingest(home.file("b.csv", other), "csv")
    assert len(home.events()) == 1


def test_the_same_file_again_changes_nothing(home: Home) -> None:
    path = home.file("mixed.json", MIXED)
    first = home.ingest(path)
    before, landed = home.state(), home.landed()
    again = home.ingest(path)
    assert (first.is_new, again.is_new) == (True, False)
    assert (again.topic, again.n_consumed, again.quarantined) == (
        first.topic,
        first.n_consumed,
        first.quarantined,
    )
    assert (home.state(), home.landed()) == (before, landed)
    assert home.load_landed() == []
    assert home.state() == before


def test_the_same_bytes_under_another_name_are_the_same_file(home: Home) -> None:
    first = home.take("january.json", MIXED)
    before, landed = home.state(), home.landed()
    again = home.take("copy of january.txt", MIXED)
    assert (again.topic, again.is_new) == (first.topic, False)
    assert (home.state(), home.landed()) == (before, landed)


def test_other_bytes_under_the_same_name_are_another_file(home: Home) -> None:
    one = home.take("export.json", lines(*views(2)))
    other = home.take("export.json", lines(*views(3)))
    assert one.topic != other.topic
    assert len(home.landed()) == 2


@pytest.mark.parametrize("name", [".json", "ÄÖ.json", "x" * 200, "a/../b.json", "-rf *.json"])
def test_a_file_of_any_name_is_a_topic_of_plain_letters(home: Home, name: str) -> None:
    (home.root / "sources" / "a").mkdir(parents=True)
    topic = home.take(name, MIXED).topic
    assert set(topic) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert home.landed() == [f"ksql/{topic}"]


def test_the_same_bytes_on_another_clock_are_refused(home: Home) -> None:
    path = home.file("a.csv", csv_file("u,2026-01-01 10:00:00,/,view"))
    home.ingest(path, "csv", timezone="Europe/Berlin")
    before = home.state()
    for zone in ("UTC", "America/New_York"):
        with pytest.raises(TopicError, match=r"ingested before with --timezone Europe/Berlin"):
            home.ingest(path, "csv", timezone=zone)
    assert home.state() == before
    assert not home.ingest(path, "csv", timezone="Europe/Berlin").is_new


def test_the_same_bytes_by_other_columns_are_refused(home: Home) -> None:
    path = home.file("a.csv", csv_file(f"u,{AT},/,view,v", header=(*HEADER, "visitor")))
    home.ingest(path, "csv", mapping={"user_id": "visitor"})
    before = home.state()
    with pytest.raises(TopicError, match="ingested before with --map user_id=visitor"):
        home.ingest(path, "csv")
    assert home.state() == before


def test_a_topic_whose_segments_were_taken_away_is_taken_in_again(home: Home) -> None:
    path = home.file("mixed.json", MIXED)
    home.ingest(path)
    for segment in home.raw.rglob("*.parquet"):
        segment.unlink()
    home.delete_warehouse()
    home.ingest(path)
    assert len(home.state()["raw.records"]) == 7


# ---- refused files ----------------------------------------------------------------------------

GOOD = csv_file(f"u,{AT},/,view").decode()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.json", b"[" + b",".join(views(9))[:-9], "cut short"),
        ("a.json", b"[" + b",".join(views(9)) + b"] x", "text follows"),
        ("a.json", b"\n \n", "holds no records"),
        ("a.json", b"[]", "holds no records"),
        ("a.json", b"<html>\n</html>\n", "none of its 2 records could be read"),
        ("a.json", lines(*views(9), ksql(TIMESTAMP="2026-01-01 10:00")), "record 10: .* no time z"),
        ("a.json", lines(b"{", ksql(TIMESTAMP="2026-01-01 10:00")), "record 2: .* no time zone"),
        ("a.csv", (GOOD + "u,1,/,view\n").encode() + b'"', "left open"),
        ("a.csv", GOOD.splitlines()[0].encode(), "holds no records"),
        ("a.csv", GOOD.replace("Z", "").encode(), "states no time zone"),
    ],
    ids=[*range(10)],
)
@pytest.mark.usefixtures("small")
def test_a_refused_file_leaves_nothing(home: Home, name: str, content: bytes, told: str) -> None:
    path = home.file(name, content)
    with pytest.raises(TopicError, match=told):
        home.ingest(path, "csv" if name == "a.csv" else "ksql")
    assert home.holds_nothing()
    assert home.load_landed() == []


def test_a_refused_file_takes_nothing_from_those_before(home: Home) -> None:
    home.take("good.json", MIXED)
    before, landed = home.state(), home.landed()
    with pytest.raises(TopicError):
        home.take("bad.json", b"[" + MIXED)
    assert (home.state(), home.landed()) == (before, landed)


def test_a_mended_file_is_taken_in(home: Home) -> None:
    content = csv_file("u,2026-01-01 10:00:00,/,view")
    with pytest.raises(TopicError):
        home.take("a.csv", content, "csv")
    assert home.ingest(home.file("a.csv", content), "csv", timezone="Europe/Berlin").is_new
    assert home.rows("select occurred_at from raw.records") == [("2026-01-01 09:00:00+00",)]


# ---- duplicates -------------------------------------------------------------------------------


def test_overlapping_files_hold_each_event_once(home: Home) -> None:
    home.take("a.json", lines(*views(10)[:7]))
    home.take("b.json", lines(*views(10)[4:]))
    home.take("c.json", b"[" + b",".join(views(10)) + b"]")
    assert len(home.state()["raw.records"]) == 7 + 6 + 10
    assert sorted(home.events("message_id")) == [(f"robin-{i}",) for i in range(10)]
    counted = Counter(home.events("n_deliveries"))
    assert counted == {("2",): 7, ("3",): 3}


def test_overlapping_tables_hold_each_row_as_often_as_the_fullest_does(home: Home) -> None:
    same, other = f"u,{AT},/a,view", f"u,{AT},/b,view"
    home.take("a.csv", csv_file(same, same, other), "csv")
    home.take("b.csv", csv_file(same, same, same), "csv")
    home.take("c.csv", csv_file(same), "csv")
    assert home.events("page") == [("/a",), ("/a",), ("/a",), ("/b",)]


def test_equal_rows_of_one_file_are_as_many_events(home: Home) -> None:
    home.take("a.csv", csv_file(*[f"u,{AT},/a,click"] * 5), "csv")
    assert len(home.events()) == 5
    assert len(set(home.events("event_id"))) == 5


def test_equal_records_with_a_message_id_are_one_event(home: Home) -> None:
    home.take("a.json", lines(*views(1) * 4, ksql(URL="/"), ksql(URL="/")))
    assert home.events("message_id, n_deliveries") == [("robin-0", "4"), (None, "1"), (None, "1")]
    header = (*HEADER, "event_id")
    home.take("a.csv", csv_file(*[f"u,{AT},/a,click,7"] * 3, header=header), "csv")
    assert len(home.events()) == 4


def test_one_message_id_with_two_contents_is_two_events_with_a_flag(home: Home) -> None:
    home.take("a.json", lines(ksql(MESSAGEID="m", URL="/a"), ksql(MESSAGEID="n", URL="/a")))
    home.take("b.json", lines(ksql(MESSAGEID="m", URL="/b"), ksql(MESSAGEID="m", URL="/a")))
    assert home.events("message_id, url, is_id_conflict") == [
        ("m", "/a", "true"),
        ("m", "/b", "true"),
        ("n", "/a", "false"),
    ]


def test_key_order_and_the_way_of_delivery_make_no_second_event(home: Home) -> None:
    forms = [{"A": 1, "B": 2}, {"B": 2, "A": 1}, {"A": 1, "_offset": 5, "B": 2, "_partition": 1}]
    for number, form in enumerate(forms):
        home.take(f"{number}.json", lines(ksql(USERID="u", **form)))
    assert home.events("n_deliveries") == [("3",)]


def test_the_same_words_of_two_users_are_two_events(home: Home) -> None:
    home.take("a.json", lines(ksql(_user_id="robin", URL="/")))
    home.take("b.json", lines(ksql(_user_id="kim", URL="/")))
    assert home.events("user_id") == [("kim",), ("robin",)]


@pytest.mark.parametrize("no_id", ["null", "None", " "])
def test_the_names_of_no_id_make_nothing_a_duplicate(home: Home, no_id: str) -> None:
    header = (*HEADER, "event_id")
    home.take("a.csv", csv_file(*[f"u,{AT},/a,click,{no_id}"] * 3, header=header), "csv")
    assert len(home.events()) == 3


def test_an_event_was_received_when_it_first_came(home: Home) -> None:
    for name, second in (("a", 2), ("b", 1), ("c", 3)):
        record = ksql(MESSAGEID="m", _kafka_timestamp=f"2026-01-01T00:00:0{second}Z")
        home.take(f"{name}.json", lines(record))
    assert home.events("received_at") == [("2026-01-01 00:00:01+00",)]


POOL = [
    *views(6),
    *views(2, "kim"),
    ksql(USERID="robin", MESSAGEID="robin-0", URL="https://x.org/other"),
    ksql(USERID=7, MESSAGEID="seven", TAGS="[a, b]", IS_PAID="true"),
    ksql(MESSAGEID="nobody"),
    ksql(USERID="robin", MESSAGEID="future", TIMESTAMP="2030-01-01T00:00:00Z"),
]
COLUMNS = 'columns(* exclude (topic, "partition", "offset", n_deliveries, tie_break))::varchar'


@st.composite
def _arranged(draw: st.DrawFn) -> list[list[bytes]]:
    """The pool in files: shuffled, split anywhere, with records and whole files repeated."""
    again = draw(st.lists(st.sampled_from(POOL), max_size=6))
    records = draw(st.permutations([*POOL, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(records)), max_size=4)))
    files = [records[a:b] for a, b in itertools.pairwise([0, *cuts, len(records)])]
    return [file for file in [*files, *draw(st.lists(st.sampled_from(files), max_size=2))] if file]


@given(_arranged())
@settings(database=None, deadline=None, max_examples=25)
def test_any_split_order_and_repetition_gives_the_same_events(
    arranged: list[list[bytes]],
) -> None:
    expected = _events_of_the_pool()
    assert len(expected) == len(POOL)
    assert _events_of(arranged) == expected


@cache
def _events_of_the_pool() -> list[tuple[str, ...]]:
    return _events_of([POOL])


def _events_of(arranged: list[list[bytes]]) -> list[tuple[str, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        with home.connect() as con:
            for number, records in enumerate(arranged):
                path = home.file(f"{number}.json", lines(*records))
                exports.ingest_file(con, Settings(home=home.root), path, KSQL, LANDED_AT)
            assert con.execute(UNBALANCED).fetchall() == []
            make_events(con)
            return con.execute(f"select {COLUMNS} from core.events order by event_id").fetchall()


# ---- rebuilt from raw -------------------------------------------------------------------------


@pytest.mark.usefixtures("small")
def test_a_deleted_warehouse_is_rebuilt_row_for_row(home: Home) -> None:
    home.take("mixed.json", MIXED)
    home.take("b.json", lines(*views(5)))
    rows = csv_file("u,2026-03-29 10:00:00,/,view", f"v,{AT},https://x.org/1,view", "bad")
    home.ingest(home.file("a.csv", rows), "csv", timezone="Europe/Berlin")
    before, events = home.state(), home.events()
    home.delete_warehouse()
    receipts = home.load_landed()
    assert len(receipts) == 3
    assert home.state() == before
    assert home.events() == events


def test_a_rebuilt_warehouse_knows_its_files(home: Home) -> None:
    path = home.file("mixed.json", MIXED)
    home.ingest(path)
    before = home.state()
    home.delete_warehouse()
    assert home.ingest(path).n_consumed == 14  # the bytes are landed, so they are loaded from there
    assert home.state() == before
    assert not home.ingest(path).is_new


def test_a_table_of_another_shape_is_filled_anew(home: Home) -> None:
    home.take("mixed.json", MIXED)
    before = home.state()
    with home.connect() as con:
        con.execute("alter table raw.records drop column title")
    assert len(home.load_landed()) == 1
    assert home.state() == before


@pytest.mark.usefixtures("small")
def test_a_segment_that_is_missing_from_the_manifest_is_loaded_alone(home: Home) -> None:
    home.take("mixed.json", MIXED)
    before = home.state()
    with home.connect() as con:
        con.execute("delete from raw.segments where first_offset = 3")
        for table in ("raw.records", "meta.quarantine"):
            con.execute(f'delete from {table} where "offset" between 3 and 5')
    (receipt,) = home.load_landed()
    assert receipt.n_consumed == 3
    assert home.state() == before


def test_hidden_and_foreign_files_below_raw_are_left_alone(home: Home) -> None:
    home.take("mixed.json", MIXED)
    before = home.state()
    (topic,) = home.raw.glob("*/*")
    shutil.copytree(topic, topic.with_name(".half.new"))
    (topic / "0" / ".x.parquet").write_bytes(b"half")
    (topic / "0" / "README").write_text("not a segment")
    (home.raw / "ksql" / "note.txt").write_text("not a topic")
    assert home.load_landed() == []
    assert home.state() == before


# ---- killed in between ------------------------------------------------------------------------


def _reference(tmp_path: Path, content: bytes) -> dict[str, list[tuple[str, ...]]]:
    whole = Home(tmp_path / "whole")
    whole.take("mixed.json", content)
    return whole.state()


def _heal_by_loading(home: Home, path: Path) -> None:
    home.load_landed()
    home.ingest(path)


def _heal_by_ingesting(home: Home, path: Path) -> None:
    home.ingest(path)
    home.load_landed()


HEALING = pytest.mark.parametrize("heal", [_heal_by_loading, _heal_by_ingesting])


@pytest.mark.usefixtures("small")
def test_a_full_disk_before_the_rename_leaves_nothing(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home.file("mixed.json", MIXED)
    with monkeypatch.context() as patched:
        patched.setattr(segments, "place", _fails)
        with pytest.raises(OSError, match="No space left"):
            home.ingest(path)
    assert home.holds_nothing()
    assert home.ingest(path).is_new
    assert home.state() == _reference(tmp_path, MIXED)


@pytest.mark.usefixtures("small")
def test_a_full_disk_while_segments_are_written_leaves_nothing(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home.file("mixed.json", MIXED)
    with monkeypatch.context() as patched:
        patched.setattr(segments, "sync", _fails)
        with pytest.raises(OSError, match="No space left"):
            home.ingest(path)
    assert home.holds_nothing()
    assert home.ingest(path).is_new
    assert home.state() == _reference(tmp_path, MIXED)


def _fails(*_: object) -> None:
    raise OSError(28, "No space left on device")


@contextmanager
def _uncommitted(con: duckdb.DuckDBPyConnection) -> Generator[None]:
    con.begin()
    yield
    con.rollback()
    _fails()


@HEALING
@pytest.mark.usefixtures("small")
def test_a_failed_commit_behind_the_rename_is_healed(
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    heal: Callable[[Home, Path], None],
) -> None:
    path = home.file("mixed.json", MIXED)
    with monkeypatch.context() as patched:
        patched.setattr(exports, "transaction", _uncommitted)
        with pytest.raises(OSError, match="No space left"):
            home.ingest(path)
    assert not any(home.state().values())
    heal(home, path)
    assert home.state() == _reference(tmp_path, MIXED)
    assert len(home.landed()) == 1


KILLED = (
    LIGHT
    + """
import os, signal
from pathlib import Path
from topic_files import Home
from journey_dagster.topics import segments

point, home, path = sys.argv[1], Home(Path(sys.argv[2])), Path(sys.argv[3])
segments.RECORDS = 3
written, place = segments.pq.write_table, segments.place

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def write_half(table, where, **options):
    written(table, where, **options)
    if where.name.startswith(".000000000003"):
        os.truncate(where, where.stat().st_size // 2)
        die()

def place_and_die(hidden):
    place(hidden)
    die()

match point:
    case "in a segment":
        segments.pq.write_table = write_half
    case "before the rename":
        segments.place = die
    case "before the commit":
        segments.place = place_and_die
home.ingest(path)
die()
"""
)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Home]:
    """Homes whose ingest was killed at a point each."""
    started = {}
    for point in ("in a segment", "before the rename", "before the commit", "after the commit"):
        home = Home(tmp_path_factory.mktemp("killed") / "home")
        path = home.file("mixed.json", MIXED)
        started[point] = (
            home,
            subprocess.Popen(
                [sys.executable, "-c", KILLED, point, home.root, path],
                env=os.environ | {"PYTHONPATH": str(HERE)},
                stderr=subprocess.PIPE,
            ),
        )
    for _, process in started.values():
        assert process.communicate(timeout=60) == (None, b"")
        assert process.returncode == -9
    return {point: home for point, (home, _) in started.items()}


@HEALING
@pytest.mark.parametrize(
    ("point", "left"),
    [
        ("in a segment", ".mixed-{}.new"),
        ("before the rename", ".mixed-{}.new"),
        ("before the commit", "mixed-{}"),
        ("after the commit", "mixed-{}"),
    ],
)
@pytest.mark.usefixtures("small")
def test_a_killed_load_is_healed_without_loss_or_duplicate(
    killed: dict[str, Home],
    tmp_path: Path,
    point: str,
    left: str,
    heal: Callable[[Home, Path], None],
) -> None:
    home = Home(tmp_path / "home")
    shutil.copytree(killed[point].root, home.root)
    digest = hashlib.sha256(MIXED).hexdigest()[:12]
    assert home.landed() == [f"ksql/{left.format(digest)}"]
    expected = _reference(tmp_path, MIXED)
    assert home.state() == (
        expected if point == "after the commit" else {table: [] for table in expected}
    )
    heal(home, home.root / "sources" / "mixed.json")
    assert home.state() == expected
    assert home.landed() == [f"ksql/mixed-{digest}"]


# ---- damage -----------------------------------------------------------------------------------


def _flip(path: Path, place: int, bits: int = 0x10) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= bits
    path.write_bytes(content)


def _footer(path: Path) -> int:
    """Where the pages end and the description of the file starts."""
    content = path.read_bytes()
    return len(content) - 8 - int.from_bytes(content[-8:-4], "little")


def _noise(n: int) -> bytes:
    chance = random.Random(7)  # noqa: S311  bytes that cannot be compressed
    return lines(
        *[ksql(USERID="u", MESSAGEID=str(i), X=chance.randbytes(64).hex()) for i in range(n)]
    )


def test_a_changed_byte_in_a_page_is_detected_or_harmless(home: Home) -> None:
    home.take("a.json", _noise(40))
    (segment,) = segments.find(home.raw)
    whole, content = segment.read(), segment.path.read_bytes()
    detected = 0
    places = range(4, _footer(segment.path), 23)
    for place in places:
        _flip(segment.path, place)
        try:
            assert segment.read().equals(whole)
        except TopicError:
            detected += 1
        segment.path.write_bytes(content)
    assert detected > 0.8 * len(places)


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.99])
def test_a_segment_cut_short_is_detected(home: Home, kept: float) -> None:
    home.take("a.json", MIXED)
    (path,) = home.raw.rglob("*.parquet")
    os.truncate(path, int(path.stat().st_size * kept))
    home.delete_warehouse()
    with pytest.raises(TopicError, match="is damaged"):
        home.load_landed()


def test_damage_is_told_with_its_place_and_other_topics_load(home: Home) -> None:
    for name, content in {"a": MIXED, "b": _noise(40), "c": lines(*views(3))}.items():
        home.take(f"{name}.json", content)
    expected = [row for row in home.state()["raw.records"] if not row[0].startswith("b-")]
    (damaged,) = home.raw.glob("ksql/b-*/0/*.parquet")
    _flip(damaged, _footer(damaged) // 2)
    home.delete_warehouse()
    with pytest.raises(TopicError) as told:
        home.load_landed()
    assert str(damaged) in str(told.value)
    assert "is damaged" in str(told.value)
    assert "\n" not in str(told.value)
    assert home.state()["raw.records"] == expected
    assert home.rows(UNBALANCED) == []
    shutil.rmtree(damaged.parents[1])
    assert home.load_landed() == []


@pytest.mark.usefixtures("small")
def test_of_a_topic_with_a_damaged_segment_nothing_is_loaded(home: Home) -> None:
    home.take("a.json", _noise(9))
    damaged = sorted(home.raw.rglob("*.parquet"))[1]
    _flip(damaged, _footer(damaged) // 2)
    home.delete_warehouse()
    with pytest.raises(TopicError, match="is damaged"):
        home.load_landed()
    assert not any(home.state().values())


def test_a_changed_byte_in_the_footer_is_detected_or_harmless(home: Home) -> None:
    path = home.file("a.csv", csv_file("u,2026-01-01 10:00:00,/,view"))
    home.ingest(path, "csv", timezone="Europe/Berlin")
    (segment,) = segments.find(home.raw)
    whole, content = segment.read(), segment.path.read_bytes()
    unnoticed = []
    for place in range(_footer(segment.path), len(content), 5):
        _flip(segment.path, place, 0x01)
        try:
            (found,) = segments.find(home.raw)
            table = found.read()
            if found != segment or not table.equals(whole):
                unnoticed.append(place)
        except TopicError:
            pass
        segment.path.write_bytes(content)
    assert unnoticed == []


@pytest.mark.parametrize("what", ["clock", "column"])
def test_a_damaged_footer_stops_no_other_topic(home: Home, what: str) -> None:
    for name in ("a.csv", "b.csv"):
        path = home.file(name, csv_file(f"{name},2026-01-01 10:00:00,/,view"))
        home.ingest(path, "csv", timezone="Europe/Berlin")
    (damaged,) = home.raw.glob("csv/a-*/0/*.parquet")
    if what == "column":
        damaged.write_bytes(damaged.read_bytes().replace(b"value", b"valve"))
    else:
        _damage_clock(damaged)
    home.delete_warehouse()
    with pytest.raises(TopicError, match="is damaged"):
        home.load_landed()
    assert home.rows("select user_id from raw.records") == [("b.csv",)]


def _damage_clock(path: Path) -> None:
    table = pq.read_table(path, partitioning=None)
    told = table.schema.metadata[b"journey"].replace(b"Europe", b"Furope")
    pq.write_table(table.replace_schema_metadata({b"journey": told}), path)


# ---- permissions ------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_permissions_do_not_matter(home: Home, tmp_path: Path, mask: int) -> None:
    path = home.file("mixed.json", MIXED)
    path.chmod(0o400)
    before = os.umask(mask)
    try:
        home.ingest(path)
    finally:
        os.umask(before)
    for segment in home.raw.rglob("*.parquet"):
        segment.chmod(0o444)
    assert not home.ingest(path).is_new
    home.delete_warehouse()
    home.load_landed()
    assert home.state() == _reference(tmp_path, MIXED)


def test_what_lies_beside_the_source_is_not_touched(home: Home) -> None:
    path = home.file("mixed.json", MIXED)
    before = path.stat()
    home.ingest(path)
    assert path.read_bytes() == MIXED
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert [*path.parent.iterdir()] == [path]


def test_the_bytes_of_the_segments_make_the_file_again(home: Home) -> None:
    layout = exports.layout_of(home.file("a.json", MIXED), "ksql", timezone=None, mapping={})
    path = home.root / "sources" / "a.json"
    home.ingest(path)
    values = next(segments.find(home.raw)).read().column("value").to_pylist()
    assert values == list(split(path, layout))
    assert next(segments.find(home.raw)).origin.landed_at == LANDED_AT
