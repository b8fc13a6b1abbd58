"""The steps at the end of the graph: stories, reports, pages, the analysts' copy.

Belongs here: the Dagster shells around `insights`, `publish`, `site` and `warehouse.publish`.
Does not belong here: what they do.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from journey_dagster import data_page, friction_page, publish, recorded, site, status_page
from journey_dagster.checks import SHOWN
from journey_dagster.insights import telling
from journey_dagster.models import QUERIES, every_model
from journey_dagster.settings import InsightsSettings, Settings
from journey_dagster.site.single import single_file
from journey_dagster.tables import OWNERS, ids_of, key, registry_of, shown, spec
from journey_dagster.users import USERS
from journey_dagster.warehouse import PRIVATE, Warehouse, publish_copy, written

_TABLES = [model.name for model in every_model() if model.schema not in QUERIES | PRIVATE]

_READ_FOR_STORIES = ["marts.user_summary", "marts.user_facts", "core.users", "core.user_names"]

INSIGHTS = [
    spec(each, also_reads=[*_READ_FOR_STORIES, "insights.answers"]).replace_attributes(
        partitions_def=USERS
    )
    for each in (telling.INSIGHTS, telling.PARTS)
]

# Publishing waits for the checks on what it counts, so it names all that must be sound.
REPORT = spec(
    publish.USER_REPORT,
    also_reads=[name for name in _TABLES if name != publish.USER_REPORT.name],
).replace_attributes(partitions_def=USERS)

PAGES = dg.AssetSpec(
    ["site", "pages"],
    description="The static pages of the site; they read the reports' JSON.",
    group_name="site",
    kinds={"html", "javascript"},
    owners=OWNERS,
)

FRICTION = dg.AssetSpec(
    ["site", "friction"],
    description="The data of the friction page, its CSV twins, and the page as one file.",
    deps=[key(name) for name in friction_page.MARTS],
    group_name="site",
    kinds={"json", "csv", "html"},
    owners=OWNERS,
)

ANALYTICS = dg.AssetSpec(
    ["site", "analytics"],
    description="The analysts' copy of the warehouse, swapped in without disturbing a reader.\n\n"
    "Schemas core, marts and meta with their comments; no raw records, no quarantined bytes.",
    # Not after the reports: one that is withheld must not keep the copy from analysts.
    deps=[key(name) for name in _TABLES if name != publish.USER_REPORT.name],
    group_name="site",
    kinds={"duckdb", "file"},
    owners=OWNERS,
)

# Neither names what it reads: a failed check would keep the pages from telling of it. They run when
# nothing else is left to run (assets/reports.py).
STATUS = dg.AssetSpec(
    ["site", "status"],
    description="The data of the status page: how far the data reaches, what the checks said.",
    group_name="site",
    kinds={"json"},
    owners=OWNERS,
)

DICTIONARY = dg.AssetSpec(
    ["site", "dictionary"],
    description="The data dictionary's data: every table that analysts get, and what it means.",
    group_name="site",
    kinds={"json"},
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
        outcome = telling.write_stories(con, list(ids.values()), settings, insights)
        stories, parts = written(con, telling.INSIGHTS), written(con, telling.PARTS)
    for slug, user_id in ids.items():
        about = {"trouble": outcome.troubles[user_id]} if user_id in outcome.troubles else {}
        about |= _about_story(context.run.run_id, outcome.parts.get(user_id, []))
        context.add_asset_metadata(about, asset_key=INSIGHTS[0].key, partition_key=slug)
    yield dg.MaterializeResult(
        asset_key=INSIGHTS[0].key,
        metadata=shown(stories) | {"n_without_story": len(outcome.troubles)},
    )
    yield dg.MaterializeResult(asset_key=INSIGHTS[1].key, metadata=shown(parts))


def _about_story(run_id: str, parts: Sequence[telling.Told]) -> dict[str, Any]:
    """Who told a user's story, and for how much."""
    models = sorted({part.model for part in parts if part.model and part.source == "llm"})
    paid = [part.paid for part in parts if part.paid]
    return {
        "source": "llm" if models else "template",
        "models": ", ".join(models),
        "n_sentences": sum(len(part.sentences) for part in parts),
        "n_dropped": sum(len(part.dropped) for part in parts),
        "n_from_cache": sum(one.run_id != run_id for one in paid),
        "tokens": sum(one.tokens_in + one.tokens_out for one in paid),
        "cost_usd": sum(one.micro_usd for one in paid) / 1_000_000,
    }


