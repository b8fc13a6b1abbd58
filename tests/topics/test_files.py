"""A file becomes its records, byte for byte, or is refused with words that say how to mend it."""

import csv
import gzip
import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from topic_files import (
    AT,
    CSV,
    HEADER,
    KSQL,
    Home,
    csv_file,
    event,
    ksql,
    lines,
    stopped_after,
    views,
)

from journey_dagster.topics import TopicError, files
from journey_dagster.topics.exports import layout_of
from journey_dagster.topics.files import Layout, split

quick = settings(database=None, deadline=None, max_examples=100)

ROW = f"u,{AT},/a,view"
A, B, C = views(3)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file to write to."""
    return tmp_path / "source"


def records(source: Path, content: bytes, layout: Layout = KSQL) -> list[bytes]:
    source.write_bytes(content)
    return list(split(source, layout))


def layout(source: Path, content: bytes, **mapping: str) -> Layout:
    source.write_bytes(content)
    return layout_of(source, "csv", timezone=None, mapping=mapping)


# ---- csv: where a row ends ----------------------------------------------------------------------


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("last", [True, False], ids=["ended", "open end"])
def test_rows_come_without_their_line_ends(
    source: Path, end: bytes, start: bytes, last: bool
) -> None:
    content = start + end.join([",".join(HEADER).encode(), b"a,1,2,3", b"b,1,2,", b" c,1,2, "])
    assert layout(source, content) == CSV
    found = records(source, content + end * last, CSV)
    assert found == [b"a,1,2,3", b"b,1,2,", b" c,1,2, "]


def test_a_quoted_cell_may_hold_line_breaks_and_quotes(source: Path) -> None:
    rows = ['"a\nb\r\n\n""c""",1,2,3', "d,1,2,3", '"\n",1,2,"\n"', 'e,1,2,"\r\n"']
    assert records(source, csv_file(*rows), CSV) == [row.encode() for row in rows]


def test_a_quoted_header_may_hold_the_line_end_of_windows(source: Path) -> None:
    content = f'"user_id","timestamp","page","event"\r\n{ROW}\r\n'.encode()
    assert layout(source, content) == CSV
    assert records(source, content, CSV) == [ROW.encode()]


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\0"])
def test_only_line_ends_end_a_row(source: Path, odd: str) -> None:
    rows = [f"u,{AT},/{odd}a,view{odd}", f"{odd},{AT},/,view"]
    content = csv_file(*rows)
    assert records(source, content, CSV) == [row.encode() for row in rows]
    assert event(rows[0].encode(), CSV).page == f"/{odd}a"


def test_blank_lines_are_no_rows(source: Path) -> None:
    assert records(source, csv_file("", ROW, "", "", ROW) + b"\r\n\n", CSV) == [ROW.encode()] * 2


def test_ragged_rows_and_bytes_that_are_no_text_are_left_to_the_decoder(source: Path) -> None:
    content = csv_file("u", ROW) + b"\xff,1,2,3\n" + b"u,1,2,3,4\n"
    assert records(source, content, CSV) == [b"u", ROW.encode(), b"\xff,1,2,3", b"u,1,2,3,4"]


def test_an_open_quote_refuses_the_file_and_names_its_line(source: Path) -> None:
    content = csv_file(ROW, ROW, f'u,{AT},"/a,view', ROW)
    with pytest.raises(TopicError, match=r"source:4: the row that starts here .* left open"):
        records(source, content, CSV)


@pytest.mark.parametrize("row", [f'u,{AT},"/a"b,view', f"u,{AT},/a\rb,view"])
def test_a_row_whose_end_cannot_be_known_refuses_the_file(source: Path, row: str) -> None:
    with pytest.raises(TopicError, match=r"source:3: .* cannot be read as CSV"):
        records(source, csv_file(ROW, row, ROW), CSV)


