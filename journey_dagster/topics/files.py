"""Splits a file into records: the exact bytes of each, nothing interpreted.

Belongs here: gzip, line and array and CSV boundaries, damage to the file as a whole.
Does not belong here: what a record says (`decode`), and where its bytes are kept (`segments`).
"""

import csv
import gzip
import hashlib
import re
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

import msgspec

from journey_dagster.topics import TopicError

Format = Literal["csv", "ksql"]

MAX_LINE = 64 * 2**20
"""A longer line is no record of a line-separated file."""

_DELIMITERS = ",;\t|"
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)

csv.field_size_limit(MAX_LINE)


@dataclass(frozen=True)
class Layout:
    """What is needed to read a record's bytes again, kept with each segment."""

    format: Format
    timezone: str | None = None
    """IANA zone of times that state none."""
    delimiter: str = ","
    header: tuple[str, ...] = ()
    """CSV: the names of the cells."""
    mapping: Mapping[str, str] = field(default_factory=dict[str, str])
    """CSV: canonical name to column name."""


def must_be_file(path: Path) -> None:
    """Whether there is something to read.

    Raises:
        TopicError: there is no such file, it may not be read, or it is empty.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise TopicError(f"{path} {what}. Name one export file")
    if path.stat().st_size == 0:
        raise TopicError(f"{path} is empty (0 bytes). Export it again")
    try:
        path.open("rb").close()
    except PermissionError as error:
        raise TopicError(f"{path} cannot be read: {error.strerror}") from error


def digest(path: Path) -> str:
    """SHA-256 of the file as it lies there.

    Raises:
        TopicError: there is no such file, or it is empty.
    """
    must_be_file(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_header(path: Path) -> tuple[str, tuple[str, ...]]:
    """The delimiter and the column names of a CSV file.

    Raises:
        TopicError: the first line is not text.
    """
    must_be_file(path)
    with _opened(path) as file:
        line = file.readline(MAX_LINE)
    try:
        text = line.decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError as error:
        raise TopicError(
            f"{path}: the header is not UTF-8 ({error.reason} at byte {error.start}). "
            f"Convert it: iconv -f <encoding> -t utf-8 {path.name}"
        ) from error
    if text.count('"') % 2:
        raise TopicError(f"{path}:1: a quote is left open in the header. Put it on one line")
    delimiter = max(_DELIMITERS, key=re.sub(r'"[^"]*"', "", text).count)
    try:
        for cells in csv.reader([text], delimiter=delimiter):
            return delimiter, tuple(cell.strip() for cell in cells)
    except csv.Error as error:
        raise TopicError(f"{path}:1: the header cannot be read as CSV ({error})") from error
    return delimiter, ()


def split(path: Path, layout: Layout) -> Iterator[bytes]:
    """The bytes of every record, in the file's order.

    Raises:
        TopicError: the file is damaged or not of this format as a whole.
    """
    with _opened(path) as file:
        if layout.format == "csv":
            yield from _csv_rows(path, file, layout.delimiter)
        else:
            yield from _json_records(path, file)


@contextmanager
def _opened(path: Path) -> Generator[IO[bytes]]:
    """The file's bytes, unzipped if it starts like gzip, whatever its name."""
    with path.open("rb") as plain:
        start = plain.read(4)
        plain.seek(0)
        if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            raise TopicError(
                f"{path} is UTF-16. Convert it: iconv -f utf-16 -t utf-8 {path.name} > new"
            )
        if start[:2] == b"PK":
            raise TopicError(f"{path} is a zip archive. Unpack it and ingest the files in it")
        if start[:2] != b"\x1f\x8b":
            yield plain
            return
        try:
            with gzip.open(plain) as unzipped:
                yield unzipped  # pyright: ignore[reportReturnType]  GzipFile reads like a file
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise TopicError(
                f"{path}: the gzip stream is damaged or cut short ({error}). Nothing was loaded; "
                "fetch the file again"
            ) from error


def _lines(path: Path, file: IO[bytes]) -> Iterator[bytes]:
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise TopicError(
                f"{path}:{number}: a line of over {MAX_LINE >> 20} MiB; is it line-separated?"
            )
        yield line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


def _csv_rows(path: Path, file: IO[bytes], delimiter: str) -> Iterator[bytes]:
    """Whole rows: a quoted cell may hold line breaks, so the CSV reader decides where one ends."""
    held: list[bytes] = []
    number = 0

    def text() -> Iterator[str]:
        nonlocal number
        for line in _lines(path, file):
            number += 1
            held.append(line)
            # Any byte must pass here; a cell that is not UTF-8 is the decoder's to refuse.
            yield line.decode("utf-8", "surrogateescape")

    rows = csv.reader(text(), delimiter=delimiter, strict=True)
    start = 1
    try:
        next(rows, None)
        held.clear()
        start = number + 1
        for row in rows:
            if row:
                yield b"".join(held).rstrip(b"\r\n")
            held.clear()
            start = number + 1
    except csv.Error as error:
        raise TopicError(
            f"{path}:{start}: the row that starts here cannot be read as CSV ({error}); is a quote "
            "left open? Nothing was loaded"
        ) from error


def _json_records(path: Path, file: IO[bytes]) -> Iterator[bytes]:
    lines = _lines(path, file)
    for line in lines:
        stripped = line.strip()
        if not stripped:
            continue
        if stripped.startswith(b"["):
            yield from _array(path, stripped + b"\n" + file.read())
            return
        yield stripped
        break
    yield from (stripped for line in lines if (stripped := line.strip()))


def _array(path: Path, text: bytes) -> Iterator[bytes]:
    """The elements of a JSON array; one bad element must not cost the others."""
    try:
        elements = msgspec.json.decode(text, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        yield from _scan_array(path, text)
    else:
        for element in elements:
            yield bytes(element)


def _scan_array(path: Path, text: bytes) -> Iterator[bytes]:
    """Splits at the commas of the outermost level; strings and nesting are stepped over."""
    depth = 0
    start = 0
    n = 0
    for token in _TOKEN.finditer(text):
        match token[0]:
            case b"[" | b"{":
                depth += 1
                start = token.end() if depth == 1 else start
            case b"]" | b"}" | b",":
                closes = token[0] != b","
                if depth == 1:
                    if element := text[start : token.start()].strip():
                        n += 1
                        yield element
                    start = token.end()
                depth -= closes
                if depth == 0:
                    if text[token.end() :].strip():
                        raise TopicError(f"{path}: text follows the end of the JSON array")
                    return
            case _:
                pass
    raise TopicError(
        f"{path}: the JSON array ends inside or after record {n + 1}; the file is cut short. "
        "Nothing was loaded; export it again"
    )
