"""A row of Parquet becomes one JSON object, exactly and in little memory; damage is refused."""

import datetime as dt
import gzip
import io
import json
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journey_dagster.topics import TopicError, files, parquet
from journey_dagster.topics.exports import layout_of
from journey_dagster.topics.files import Layout

JSON = Layout("json")


def written(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def column(value: object, kind: pa.DataType) -> pa.Table:
    return pa.table({"x": pa.array([value], kind)})


def rows(path: Path, content: bytes) -> list[bytes]:
    path.write_bytes(content)
    return list(files.split(path, JSON))


VALUES: dict[str, tuple[object, pa.DataType, bytes]] = {
    "the largest int64": (2**63 - 1, pa.int64(), b"9223372036854775807"),
    "the smallest int64": (-(2**63), pa.int64(), b"-9223372036854775808"),
    "the largest uint64": (2**64 - 1, pa.uint64(), b"18446744073709551615"),
    "beyond what a double holds": (2**53 + 1, pa.int64(), b"9007199254740993"),
    "a small int": (-3, pa.int8(), b"-3"),
    "a bool": (True, pa.bool_(), b"true"),
    "a double": (0.1, pa.float64(), b"0.1"),
    "NaN": (float("nan"), pa.float64(), b"null"),
    "Infinity": (float("inf"), pa.float64(), b"null"),
    "nothing": (None, pa.string(), b"null"),
    "a column of nothing": (None, pa.null(), b"null"),
    "text": ('ü "\u2028', pa.string(), '"ü \\"\u2028"'.encode()),
    "large text": ("x", pa.large_string(), b'"x"'),
    "text by a dictionary": ("x", pa.dictionary(pa.int32(), pa.string()), b'"x"'),
    "bytes": (b"\0\xff", pa.binary(), b'"AP8="'),
    "bytes of one length": (b"abc", pa.binary(3), b'"YWJj"'),
    "microseconds in UTC": (
        1_696_470_452_486_466, pa.timestamp("us", "UTC"), b'"2023-10-05 01:47:32.486466Z"',
    ),
    "milliseconds in a zone": (
        1_696_470_452_486, pa.timestamp("ms", "Europe/Berlin"), b'"2023-10-05 01:47:32.486Z"',
    ),
    "nanoseconds": (
        1_696_470_452_486_466_001, pa.timestamp("ns"), b'"2023-10-05 01:47:32.486466001"',
    ),
    "a time of no zone": (0, pa.timestamp("us"), b'"1970-01-01 00:00:00.000000"'),
    "a date": (dt.date(2026, 2, 28), pa.date32(), b'"2026-02-28"'),
    "a clock": (dt.time(23, 59, 59, 1), pa.time64("us"), b'"23:59:59.000001"'),
    "a decimal": (Decimal("-12.340000000"), pa.decimal128(38, 9), b'"-12.340000000"'),
    "a big decimal": (Decimal("9" * 60), pa.decimal256(60, 0), b'"' + b"9" * 60 + b'"'),
    "a duration": (5, pa.duration("us"), b"5"),
    "a list": ([1, None], pa.list_(pa.int64()), b"[1,null]"),
    "a list of dates": ([dt.date(2026, 1, 1)], pa.list_(pa.date32()), b'["2026-01-01"]'),
    "an empty list": ([], pa.list_(pa.int64()), b"[]"),
    "a large list": ([1], pa.large_list(pa.int64()), b"[1]"),
    "a list of one length": ([1, 2], pa.list_(pa.int64(), 2), b"[1,2]"),
    "a struct": (
        {"b": 1, "a": None}, pa.struct([("b", pa.int64()), ("a", pa.date32())]), b'{"b":1,"a":null}'
    ),
    "a map": (
        [("k", Decimal("1.0"))],
        pa.map_(pa.string(), pa.decimal128(3, 1)),
        b'[{"key":"k","value":"1.0"}]',
    ),
    "a uuid": (uuid.UUID(int=1).bytes, pa.uuid(), b'"00000000-0000-0000-0000-000000000001"'),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_each_type_has_one_form(name: str, tmp_path: Path) -> None:
    value, kind, expected = VALUES[name]
    assert rows(tmp_path / "x", written(column(value, kind))) == [b'{"x":' + expected + b"}"]


def test_a_time_beyond_the_calendar_costs_no_other_row(tmp_path: Path) -> None:
    far = pa.table({"at": pa.array([2**62, 0], pa.timestamp("us", "UTC"))})
    found = rows(tmp_path / "x", written(far))
    assert len(found) == 2
    assert found[1] == b'{"at":"1970-01-01 00:00:00.000000Z"}'


def test_keys_stand_in_the_order_of_the_columns(tmp_path: Path) -> None:
    table = pa.table({"z": [1], "a": [2], "m": [3]})
    assert rows(tmp_path / "x", written(table)) == [b'{"z":1,"a":2,"m":3}']


def test_rows_keep_their_order_over_row_groups_and_pages(tmp_path: Path) -> None:
    table = pa.table({"n": range(5000)})
    content = written(table, row_group_size=700, data_page_size=64)
    found = rows(tmp_path / "x", content)
    assert [json.loads(row)["n"] for row in found] == list(range(5000))
    assert rows(tmp_path / "again", content) == found


def test_one_row_group_is_not_held_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x"
    table = pa.table({"text": [f"{n:010}" + "x" * 10_000 for n in range(8_000)]})
    pq.write_table(table, path, use_dictionary=False, data_page_size=2**16)
    size = table.nbytes
    del table
    before = pa.total_allocated_bytes()
    most = 0
    for n, _ in enumerate(parquet.records(path)):
        most = max(most, pa.total_allocated_bytes() - before) if n % 100 == 0 else most
    assert n == 7_999
    assert most < size / 4


def test_a_file_without_rows_gives_none(tmp_path: Path) -> None:
    assert rows(tmp_path / "x", written(pa.table({"x": pa.array([], pa.int64())}))) == []


def test_parquet_is_told_by_its_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(written(pa.table({"user_id": ["u"]})))
    assert files.encoding_of(path, "ga4") == ("json", ",", ())
    assert list(files.peek(path, JSON)) == [{"user_id": "u"}]
    (tmp_path / "y.parquet").write_bytes(b'{"user_id":"u"}\n')
    assert not parquet.is_parquet(tmp_path / "y.parquet")


def test_parquet_is_no_csv(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(written(pa.table({"x": [1]})))
    with pytest.raises(TopicError, match=r"is Parquet, not CSV.*--format json"):
        layout_of(path, "csv")


def test_packed_parquet_is_to_be_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet.gz"
    path.write_bytes(gzip.compress(written(pa.table({"x": [1]}))))
    with pytest.raises(TopicError, match="packed Parquet"):
        layout_of(path, "ga4")


TWICE = {
    "struct": pa.struct([("a", pa.int64()), ("a", pa.int64())]),
    "list": pa.list_(pa.struct([("a", pa.int64()), ("a", pa.int64())])),
}


@pytest.mark.parametrize("where", TWICE)
def test_a_name_that_stands_twice_is_refused_inside_too(where: str, tmp_path: Path) -> None:
    table = pa.table({"x": pa.array([None], TWICE[where])})
    with pytest.raises(TopicError, match="column 'a' stands twice"):
        rows(tmp_path / "x", written(table))


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(TopicError, match="column 'a' stands twice"):
        rows(tmp_path / "x", written(table))


def whole() -> bytes:
    table = pa.table({"n": range(1000), "text": [f"text {n}" for n in range(1000)]})
    return written(table, row_group_size=250, write_page_checksum=True, compression="zstd")


WHOLE = whole()


def at(place: int) -> bytes:
    return WHOLE[:place] + bytes([WHOLE[place] ^ 0xFF]) + WHOLE[place + 1 :]


DAMAGED = {
    "only its first bytes": WHOLE[:4],
    "cut in half": WHOLE[: len(WHOLE) // 2],
    "cut by one byte": WHOLE[:-1],
    "its footer is zeros": WHOLE[:-200] + bytes(192) + WHOLE[-8:],
    "a byte of a page differs": at(200),
    "a byte of a later page differs": at(len(WHOLE) // 2),
    "text that starts like it": b"PAR1,b\n1,2\n",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(TopicError, match="damaged or cut short"):
        rows(tmp_path / "x", DAMAGED[name])


def test_text_that_is_none_is_damage(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")]
    )
    with pytest.raises(TopicError, match="damaged"):
        rows(tmp_path / "x", written(pa.table({"x": broken})))


@settings(
    database=None,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.fixed_dictionaries({
            "n": st.none() | st.integers(-(2**63), 2**63 - 1),
            "t": st.none() | st.text(),
            "l": st.none() | st.lists(st.fixed_dictionaries({"k": st.text()})),
        })
    ),
    st.integers(1, 5),
)  # fmt: skip
def test_what_was_written_is_read(
    tmp_path: Path, records: list[dict[str, Any]], row_group_size: int
) -> None:
    kinds = {"n": pa.int64(), "t": pa.string(), "l": pa.list_(pa.struct([("k", pa.string())]))}
    table = pa.Table.from_pylist(records, pa.schema(list(kinds.items())))
    found = rows(tmp_path / "x", written(table, row_group_size=row_group_size))
    assert [json.loads(row) for row in found] == records