# ---- csv: the header ----------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_headers(source: Path, delimiter: str) -> None:
    content = csv_file(ROW).replace(b",", delimiter.encode())
    found = layout(source, content)
    assert found == Layout("csv", delimiter=delimiter, header=HEADER)
    (record,) = records(source, content, found)
    assert event(record, found)[2:12] == event(ROW.encode(), CSV)[2:12]


def test_the_header_is_known_in_any_case_order_and_by_its_aliases(source: Path) -> None:
    content = f" EVENT_NAME ,Page_Url,Timestamp,USER_ID\xa0\nview,/a,{AT},u\n".encode()
    found = layout(source, content)
    (record,) = records(source, content, found)
    made = event(record, found)
    assert (made.user_id, made.page, made.event_name) == ("u", "/a", "view")
    assert made.properties == "{}"


def test_columns_of_other_names_are_mapped(source: Path) -> None:
    content = f"who,when,where,what,visit\nu,{AT},/a,view,s1\n".encode()
    names = {"user_id": "who", "timestamp": "when", "page": "where", "event": "what"}
    found = layout(source, content, **names, session_id="visit")
    made = event(records(source, content, found)[0], found)
    assert (made.user_id, made.page, made.event_name, made.session_id) == ("u", "/a", "view", "s1")


def test_a_mapped_column_goes_before_the_one_of_that_name(source: Path) -> None:
    content = f"user_id,timestamp,page,event,member\nu,{AT},/a,view,m\n".encode()
    found = layout(source, content, user_id="member")
    made = event(records(source, content, found)[0], found)
    assert (made.user_id, made.properties) == ("m", '{"user_id":"u"}')


@pytest.mark.parametrize(
    ("header", "mapping", "told"),
    [
        ("user_id,timestamp,page", {}, r"has no column 'event'; it has .*--map event="),
        ("a,b", {}, r"no column 'user_id' and no 'timestamp' and no 'page' and no 'event'"),
        ("user_id,timestamp,page,event,page", {}, r"column 'page' stands twice"),
        ("user_id,timestamp,page,event", {"page": "nowhere"}, r"no column 'nowhere' \(--map\)"),
        ("user_id,timestamp,page,event", {"who": "user_id"}, r"--map who=\.\.\.: unknown name"),
        ('{"USERID":1,"TIMESTAMP":2}', {}, r"looks like ksql, not csv: --format ksql"),
        (",".join(f"column{i}" for i in range(400)), {}, r"and 388 more"),
    ],
)
def test_a_header_that_does_not_fit_is_refused_in_one_line(
    source: Path, header: str, mapping: dict[str, str], told: str
) -> None:
    with pytest.raises(TopicError, match=told) as refused:
        layout(source, f"{header}\n{ROW}\n".encode(), **mapping)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 1000


def test_a_header_that_is_no_utf_8_is_refused(source: Path) -> None:
    with pytest.raises(TopicError, match=r"header is not UTF-8 .* iconv"):
        layout(source, "user_id,timestamp,page,event,größe\n".encode("latin-1"))


@pytest.mark.parametrize("content", [b"\n", b"\n\n", b"\r\n"])
def test_a_file_of_blank_lines_has_no_columns(source: Path, content: bytes) -> None:
    with pytest.raises(TopicError, match="holds nothing but blank lines"):
        layout(source, content)


def test_line_ends_of_old_macs_are_refused(source: Path) -> None:
    with pytest.raises(TopicError):
        layout(source, csv_file(ROW).replace(b"\n", b"\r"))


def test_a_quoted_line_break_in_the_header_is_read_or_refused(source: Path) -> None:
    content = f'user_id,timestamp,page,event,"a\nb"\n{ROW},1\n'.encode()
    with suppress(TopicError):
        assert layout(source, content).header == (*HEADER, "a\nb")


def test_a_delimiter_inside_a_quoted_name_is_not_the_files(source: Path) -> None:
    content = f'"a;b;c;d;e;f",user_id,timestamp,page,event\n1,{ROW}\n'.encode()
    assert layout(source, content).delimiter == ","


