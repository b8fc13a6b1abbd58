"""What comes packed is read as if it lay open, or refused with words that say what is wrong."""

import gzip
import io
import struct
import tracemalloc
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from topic_files import AT, CSV, KSQL, Home, csv_file, ksql, lines, stopped_after, views

from journey_dagster.topics import TopicError, archives, files
from journey_dagster.topics.exports import layout_of
from journey_dagster.topics.files import Layout, split

quick = settings(database=None, deadline=None, max_examples=60)

A, B, C = (ksql(USERID=user, MESSAGEID=user, URL=f"https://x.org/{user}") for user in "abc")
ROW = f"robin,{AT},/a,view"
OTHER = f"noor,{AT},/b,view"


def packed(
    members: Mapping[str, bytes] | list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as opened:
        for name, content in members.items() if isinstance(members, Mapping) else members:
            opened.writestr(name, content)
    return archive.getvalue()


def records(path: Path, content: bytes, layout: Layout = KSQL) -> list[bytes]:
    path.write_bytes(content)
    return list(split(path, layout))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "export.zip"


# ---- members ------------------------------------------------------------------------------------


def test_members_are_read_in_the_order_of_their_names(source: Path) -> None:
    found = records(
        source,
        packed({"c.json": lines(C), "a/deep/down/x_2025-02-05_17#1.json": lines(A), "b": lines(B)}),
    )
    assert found == [A, B, C]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_may_be_gzipped_whatever_its_name(source: Path, method: int) -> None:
    members = {"1.json.gz": gzip.compress(lines(A)), "2.json.gz": lines(B), "3": gzip.compress(C)}
    assert records(source, packed(members, method)) == [A, B, C]


def test_a_member_without_a_last_line_break_does_not_run_into_the_next(source: Path) -> None:
    assert records(source, packed({"1": A, "2": B})) == [A, B]


def test_an_array_and_lines_may_stand_side_by_side(source: Path) -> None:
    assert records(source, packed({"1": b"[" + A + b"," + B + b"]", "2": lines(C)})) == [A, B, C]


@pytest.mark.parametrize(
    "name",
    [
        "complete", "2025/complete", "2025/7_2025-02-05_17_complete", ".DS_Store", "a/.hidden.json",
        "__MACOSX/a.json", "__MACOSX/deep/._a.json", "folder/",
    ],
)  # fmt: skip
def test_what_exporters_and_systems_leave_behind_is_stepped_over(source: Path, name: str) -> None:
    content = b"" if name.endswith("/") else b"\x00\x05\x16\x07"
    assert records(source, packed({name: content, "a.json": lines(A)})) == [A]
    with pytest.raises(TopicError, match="zip archive without a data file"):
        records(source, packed({name: content}))


def test_a_data_file_that_is_called_complete_is_read(source: Path) -> None:
    assert records(source, packed({"users_complete.json": lines(A)})) == [A]


def test_empty_members_are_stepped_over(source: Path) -> None:
    assert records(source, packed({"0": b"", "1": gzip.compress(b""), "2": lines(A)})) == [A]
    with pytest.raises(TopicError, match="without a data file"):
        records(source, packed({"0": b""}))
    with pytest.raises(TopicError, match="without a data file"):
        records(source, packed({}))


@pytest.mark.parametrize(
    "name", ["../../out.json", "/etc/out.json", "a/../../../out.json", "C:\\out"]
)
def test_nothing_is_ever_written_where_a_name_points(tmp_path: Path, name: str) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    assert records(inner / "export.zip", packed({name: lines(A)})) == [A]
    assert sorted(tmp_path.rglob("*")) == sorted([*before, inner / "export.zip"])


def test_a_name_cannot_drive_a_terminal(source: Path) -> None:
    with pytest.raises(TopicError) as refused:
        records(source, packed({"/a\x1b[2J\n.json": b"<html>"}))
    assert f"{source}/a?[2J?.json holds no JSON" in str(refused.value)


def test_two_members_of_one_name_are_both_read(source: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = packed([("a", lines(A)), ("a", lines(B))])
    assert records(source, content) == [A, B]


def test_text_that_begins_like_the_letters_of_a_zip_is_text(source: Path) -> None:
    content = b"PK,user_id,timestamp,page,event\n1," + ROW.encode() + b"\n"
    source.write_bytes(content)
    assert layout_of(source, "csv").header[0] == "PK"


# ---- tables -------------------------------------------------------------------------------------


def test_tables_of_one_header_are_one_table(source: Path) -> None:
    content = packed(
        {"0.csv": b"", "1.csv": csv_file(ROW), "2.csv": gzip.compress(csv_file(OTHER))}
    )
    source.write_bytes(content)
    assert layout_of(source, "csv") == CSV
    assert records(source, content, CSV) == [ROW.encode(), OTHER.encode()]


def test_a_byte_order_mark_and_spaces_are_no_other_header(source: Path) -> None:
    second = b"\xef\xbb\xbf" + csv_file(OTHER).replace(b"timestamp", b" timestamp ", 1)
    found = records(source, packed({"1.csv": csv_file(ROW), "2.csv": second}), CSV)
    assert found == [ROW.encode(), OTHER.encode()]


@pytest.mark.parametrize(
    "second",
    [
        csv_file(OTHER, header=("timestamp", "user_id", "page", "event")),
        csv_file(f"{OTHER},x", header=("user_id", "timestamp", "page", "event", "more")),
        csv_file(OTHER).replace(b",", b";"),
        lines(A),
        b"<html><body>Bad gateway</body></html>\n",
    ],
    ids=["order", "number", "delimiter", "json", "html"],
)
def test_tables_of_other_columns_are_refused(source: Path, second: bytes) -> None:
    with pytest.raises(TopicError, match=r"2\.csv: its columns are not those of the archive's"):
        records(source, packed({"1.csv": csv_file(ROW), "2.csv": second}), CSV)


# ---- what is wrong ------------------------------------------------------------------------------


def test_an_error_page_among_the_members_is_refused(source: Path) -> None:
    page = b"\n <html><body>Bad gateway</body></html>\n"
    with pytest.raises(TopicError, match=r"b\.json holds no JSON \(it starts with b'<html>"):
        records(source, packed({"a.json": lines(A), "b.json": gzip.compress(page)}))


@pytest.mark.parametrize("format_", ["json", "ksql", "mixpanel", "amplitude"])
def test_an_error_page_alone_is_refused(home: Home, format_: files.Format) -> None:
    page = packed({"a.json": b"<html>\n<body>Bad gateway</body>\n</html>\n"})
    with pytest.raises(TopicError, match=r"holds no JSON|has no column|none of its"):
        home.take("a.zip", page, format_)
    assert home.holds_nothing()


def test_utf_16_in_an_archive_is_refused(source: Path) -> None:
    text = lines(A).decode().encode("utf-16")
    for content in (packed({"a.json": text}), gzip.compress(text)):
        with pytest.raises(TopicError, match="is UTF-16"):
            records(source, content)


def test_an_archive_in_an_archive_is_refused(source: Path) -> None:
    inner = packed({"a.json": lines(A)})
    for content in (inner, packed({})):
        with pytest.raises(TopicError, match=r"inner\.zip is an archive in an archive"):
            records(source, packed({"inner.zip": content, "a.json": lines(A)}))


def test_an_office_file_is_refused(source: Path) -> None:
    content = packed({"[Content_Types].xml": b"<?xml?>", "xl/workbook.xml": b"<?xml?>"})
    with pytest.raises(TopicError, match=r"spreadsheet or another office file\. Save it as CSV"):
        records(source, content)


def test_an_encrypted_member_is_refused(source: Path) -> None:
    content = bytearray(packed({"a.json": lines(A)}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(TopicError, match=r"a\.json is encrypted\. Unpack it"):
        records(source, bytes(content))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(source: Path, method: int) -> None:
    with pytest.raises(TopicError, match=r"packed in an unusual way \(method \d+\)"):
        records(source, packed({"a.json": lines(A)}, method))


def test_an_archive_cut_anywhere_is_refused(source: Path) -> None:
    whole = packed({"a.json": lines(*views(50)), "b.json": lines(*views(50))})
    for cut in (*range(4, len(whole), 25), len(whole) - 1):
        with pytest.raises(TopicError, match="zip archive is damaged or cut short"):
            records(source, whole[:cut])


def test_a_gzip_stream_cut_inside_an_archive_is_refused(source: Path) -> None:
    stream = gzip.compress(lines(*views(50)))
    for cut in range(10, len(stream), 20):
        with pytest.raises(TopicError, match=r"a\.json\.gz: the gzip stream is damaged"):
            records(source, packed({"a.json.gz": stream[:cut]}))


def test_a_member_with_a_changed_byte_is_refused(source: Path) -> None:
    whole = packed({"a.json": lines(*views(50))}, zipfile.ZIP_STORED)
    start = whole.index(b"{")
    for place in range(start, whole.index(b"PK\x01\x02"), 500):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        with pytest.raises(TopicError, match=r"zip archive is damaged or cut short \(Bad CRC-32"):
            records(source, bytes(damaged))


@given(st.integers(min_value=0), st.integers(1, 255), st.booleans())
@quick
def test_a_changed_byte_never_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, place: int, change: int, is_stored: bool
) -> None:
    method = zipfile.ZIP_STORED if is_stored else zipfile.ZIP_DEFLATED
    content = bytearray(packed({"a.json": lines(A, B), "b.json.gz": gzip.compress(C)}, method))
    content[4 + place % (len(content) - 4)] ^= change
    try:
        found = records(tmp_path_factory.getbasetemp() / "changed", bytes(content))
    except TopicError:
        return
    # A byte in a checked member is noticed; one in a name or a date may change the order alone.
    assert set(found) <= {A, B, C}


@given(st.dictionaries(st.text("abc/#_-.", min_size=1), st.lists(st.sampled_from([A, B, C]))))
@quick
def test_records_come_back_by_the_order_of_names(
    tmp_path_factory: pytest.TempPathFactory, members: dict[str, list[bytes]]
) -> None:
    content = packed({f"{name}x": lines(*held) for name, held in members.items()})
    expected = [
        record for name in sorted(f"{n}x" for n in members) for record in members[name[:-1]]
    ]
    source = tmp_path_factory.getbasetemp() / "members"
    hidden = {name for name in members if f"{name}x".rpartition("/")[2].startswith(".")}
    if hidden or not expected:
        return
    assert records(source, content) == expected


# ---- bombs --------------------------------------------------------------------------------------

MIB = 2**20
BOMB = b"\n" * (3 * MIB)


@pytest.fixture
def little_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "FREE", MIB)


def _chain(content: bytes) -> dict[str, bytes]:
    return {
        "gzip": gzip.compress(content),
        "zip": packed({"a": content}),
        "gzip in zip": packed({"a": gzip.compress(content)}),
        "second member": packed({"a": lines(A), "b": content}),
    }


@pytest.mark.parametrize("kind", ["gzip", "zip", "gzip in zip", "second member"])
@pytest.mark.usefixtures("little_is_free")
def test_what_unpacks_to_far_more_than_it_is_is_refused(source: Path, kind: str) -> None:
    content = _chain(BOMB)[kind]
    with stopped_after(20), pytest.raises(TopicError, match="unpacks to more than 500 times"):
        records(source, content)


def test_an_array_that_goes_on_is_refused_before_it_fills_the_memory(source: Path) -> None:
    content = gzip.compress(b"[\n" + b" " * (256 * MIB), 6)
    source.write_bytes(content)
    tracemalloc.start()
    try:
        with stopped_after(20), pytest.raises(TopicError, match="unpacks to more than 500 times"):
            list(split(source, KSQL))
        assert tracemalloc.get_traced_memory()[1] < 200 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("little_is_free")
def test_a_bomb_of_many_small_members_is_refused(source: Path) -> None:
    # Twice packed, each member is some bytes long; together they would fill a disk.
    piece = gzip.compress(b"\n" * 2**19)
    content = packed({f"{i}": piece for i in range(40)})
    with pytest.raises(TopicError, match="unpacks to more than 500 times"):
        records(source, content)


@pytest.mark.usefixtures("little_is_free")
def test_members_that_share_their_bytes_do_not_count_for_more_than_the_file(source: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("a", b"\n" * 2**18)
        entry = opened.filelist[0]
        opened.filelist.extend([entry] * 2000)
    with stopped_after(20), pytest.raises(TopicError, match=r"unpacks to more|damaged"):
        records(source, archive.getvalue())


@pytest.mark.usefixtures("little_is_free")
def test_a_bomb_leaves_nothing_behind(home: Home) -> None:
    with pytest.raises(TopicError, match="unpacks to more"):
        home.take("a.json.gz", gzip.compress(lines(A) + BOMB))
    assert home.holds_nothing()


def test_one_event_a_thousand_times_is_no_bomb(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "FREE", 2**10)
    many = [A] * 50_000
    for content in (gzip.compress(lines(*many)), packed({"a": lines(*many)})):
        assert len(lines(*many)) > 100 * len(content)
        assert records(source, content) == many


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda text: packed({"a": text})])
def test_a_line_too_long_is_refused_however_packed(
    source: Path, monkeypatch: pytest.MonkeyPatch, pack: type[bytes]
) -> None:
    monkeypatch.setattr(files, "MAX_LINE", 2**20)
    with pytest.raises(TopicError, match=r":2: a line of over 1 MiB"):
        records(source, pack(lines(A) + b'{"x":"' + b"x" * 2**20 + b'"}\n'))


# ---- to the end ---------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["ksql", "csv", "json"])
def test_an_archive_of_any_format_loads_as_its_files_would(
    home: Home, format_: files.Format
) -> None:
    plain = {
        "ksql": (lines(A), lines(B)),
        "json": tuple(
            b'{"user_id":"%s","timestamp":"2026-01-01T00:00:00Z","page":"/","event":"v"}' % user
            for user in (b"robin", b"noor")
        ),
        "csv": (csv_file(ROW), csv_file(OTHER)),
    }[format_]
    receipt = home.take("a.zip", packed({"1": plain[0], "2": gzip.compress(plain[1])}), format_)
    assert (receipt.n_consumed, receipt.n_accepted) == (2, 2)
    assert home.rows('select "offset" from raw.records') == [("0",), ("1",)]


def test_an_archive_of_the_same_bytes_again_changes_nothing(home: Home) -> None:
    content = packed({"1": lines(A)})
    home.take("a.zip", content)
    before = home.state()
    assert not home.take("b.zip", content).is_new
    assert home.state() == before


def test_a_zip_whose_directory_lies_about_sizes_is_refused(source: Path) -> None:
    content = bytearray(packed({"a.json": lines(*views(20))}))
    at = content.index(b"PK\x01\x02")
    (size,) = struct.unpack_from("<I", content, at + 24)
    struct.pack_into("<I", content, at + 24, size - 10)
    with pytest.raises(TopicError, match="damaged"):
        records(source, bytes(content))
