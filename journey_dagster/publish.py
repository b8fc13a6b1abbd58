"""Publishes reports: each user on their own, the index last.

Belongs here: who is published and who is held back and why, and the list of both.
Does not belong here: what a document says (`reports`), how files are written (`site`).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import duckdb
import msgspec
import pyarrow as pa

from journey_dagster import site
from journey_dagster.checks import held_back
from journey_dagster.models import model
from journey_dagster.reports import build, data_through
from journey_dagster.settings import Settings
from journey_dagster.users import User
from journey_dagster.warehouse import ensure, insert, transaction

USER_REPORT = model("marts/user_report.sql")

Status = Literal["published", "no_data", "withheld"]


_NOTHING: Mapping[str, Any] = {
    "display_name": None,
    "evidence_tier": "T0",
    "n_events": 0,
    "n_sessions": 0,
    "active_days": 0,
    "last_event_date": None,
    "months": "[]",
}
"""What the list says of a report that is not there."""


@dataclass(frozen=True)
class Outcome:
    """What became of one user's report."""

    user: User
    status: Status
    reason: str | None = None
    """Why it is withheld."""
    entry: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    """What the list of reports says of it."""
    sha256: str | None = None


def publish_reports(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    chosen: Sequence[User],
    registered: Sequence[User],
    made_from: Mapping[str, str],
) -> list[Outcome]:
    """Write the reports of the chosen users, and the list of all last.

    A user with unsound facts, or whose document fails, is withheld; all others are published.

    Args:
        con: the warehouse, writable.
        settings: where the site is, and thresholds.
        chosen: users whose reports are made.
        registered: everyone in the registry; reports of others are removed.
        made_from: what each user's report is made from, to be noted with it.
    """
    ensure(con, USER_REPORT)
    outcomes = list(_write(con, settings, chosen))
    kept = [user.user_id for user in registered]
    with transaction(con):
        con.execute(
            f"delete from {USER_REPORT.name} "
            "where user_id = any($written) or not user_id = any($kept)",
            {"written": [user.user_id for user in chosen], "kept": kept},
        )
        rows = [
            _row(outcome) | {"made_from": made_from.get(outcome.user.user_id)}
            for outcome in outcomes
        ]
        insert(con, USER_REPORT, pa.Table.from_pylist(rows))
    site.write_index(settings.site, data_through(con), _index(con, registered))
    return outcomes


def _write(
    con: duckdb.DuckDBPyConnection, settings: Settings, chosen: Sequence[User]
) -> Iterator[Outcome]:
    """The reports, one document in memory at a time; nothing of whoever is held back."""
    users = {user.user_id: user for user in chosen}
    wrong = held_back(con, settings, [*users])
    sound = [user_id for user_id in users if user_id not in wrong]
    for report in build(con, sound, settings, datetime.now(UTC)):
        yield _outcome(settings, users.pop(report.user_id), report.document)
    for user_id, user in users.items():
        yield Outcome(user, "withheld", wrong.get(user_id, _UNKNOWN))


def _outcome(settings: Settings, user: User, document: Mapping[str, Any]) -> Outcome:
    try:
        text = site.write_report(settings.site, dict(document))
    except site.ContractError as error:
        return Outcome(user, "withheld", str(error))
    evidence = document["evidence"]
    status: Status = "no_data" if evidence["tier"] == "T0" else "published"
    months: dict[str, int] = defaultdict(int)
    for day, n in document["calendar"]["days"]:
        months[day[:7]] += n
    entry = {
        "display_name": document["user"]["display_name"],
        "evidence_tier": evidence["tier"],
        "n_events": evidence["n_events"],
        "n_sessions": evidence["n_sessions"],
        "active_days": evidence["active_days"],
        "last_event_date": document["period"]["end"] if document["period"] else None,
        "months": msgspec.json.encode(sorted(months.items())).decode(),
    }
    return Outcome(user, status, None, entry, hashlib.sha256(text).hexdigest())


def _row(outcome: Outcome) -> dict[str, Any]:
    return {
        **outcome.entry,
        "user_id": outcome.user.user_id,
        "slug": outcome.user.slug,
        "display_name": outcome.entry["display_name"] or outcome.user.display_name,
        "avatar": outcome.user.avatar,
        "status": outcome.status,
        "reason": outcome.reason,
        "sha256": outcome.sha256,
    }


_UNKNOWN = "not in the warehouse yet; the next full run takes the user in"

_STATUS = {
    "published": "Report ready",
    "no_data": "No events yet",
    "withheld": "Held back for now",
}


def _index(con: duckdb.DuckDBPyConnection, registered: Sequence[User]) -> list[dict[str, Any]]:
    """The entries of the landing page in the registry's order, without what was never made."""
    found = con.execute(
        "select slug, coalesce(display_name, slug), avatar, status, evidence_tier, n_events, "
        "n_sessions, active_days, last_event_date::varchar, months::varchar "
        f"from {USER_REPORT.name}"
    ).fetchall()
    rows = {row[0]: row for row in found}
    entries: list[dict[str, Any]] = []
    for user in registered:
        if user.slug not in rows:
            continue
        slug, name, avatar, status, tier, events, sessions, active, last, months = rows[user.slug]
        entries.append(
            {
                "slug": slug,
                "display_name": name,
                "avatar": avatar,
                "status": status,
                "status_text": _STATUS[status],
                "tier": tier,
                "n_events": events,
                "n_sessions": sessions,
                "active_days": active,
                "last_event_date": last,
                "months": msgspec.json.decode(months),
            }
        )
    return entries
