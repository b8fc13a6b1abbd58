"""Turns a record's bytes into named fields, by its encoding.

Belongs here: JSON objects, rows of CSV and TSV. Does not belong here: which field means what (the
shapes), where a record ends (`files`).
"""

import csv
from collections.abc import Callable
from typing import Any

from journey_dagster.topics.files import Layout
from journey_dagster.topics.values import RejectedError, parse_object

Fields = dict[str, Any]


def reader(layout: Layout) -> Callable[[bytes], Fields]:
    """Reads the fields of one record; raises `RejectedError`."""
    if layout.encoding == "json":
        return parse_object
    header = layout.header
    cells_of = _csv_cells if layout.encoding == "csv" else _tsv_cells

    def read(value: bytes) -> Fields:
        try:
            line = value.decode()
        except UnicodeDecodeError as error:
            raise RejectedError(
                "bad_encoding", f"not UTF-8: {error.reason} at byte {error.start}"
            ) from error
        cells = cells_of(line, layout.delimiter)
        if len(cells) != len(header):
            raise RejectedError(
                "bad_row", f"{len(cells)} cells where the header names {len(header)}"
            )
        return dict(zip(header, cells, strict=True))

    return read


def _csv_cells(line: str, delimiter: str) -> list[str]:
    try:
        # One string: line breaks in a cell are quoted, and text has more of them than CSV.
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration) as error:
        raise RejectedError("bad_row", f"no CSV row: {error}") from error


def _tsv_cells(line: str, delimiter: str) -> list[str]:
    return line.split(delimiter)
