"""Reads a Parquet file's rows as records: each row becomes the bytes of one JSON object.

Belongs here: how the types of Parquet stand in JSON. Does not belong here: what a row says.

Keys stand in the order of the file's columns, and what is absent as null. Whole numbers are exact;
a float that is not a number or infinite is null, as JSON has none. Times, dates and clocks are ISO
8601 text with all their digits, and a time with a zone is told in UTC. Decimals are text with all
their digits, bytes are base64, a map is a list of its keys and values.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from journey_dagster.topics import TopicError

MAGIC = b"PAR1"
_ROWS = 512
_SIZE = 16 * 2**20
"""Rows and bytes that are held at once, as far as the file tells its bytes truly."""
_BUFFER = 2**20
"""Bytes of a column that are read at once; whole columns of a row group could be gigabytes."""


def is_parquet(path: Path) -> bool:
    """Whether a file starts like Parquet, whatever its name."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def records(path: Path) -> Iterator[bytes]:
    """The rows of a file in their order, in memory for a few of them.

    Raises:
        TopicError: the file is damaged, or two columns have one name.
    """
    encode = msgspec.json.Encoder().encode
    try:
        with pq.ParquetFile(
            path, buffer_size=_BUFFER, pre_buffer=False, page_checksum_verification=True
        ) as file:
            casts = _casts(path, file.schema_arrow)
            for batch in file.iter_batches(_rows_at_once(file.metadata), use_threads=False):
                table = pa.Table.from_batches([batch])
                for schema in casts:
                    table = table.cast(schema)
                yield from map(encode, table.to_pylist())
    except (OSError, pa.ArrowException, UnicodeDecodeError, RecursionError) as error:
        raise TopicError(
            f"{path}: the Parquet file is damaged or cut short ({error}). Nothing was loaded; "
            "export it again"
        ) from error


def _rows_at_once(metadata: pq.FileMetaData) -> int:
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    heaviest = max((one.total_byte_size // max(one.num_rows, 1) for one in groups), default=0)
    return max(1, min(_ROWS, _SIZE // max(heaviest, 1)))


def _casts(path: Path, schema: pa.Schema) -> list[pa.Schema]:
    """What the columns are made into, one after the other, before JSON can tell them."""
    _refuse_twice(path, schema)
    for _, kind in _fields(schema):
        _changed(kind, lambda part: _refuse_twice(path, part))
    casts: list[pa.Schema] = []
    for change in (_in_utc, _as_text):
        made = pa.schema([(name, _changed(kind, change)) for name, kind in _fields(schema)])
        if made != schema:
            casts.append(made)
            schema = made
    return casts


def _fields(parent: pa.Schema | pa.StructType) -> list[tuple[str, pa.DataType]]:
    return [(field.name, field.type) for field in cast("Any", list)(parent)]


def _refuse_twice(path: Path, part: pa.Schema | pa.DataType) -> Any:  # noqa: ANN401  as it came
    """Of two fields with one name an object can hold only one."""
    if isinstance(part, pa.Schema | pa.StructType):
        for name, count in Counter(name for name, _ in _fields(part)).items():
            if count > 1:
                raise TopicError(f"{path}: column {name!r} stands twice. Rename one")
    return part


def _in_utc(kind: pa.DataType) -> pa.DataType:
    any_: Any = kind
    is_zoned = pa.types.is_timestamp(kind) and any_.tz is not None
    return pa.timestamp(any_.unit, "UTC") if is_zoned else kind


def _as_text(kind: pa.DataType) -> pa.DataType:
    """Text where Python's own types would cut digits or could not hold the value."""
    if pa.types.is_duration(kind):
        return pa.int64()
    is_text = pa.types.is_date(kind) or pa.types.is_time(kind) or pa.types.is_decimal(kind)
    return pa.string() if is_text or pa.types.is_timestamp(kind) else kind


def _changed(kind: pa.DataType, change: Callable[[pa.DataType], pa.DataType]) -> pa.DataType:
    """A type, with its innermost parts changed."""
    any_: Any = kind
    match kind:
        case pa.StructType():
            change(kind)
            return pa.struct([(name, _changed(part, change)) for name, part in _fields(kind)])
        case pa.MapType():
            pair = {"key": any_.key_type, "value": any_.item_type}
            return pa.list_(pa.struct([(n, _changed(part, change)) for n, part in pair.items()]))
        case pa.ListType() | pa.LargeListType() | pa.FixedSizeListType():
            return pa.list_(_changed(any_.value_type, change))
        case pa.DictionaryType():
            return _changed(any_.value_type, change)
        case _:
            return change(kind)
