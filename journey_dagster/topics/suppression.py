"""What is kept out for good: records of users who were forgotten, and records of before a day.

Belongs here: the list of them beside the raw folder, and which records it means.
Does not belong here: who gets on the list (`erasure`), how segments are written (`segments`).

The list names nobody: it holds HMACs under a key that lies beside it, for the owner alone. Whoever
writes or loads a segment asks it, so a topic that is read again from its beginning, or a segment
that comes back from a copy, brings nobody back. A record is a forgotten user's when it states their
id as its own or as the same as its own, and when it states no user and comes from a device of
theirs, at a time when it was theirs. What cannot be read is theirs when it holds one of their ids
as a whole word: nobody can say whose it is otherwise.
"""

import dataclasses
import hmac
import os
import re
import secrets
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from journey_dagster.durable import sync
from journey_dagster.topics import TopicError
from journey_dagster.topics.origin import Origin

FOLDER = "erasure"
"""Beside the raw folder: whoever removes that to read all topics again keeps the list."""
_LIST = "suppressed.json"
_KEY = "suppressed.key"

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_IN_WORDS = np.array([bool(re.match(rb"[0-9A-Za-z_\x80-\xff]", bytes([n]))) for n in range(256)])
"""Of each byte, whether it is part of a word; those of a letter beyond ASCII are."""

Bools = npt.NDArray[np.bool_]


class Id(NamedTuple):
    """An id of somebody, and for a device when it was theirs."""

    kind: Literal["user", "anonymous"]
    id: str
    source: str = ""
    """Of a device; the ids of users are shared by all sources."""
    after: datetime | None = None
    before: datetime | None = None
    """Both excluded; None is open."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An id on the list."""

    person: str
    """Shared by the ids of one person."""
    kind: Literal["user", "anonymous"]
    id: str
    """HMAC of kind, source and id."""
    word: str
    """HMAC of the id alone: what cannot be read does not say what it is an id of."""
    n_bytes: int
    after: datetime | None = None
    before: datetime | None = None


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The list as it is kept."""

    entries: tuple[Entry, ...] = ()
    keep_from: datetime | None = None
    """Records of before this moment are too old to be kept."""


class Suppression:
    """The list, ready to be asked."""

    def __init__(self, key: bytes, listed: Listed) -> None:
        self.key = key
        self.listed = listed
        self._users = {one.id for one in listed.entries if one.kind == "user"}
        self._devices: dict[str, list[Entry]] = defaultdict(list)
        self._words: dict[int, set[str]] = defaultdict(set)
        for one in listed.entries:
            if not (one.after or one.before):  # the word for a shared device may be another's
                self._words[one.n_bytes].add(one.word)
            if one.kind == "anonymous":
                self._devices[one.id].append(one)

    def person(self, user_id: str) -> str:
        """Whose ids are meant, in a word that says nobody's name."""
        return self._hash("person", user_id)

    def entry(self, person: str, one: Id) -> Entry:
        """An id as the list has it.

        Args:
            person: whose it is, as `person` has it.
            one: the id.
        """
        return Entry(
            person=person,
            kind=one.kind,
            id=self._hash(one.kind, one.source, one.id),
            word=self._hash("word", one.id),
            n_bytes=len(one.id.encode()),
            after=one.after,
            before=one.before,
        )

    def has_user(self, user_id: str) -> bool:
        """Whether a user was forgotten."""
        return self._hash("user", "", user_id) in self._users

    def out(self, origin: Origin, table: pa.Table, events: pa.Table) -> Bools:
        """Of each record of a segment, whether it is to be left out.

        Args:
            origin: what the segment's footer says.
            table: its records, those without a value among them.
            events: those that can be read, as rows of raw.records.
        """
        offsets, read = _column(table, "offset"), _column(events, "offset")
        found: Bools = np.isin(offsets, read[self.theirs(origin.layout.format, events)])
        for row in np.flatnonzero(~np.isin(offsets, read)):
            found[row] = self._unread(origin, table.slice(int(row), 1).to_pylist()[0])
        return found

    def without(self, origin: Origin, n_out: int) -> Origin:
        """What the footer says of a segment without so many of its records."""
        layout = origin.layout
        if layout.user_id and self.has_user(layout.user_id):
            layout = dataclasses.replace(layout, user_id=None)
        return msgspec.structs.replace(origin, layout=layout, n_erased=origin.n_erased + n_out)

    def holds(self, texts: Iterable[bytes | None]) -> bool:
        """Whether one of the texts holds an id on the list as a whole word."""
        read = {reading for text in texts if text for reading in _readings(text)}
        return any(
            hmac.digest(self.key, b"word\0" + window, "sha256").hex() in words
            for n_bytes, words in self._words.items()
            for window in {window for text in read for window in _windows(text, n_bytes)}
        )

    def theirs(self, source: str, events: pa.Table) -> Bools:
        """Of each event of a source, whether it is to be left out.

        Args:
            source: the shape of its records, which devices belong to.
            events: their occurred_at, user_id, anonymous_id and same_as, as in raw.records.
        """
        occurred_at = _column(events, "occurred_at").astype("datetime64[us]")
        same = {text: text.partition(":") for text in _unique(events, "same_as")}
        theirs = [text for text in _unique(events, "user_id") if self.has_user(text)]
        as_theirs = [
            text for text, (kind, _, id_) in same.items() if kind == "user" and self.has_user(id_)
        ]
        found = _is_in(events, "user_id", theirs) | _is_in(events, "same_as", as_theirs)
        if self.listed.keep_from:
            found |= occurred_at < _micros(self.listed.keep_from)
        nobody: Bools = pc.is_null(events.column("user_id")).to_numpy(zero_copy_only=False)
        stated = [("anonymous_id", text, text) for text in _unique(events, "anonymous_id")]
        stated += [
            ("same_as", text, id_) for text, (kind, _, id_) in same.items() if kind == "anonymous"
        ]
        for column, text, device in stated:
            for one in self._devices.get(self._hash("anonymous", source, device), ()):
                meant = nobody & _is_in(events, column, [text])
                if one.after:
                    meant &= occurred_at > _micros(one.after)
                if one.before:
                    meant &= occurred_at < _micros(one.before)
                found |= meant
        return found

    def _unread(self, origin: Origin, record: Mapping[str, Any]) -> bool:
        if origin.layout.user_id and self.has_user(origin.layout.user_id):
            return True  # a topic of theirs alone
        keep_from = self.listed.keep_from
        if keep_from and (record["broker_at"] or origin.landed_at) < keep_from:
            return True
        headers = [part for name, held in record["headers"] or () for part in (name.encode(), held)]
        return self.holds([record["key"], record["value"], *headers])

    def _hash(self, *parts: str) -> str:
        return hmac.digest(self.key, "\0".join(parts).encode(), "sha256").hex()


