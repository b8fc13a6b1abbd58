"""Records that are too old to be kept.

Belongs here: from which day on records are kept, and taking out what is older. Does not belong
here: how that is done (`records`), whose records go whatever their age (`steps`).

A record is as old as the event that it says, and one that cannot be read as its arrival. What is
too old stays out when its topic is read again: the day stands on the list of what is kept out.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from journey_dagster.erasure import records
from journey_dagster.settings import Settings
from journey_dagster.topics import suppression
from journey_dagster.topics.load import RECORDS, SEGMENTS, load_landed

_OLD = f"""
select distinct path
from {SEGMENTS.name} as segments
join {RECORDS.name} as records
    on records.topic = segments.topic
    and records.reading = segments.reading
    and records."partition" = segments."partition"
    and records."offset" between segments.first_offset and segments.last_offset
where records.occurred_at < $from
union
select path from {SEGMENTS.name} where landed_at < $from and n_consumed > n_erased
"""


def kept_from(settings: Settings, now: datetime) -> datetime | None:
    """The first moment that is kept: a day begins it, in UTC; None is for ever."""
    if not settings.keep_days:
        return None
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=settings.keep_days)


def old(con: duckdb.DuckDBPyConnection, settings: Settings, now: datetime) -> tuple[int, int]:
    """Records read as events, and segments, that hold what is too old."""
    moment = kept_from(settings, now)
    load_landed(con, settings.raw)
    row = con.execute(
        f"select count(*) from {RECORDS.name} where occurred_at < $from", {"from": moment}
    ).fetchone()
    return (int(row[0]) if row else 0), len(_paths(con, settings, moment))


def retain(con: duckdb.DuckDBPyConnection, settings: Settings, now: datetime) -> tuple[int, int]:
    """Take out what is too old; what was computed from it is computed anew by the next refresh.

    Returns:
        Records taken out, and segments rewritten.

    Raises:
        TopicError: a segment is damaged.
    """
    moment = kept_from(settings, now)
    known = suppression.load(settings.raw)
    if moment is None and (known is None or known.listed.keep_from is None):
        return 0, 0
    suppression.keep_from(settings.raw, moment)
    load_landed(con, settings.raw)
    before = records.n_erased(con)
    n_segments = records.rewrite(con, settings.raw, _paths(con, settings, moment))
    return records.n_erased(con) - before, n_segments


def _paths(
    con: duckdb.DuckDBPyConnection, settings: Settings, moment: datetime | None
) -> list[Path]:
    """The segments that may hold something too old."""
    rows = con.execute(_OLD, {"from": moment}).fetchall() if moment else []
    return sorted(settings.raw / path for (path,) in rows)
