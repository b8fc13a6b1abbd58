"""Opens what files come packed in: gzip and zip, as streams of bytes.

Belongs here: which members of an archive hold data, how far unpacking may go, damage to a packing.
Does not belong here: what the bytes mean (`files`).

Nothing is written to a disk, so the names of members say where something came from and no more.
"""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Generator
from io import BufferedReader
from pathlib import Path
from typing import IO, Literal, cast

from journey_dagster.topics import TopicError

FREE = 64 * 2**20
RATIO = 500
"""Beyond so many bytes, each byte of a file may unpack to so many: a repeated event makes 250, a
run of one character 1,000."""

Packing = Literal["gzip", "zip"]

_BLOCK = 128 * 2**10
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_DAMAGE = (
    EOFError, OSError, RuntimeError, ValueError, OverflowError, struct.error, zlib.error,
    zipfile.BadZipFile, zipfile.LargeZipFile,
)  # fmt: skip
"""What Python's readers raise for bytes that are not what they should be."""
_OFFICE = "[Content_Types].xml"


def parts(path: Path) -> Generator[tuple[Path, BufferedReader]]:
    """The data in a file: of an archive each member by its name, else the file as one.

    Packing is known by its first bytes, whatever the names.

    Raises:
        TopicError: a packing is damaged, locked, nested or unpacks to far more than it should.
    """
    with path.open("rb") as file:
        start = file.peek(4)
        if start.startswith(_ZIP):
            yield from _members(path, file)
        elif start.startswith(_GZIP):
            yield path, _gunzipped(path, file, _Meter(path, file))
        else:
            yield path, file


class _Meter:
    """Holds what was unpacked against what was read for it so far."""

    def __init__(self, path: Path, file: BufferedReader) -> None:
        self._file = file
        self._size = path.stat().st_size
        self._unpacked = 0
        self._before = 0

    def begin(self, info: zipfile.ZipInfo) -> None:
        """From now on the file is read at a member's place."""
        self._before -= info.header_offset

    def end(self, info: zipfile.ZipInfo) -> None:
        """The member was read; members that overlap do not count for more than the file has."""
        self._before = min(self._before + info.header_offset + info.compress_size, self._size)

    def allows(self, n: int) -> bool:
        """Whether so many bytes more are still believable."""
        self._unpacked += n
        read = min(self._before + self._file.tell(), self._size)
        return self._unpacked <= max(FREE, RATIO * read)


class _Unpacking(io.RawIOBase):
    """The bytes of a packed stream; what is wrong with them is said in our words."""

    def __init__(self, name: Path, kind: Packing, packed: IO[bytes], meter: _Meter) -> None:
        self._name = name
        self._kind: Packing = kind
        self._packed = packed
        self._meter = meter

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]  any buffer is a memoryview here
        """Fill a buffer as far as there is more."""
        try:
            found = self._packed.read(len(buffer))
        except _DAMAGE as error:
            raise TopicError(_damaged(self._name, self._kind, error)) from error
        if not self._meter.allows(len(found)):
            raise TopicError(
                f"{self._name} unpacks to more than {RATIO} times its size; no export does. "
                "Nothing was loaded; if it is one, unpack it and ingest what is in it"
            )
        buffer[: len(found)] = found
        return len(found)


def _damaged(name: Path, kind: Packing, error: BaseException) -> str:
    """What to say of a packing that cannot be read to its end."""
    what = "gzip stream" if kind == "gzip" else "zip archive"
    return (
        f"{name}: the {what} is damaged or cut short ({error}). Nothing was loaded; "
        "fetch the file again"
    )


def _gunzipped(name: Path, packed: BufferedReader, meter: _Meter) -> BufferedReader:
    return _unpacked(name, "gzip", cast("IO[bytes]", gzip.GzipFile(fileobj=packed)), meter)


def _unpacked(name: Path, kind: Packing, packed: IO[bytes], meter: _Meter) -> BufferedReader:
    return cast("BufferedReader", BufferedReader(_Unpacking(name, kind, packed, meter), _BLOCK))


def _members(path: Path, file: BufferedReader) -> Generator[tuple[Path, BufferedReader]]:
    try:
        archive = zipfile.ZipFile(file)
    except _DAMAGE as error:
        raise TopicError(_damaged(path, "zip", error)) from error
    if any(info.filename == _OFFICE for info in archive.infolist()):
        raise TopicError(f"{path} is a spreadsheet or another office file. Save it as CSV")
    members = [
        (path / _shown(info.filename), info) for info in archive.infolist() if _holds_data(info)
    ]
    if not members:
        raise TopicError(f"{path} is a zip archive without a data file. Export it again")
    members.sort(key=lambda member: (member[1].filename, member[1].header_offset))
    for name, info in members:
        if info.flag_bits & 1:
            raise TopicError(f"{name} is encrypted. Unpack it and ingest the files in it")
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise TopicError(
                f"{name} is packed in an unusual way (method {info.compress_type}). Unpack it and "
                "ingest the files in it"
            )
    meter = _Meter(path, file)
    for name, info in members:
        meter.begin(info)
        try:
            packed = archive.open(info)
        except _DAMAGE as error:
            raise TopicError(_damaged(name, "zip", error)) from error
        with packed:
            member = _unpacked(name, "zip", packed, meter)
            start = member.peek(4)
            if start.startswith(_ZIP):
                raise TopicError(f"{name} is an archive in an archive. Unpack the outer one")
            yield name, _gunzipped(name, member, meter) if start.startswith(_GZIP) else member
        meter.end(info)


def _holds_data(info: zipfile.ZipInfo) -> bool:
    """Whether a member is no folder, not empty and not what exporters and systems leave behind."""
    *folders, name = info.filename.replace("\\", "/").split("/")
    is_marker = name.lower() == "complete" or name.lower().endswith("_complete")
    is_hidden = name.startswith(".") or "__MACOSX" in folders
    return bool(name) and info.file_size > 0 and not is_marker and not is_hidden


def _shown(name: str) -> str:
    """A member's name for messages: below the archive's own, and nothing that drives a terminal."""
    return "".join(char if char.isprintable() else "?" for char in name).lstrip("/")
