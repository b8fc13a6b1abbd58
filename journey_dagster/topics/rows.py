"""Turns the records of a segment into rows: events, and what could not be read with the reason.

Belongs here: decoding a whole table of records at once, where each stands and when it came.
Does not belong here: what one record says (`decode`), where the rows go (`load`).
"""

from typing import Any, cast

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from journey_dagster.topics import bulk
from journey_dagster.topics.decode import decode
from journey_dagster.topics.origin import Origin
from journey_dagster.topics.values import Event, Rejection

_TIME = pa.timestamp("us", "UTC")
_TEXTS = pa.list_(pa.string())
_EVENT_TYPES: dict[str, pa.DataType] = {
    **dict.fromkeys(Event._fields, pa.string()),
    "occurred_at": _TIME,
    "received_at": _TIME,
    "tags": _TEXTS,
    "authors": _TEXTS,
    "tie_break": pa.int64(),
    "revision": pa.int64(),
    "is_provisional": pa.bool_(),
}


def rows_of(origin: Origin, table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The records that are events, as columns of raw.records, and those that are not.

    Args:
        origin: what the segment's footer says.
        table: records of one partition, none of them without a value.

    Returns:
        Events, in no order; and rows of meta.quarantine. Both say their offsets.
    """
    layout = origin.layout
    keys = cast("list[bytes | None]", table.column("key").to_pylist())
    values = cast("list[bytes]", table.column("value").to_pylist())
    at_once = bulk.read(values, layout)
    done = set[int]() if at_once is None else set(at_once["row"].to_list())
    rows = [row for row in range(len(values)) if row not in done]
    events: list[Event] = []
    accepted_at: list[int] = []
    rejections: list[Rejection] = []
    rejected_at: list[int] = []
    outcomes = decode(((keys[row], values[row]) for row in rows), layout)
    for row, outcome in zip(rows, outcomes, strict=True):
        if isinstance(outcome, Event):
            events.append(outcome)
            accepted_at.append(row)
        else:
            rejections.append(outcome)
            rejected_at.append(row)
    columns = list(zip(*events, strict=True)) or [()] * len(Event._fields)
    accepted = pa.table(
        {
            name: pa.array(column, _EVENT_TYPES[name])
            for name, column in zip(Event._fields, columns, strict=True)
        }
    )
    if at_once is not None:
        accepted = pa.concat_tables([accepted, _completed(at_once)])
        accepted_at += at_once["row"].to_list()
    return _landed(origin, table, accepted, accepted_at), pa.table(
        {
            **_placed(origin, table, rejected_at),
            "reason": pa.array([rejection.reason for rejection in rejections], pa.string()),
            "message": pa.array([rejection.message for rejection in rejections], pa.string()),
            "key": pa.array([keys[row] for row in rejected_at], pa.binary()),
            "value": pa.array([values[row] for row in rejected_at], pa.binary()),
        }
    )


def _completed(found: pl.DataFrame) -> pa.Table:
    """Events by columns, with the defaults of what they do not have."""
    table = found.to_arrow()
    columns: dict[str, Any] = {}
    for name, type_ in _EVENT_TYPES.items():
        if name in table.column_names:
            columns[name] = table.column(name).cast(type_)
        else:
            default: Any = pa.scalar(Event._field_defaults[name], type_)
            columns[name] = pa.repeat(default, len(found))
    return pa.table(columns)


def _landed(origin: Origin, table: pa.Table, events: pa.Table, rows: list[int]) -> pa.Table:
    """Events with where they stand and when they came."""
    broker_at = table.column("broker_at").take(pa.array(rows, pa.int64())).cast(_TIME)
    columns: dict[str, Any] = {
        **_placed(origin, table, rows),
        "source": pa.repeat(origin.layout.format, len(rows)),
        "landed_at": pa.repeat(pa.scalar(origin.landed_at, _TIME), len(rows)),
        **{name: events.column(name) for name in _EVENT_TYPES},
        "received_at": pc.coalesce(events.column("received_at"), broker_at),
    }
    return pa.table(columns)


def _placed(origin: Origin, table: pa.Table, rows: list[int]) -> dict[str, Any]:
    """Where records stand in their topic."""
    chosen = table.select(["topic", "partition", "offset"]).take(pa.array(rows, pa.int64()))
    return {
        "reading": pa.repeat(pa.scalar(origin.reading, pa.int32()), len(rows)),
        **dict(zip(chosen.column_names, chosen.columns, strict=True)),
    }