def of(ids: Iterable[Id]) -> Suppression:
    """A list of these ids alone, under a key that nobody keeps."""
    blank = Suppression(secrets.token_bytes(32), Listed())
    return Suppression(blank.key, Listed(tuple(blank.entry("", one) for one in ids)))


def load(raw: Path) -> Suppression | None:
    """The list beside a raw folder; None where it is empty and nothing is left out.

    Raises:
        TopicError: it cannot be read, and so nobody knows whom it keeps out.
    """
    return _read(raw) if (raw.parent / FOLDER / _LIST).exists() else None


def mark(raw: Path, user_id: str) -> str:
    """What stands for a person where nobody may be named."""
    return _read(raw).person(user_id)


def add(raw: Path, person: str, ids: Iterable[Id]) -> None:
    """Put the ids of a person on the list, for good; those on it stay as they are."""
    standing = _read(raw)
    entries = [standing.entry(standing.person(person), one) for one in ids]
    _save(
        raw,
        msgspec.structs.replace(
            standing.listed, entries=tuple(dict.fromkeys((*standing.listed.entries, *entries)))
        ),
    )


def keep_from(raw: Path, moment: datetime | None) -> None:
    """Let records of before a moment be too old from now on, or none."""
    standing = _read(raw)
    if standing.listed.keep_from != moment:
        _save(raw, msgspec.structs.replace(standing.listed, keep_from=moment))


def _read(raw: Path) -> Suppression:
    """The list with its key, which is made before the first id is on the list."""
    folder = raw.parent / FOLDER
    key = folder / _KEY
    try:
        listed = msgspec.json.decode((folder / _LIST).read_bytes(), type=Listed)
    except FileNotFoundError:
        listed = Listed()
    except msgspec.MsgspecError as error:
        raise TopicError(f"{folder / _LIST}: {error}. Bring it back from a copy") from error
    if not key.exists():
        if listed.entries:
            raise TopicError(
                f"{key} is gone, and without it nobody knows whom {_LIST} beside it keeps out. "
                "Bring it back from a copy"
            )
        write_private(key, secrets.token_bytes(32))
    return Suppression(key.read_bytes(), listed)


def _save(raw: Path, listed: Listed) -> None:
    text = msgspec.json.format(msgspec.json.encode(listed), indent=1)
    write_private(raw.parent / FOLDER / _LIST, text + b"\n")


def write_private(path: Path, content: bytes) -> None:
    """Write a file for its owner alone, whole or not at all, so that it survives a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    sync(new)
    new.replace(path)
    sync(path.parent)


def _readings(text: bytes) -> Iterator[bytes]:
    """A text as it stands, and without the escapes of JSON, in the one form that ids have."""
    yield text
    read = text.decode(errors="replace")
    plain = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)) if escape[1] else escape[2], read)
    whole = plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    yield unicodedata.normalize("NFC", whole).encode()


def _windows(text: bytes, n_bytes: int) -> Iterator[bytes]:
    """The parts of a text that are so long and cut no word."""
    inside = _IN_WORDS[np.frombuffer(text, np.uint8)]
    cuts: Bools = np.ones(len(text) + 1, np.bool_)
    cuts[1:-1] = ~(inside[:-1] & inside[1:])
    for start in np.flatnonzero(cuts[: max(len(cuts) - n_bytes, 0)] & cuts[n_bytes:]).tolist():
        yield text[start : start + n_bytes]


def _column(table: pa.Table, name: str) -> npt.NDArray[Any]:
    return table.column(name).to_numpy(zero_copy_only=False)


def _unique(table: pa.Table, name: str) -> list[str]:
    return [
        text for text in cast("list[str | None]", pc.unique(table.column(name)).to_pylist()) if text
    ]


def _is_in(table: pa.Table, name: str, texts: list[str]) -> Bools:
    held = pa.array(texts, pa.string())
    return pc.is_in(table.column(name), value_set=held).to_numpy(zero_copy_only=False)


def _micros(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")
