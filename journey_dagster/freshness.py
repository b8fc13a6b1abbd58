"""How old data may be: what every page, check and policy of freshness goes by.

Belongs here: the one limit, and what it is held against.
Does not belong here: how far the data reaches (`sql/core/horizon.sql`), who is told (`alerts`).
Concept: https://docs.dagster.io/guides/observe/asset-freshness-policies

Two things go stale: a night that was not computed, which Dagster sees by itself, and a night that
was computed from a source that has dried up, which only the data tells.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from journey_dagster.reports import data_through
from journey_dagster.settings import Settings
from journey_dagster.tables import key
from journey_dagster.warehouse import Warehouse

STALE = timedelta(days=2)
"""Data that ends this long before somebody looks is called behind, as on a report."""

WATCHED = frozenset(map(key, ("core.events", "everyone.reports", "site.pages")))
"""What has to be renewed every night: the data, the reports, the site."""

_POLICY = dg.FreshnessPolicy.time_window(fail_window=STALE)


def freshness(through: str | None, now: datetime) -> dict[str, str]:
    """How the end of the data stands to a time: its state and a sentence."""
    if through is None:
        return {"state": "empty", "text": "No events have arrived yet."}
    behind = now - datetime.fromisoformat(through)
    if behind > STALE:
        days = f"{behind.days} days"
        return {
            "state": "behind",
            "text": f"Behind: the data ended {days} before this was written.",
        }
    return {"state": "current", "text": "Up to date when this was written."}


def with_policy(spec: dg.AssetSpec) -> dg.AssetSpec:
    """An asset as it is, or with the policy where it is one of those watched."""
    return dg.apply_freshness_policy(spec, _POLICY) if spec.key in WATCHED else spec


def judge_data(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
    """Whether the data itself is fresh, where it is meant to be.

    Where nothing runs by itself (`JOURNEY_AUTOMATE`), data is as old as whoever took it in wants
    it to be: an archive or a demo is never behind.
    """
    with warehouse.get_connection(read_only=True) as con:
        through = data_through(con)
    told = freshness(through, datetime.now(UTC))
    return dg.AssetCheckResult(
        passed=told["state"] != "behind" or not settings.automate,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"data_through": through or "nothing", "told": told["text"]},
    )
