"""Publishes reports: each user on their own, the index last.

Belongs here: who is published and who is held back and why, and the list of both.
Does not belong here: what a document says (`reports`), how files are written (`site`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import duckdb
import msgspec
import pyarrow as pa

from journey_dagster import site
from journey_dagster.checks import held_back
from journey_dagster.models import model
from journey_dagster.reports import Report, build, data_through
from journey_dagster.settings import Settings
from journey_dagster.users import User
from journey_dagster.warehouse import ensure, insert, transaction

USER_REPORT = model("marts/user_report.sql")

Status = Literal["published", "no_data", "withheld"]


@dataclass(frozen=True)
class Outcome:
    """What became of one user's report."""

    user: User
    status: Status
    reason: str | None = None
    """Why it is withheld."""
    document: Mapping[str, Any] | None = None
    sha256: str | None = None


def publish_reports(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    chosen: Sequence[User],
    registered: Sequence[User],
    now: datetime,
) -> list[Outcome]:
    """Write the reports of the chosen users and the index of all.

    A user with unsound facts, or whose document fails, is withheld; all others are published.

    Args:
        con: the warehouse, writable.
        settings: where the site is, and thresholds.
        chosen: users whose reports are made.
        registered: everyone in the registry; reports of others are removed.
        now: when the documents say they were built.
    """
    ensure(con, USER_REPORT)
    ids = [user.user_id for user in chosen]
    wrong = held_back(con, settings, ids)
    sound = [user_id for user_id in ids if user_id not in wrong]
    documents = {report.user_id: report for report in build(con, sound, settings, now)}
    outcomes = [_outcome(settings, user, wrong, documents) for user in chosen]
    _record(con, outcomes, [user.user_id for user in registered])
    site.write_index(settings.site, data_through(con), _index(con, registered))
    return outcomes


def _outcome(
    settings: Settings, user: User, wrong: Mapping[str, str], documents: Mapping[str, Report]
) -> Outcome:
    if user.user_id in wrong:
        return Outcome(user, "withheld", wrong[user.user_id])
    if user.user_id not in documents:
        return Outcome(
            user, "withheld", "not in the warehouse yet; the next full run takes the user in"
        )
    document = dict(documents[user.user_id].document)
    try:
        text = site.write_report(settings.site, document)
    except site.ContractError as error:
        return Outcome(user, "withheld", str(error))
    status: Status = "no_data" if document["evidence"]["tier"] == "T0" else "published"
    return Outcome(user, status, None, document, hashlib.sha256(text).hexdigest())


def _record(
    con: duckdb.DuckDBPyConnection, outcomes: Sequence[Outcome], registered: Sequence[str]
) -> None:
    rows = [_row(outcome) for outcome in outcomes]
    with transaction(con):
        con.execute(
            f"delete from {USER_REPORT.name} "
            "where user_id = any($users) or not user_id = any($registered)",
            {"users": [row["user_id"] for row in rows], "registered": list(registered)},
        )
        insert(con, USER_REPORT, pa.Table.from_pylist(rows))


def _row(outcome: Outcome) -> dict[str, Any]:
    document = outcome.document or {}
    evidence = document.get("evidence", {})
    period: Mapping[str, Any] = document.get("period") or {}
    months: dict[str, int] = {}
    for day, n in document.get("calendar", {}).get("days", []):
        months[day[:7]] = months.get(day[:7], 0) + n
    return {
        "user_id": outcome.user.user_id,
        "slug": outcome.user.slug,
        "display_name": document.get("user", {}).get("display_name", outcome.user.display_name),
        "avatar": outcome.user.avatar,
        "status": outcome.status,
        "reason": outcome.reason,
        "evidence_tier": evidence.get("tier", "T0"),
        "n_events": evidence.get("n_events", 0),
        "n_sessions": evidence.get("n_sessions", 0),
        "active_days": evidence.get("active_days", 0),
        "last_event_date": period.get("end"),
        "months": msgspec.json.encode(sorted(months.items())).decode(),
        "sha256": outcome.sha256,
    }


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