def publish_users(
    context: dg.AssetExecutionContext, warehouse: Warehouse, settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult[Any]:
    """Publish the users' reports; raise at the end if any was withheld.

    By then all others are out and recorded as materialized, so that the run is red for exactly the
    partitions that have no report (docs/adr/0003).
    """
    registered = registry_of(settings)
    ids = ids_of(context, settings)
    chosen = [user for user in registered if user.slug in ids]
    nobody = [slug for slug in context.partition_keys if slug not in ids]
    with warehouse.get_connection() as con:
        outcomes = publish.publish_reports(con, settings, chosen, registered, datetime.now(UTC))
        found = written(con, publish.USER_REPORT)
    failed = dict.fromkeys(nobody, "no registered user has this slug")
    for outcome in outcomes:
        slug = outcome.user.slug
        if outcome.status == "withheld":
            failed[slug] = outcome.reason or ""
    for outcome in outcomes:
        slug, about = outcome.user.slug, _about(settings, outcome)
        if not failed:
            context.add_asset_metadata(about, partition_key=slug)
        elif slug not in failed:
            context.log_event(dg.AssetMaterialization(REPORT.key, partition=slug, metadata=about))
    if failed:
        told = [f"{slug}: {reason}" for slug, reason in failed.items()]
        raise dg.Failure(
            f"{len(failed)} of {len(context.partition_keys)} reports withheld, the others are "
            f"published. {'; '.join(told[:SHOWN])}",
            metadata={"withheld": dg.MetadataValue.json(failed)},
            allow_retries=False,
        )
    return dg.MaterializeResult(metadata=shown(found) | {"n_published": len(outcomes)})


def _about(settings: Settings, outcome: publish.Outcome) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "evidence_tier": outcome.entry["evidence_tier"],
        "n_events": outcome.entry["n_events"],
        "n_sessions": outcome.entry["n_sessions"],
        "report": dg.MetadataValue.path(site.report_path(settings.site, outcome.user.slug)),
    }


def write_site_pages(settings: dg.ResourceParam[Settings]) -> dg.MaterializeResult[Any]:
    """Copy the static pages into the site."""
    n_files = site.write_pages(settings.site)
    return dg.MaterializeResult(
        metadata={"n_files": n_files, "site": dg.MetadataValue.path(settings.site)}
    )


def write_friction_page(
    warehouse: Warehouse, settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult[Any]:
    """Write what the friction page shows, and the page as one file."""
    with warehouse.get_connection() as con:
        page = friction_page.build(con, settings, datetime.now(UTC))
    text = site.write_page_data(
        settings.site, "friction.v1", "friction", dict(page.document), page.twins
    )
    alone = single_file("friction.html", {"data/friction.json": text})
    file = site.write_export(settings.site, "friction", alone)
    missing = [name for name, table in page.document["tables"].items() if table["reason"]]
    return dg.MaterializeResult(
        metadata={
            "n_sessions": page.document["dataset"]["n_sessions"],
            "n_bytes": len(text),
            "n_sections_without_data": len(missing),
            "file": dg.MetadataValue.path(file),
        }
    )


def write_status_page(
    context: dg.AssetExecutionContext, warehouse: Warehouse, settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult[Any]:
    """Write what the status page shows."""
    found = status_page.Recorded(
        recorded.verdicts(context.instance, recorded.checks(_graph())),
        recorded.computed(context.instance, [table.name for table in status_page.TABLES]),
    )
    with warehouse.get_connection() as con:
        document = status_page.build(con, settings, found, datetime.now(UTC))
    site.write_page_data(settings.site, "status.v1", "status", document, {})
    outcomes = Counter(check["outcome"] for check in document["checks"])
    return dg.MaterializeResult(
        metadata={
            "freshness": document["freshness"]["text"],
            **{f"n_checks_{outcome}": n for outcome, n in sorted(outcomes.items())},
        }
    )


def write_data_page(
    warehouse: Warehouse, settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult[Any]:
    """Write what the data dictionary shows."""
    places, checks = recorded.places(_graph()), recorded.checks(_graph())
    with warehouse.get_connection() as con:
        document = data_page.build(con, settings, places, checks, datetime.now(UTC))
    text = site.write_page_data(settings.site, "dictionary.v1", "dictionary", document, {})
    return dg.MaterializeResult(
        metadata={"n_tables": len(document["tables"]), "n_bytes": len(text)}
    )


def _graph() -> dg.Definitions:
    """The whole graph; a step knows that of its own job alone."""
    from journey_dagster.definitions import defs  # noqa: PLC0415  it imports all, this module too

    return defs


def copy_analytics(settings: dg.ResourceParam[Settings]) -> dg.MaterializeResult[Any]:
    """Publish the analysts' copy."""
    rows = publish_copy(settings.database, settings.analytics)
    return dg.MaterializeResult(
        metadata={
            "n_tables": len(rows),
            "n_rows": sum(rows.values()),
            "n_bytes": settings.analytics.stat().st_size,
            "file": dg.MetadataValue.path(settings.analytics),
        }
    )