# ---- json ---------------------------------------------------------------------------------------


def test_lines_are_records_and_blank_lines_are_none(source: Path) -> None:
    content = b"\xef\xbb\xbf\n" + A + b"\r\n\r\n  \n\t" + B + b" \n\n" + C
    assert records(source, content) == [A, B, C]


def test_a_line_that_is_no_record_costs_no_other(source: Path) -> None:
    bad = [b"{", b"\xff", b"[1]", b'"x', b"NaN", b"<html>"]
    content = lines(A, *bad, B)
    assert records(source, content) == [A, *bad, B]


def test_odd_line_separators_stay_inside_a_record(source: Path) -> None:
    record = ksql(TITLE="a\u2028b\u2029c\x85d")
    assert records(source, lines(record, A)) == [record, A]


@pytest.mark.parametrize(
    ("before", "between", "after"),
    [(b"[", b",", b"]"), (b" \n[\n  ", b"\n,\t", b"\n]\n\n"), (b"\xef\xbb\xbf[", b", ", b"]")],
)
def test_an_array_is_its_elements(
    source: Path, before: bytes, between: bytes, after: bytes
) -> None:
    assert records(source, before + between.join([A, B, C]) + after) == [A, B, C]


@pytest.mark.parametrize("content", [b"[]", b" [ ] \n", b"\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_records_has_none(source: Path, content: bytes) -> None:
    assert records(source, content) == []


@pytest.mark.parametrize(
    "bad",
    [
        b"{bad}",
        b'{"a":NaN}',
        b'{"a":1,}',
        b"nonsense",
        b"[1,{]}",
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b'{"a":"],[\\"{"x}',
        b"[" * 5000 + b"]" * 5000,
    ],
    ids=[*range(9)],
)
def test_one_bad_element_costs_no_other(source: Path, bad: bytes) -> None:
    assert records(source, b"[" + A + b"," + bad + b",\n" + B + b"]") == [A, bad, B]


@pytest.mark.parametrize("array", [b"[%s,,%s]", b"[,%s,%s]", b"[%s, ,\n,%s]"])
def test_a_comma_too_many_costs_no_record(source: Path, array: bytes) -> None:
    assert [record for record in records(source, array % (A, B)) if record] == [A, B]


def test_a_comma_behind_the_last_element_costs_no_record(source: Path) -> None:
    assert records(source, b"[" + A + b"," + B + b",]") == [A, B]


def test_an_array_cut_anywhere_is_refused(source: Path) -> None:
    whole = b"[" + b",".join([A, B, ksql(X='a\\b"', Y={"z": [1, "["]})]) + b"]"
    for cut in range(1, len(whole)):
        with pytest.raises(TopicError, match="cut short"):
            records(source, whole[:cut])


@pytest.mark.parametrize("words", ["]}", "}]"])
def test_an_array_cut_behind_brackets_in_a_string_is_refused(source: Path, words: str) -> None:
    whole = b"[" + b",".join([A, ksql(TITLE=words, URL="/"), B]) + b"]"
    with pytest.raises(TopicError, match="cut short"):
        records(source, whole[: whole.index(words.encode()) + len(words)])


@pytest.mark.parametrize("after", [b"x", b"{}", b"[]", b"\n" + A, b",", b"\0"])
def test_text_after_an_array_refuses_the_file(source: Path, after: bytes) -> None:
    with pytest.raises(TopicError, match="text follows the end of the JSON array"):
        records(source, b"[" + A + b"]" + after)


def test_a_line_beyond_the_limit_refuses_the_file(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_LINE", 1000)
    fits = b"x" * 999
    assert records(source, A + b"\n" + fits) == [A, fits]
    with pytest.raises(TopicError, match=r"source:2: a line of over .* line-separated"):
        records(source, A + b"\n" + b"x" * 1001)


def test_an_array_cut_inside_a_long_string_is_refused_in_a_moment(source: Path) -> None:
    with stopped_after(1.5), pytest.raises(TopicError, match="cut short"):
        records(source, b'[{"html":"' + rb"\"" * 200_000)


# ---- gzip and what is no text -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.json.gz", "a.json", "a"])
def test_gzip_is_known_by_its_first_bytes(tmp_path: Path, name: str) -> None:
    assert records(tmp_path / name, gzip.compress(lines(A, B))) == [A, B]
    assert records(tmp_path / name, gzip.compress(lines(A)) + gzip.compress(lines(B))) == [A, B]
    assert records(tmp_path / name, gzip.compress(b"[" + A + b"]")) == [A]


def test_plain_text_named_gz_is_plain_text(tmp_path: Path) -> None:
    assert records(tmp_path / "a.json.gz", lines(A)) == [A]


def test_a_zipped_table_has_its_header(source: Path) -> None:
    content = gzip.compress(csv_file(ROW))
    assert layout(source, content) == CSV
    assert records(source, content, CSV) == [ROW.encode()]


def test_gzip_cut_anywhere_is_refused(source: Path) -> None:
    whole = gzip.compress(lines(*views(400)))
    assert len(whole) > 1000
    for cut in (*range(10, len(whole), 10), len(whole) - 8, len(whole) - 1):
        with pytest.raises(TopicError, match="gzip stream is damaged or cut short"):
            records(source, whole[:cut])


def test_a_gzipped_table_cut_anywhere_is_refused(source: Path) -> None:
    whole = gzip.compress(csv_file(*[f"u{i},{AT},/{i * i},view" for i in range(200)]))
    for cut in range(10, len(whole), 10):
        with pytest.raises(TopicError, match="gzip stream is damaged or cut short"):
            records(source, whole[:cut], layout(source, whole[:cut]) and CSV)


def test_gzip_with_a_changed_byte_is_refused(source: Path) -> None:
    written = views(400)
    whole = gzip.compress(lines(*written))
    for place in range(10, len(whole), 10):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        try:
            found = records(source, bytes(damaged))
        except TopicError as refused:
            assert "gzip stream is damaged" in str(refused)  # noqa: PT017  some bits fill a byte up
        else:
            assert found == written


def test_gzip_with_something_behind_it_is_refused(source: Path) -> None:
    with pytest.raises(TopicError, match="gzip stream is damaged"):
        records(source, gzip.compress(lines(A)) + b"something")


def test_a_zip_archive_is_read_by_its_members(source: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("b.json", lines(B))
        opened.writestr("a.json", lines(A))
    assert records(source, archive.getvalue()) == [A, B]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_refused_with_the_way_out(source: Path, encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    with pytest.raises(TopicError, match=r"is UTF-16\. Convert it: iconv -f utf-16 -t utf-8"):
        records(source, (mark + lines(A).decode()).encode(encoding))
    with pytest.raises(TopicError, match="is UTF-16"):
        layout(source, (mark + csv_file(ROW).decode()).encode(encoding))


# ---- files that are none ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["missing", "folder", "empty"])
def test_what_is_no_file_has_no_digest(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    told = {"missing": "does not exist", "folder": "is a folder", "empty": "is empty"}[name]
    with pytest.raises(TopicError, match=told):
        files.digest(tmp_path / name)


@pytest.mark.parametrize("name", ["missing", "folder", "empty"])
def test_what_is_no_file_is_no_table_either(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    told = {"missing": "does not exist", "folder": "is a folder", "empty": "is empty"}[name]
    with pytest.raises(TopicError, match=told):
        layout_of(tmp_path / name, "csv", timezone=None, mapping={})


@pytest.mark.parametrize("zone", ["CEST", "Europe/Nowhere", "+02:00", "", "../etc/passwd"])
def test_a_zone_is_an_iana_name(source: Path, zone: str) -> None:
    source.write_bytes(csv_file(ROW))
    with pytest.raises(TopicError, match="is no IANA name; write it like Europe/Berlin"):
        layout_of(source, "csv", timezone=zone, mapping={})


def test_names_are_mapped_in_tables_only(source: Path) -> None:
    source.write_bytes(lines(A))
    with pytest.raises(TopicError, match="--map is for csv"):
        layout_of(source, "ksql", timezone=None, mapping={"user_id": "USERID"})


@pytest.mark.parametrize(
    "content",
    [
        b"<!doctype html>\n<html><body>Sign in</body></html>\n",
        b'{\n  "TIMESTAMP": "2026-01-01T00:00:00Z"\n}\n',
        b"[1, 2, 3]",
    ],
    ids=["a web page", "pretty-printed", "numbers"],
)
def test_a_file_in_which_nothing_can_be_read_is_the_wrong_file(home: Home, content: bytes) -> None:
    with pytest.raises(TopicError, match=r"none of its \d+ records could be read; record 1: "):
        home.take("export.json", content)
    assert home.holds_nothing()


# ---- what holds for any records -----------------------------------------------------------------

cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
tables = st.lists(st.lists(cells, min_size=4, max_size=4), max_size=8)
packed = st.sampled_from([bytes, gzip.compress])


def _row(row: list[str], end: str) -> bytes:
    text = io.StringIO()
    # Python's writer leaves a lone carriage return unquoted, which no reader can make good.
    quoting = csv.QUOTE_ALL if "\r" in "".join(row) else csv.QUOTE_MINIMAL
    csv.writer(text, lineterminator=end, quoting=quoting).writerow(row)
    return text.getvalue().encode()


@given(tables, st.sampled_from(["\n", "\r\n"]), st.booleans(), packed)
@example([["\r\n", "", "", "\n"]], "\n", True, bytes)
@quick
def test_rows_written_as_a_table_come_back(
    tmp_path_factory: pytest.TempPathFactory,
    table: list[list[str]],
    end: str,
    mark: bool,
    pack: type[bytes],
) -> None:
    source = tmp_path_factory.getbasetemp() / "table"
    written = [_row(row, end) for row in table]
    head = b"\xef\xbb\xbf" * mark + _row(list(HEADER), end)
    found = records(source, pack(head + b"".join(written)), CSV)
    assert found == [row.removesuffix(end.encode()) for row in written]
    assert [next(csv.reader([record.decode()])) for record in found] == table


objects = st.dictionaries(
    st.text(), st.integers() | st.text() | st.lists(st.text(), max_size=2), max_size=3
)
documents = st.builds(
    lambda said, plain: json.dumps(said, ensure_ascii=plain).encode("utf-8", "replace"),
    objects,
    st.booleans(),
)


@given(st.lists(documents, max_size=8), packed)
@quick
def test_documents_come_back_from_lines_and_from_an_array(
    tmp_path_factory: pytest.TempPathFactory, written: list[bytes], pack: type[bytes]
) -> None:
    source = tmp_path_factory.getbasetemp() / "documents"
    array = b"[" + b" ,\n".join(written) + b"]"
    assert records(source, pack(lines(*written) or b"\n")) == written
    assert records(source, pack(array)) == written
    # One element that is no JSON turns to the tolerant way of splitting.
    broken = [*written, b"{bad}"]
    assert records(source, pack(b"[" + b",".join(broken) + b"]")) == broken


@given(st.binary(), st.sampled_from([KSQL, CSV]), packed)
@example(b"[,[", KSQL, bytes)
@example(b'[{"a":', KSQL, bytes)
@example(b"\x1f\x8b", KSQL, bytes)
@quick
def test_any_bytes_are_split_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, layout: Layout, pack: type[bytes]
) -> None:
    source = tmp_path_factory.getbasetemp() / "anything"
    with suppress(TopicError):
        assert all(records(source, pack(content), layout))
