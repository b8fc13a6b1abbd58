"""The friction page's data: one document and its CSV twins, from the marts.

Belongs here: putting the document together into the contract `friction.v1.schema.json`.
Does not belong here: computing anything (`sql/marts/`), drawing it (`site/static`), writing files
(`site`).

Every section may be missing: a mart that is not built, has no rows or does not add up leaves a
reason in its place, and the rest stands. The same warehouse gives the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import duckdb

from journey_dagster.friction_page import flows, sessions, words
from journey_dagster.friction_page.tables import (
    SOURCES,
    Found,
    Pages,
    plain,
    read,
    table,
    twin,
)
from journey_dagster.reports import data_through
from journey_dagster.settings import Settings

SCHEMA_VERSION = "1.0"

LISTED = 10
"""Sessions listed behind a number of a row that is ranked."""

LISTED_FEW = 3
"""And behind one that is not."""

MARTS = (
    "core.events",
    "core.horizon",
    "core.sessions",
    "core.steps",
    "core.users",
    "marts.page_centrality",
    "marts.page_flows",
    "marts.sankey",
    "marts.transitions",
    *sorted({source.mart for source in SOURCES.values()}),
)
"""All tables that the page is made of."""


@dataclass(frozen=True)
class FrictionPage:
    """What is published."""

    document: Mapping[str, Any]
    twins: Mapping[str, bytes]
    """Name of a table to its rows as CSV."""


def build(
    con: duckdb.DuckDBPyConnection, settings: Settings, generated_at: datetime
) -> FrictionPage:
    """The page's data, as the warehouse stands.

    Args:
        con: the warehouse; it is only read.
        settings: thresholds, and the name of the data.
        generated_at: when the document says it was built.
    """
    pages, told = Pages(), sessions.Told()
    found = {name: read(con, source) for name, source in SOURCES.items()}
    about = _dataset(con, settings)
    for name, reason in words.uncompared(about).items():
        if found[name].reason == SOURCES[name].empty:
            found[name] = replace(found[name], reason=reason)
    n_sessions = about["n_sessions"]
    friction = found["chokepoints"].rows
    compared = {name: found[name].rows for name in ("periods", "visitors")}
    more = _more(con, found, pages, told)
    document = {
        "schema_version": SCHEMA_VERSION,
        "generated_at": plain(generated_at),
        "data_through": data_through(con),
        "dataset": about,
        "counts": {
            "n_ranked": sum(row["friction_rank"] is not None for row in friction),
            "n_chokepoints": sum(bool(row["is_chokepoint"]) for row in friction),
            "n_compared": {name: found[name].n_rows for name in compared},
            "n_significant": {
                name: sum(bool(row["is_significant"]) for row in rows)
                for name, rows in compared.items()
            },
        },
        "summary": words.summary(friction, compared, found["fragile_flows"].n_rows, n_sessions),
        **flows.figures(con, friction, n_sessions, pages),
        "tables": {
            name: table(SOURCES[name], rows, pages, more.get(name)) for name, rows in found.items()
        },
        "glossary": words.glossary(settings),
    }
    document["sessions"] = told.table(con, pages)
    document["pages"] = pages.published()
    return FrictionPage(document, {name: twin(rows) for name, rows in found.items()})


def _dataset(con: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, Any]:
    """What the page was made from, and the thresholds in force."""
    n_sessions, n_open, n_users, first, last = con.execute(
        "select count(*), count(*) filter (is_open), count(distinct user_id), "
        "min(started_at)::date, max(ended_at)::date from core.sessions"
    ).fetchall()[0]
    n_steps, n_pages = con.execute(
        "select count(*), count(distinct page) from core.steps"
    ).fetchall()[0]
    n_noise, n_nobody = con.execute(
        "select count(*) filter (is_noise), "
        "count(*) filter (user_id is null and not is_noise) from core.events"
    ).fetchall()[0]
    return {
        "name": settings.dataset,
        "period": None if first is None else {"start": plain(first), "end": plain(last)},
        "n_sessions": n_sessions,
        "n_open_sessions": n_open,
        "n_users": n_users,
        "n_steps": n_steps,
        "n_pages": n_pages,
        "n_noise_excluded": n_noise,
        "n_unattributed_excluded": n_nobody,
        "session_gap_minutes": settings.session_gap_minutes,
        "min_support": settings.min_support,
        "friction_period_days": settings.friction_period_days,
        "natural_exits": list(settings.natural_exits),
    }


def _more(
    con: duckdb.DuckDBPyConnection,
    found: Mapping[str, Found],
    pages: Pages,
    told: sessions.Told,
) -> dict[str, dict[str, Sequence[Any]]]:
    """Columns that tables have beside those of their mart."""
    choking = found["chokepoints"].rows[: SOURCES["chokepoints"].limit]
    lists = sessions.lost(con, choking, LISTED)
    kept = [
        ids[: LISTED if row["has_support"] else LISTED_FEW]
        for row, ids in zip(choking, lists, strict=True)
    ]
    after = sessions.next_pages(con, choking, 3)
    changes = {(row["page"], row["event"]): row for row in found["periods"].rows}
    trend = [changes.get((row["page"], row["event"]), {}) for row in choking]
    fragile = found["fragile_flows"].rows[: SOURCES["fragile_flows"].limit]
    routes = found["fragile_paths"].rows[: SOURCES["fragile_paths"].limit]
    pairs = found["pairs"].rows[: SOURCES["pairs"].limit]
    loops = found["loops"].rows[: SOURCES["loops"].limit]
    return {
        "chokepoints": {
            "next": [[[pages.place(page), n] for page, n in ways] for ways in after],
            "rate_change": [plain(row.get("rate_difference")) for row in trend],
            "is_significant": [row.get("is_significant") for row in trend],
            "n_visits_before": [row.get("n_visits_against") for row in trend],
            "n_visits_after": [row.get("n_visits") for row in trend],
            "sessions": [told.places(ids) for ids in kept],
        },
        "fragile_paths": {
            "sessions": [told.places(ids) for ids in sessions.fragile(con, routes, LISTED)]
        },
        "fragile_flows": {"sessions": [told.places([row["session_id"]]) for row in fragile]},
        "pairs": {
            "sessions": [told.places(ids) for ids in sessions.taking(con, pairs, LISTED_FEW)]
        },
        "loops": {
            "sessions": [told.places(ids) for ids in sessions.looping(con, loops, LISTED_FEW)]
        },
    }
