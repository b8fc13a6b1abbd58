"""Takes export files in: which file, how to read it, and whether it makes sense as a whole.

Belongs here: layouts of files, the refusals of a wrong file. Does not belong here: what a record
says (`decode`), how bytes are kept (`segments`), the transaction that loads them (`load`).
"""

import itertools
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from zoneinfo import available_timezones

import duckdb

from journey_dagster.settings import Settings
from journey_dagster.topics import TopicError, files, segments, shapes, suppression
from journey_dagster.topics.files import Dedup, Format, Layout
from journey_dagster.topics.load import (
    QUARANTINE,
    SEGMENTS,
    Receipt,
    load,
    load_landed,
    prepare,
    receipt_of,
)
from journey_dagster.topics.origin import Origin
from journey_dagster.topics.plain import OPTIONAL, REQUIRED, columns_of
from journey_dagster.warehouse import transaction

MARKS = frozenset({"complete", "_SUCCESS"})
"""Files that say that an export is complete, and nothing else."""

PEEKED = 20
"""Records at the head of a file that tell its shape."""


def layout_of(  # noqa: PLR0913  one argument per option of the command
    path: Path,
    format_: Format,
    *,
    timezone: str | None = None,
    mapping: Mapping[str, str] | None = None,
    dedup: Dedup = "exact",
    is_provisional: bool = False,
) -> Layout:
    """How to read this file.

    Raises:
        TopicError: an unknown zone, an option that makes no sense, a file of another shape, a CSV
            without a needed column.
    """
    mapping = mapping or {}
    _refuse_options(format_, timezone, mapping, dedup, is_provisional=is_provisional)
    encoding, delimiter, header = files.encoding_of(path, format_)
    layout = Layout(
        format_, timezone, delimiter, header, dict(mapping), encoding,
        dedup=dedup, is_provisional=is_provisional or is_intraday(path, format_),
    )  # fmt: skip
    if not mapping:
        _refuse_other_shape(path, layout)
    _refuse_header(path, layout)
    if format_ == "csv":
        _refuse_columns(path, layout)
    return layout


def _refuse_options(
    format_: Format,
    timezone: str | None,
    mapping: Mapping[str, str],
    dedup: Dedup,
    *,
    is_provisional: bool,
) -> None:
    if timezone is not None and timezone not in available_timezones():
        raise TopicError(f"--timezone {timezone!r} is no IANA name; write it like Europe/Berlin")
    if mapping and format_ not in {"csv", "json"}:
        raise TopicError(f"--map is for csv and json; the fields of {format_} have fixed names")
    strange = set(mapping) - {*REQUIRED, *OPTIONAL}
    if strange:
        raise TopicError(
            f"--map {min(strange)}=...: unknown name; there are {', '.join((*REQUIRED, *OPTIONAL))}"
        )
    if dedup != "exact" and format_ != "mixpanel":
        raise TopicError(f"--dedup is for mixpanel; {format_} has one rule")
    if is_provisional and format_ != "ga4":
        raise TopicError(f"--intraday is for ga4; {format_} has no such tables")


def is_intraday(path: Path, format_: Format) -> bool:
    """Whether the name of a GA4 export says that it is an intraday table."""
    return format_ == "ga4" and "intraday" in path.name.lower()


def _refuse_header(path: Path, layout: Layout) -> None:
    if len(set(layout.header)) < len(layout.header):
        twice = next(name for name in layout.header if layout.header.count(name) > 1)
        raise TopicError(f"{path}: column {twice!r} stands twice in the header. Rename one")


def _refuse_other_shape(path: Path, layout: Layout) -> None:
    """An export of another product says so in its field names."""
    seen = list(itertools.islice(files.peek(path, layout), PEEKED))
    if not seen and layout.encoding == "json":
        with suppress(TopicError):
            seen = [dict.fromkeys(files.read_header(path)[1])]
    found = shapes.guess(seen)
    if found == "json" and (layout.header or not any(seen[0].values())):
        found = "csv"  # the same names, in a header
    if found and found != layout.format:
        raise TopicError(
            f"{path} looks like {found}, not {layout.format}: --format {found}. Nothing was loaded"
        )


def _refuse_columns(path: Path, layout: Layout) -> None:
    if not layout.header and next(files.split(path, layout), None) is None:
        raise TopicError(f"{path} holds nothing but blank lines. Export it again")
    if not layout.header:
        raise TopicError(f"{path} holds JSON, not rows: --format json. Nothing was loaded")
    unknown = [name for name in layout.mapping.values() if name not in layout.header]
    if unknown:
        raise TopicError(
            f"{path} has no column {unknown[0]!r} (--map); it has {_listed(layout.header)}"
        )
    missing = [name for name in REQUIRED if name not in columns_of(layout.header, layout.mapping)]
    if missing:
        raise TopicError(
            f"{path} has no column {' and no '.join(map(repr, missing))}; it has "
            f"{_listed(layout.header)}. Name it: --map {missing[0]}=<column>"
        )


