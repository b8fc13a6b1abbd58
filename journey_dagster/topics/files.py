"""Splits a file into records: the exact bytes of each, nothing interpreted.

Belongs here: line and array and CSV boundaries, damage to the file as a whole.
Does not belong here: what a file comes packed in (`archives`), what a record says (`decode`), and
where its bytes are kept (`segments`).
"""

import csv
import hashlib
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import IO, Any, Literal, cast

import msgspec

from journey_dagster.settings import Format
from journey_dagster.topics import TopicError, archives, parquet

Encoding = Literal["json", "csv", "tsv"]
"""How a record's bytes become named fields: an object, or cells that a header names. The cells of
tsv are taken as they stand, without quotes."""

Dedup = Literal["exact", "day"]
"""mixpanel: whether events of one id are the same at one moment, or all through one day (as its
own compaction has it)."""

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
    """The names of the cells; empty where the records are JSON objects."""
    mapping: Mapping[str, str] = field(default_factory=dict[str, str])
    """csv and json: canonical name to the name of the field."""
    encoding: Encoding = "json"
    user_id: str | None = None
    """Whose records they are that name nobody: a topic of one user."""
    dedup: Dedup = "exact"
    is_provisional: bool = False
    """ga4: an intraday table, which stands until the final table of its day arrives."""

    def __post_init__(self) -> None:
        if self.format == "csv" and self.encoding == "json" and self.header:
            object.__setattr__(self, "encoding", "csv")


def must_be_file(path: Path) -> None:
    """Whether there is something to read.

    Raises:
        TopicError: there is no such file, it may not be read, or it is empty.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise TopicError(f"{path} {what}. Name an export file, or a folder of them")
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


def encoding_of(path: Path, format_: Format) -> tuple[Encoding, str, tuple[str, ...]]:
    """Whether a file of this shape holds objects or cells; of cells, the delimiter and the names.

    Raises:
        TopicError: the file cannot be opened, or its header is not text.
    """
    from journey_dagster.topics.snowplow import COLUMNS  # noqa: PLC0415  it imports this module

    must_be_file(path)
    if parquet.is_parquet(path):
        if format_ == "csv":
            raise TopicError(
                f"{path} is Parquet, not CSV. Name the shape of its rows: --format json"
            )
        return "json", ",", ()
    with _opened(path) as file:
        line = file.readline(MAX_LINE).removeprefix(b"\xef\xbb\xbf")
    cells = line.rstrip(b"\r\n").split(b"\t")
    # A header names no column twice, and a row of so many columns always has several empty ones.
    if len(set(cells)) < len(cells) and (len(cells) == len(COLUMNS) or format_ == "snowplow"):
        return "tsv", "\t", COLUMNS
    start = line.lstrip()[:1]
    if format_ in {"json", "ksql"} or start in {b"{", b"["} or not (start or format_ == "csv"):
        return "json", ",", ()
    return "csv", *read_header(path)


def peek(path: Path, layout: Layout) -> Iterator[dict[str, Any]]:
    """The fields of the records, as far as they can be told; what cannot be read is left out."""
    if layout.header:
        yield dict.fromkeys(layout.header)
        return
    for record in split(path, layout):
        try:
            found = msgspec.json.decode(record)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        if isinstance(found, dict):
            yield cast("dict[str, Any]", found)


def split(path: Path, layout: Layout) -> Iterator[bytes]:
    """The bytes of every record, in the file's order.

    Raises:
        TopicError: the file is damaged or not of this format as a whole.
    """
    if parquet.is_parquet(path):
        yield from parquet.records(path)
        return
    for part, file in _parts(path):
        is_member = part != path
        if layout.encoding == "csv":
            yield from _csv_rows(part, file, layout.delimiter, layout.header if is_member else ())
        elif layout.encoding == "tsv":
            # Blanks at the end of a row are its last cells.
            yield from (row for line in _lines(part, file) if (row := line.rstrip(b"\r\n")))
        else:
            if is_member:
                _refuse_no_json(part, file)
            yield from _json_records(part, file)


@contextmanager
def _opened(path: Path) -> Generator[IO[bytes]]:
    """The file's bytes; of an archive those of the first member that has any."""
    with closing(_parts(path)) as parts:
        yield next((file for _, file in parts if file.peek(1)), BytesIO())


def _parts(path: Path) -> Generator[tuple[Path, BufferedReader]]:
    for part, file in archives.parts(path):
        if file.peek(2)[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            raise TopicError(
                f"{part} is UTF-16. Convert it: iconv -f utf-16 -t utf-8 {part.name} > new"
            )
        if file.peek(4)[:4] == parquet.MAGIC:
            raise TopicError(f"{part} is packed Parquet. Unpack it and ingest the file itself")
        yield part, file


def _refuse_no_json(part: Path, file: BufferedReader) -> None:
    """One member that is something else, such as an error page, must not hide among the others."""
    start = file.peek(512)[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start and start[:1] not in {b"{", b"["}:
        raise TopicError(
            f"{part} holds no JSON (it starts with {start[:20]!r}). Nothing was loaded; fetch it "
            "again, or take it out of the archive"
        )


def _lines(path: Path, file: IO[bytes]) -> Iterator[bytes]:
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise TopicError(
                f"{path}:{number}: a line of over {MAX_LINE >> 20} MiB; is it line-separated?"
            )
        yield line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


def _csv_rows(
    path: Path, file: IO[bytes], delimiter: str, header: tuple[str, ...] = ()
) -> Iterator[bytes]:
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
        names = next(rows, None)
        if header and names and tuple(name.strip() for name in names) != header:
            raise TopicError(
                f"{path}: its columns are not those of the archive's first table. Nothing was "
                "loaded; ingest tables of different columns one by one"
            )
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
