"""Records, files of them, and a home to load them into: what the tests of the first mile share.

Belongs here: helpers that several modules import. Does not belong here: expectations.
"""

import json
import signal
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from journey_dagster import warehouse
from journey_dagster.models import model
from journey_dagster.refresh import refresh
from journey_dagster.settings import Settings
from journey_dagster.topics.decode import decode
from journey_dagster.topics.exports import ingest_file, layout_of
from journey_dagster.topics.files import Format, Layout
from journey_dagster.topics.load import Loaded, Receipt, load_landed
from journey_dagster.topics.values import Event, Rejection

AT = "2026-01-01T00:00:00Z"
LANDED_AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
HEADER = ("user_id", "timestamp", "page", "event")
KSQL = Layout("ksql")
CSV = Layout("csv", header=HEADER)
LOADED = ("raw.records", "raw.segments", "meta.quarantine")
"""The tables that loading fills."""
EVENTS = (
    "core/superseded.sql",
    "core/identity_edges.sql",
    "core/identities.sql",
    "core/attributions.sql",
    "core/deliveries.sql",
    "core/events.sql",
)
"""The files that make events of them."""


LIGHT = """
import sys, types
sys.modules["dagster_duckdb"] = types.SimpleNamespace(DuckDBResource=object)
"""
"""How a child process starts: Dagster has no part in a load, and importing it costs seconds."""


def micros(iso: str) -> int:
    """Microseconds since 1970 of a time with an offset, without a float on the way."""
    since = datetime.fromisoformat(iso) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds


def ksql(**fields: object) -> bytes:
    """A record of the topic dump; a time is added where none is given."""
    return json.dumps({"TIMESTAMP": AT} | fields, ensure_ascii=False).encode()


def raw_ksql(rest: bytes) -> bytes:
    """A record with fields as bytes, for what `json.dumps` would not write."""
    return b'{"TIMESTAMP":"' + AT.encode() + b'",' + rest + b"}"


def read(value: bytes, layout: Layout = KSQL, key: bytes | None = None) -> Event | Rejection:
    """The one outcome of one record."""
    (outcome,) = decode([(key, value)], layout)
    return outcome


def event(value: bytes, layout: Layout = KSQL, key: bytes | None = None) -> Event:
    """The event that a record is."""
    outcome = read(value, layout, key)
    assert isinstance(outcome, Event), outcome
    return outcome


def reason(value: bytes, layout: Layout = KSQL, key: bytes | None = None) -> str:
    """Why a record is none."""
    outcome = read(value, layout, key)
    assert isinstance(outcome, Rejection), outcome
    assert outcome.message
    return outcome.reason


def lines(*records: bytes) -> bytes:
    """A file of records by line."""
    return b"".join(record + b"\n" for record in records)


def csv_file(*rows: str, header: Iterable[str] = HEADER) -> bytes:
    """A comma-separated file."""
    return "".join(f"{line}\n" for line in (",".join(header), *rows)).encode()


def views(n: int, user: str = "robin") -> list[bytes]:
    """Different records with message ids."""
    return [ksql(USERID=user, MESSAGEID=f"{user}-{i}", URL=f"https://x.org/{i}") for i in range(n)]


def make_events(con: duckdb.DuckDBPyConnection) -> None:
    """Bring core.events, and what it reads, up to date with what is loaded."""
    for declared in ("raw/registry.sql", "raw/identity_vetoes.sql"):
        warehouse.ensure(con, model(declared))
    refresh(con, map(model, EVENTS), Settings().sql_parameters())


@contextmanager
def stopped_after(seconds: float) -> Generator[None]:
    """Raises TimeoutError in a block that takes longer, so that a slow way fails fast."""

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@dataclass(frozen=True)
class Home:
    """A folder with sources, raw segments and a warehouse on disk."""

    root: Path

    @property
    def raw(self) -> Path:
        return self.root / "raw"

    @property
    def database(self) -> Path:
        return self.root / "journey.duckdb"

    @contextmanager
    def connect(self) -> Generator[duckdb.DuckDBPyConnection]:
        with warehouse.connect(self.database) as con:
            yield con

    def file(self, name: str, content: bytes) -> Path:
        """A source file."""
        path = self.root / "sources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def ingest(
        self,
        path: Path,
        format_: Format = "ksql",
        timezone: str | None = None,
        mapping: Mapping[str, str] | None = None,
    ) -> Receipt:
        """What `journey ingest file` does."""
        layout = layout_of(path, format_, timezone=timezone, mapping=mapping or {})
        with self.connect() as con:
            return ingest_file(con, Settings(home=self.root), path, layout, LANDED_AT)

    def take(self, name: str, content: bytes, format_: Format = "ksql") -> Receipt:
        """Write a source and ingest it."""
        return self.ingest(self.file(name, content), format_)

    def load_landed(self) -> list[Loaded]:
        """What every run does first."""
        with self.connect() as con:
            return load_landed(con, self.raw)

    def delete_warehouse(self) -> None:
        """Lose all but the raw segments."""
        self.database.unlink()
        self.database.with_name(self.database.name + ".wal").unlink(missing_ok=True)

    def rows(self, sql: str) -> list[tuple[str, ...]]:
        """The rows of a query as text, sorted: one text whatever the order of loading."""
        with self.connect() as con:
            return con.execute(f"select columns(*)::varchar from ({sql}) order by all").fetchall()

    def state(self) -> dict[str, list[tuple[str, ...]]]:
        """Every row that loading made."""
        found: dict[str, list[tuple[str, ...]]] = {table: [] for table in LOADED}
        if self.database.exists():
            with self.connect() as con:
                for table in LOADED:
                    if warehouse.columns(con, table):
                        shown = f"select columns(*)::varchar from {table} order by all"
                        found[table] = con.execute(shown).fetchall()
        return found

    def events(self, columns: str = "*") -> list[tuple[str, ...]]:
        """core.events, computed from what is loaded."""
        with self.connect() as con:
            make_events(con)
        return self.rows(f"select {columns} from core.events")

    def landed(self) -> list[str]:
        """Everything that lies below raw and its folders per source, hidden or not."""
        return sorted(str(path.relative_to(self.raw)) for path in self.raw.glob("*/*"))

    def holds_nothing(self) -> bool:
        """No row, no folder of a topic, no manifest."""
        return not self.landed() and not any(self.state().values())
