"""The home: its folders, its disk, and whether what lies there can be used.

Belongs here: files. Does not belong here: what the data says (`status`), mending it.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from journey_dagster.doctor.finding import Finding
from journey_dagster.instance import dagster_folder
from journey_dagster.settings import Settings
from journey_dagster.site import ContractError, validate
from journey_dagster.topics import TopicError, segments
from journey_dagster.topics.load import SEGMENTS
from journey_dagster.warehouse import WarehouseBusyError, WarehouseError, columns, connect

LOW_DISK = 2 * 10**9
"""Bytes below which a run may not have the room it needs, however little there is."""

_CONTRACTS = {name: f"{name}.v1" for name in ("dictionary", "friction", "status", "users")}


def folders(settings: Settings) -> Iterator[Finding]:
    """Whether the home and Dagster's can be written, and whether there is room."""
    yield _folder("home", settings.home, "JOURNEY_HOME")
    given = os.environ.get("DAGSTER_HOME")
    if given and not (Path(given) / "dagster.yaml").is_file():
        yield Finding(
            "dagster home", "wrong",
            f"{given} has no dagster.yaml: nothing would keep two writers from the warehouse",
            "unset DAGSTER_HOME",
        )  # fmt: skip
    else:
        yield _folder("dagster home", dagster_folder(settings), "DAGSTER_HOME")
    yield _disk(settings)


def _folder(what: str, folder: Path, variable: str) -> Finding:
    standing = _standing(folder)
    if standing.is_dir() and os.access(standing, os.W_OK | os.X_OK):
        return Finding(what, "well", str(folder))
    if not standing.is_dir():
        told, cure = f"{standing} is no folder", f"set {variable} to a folder"
    else:
        told, cure = f"{standing} may not be written", f"chown -R $USER {standing}"
    return Finding(what, "wrong", f"{folder} cannot be used: {told}", cure)


def _standing(folder: Path) -> Path:
    """The folder, or the lowest of those above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _disk(settings: Settings) -> Finding:
    place = _standing(settings.home)
    free = shutil.disk_usage(place).free
    held = sum(path.stat().st_size for path in settings.home.rglob("*") if path.is_file())
    # A run writes the analysts' copy beside the old one, and a rebuild the warehouse too.
    needed = max(LOW_DISK, sum(_size(path) for path in (settings.database, settings.analytics)))
    told = f"{free / 1e9:.1f} GB free; the home has {held / 1e9:.1f} GB"
    if free > needed:
        return Finding("disk", "well", told)
    return Finding(
        "disk", "wrong", f"{told}, and a run may need {needed / 1e9:.1f} GB",
        f"free some (du -sh {settings.home}/*), or set JOURNEY_HOME to a larger disk",
    )  # fmt: skip


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def data(settings: Settings) -> Iterator[Finding]:
    """Whether raw segments and the warehouse can be read, and who holds it."""
    try:
        found = list(segments.find(settings.raw)) if settings.raw.exists() else []
        yield Finding("raw segments", "well", f"{len(found)} found, their footers readable")
    except TopicError as error:
        yield Finding(
            "raw segments", "wrong", str(error), f"put it back from a backup of {settings.raw}"
        )
    if not settings.database.exists():
        yield Finding("warehouse", "note", "none yet", "journey demo, or journey ingest file FILE")
        return
    try:
        yield from _warehouse(settings)
    except WarehouseBusyError as error:
        yield Finding(
            "warehouse", "note", str(error),
            "ps -p PID shows who that is: wait for a run, end anything else",
        )  # fmt: skip
    except WarehouseError as error:
        database = settings.database
        yield Finding(
            "warehouse", "wrong", str(error),
            f"mv {database} {database}.damaged; rm -f {database}.wal; journey run",
        )  # fmt: skip


def _warehouse(settings: Settings) -> Iterator[Finding]:
    with connect(settings.database, read_only=True) as con:
        known = (
            con.execute(f"select path from {SEGMENTS.name}").fetchall()
            if columns(con, SEGMENTS.name)
            else []
        )
    gone = [path for (path,) in known if not (settings.raw / path).exists()]
    if gone:
        yield Finding(
            "raw segments",
            "wrong",
            f"{settings.raw / gone[0]} is gone, and so are {len(gone) - 1} more: the warehouse "
            "holds their records, and a rebuild would not",
            f"put them back from a backup of {settings.raw}",
        )
    yield Finding("warehouse", "well", f"{settings.database.stat().st_size / 1e6:.1f} MB")


def documents(settings: Settings) -> Iterator[Finding]:
    """Whether the site's documents are of the versions that its pages understand."""
    paths = sorted((settings.site / "data").glob("*.json"))
    if not paths:
        yield Finding("site", "note", "none yet", "journey run")
        return
    broken = [told for path in paths if (told := _trouble(path))]
    if broken:
        told = f"{len(broken)} of {len(paths)} documents cannot be shown: {broken[0]}"
        yield Finding("site", "wrong", told, "journey run && journey report build")
    else:
        yield Finding("site", "well", f"{len(paths)} documents keep their contracts")


def _trouble(path: Path) -> str | None:
    try:
        document = msgspec.json.decode(path.read_bytes(), type=dict[str, object])
        validate(_CONTRACTS.get(path.stem, "report.v1"), document)
    except (msgspec.MsgspecError, ContractError) as error:
        return f"{path}: {error}"
    return None