def files_in(paths: Iterable[Path]) -> list[Path]:
    """The files meant: those named, and those in the folders named, in the order of their names.

    Hidden files and the empty marks that exports leave (`complete`, `_SUCCESS`) are none.

    Raises:
        TopicError: a folder holds no file.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = [
            each
            for each in sorted(path.rglob("*"))
            if each.is_file()
            and not any(part.startswith(".") for part in each.relative_to(path).parts)
            and each.name not in MARKS
        ]
        if not inside:
            raise TopicError(f"{path} is a folder without files. Name the export's folder")
        found += inside
    return found


def _listed(header: Iterable[str]) -> str:
    names = [repr(name[:30]) for name in header]
    first, rest = names[:12], names[12:]
    return ", ".join(first) + (f" and {len(rest)} more" if rest else "")


def ingest_file(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    path: Path,
    layout: Layout,
    landed_at: datetime,
) -> Receipt:
    """Land a file's bytes and load them; the same bytes again change nothing.

    Raises:
        TopicError: the file as a whole cannot be taken; then nothing is.
    """
    raw = settings.raw
    digest = files.digest(path)
    stem = re.sub(r"[^a-z0-9]+", "-", path.name.split(".")[0].lower()).strip("-")[:40] or "file"
    origin = Origin(
        source=layout.format,
        topic=f"{stem}-{digest[:12]}",
        file=path.name,
        landed_at=landed_at,
        layout=layout,
    )
    folder = _known_folder(raw, layout, digest) or segments.topic_folder(raw, origin)
    if any(folder.rglob("*.parquet")):
        standing = next(segments.find(folder)).origin
        _refuse_other_layout(path, folder, standing.layout, layout)
        is_new = bool(load_landed(con, raw, [folder]))
        return receipt_of(con, standing.topic, standing.landed_at, is_new=is_new)
    hidden = segments.write_topic(
        raw, origin, shapes.watch(path, files.split(path, layout), layout)
    )
    try:
        prepare(con)
        with transaction(con):
            for segment in segments.find(hidden):
                place = folder / str(segment.partition) / segment.path.name
                load(con, segment, place.relative_to(raw), suppression.load(raw))
            _refuse_nonsense(con, path, origin.topic)
            segments.place(hidden)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise
    return receipt_of(con, origin.topic, landed_at)


def _known_folder(raw: Path, layout: Layout, digest: str) -> Path | None:
    """The folder of the same bytes, under whatever file name they came."""
    return next((raw / layout.format).glob(f"*-{digest[:12]}"), None)


def _refuse_other_layout(path: Path, folder: Path, standing: Layout, layout: Layout) -> None:
    if standing != layout:
        told = [f"--timezone {standing.timezone}"] if standing.timezone else []
        told += [f"--map {name}={column}" for name, column in standing.mapping.items()]
        told += [f"--dedup {standing.dedup}"] if standing.dedup != "exact" else []
        told += ["--intraday"] if standing.is_provisional else []
        raise TopicError(
            f"{path} was ingested before with {' '.join(told) or 'no options'}. Taking it twice "
            f"would count it twice: remove {folder} and {folder.parents[2] / 'journey.duckdb'}, "
            "then ingest it again"
        )


def _refuse_nonsense(con: duckdb.DuckDBPyConnection, path: Path, topic: str) -> None:
    """A file in which nothing can be read is the wrong file, and a time without a zone no time."""
    counted = con.execute(
        "select coalesce(sum(n_consumed), 0)::bigint, coalesce(sum(n_accepted), 0)::bigint "
        f"from {SEGMENTS.name} where topic = $topic",
        {"topic": topic},
    ).fetchone()
    n_consumed, n_accepted = counted or (0, 0)
    if n_consumed == 0:
        raise TopicError(f"{path} holds no records, only a header or blank lines")
    told = con.execute(
        f'select reason, message, "offset" from {QUARANTINE.name} where topic = $topic '
        "order by reason <> 'naive_time', \"offset\" limit 1",
        {"topic": topic},
    ).fetchone()
    if told and told[0] == "naive_time":
        raise TopicError(
            f"{path}, record {told[2] + 1}: {told[1]}. Say whose clock it is: "
            "--timezone Europe/Berlin (or UTC). Nothing was loaded"
        )
    if told and n_accepted == 0:
        raise TopicError(
            f"{path}: none of its {n_consumed:,} records could be read; record "
            f"{told[2] + 1}: {told[0]}, {told[1]}. Is --format right? Nothing was loaded"
        )
