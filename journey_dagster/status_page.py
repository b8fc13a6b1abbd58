"""The status page's data: how far the data reaches, what is in it, what the checks said.

Belongs here: putting the document together into the contract `status.v1.schema.json`, from counts
that the warehouse makes and verdicts that Dagster recorded.
Does not belong here: what `journey status` prints (`status`), judging anything, writing files
(`site`).

The page is public. It counts users and names none: no id, no name, no row at fault; a topic that
is named like somebody is told without its name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from journey_dagster.analysts_copy import PRIVATE
from journey_dagster.freshness import freshness
from journey_dagster.friction_page.tables import plain
from journey_dagster.models import QUERIES, Model, every_model
from journey_dagster.recorded import Verdict
from journey_dagster.reports import data_through
from journey_dagster.settings import Settings
from journey_dagster.warehouse import standing

SCHEMA_VERSION = "1.0"

TABLES: Sequence[Model] = [each for each in every_model() if each.schema not in QUERIES | PRIVATE]
"""All tables that analysts get."""

_RECORDS = """
select
    coalesce(sum(n_consumed), 0)::bigint as n_consumed,
    coalesce(sum(n_events), 0)::bigint as n_events,
    coalesce(sum(n_duplicates), 0)::bigint as n_duplicates,
    coalesce(sum(n_superseded), 0)::bigint as n_superseded,
    coalesce(sum(n_quarantined), 0)::bigint as n_quarantined,
    coalesce(sum(n_tombstones), 0)::bigint as n_tombstones,
    coalesce(sum(n_erased), 0)::bigint as n_erased,
    coalesce(sum(n_late), 0)::bigint as n_late
from meta.manifest
"""

_EVENTS = """
select
    count(*) filter (is_noise) as n_noise,
    count(*) filter (user_id is null and not is_noise) as n_unattributed
from core.events
"""

_TOPICS = r"""
with people as (
    select lower(name) as name
    from (
        select user_id as name from core.users
        union select slug from raw.registry
        union select display_name from raw.registry
        union select unnest(regexp_split_to_array(display_name, '\W+')) from raw.registry
    )
    where length(name) > 3
),

topics as (
    select topic, exists (select 1 from people where contains(lower(topic), name)) as is_personal
    from (select distinct topic from meta.manifest)
),

read as (
    select
        topic,
        max_by(source, landed_at) as source,
        count(*) as n_segments,
        max(landed_at) as landed_at,
        sum(n_consumed)::bigint as n_consumed,
        sum(n_events)::bigint as n_events,
        sum(n_duplicates)::bigint as n_duplicates,
        sum(n_quarantined)::bigint as n_quarantined,
        sum(n_late)::bigint as n_late
    from meta.manifest
    group by all
),

ends as (
    select
        topic,
        list_extract(['gap', 'behind', 'still replaying', 'complete'], min(list_position(
            ['gap', 'behind', 'still replaying', 'complete'], state
        ))::bigint) as state
    from meta.topics
    group by all
)

select
    read.* exclude (topic),
    if(is_personal, null, topic) as topic,
    coalesce(state, 'whole') as state
from read
join topics using (topic)
left join ends using (topic)
order by topic nulls last, read.landed_at, n_consumed
"""

_TOPICS_READ = {"core.users", "meta.manifest", "meta.topics", "raw.registry"}

_STATES = {
    "whole": "Read whole, from files.",
    "complete": "Read to its end.",
    "still replaying": "Read to the end it had; more came meanwhile.",
    "behind": "Not read to its end; the next run goes on.",
    "gap": "The broker had lost records before they were read.",
}

_REPORTS = {"published": 0, "no_data": 0, "withheld": 0}


@dataclass(frozen=True)
class Recorded:
    """What Dagster recorded, as far as the page tells it."""

    verdicts: Sequence[Verdict]
    computed: Mapping[str, datetime]
    """Table to when it was brought up to date."""


def build(
    con: duckdb.DuckDBPyConnection, settings: Settings, recorded: Recorded, generated_at: datetime
) -> dict[str, Any]:
    """The page's data, as the warehouse stands, however much of it there is.

    Args:
        con: the warehouse; it is only read.
        settings: where the files are, and the name of the data.
        recorded: what Dagster says.
        generated_at: when the document says it was made.
    """
    there = standing(con)
    through = data_through(con) if "core.horizon" in there else None
    return {
        "schema_version": SCHEMA_VERSION,
        "generated_at": plain(generated_at),
        "data_through": through,
        "dataset": settings.dataset,
        "freshness": freshness(through, generated_at),
        "records": _counts(con, _RECORDS, there, "meta.manifest"),
        "events": _counts(con, _EVENTS, there, "core.events"),
        "reports": _reports(con) if "marts.user_report" in there else dict(_REPORTS),
        "checks": [_check(verdict) for verdict in recorded.verdicts],
        "topics": _topics(con) if there >= _TOPICS_READ else [],
        "tables": _tables(con, there, recorded.computed),
        "sizes": _sizes(settings),
    }


def row_counts(con: duckdb.DuckDBPyConnection, there: set[str]) -> dict[str, int]:
    """Rows of all tables that stand; views are counted when they are read."""
    counted = [each.name for each in TABLES if each.name in there and not each.is_view]
    if not counted:
        return {}
    queries = (f"select '{name}', count(*) from {name}" for name in counted)
    return dict(con.execute(" union all ".join(queries)).fetchall())


def _counts(
    con: duckdb.DuckDBPyConnection, query: str, there: set[str], table: str
) -> dict[str, int] | None:
    return _records(con, query)[0] if table in there else None


def _reports(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    found = con.execute("select status, count(*) from marts.user_report group by all").fetchall()
    return _REPORTS | dict(found)


def _check(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.check.name,
        "table": verdict.check.table,
        "description": verdict.check.description,
        "outcome": verdict.outcome,
        "judged_at": plain(verdict.judged_at),
        "n_wrong": verdict.n_wrong,
    }


def _topics(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return [{**row, "state_text": _STATES[row["state"]]} for row in _records(con, _TOPICS)]


def _tables(
    con: duckdb.DuckDBPyConnection, there: set[str], computed: Mapping[str, datetime]
) -> list[dict[str, Any]]:
    counted = row_counts(con, there)
    return [
        {
            "name": each.name,
            "state": ("view" if each.is_view else "built") if each.name in there else "missing",
            "n_rows": counted.get(each.name),
            "computed_at": plain(computed.get(each.name)),
        }
        for each in TABLES
    ]


def _sizes(settings: Settings) -> list[dict[str, Any]]:
    found = {
        "Raw records": sum(path.stat().st_size for path in settings.raw.rglob("*.parquet")),
        "Warehouse": _size(settings.database),
        "Analysts' copy": _size(settings.analytics),
    }
    return [{"name": name, "n_bytes": n_bytes} for name, n_bytes in found.items()]


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _records(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = con.execute(query)
    names = [column[0] for column in found.description or ()]
    rows = found.fetchall()
    return [{n: plain(v) for n, v in zip(names, row, strict=True)} for row in rows]
