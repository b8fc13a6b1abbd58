"""The steps that make stories and reports: of the partitions asked for, or of whoever changed.

Belongs here: the Dagster shells around `everyone`, `insights.telling` and `publish`.
Does not belong here: what they do, asking models (`answers`), the pages (`outlets`).

A backfill makes what it is asked for; the night makes what has to be made again, and records it
with the same partitions, so that each user's partition tells when the report was made last.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from journey_dagster import answers, everyone, publish, site
from journey_dagster.analysts_copy import PRIVATE
from journey_dagster.checks import SHOWN
from journey_dagster.insights import telling
from journey_dagster.models import QUERIES, every_model
from journey_dagster.settings import InsightsSettings, Settings
from journey_dagster.tables import OWNERS, PARTITIONED, ids_of, key, registry_of, shown, spec
from journey_dagster.warehouse import Warehouse, written

_TABLES = [
    model.name
    for model in every_model()
    if model.schema not in QUERIES | PRIVATE and model.name not in PARTITIONED
]

INSIGHTS = [
    spec(each, also_reads=["marts.user_summary", "marts.user_facts", "core.users",
                           "core.user_names", "insights.answers"])
    for each in (telling.INSIGHTS, telling.PARTS)
]  # fmt: skip

# Publishing waits for the checks on what it counts, so both name all that must be sound.
REPORT = spec(publish.USER_REPORT, also_reads=[*_TABLES, telling.INSIGHTS.name, telling.PARTS.name])

REPORTS = dg.AssetSpec(
    ["everyone", "reports"],
    description="The stories and reports of everybody whose rows changed, or whose last report "
    "failed.\n\nRecorded with the users' partitions too; backfill these to make one anyway.",
    deps=[key(name) for name in _TABLES] + [answers.EVERYONE.key],
    group_name="everyone",
    kinds={"duckdb", "json"},
    owners=OWNERS,
)


def tell_stories(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    settings: dg.ResourceParam[Settings],
    insights: dg.ResourceParam[InsightsSettings],
) -> Iterator[dg.MaterializeResult[Any]]:
    """Write the users' stories; whoever's facts make none has none, and is held back later."""
    ids = ids_of(context, settings)
    with warehouse.get_connection() as con:
        stories = telling.write_stories(con, list(ids.values()), settings, insights)
        tables = [written(con, each) for each in (telling.INSIGHTS, telling.PARTS)]
    for slug, user_id in ids.items():
        about = _about_story(context.run.run_id, stories, user_id)
        context.add_asset_metadata(about, asset_key=INSIGHTS[0].key, partition_key=slug)
    metadata = shown(tables[0]) | {"n_without_story": len(stories.troubles)}
    yield dg.MaterializeResult(asset_key=INSIGHTS[0].key, metadata=metadata)
    yield dg.MaterializeResult(asset_key=INSIGHTS[1].key, metadata=shown(tables[1]))


def _about_story(run_id: str, stories: telling.Outcome, user_id: str) -> dict[str, Any]:
    """Who told a user's story, and for how much."""
    parts = stories.parts.get(user_id, [])
    models = sorted({part.model for part in parts if part.model and part.source == "llm"})
    paid = [part.paid for part in parts if part.paid]
    trouble = stories.troubles.get(user_id)
    return ({"trouble": trouble} if trouble else {}) | {
        "source": "llm" if models else "template",
        "models": ", ".join(models),
        "n_sentences": sum(len(part.sentences) for part in parts),
        "n_dropped": sum(len(part.dropped) for part in parts),
        "n_from_cache": sum(one.run_id != run_id for one in paid),
        "tokens": sum(one.tokens_in + one.tokens_out for one in paid),
        "cost_usd": sum(one.micro_usd for one in paid) / 1_000_000,
    }


def publish_users(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    settings: dg.ResourceParam[Settings],
    insights: dg.ResourceParam[InsightsSettings],
) -> dg.MaterializeResult[Any]:
    """Publish the users' reports; raise at the end if any was withheld.

    By then all others are out and recorded as materialized, so that the run is red for exactly the
    partitions that have no report (docs/adr/0003).
    """
    registered = registry_of(settings)
    ids = ids_of(context, settings)
    users = [user for user in registered if user.slug in ids]
    with warehouse.get_connection() as con:
        made = everyone.made_from(con, settings, insights)
        outcomes = publish.publish_reports(con, settings, users, registered, made)
        found = written(con, publish.USER_REPORT)
    nobody = [slug for slug in context.partition_keys if slug not in ids]
    withheld = dict.fromkeys(nobody, "no registered user has this slug") | _withheld(outcomes)
    for outcome in outcomes:
        slug, about = outcome.user.slug, _about(settings, outcome)
        if not withheld:
            context.add_asset_metadata(about, partition_key=slug)
        elif slug not in withheld:
            _record(context, REPORT, slug, about)
    _fail_for(withheld, len(context.partition_keys))
    return dg.MaterializeResult(metadata=shown(found) | {"n_published": len(outcomes)})


def report_everyone(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    settings: dg.ResourceParam[Settings],
    insights: dg.ResourceParam[InsightsSettings],
) -> dg.MaterializeResult[Any]:
    """Make the reports that have to be made again; raise at the end if any was withheld."""
    registered = registry_of(settings)
    with warehouse.get_connection() as con:
        users = everyone.changed(con, settings, insights, registered)
        stories, outcomes = everyone.make_reports(con, settings, insights, users, registered)
    withheld = _withheld(outcomes)
    for outcome in outcomes:
        slug = outcome.user.slug
        if slug not in withheld:
            about = _about_story(context.run.run_id, stories, outcome.user.user_id)
            _record(context, INSIGHTS[0], slug, about)
            parts = stories.parts.get(outcome.user.user_id, [])
            _record(context, INSIGHTS[1], slug, {"n_parts": len(parts)})
            _record(context, REPORT, slug, _about(settings, outcome))
    _fail_for(withheld, len(registered))
    return dg.MaterializeResult(
        metadata={
            "n_registered": len(registered),
            "n_changed": len(users),
            "n_published": len(outcomes),
            "n_without_story": len(stories.troubles),
        }
    )


def _record(
    context: dg.AssetExecutionContext, of: dg.AssetSpec, slug: str, about: Mapping[str, Any]
) -> None:
    """Let a user's partition tell of what was made beside it."""
    tags = {"dagster/code_version": of.code_version} if of.code_version else None
    context.log_event(dg.AssetMaterialization(of.key, partition=slug, metadata=about, tags=tags))


def _withheld(outcomes: Sequence[publish.Outcome]) -> dict[str, str]:
    """Slug to why there is no report."""
    return {one.user.slug: one.reason or "" for one in outcomes if one.status == "withheld"}


def _fail_for(withheld: Mapping[str, str], n_users: int) -> None:
    """End red for those without a report.

    Raises:
        dagster.Failure: there are any.
    """
    if not withheld:
        return
    told = [f"{slug}: {reason}" for slug, reason in withheld.items()]
    raise dg.Failure(
        f"{len(withheld)} of {n_users} reports withheld, the others are published. "
        f"{'; '.join(told[:SHOWN])}",
        metadata={"withheld": dg.MetadataValue.json(dict(withheld))},
        allow_retries=False,
    )


def _about(settings: Settings, outcome: publish.Outcome) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "evidence_tier": outcome.entry["evidence_tier"],
        "n_events": outcome.entry["n_events"],
        "n_sessions": outcome.entry["n_sessions"],
        "report": dg.MetadataValue.path(site.report_path(settings.site, outcome.user.slug)),
    }
