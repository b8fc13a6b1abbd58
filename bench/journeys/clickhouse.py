"""Contender in chdb, ClickHouse within the process: the lean way of `journeys.sql`, in its dialect.

Keys are 64-bit hashes, as there; strings as keys cost it about twice as much.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from chdb.session import Session

from journeys import GAP_US, Totals

TYPES = "user_id String, occurred_at DateTime64(6), page String"

LEAN = {
    "looked": """
        select user_key, page_key, us, next_us, place,
            if(next_us is not null and next_us - us <= {gap}, next_page_key, null) as next_page_key
        from (
            select user_key, page_key, us, row_number() over moments as place,
                leadInFrame(toNullable(us)) over moments as next_us,
                leadInFrame(toNullable(page_key)) over moments as next_page_key
            from (
                select cityHash64(user_id) as user_key, cityHash64(page) as page_key,
                    toUnixTimestamp64Micro(occurred_at) as us
                from {file}
            )
            window moments as (
                partition by user_key order by us
                rows between unbounded preceding and unbounded following
            )
        )
    """,
    "pages": "select page, cityHash64(page) as page_key from {file} group by page",
    "names": "select user_id, cityHash64(user_id) as user_key from {file} group by user_id",
    "ways": """
        select pages.page as page, next_pages.page as next_page, n
        from (
            select page_key, next_page_key, count() as n from bench.looked
            where next_page_key is not null group by page_key, next_page_key
        ) as counted
        join bench.pages as pages on pages.page_key = counted.page_key
        join bench.pages as next_pages on next_pages.page_key = counted.next_page_key
    """,
    "sessions": """
        select user_key, started_us, us as ended_us, toInt64(place) - places_before as n_steps
        from (
            select user_key, us, place, next_page_key,
                lagInFrame(if(next_page_key is null, assumeNotNull(next_us), us), 1, us)
                    over ends as started_us,
                lagInFrame(if(next_page_key is null, toInt64(place), 0), 1, 0)
                    over ends as places_before
            from bench.looked
            where next_page_key is null or place = 1
            window ends as (
                partition by user_key order by place
                rows between unbounded preceding and unbounded following
            )
        )
        where next_page_key is null
    """,
    "users": """
        select user_id, sum(n_steps) as n_events, count() as n_sessions,
            min(started_us) as first_us, max(ended_us) as last_us
        from bench.sessions as sessions
        join bench.names as names on names.user_key = sessions.user_key
        group by user_id
    """,
}

CHECKED = {
    "n_events": "select sum(n_events) from bench.users",
    "n_users": "select count() from bench.users",
    "users_squared": "select sum(n_events * n_events) from bench.users",
    "n_sessions": "select sum(n_sessions) from bench.users",
    "sessions_squared": "select sum(n_steps * n_steps) from bench.sessions",
    "durations": "select sum(ended_us - started_us) from bench.sessions",
    "n_ways": "select count() from bench.ways",
    "ways_squared": "select sum(n * n) from bench.ways",
}


def chdb(file: Path) -> Callable[[], Totals]:
    """chdb, integers as keys, one window, tables in memory."""
    session = Session()
    session.query("create database bench engine = Atomic")
    for name, sql in LEAN.items():
        read = sql.format(gap=GAP_US, file=f"file('{file}', Parquet, '{TYPES}')")
        session.query(f"create table bench.{name} engine = Memory as {read}")
    return partial(_totals, session)


def _totals(session: Session) -> Totals:
    return {name: int(str(session.query(sql)).strip()) for name, sql in CHECKED.items()}
