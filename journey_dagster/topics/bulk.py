"""Reads plain JSON records by columns: the same events as `plain`, several times as fast.

Belongs here: records that are flat and say what most of their topic say, in the usual spelling.
Does not belong here: all others, and every rejection: they are left to `decode`, one by one. That
both ways agree is a property under test, not a matter of care.

The parser is the same (msgspec, here into a type made of the fields that the topic has); what it
found is turned into columns, and the rules of `values` are applied to whole columns by Polars.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any

import msgspec
import numpy as np
import polars as pl

from journey_dagster.topics.files import Layout
from journey_dagster.topics.plain import candidates, columns_of, folded
from journey_dagster.topics.values import MAX_BYTES, identity

_SAMPLE = 100
"""Records whose fields are taken for those of all."""
_LEAST = 50
"""Fewer records are not worth the start."""

_TEXT = str | msgspec.UnsetType | None
_SCALAR = _TEXT | int | float | bool
_WHOLE = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | msgspec.UnsetType | None
_PLAIN_TIME = r"^[12]\d{3}-\d\d-\d\dT[0-2]\d:[0-5]\d:[0-5]\d(?:\.\d{1,6})?Z$"
_MAYBE_NOBODY = r"(?i)^\s*(?:none|null|nil|undefined|nan)?\s*$|[^\x00-\x7f]"
_ADDRESS = r"(?i)^https?://"
_DATE_LIKE = r"^(?:19|20)(?:\d{10}|\d{12})$"


def read(values: Sequence[bytes], layout: Layout) -> pl.DataFrame | None:
    """The records that can be read by columns.

    Args:
        values: records, none of them null.
        layout: how to read them.

    Returns:
        Fields of `Event` as columns, and `row`: their positions in `values`. The fields that are
        missing have their defaults. None where there is nothing to gain.
    """
    if layout.format != "json" or layout.timezone or len(values) < _LEAST:
        return None
    sample = _fields_of(values[:_SAMPLE])
    fields = tuple(sample)
    columns = columns_of(fields, layout.mapping)
    if len({folded(name) for name in fields}) < len(fields):
        return None
    if "timestamp" not in columns or not columns.keys() & {"user_id", "anonymous_id"}:
        return None
    said = {column: canonical for canonical, column in columns.items()}
    names = [said.get(field, f".{field.lower()}") for field in fields]
    if len(set(names)) < len(names) or any(re.search(r'["\\\x00-\x1f]', name) for name in fields):
        return None
    is_epoch = sample[columns["timestamp"]][:1].isdigit()
    types = tuple(_type_of(name, is_epoch=is_epoch) for name in names)
    rows, records = _parsed(values, _decoder(fields, types))
    # A record without the field that most have may have another of that meaning.
    for at, name in enumerate(names):
        if name in columns and len(candidates(name, layout.mapping) & set(map(folded, fields))) > 1:
            has = attrgetter(f"f{at}")
            kept = [n for n, one in enumerate(records) if has(one) is not msgspec.UNSET]
            rows, records = [rows[n] for n in kept], [records[n] for n in kept]
    if not rows:
        return None
    found = {name: list(map(attrgetter(f"f{at}"), records)) for at, name in enumerate(names)}
    n_fields = np.full(len(rows), len(names))
    for column in found.values():
        if msgspec.UNSET in column:
            n_fields -= [one is msgspec.UNSET for one in column]
    frame = pl.DataFrame(
        {"row": rows, "n_fields": n_fields, "value": [values[row] for row in rows]}
        | {name: _column(column, name) for name, column in found.items()}
    )
    return _events(frame, dict(zip(names, fields, strict=True)))


def _fields_of(sample: Iterable[bytes]) -> dict[str, bytes]:
    """The fields of the first records and what each of them held first."""
    found: dict[str, bytes] = {}
    for value in sample:
        try:
            record = msgspec.json.decode(value, type=dict[str, msgspec.Raw])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        found = {name: bytes(held) for name, held in record.items()} | found
    return found


def _type_of(name: str, *, is_epoch: bool) -> Any:  # noqa: ANN401  a type for msgspec
    """What a field may be for its record to be read by columns."""
    if name.startswith("."):
        return _SCALAR
    return _WHOLE if name == "timestamp" and is_epoch else _TEXT


@lru_cache(maxsize=64)
def _decoder(fields: tuple[str, ...], types: tuple[Any, ...]) -> Callable[[bytes], Any]:
    """Reads a record of at most these fields, each of its type or null."""
    made = msgspec.defstruct(
        "Record",
        [(f"f{at}", type_, msgspec.UNSET) for at, type_ in enumerate(types)],
        rename={f"f{at}": name for at, name in enumerate(fields)},
        forbid_unknown_fields=True,
        gc=False,
    )
    return msgspec.json.Decoder(made).decode


def _parsed(values: Sequence[bytes], decode: Callable[[bytes], Any]) -> tuple[list[int], list[Any]]:
    """The records that the type fits, and where they stand."""
    try:
        return list(range(len(values))), list(map(decode, values))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    rows: list[int] = []
    records: list[Any] = []
    for row, value in enumerate(values):
        try:
            record = decode(value)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        rows.append(row)
        records.append(record)
    return rows, records


def _column(values: list[Any], name: str) -> pl.Series:
    """Text as it is, whole numbers of a time as they are; of anything else its JSON, as bytes."""
    if msgspec.UNSET in values:
        values = [None if one is msgspec.UNSET else one for one in values]
    is_epoch = name == "timestamp" and any(isinstance(one, int) for one in values)
    try:
        return pl.Series(values, dtype=pl.Int64 if is_epoch else pl.String, strict=True)
    except TypeError:
        pass
    encode = msgspec.json.encode
    return pl.Series([None if one is None else encode(one) for one in values], dtype=pl.Binary)


def _events(frame: pl.DataFrame, fields: Mapping[str, str]) -> pl.DataFrame:
    """Fields of `Event`, of those rows for which the rules of whole columns are enough.

    Args:
        frame: row, value, n_fields, and a column for each name that the fingerprint gives a field.
        fields: those names, and the fields' own.
    """
    by_name = {name: _present(frame, name) for name in fields}
    frame = frame.with_columns(
        occurred_at=_moment(frame["timestamp"]),
        user=_identities(frame, "user_id"),
        anonymous=_identities(frame, "anonymous_id"),
    )
    rest = sorted((field, name) for name, field in fields.items() if name.startswith("."))
    said = {name: _pair(name, frame, name, by_name[name]) for name in fields} | {
        "timestamp": pl.concat_str(pl.lit('"timestamp":'), "occurred_at"),
        "user_id": pl.concat_str(pl.lit('"user_id":"'), "user", pl.lit('"')).fill_null(
            '"user_id":null'
        ),
    }
    nothing = pl.lit(None, pl.String)
    page = by_name.get("page", nothing)
    is_address = page.str.contains(_ADDRESS)
    message_id = by_name.get("event_id", nothing)
    # Without a backslash each quote opens or closes a name or a text, so more quotes than those of
    # the fields that were found are those of a field that stands twice.
    n_quotes = 2 * (
        pl.col("n_fields") + pl.sum_horizontal(_is_text(frame, name) for name in fields)
    )
    value = pl.col("value")
    usual = (
        (value.bin.size() <= MAX_BYTES)
        & ~value.bin.contains(b"\\")
        & (value.cast(pl.String).str.count_matches('"', literal=True) == n_quotes)
        & pl.col("occurred_at").is_not_null()
        & (pl.col("user").is_not_null() | pl.col("anonymous").is_not_null())
        & ~message_id.str.contains(_MAYBE_NOBODY).fill_null(value=False)
    )
    return frame.filter(usual).select(
        "row",
        "occurred_at",
        fingerprint=_object([said[name] for name in sorted(said)]),
        user_id="user",
        anonymous_id="anonymous",
        message_id=message_id,
        session_id=by_name.get("session_id", nothing),
        event_name=by_name.get("event", nothing),
        page=pl.when(~is_address).then(page),
        url=pl.when(is_address).then(page),
        title=by_name.get("title", nothing),
        referrer=by_name.get("referrer", nothing),
        properties=_object([_pair(field, frame, name, by_name[name]) for field, name in rest]),
    )


def _present(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column as text, null where it is empty."""
    column = pl.col(name)
    if frame[name].dtype == pl.Binary:
        return pl.when(column != b'""').then(column.cast(pl.String))
    return pl.when(column != "").then(column) if frame[name].dtype == pl.String else column


