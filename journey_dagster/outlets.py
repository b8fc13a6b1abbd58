"""The steps at the end of the graph: stories, reports, pages, the analysts' copy.

Belongs here: the Dagster shells around `insights`, `publish`, `site` and `analysts_copy`.
Does not belong here: what they do.
"""

import dataclasses
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from journey_dagster import (
    analysts_copy,
    data_page,
    friction_page,
    meta_tables,
    publish,
    recorded,
    site,
    status_page,
)
from journey_dagster.analysts_copy import PRIVATE
from journey_dagster.models import QUERIES, every_model
from journey_dagster.settings import Settings
from journey_dagster.site.single import single_file
from journey_dagster.tables import OWNERS, key
from journey_dagster.version import code_version
from journey_dagster.warehouse import Warehouse

_TABLES = [model.name for model in every_model() if model.schema not in QUERIES | PRIVATE]

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


def write_site_pages(settings: dg.ResourceParam[Settings]) -> dg.MaterializeResult[Any]:
    """Copy the static pages into the site."""
    n_files = site.write_pages(settings.site)
    if not (settings.site / "data" / "users.json").exists():
        site.write_index(settings.site, None, [])  # nobody was ever registered
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


def copy_analytics(
    context: dg.AssetExecutionContext, warehouse: Warehouse, settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult[Any]:
    """Publish the analysts' copy."""
    with warehouse.get_connection(read_only=True) as con:
        row = con.execute("select data_through from core.horizon").fetchone()
    now = {"data_through": row[0] if row else None, "code_version": code_version()}
    runs = [
        dataclasses.replace(run, **now) if run.run_id == context.run.run_id else run
        for run in recorded.runs(context.instance, ANALYTICS.key)
    ]
    graph = _graph()
    verdicts = recorded.verdicts(context.instance, recorded.checks(graph))
    rows = analysts_copy.publish(
        settings.database,
        settings.analytics,
        meta_tables.rows(verdicts, runs, recorded.places(graph)),
        keep_days=settings.keep_copies_days,
    )
    through = {"data_through": dg.MetadataValue.timestamp(row[0])} if row and row[0] else {}
    return dg.MaterializeResult(
        metadata={
            "n_tables": len(rows),
            "n_rows": sum(rows.values()),
            "n_bytes": settings.analytics.stat().st_size,
            "file": dg.MetadataValue.path(settings.analytics),
            "code_version": now["code_version"],
            **through,
        }
    )
