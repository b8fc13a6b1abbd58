"""What a home holds: data, freshness, reports.

Belongs here: reading it off the analysts' copy and the files. Does not belong here: printing
(`terminal`), judging the machine (`doctor`).
"""

from dataclasses import dataclass

import duckdb

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


def status(settings: Settings) -> Status:
    """Look at the analysts' copy, so that a running pipeline is never in the way."""
    home = str(settings.home)
    if not settings.analytics.is_file():
        return Status(home, False, None, [], 0, 0, 0, 0, 0, {}, {})
    with duckdb.connect(settings.analytics, read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        topics = con.execute(
            "select topic, sum(n_consumed)::bigint, sum(n_events)::bigint, "
            "sum(n_duplicates)::bigint, sum(n_quarantined)::bigint, "
            "sum(n_superseded)::bigint, sum(n_tombstones)::bigint from meta.manifest "
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
    )