def _is_text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Whether a field holds text, be it empty."""
    if frame[name].dtype == pl.Binary:
        return pl.col(name).bin.starts_with(b'"').fill_null(value=False)
    return pl.col(name).is_not_null() if frame[name].dtype == pl.String else pl.lit(value=False)


def _pair(name: str, frame: pl.DataFrame, column: str, value: pl.Expr) -> pl.Expr:
    """A field as it stands in JSON; null where it is empty."""
    quote = '"' if frame[column].dtype == pl.String else ""
    return pl.concat_str(pl.lit(f'"{name}":{quote}'), value, pl.lit(quote))


def _object(pairs: list[pl.Expr]) -> pl.Expr:
    """A JSON object of what is there."""
    inside = pl.concat_str(pairs, separator=",", ignore_nulls=True) if pairs else pl.lit("")
    return pl.concat_str(pl.lit("{"), inside, pl.lit("}"))


def _moment(time: pl.Series) -> pl.Expr:
    """Microseconds since 1970, as `values.moment` has them; null where that must decide."""
    column = pl.col("timestamp")
    if time.dtype == pl.String:
        plain = pl.when(column.str.contains(_PLAIN_TIME)).then(column)
        form = "%Y-%m-%dT%H:%M:%S%.fZ"
        return plain.str.to_datetime(form, time_unit="us", strict=False).dt.epoch("us")
    known = pl.when(~column.cast(pl.String).str.contains(_DATE_LIKE)).then(column)
    micros = pl.lit(None, pl.Int64)
    for power in (9, 6, 3, 0):
        is_unit = known.is_between(10 ** (8 + power), 10 ** (11 + power) - 1)
        scaled = known * 10 ** (6 - power) if power <= 6 else known // 10 ** (power - 6)  # noqa: PLR2004
        micros = pl.when(is_unit).then(scaled).otherwise(micros)
    return micros


def _identities(frame: pl.DataFrame, name: str) -> pl.Series:
    """A column of ids in one Unicode form; there are fewer ids than records."""
    if name not in frame.columns:
        return pl.Series([None] * len(frame), dtype=pl.String)
    ids = frame[name].drop_nulls().unique().to_list()
    if not ids:
        return frame[name]
    return frame[name].replace_strict(
        ids, [identity(name, one) for one in ids], return_dtype=pl.String, default=None
    )
