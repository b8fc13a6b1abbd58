"""What a home holds: data, freshness, layers, reports, what it cost, where it went.

Belongs here: reading it off the analysts' copy, the status page's document, Dagster's records, the
ledger and the books of publishing: none of these is in a writer's way.
Does not belong here: printing (`terminal`), judging the machine (`doctor`), the page
(`status_page`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb
import msgspec

from journey_dagster.insights import ledger
from journey_dagster.instance import dagster_folder, open_instance
from journey_dagster.publishing import memory
from journey_dagster.publishing.targets import told
from journey_dagster.reports import data_through
from journey_dagster.settings import Settings


@dataclass(frozen=True)
class Topic:
    """What became of one topic's records."""

    topic: str
    n_consumed: int
    n_events: int
    n_duplicates: int
    n_quarantined: int
    n_superseded: int
    n_tombstones: int
    n_erased: int


@dataclass(frozen=True)
class Layer:
    """The tables of one schema that analysts get, and the checks on all of its assets."""

    name: str
    n_tables: int
    """Tables and views that stand."""
    n_missing: int
    n_rows: int
    """Of tables; views are counted when they are read."""
    computed_at: str | None
    """When one of them was brought up to date last, in UTC."""
    failed: list[str]
    """Checks that found an error."""
    warned: list[str]


@dataclass(frozen=True)
class LastRun:
    """The latest run, as Dagster recorded it."""

    run_id: str
    job: str
    status: str
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Cost:
    """What models were paid, in dollars."""

    total_usd: float
    today_usd: float
    """Since midnight, UTC."""
    n_calls: int


@dataclass(frozen=True)
class Status:
    """The state of a home, as of its last complete run."""

    home: str
    exists: bool
    data_through: str | None
    """Time of the latest event that counts, in UTC."""
    topics: list[Topic]
    n_events: int
    n_users: int
    n_sessions: int
    n_noise: int
    """Events that do not count: dated before all plausibility, or in the future."""
    n_unattributed: int
    """Events of nobody known."""
    reports: dict[str, int]
    """Registered users by what became of their report."""
    withheld: dict[str, str]
    """Slug to reason."""
    last_run: LastRun | None = None
    layers: list[Layer] = field(default_factory=list[Layer])
    cost: Cost = Cost(0, 0, 0)
    published_to: list[str] = field(default_factory=list[str])
    """Every place that ever got the site and has it still."""


def status(settings: Settings) -> Status:
    """Look at all of it, without keeping a running pipeline waiting.

    Raises:
        LedgerError: the books of what was spent cannot be read.
        PublishError: those of publishing cannot.
    """
    home = str(settings.home)
    if not settings.analytics.is_file():
        return Status(home, False, None, [], 0, 0, 0, 0, 0, {}, {}, last_run=_last_run(settings))
    with duckdb.connect(settings.analytics, read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        topics = con.execute(
            "select topic, sum(n_consumed)::bigint, sum(n_events)::bigint, "
            "sum(n_duplicates)::bigint, sum(n_quarantined)::bigint, "
            "sum(n_superseded)::bigint, sum(n_tombstones)::bigint, sum(n_erased)::bigint "
            "from meta.manifest "
            "group by all order by all"
        ).fetchall()
        counts = con.execute(
            "select (select count(*) from core.events), "
            "(select count(*) from core.users where n_events > 0), "
            "(select count(*) from core.sessions), "
            "(select count(*) from core.events where is_noise), "
            "(select count(*) from core.events where user_id is null)"
        ).fetchone() or (0, 0, 0, 0, 0)
        reports: list[tuple[str, str, str | None]] = []
        if con.execute(
            "select 1 from duckdb_tables() where schema_name = 'marts' "
            "and table_name = 'user_report'"
        ).fetchone():
            reports = con.execute("select slug, status, reason from marts.user_report").fetchall()
        through = data_through(con)
    states = [state for _, state, _ in reports]
    return Status(
        home,
        exists=True,
        data_through=through,
        topics=[Topic(*row) for row in topics],
        n_events=counts[0],
        n_users=counts[1],
        n_sessions=counts[2],
        n_noise=counts[3],
        n_unattributed=counts[4],
        reports={state: states.count(state) for state in sorted(set(states))},
        withheld={slug: reason or "" for slug, state, reason in reports if state == "withheld"},
        last_run=_last_run(settings),
        layers=_layers(settings),
        cost=_cost(settings),
        published_to=[told(place) for place in memory.load(settings.publishing).targets],
    )


def _last_run(settings: Settings) -> LastRun | None:
    if not (dagster_folder(settings) / "dagster.yaml").is_file():
        return None
    with open_instance(settings) as instance:
        for record in instance.get_run_records(limit=1):
            run = record.dagster_run
            return LastRun(
                run_id=run.run_id,
                job=run.job_name,
                status=run.status.value.lower(),
                started_at=_utc(record.start_time),
                ended_at=_utc(record.end_time),
            )
    return None


def _utc(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _cost(settings: Settings) -> Cost:
    spent = ledger.spent(settings.ledger)
    return Cost(spent.total / 1e6, spent.today / 1e6, spent.n_calls)


def _layers(settings: Settings) -> list[Layer]:
    """As the status page has them: both say the same."""
    page = settings.site / "data" / "status.json"
    if not page.is_file():
        return []
    document = msgspec.json.decode(page.read_bytes())
    named = [each["name"] for each in document["tables"]]
    named += [each["table"] for each in document["checks"]]
    return [
        _layer(
            name,
            [table for table in document["tables"] if _schema(table["name"]) == name],
            [check for check in document["checks"] if _schema(check["table"]) == name],
        )
        for name in dict.fromkeys(map(_schema, named))
    ]


def _layer(
    name: str, tables: Sequence[Mapping[str, Any]], checks: Sequence[Mapping[str, Any]]
) -> Layer:
    standing = [table for table in tables if table["state"] != "missing"]
    return Layer(
        name=name,
        n_tables=len(standing),
        n_missing=sum(table["state"] == "missing" for table in tables),
        n_rows=sum(table["n_rows"] or 0 for table in standing),
        computed_at=max((at for table in standing if (at := table["computed_at"])), default=None),
        failed=[check["name"] for check in checks if check["outcome"] == "failed"],
        warned=[check["name"] for check in checks if check["outcome"] == "warned"],
    )


def _schema(table: str) -> str:
    return table.partition(".")[0]
