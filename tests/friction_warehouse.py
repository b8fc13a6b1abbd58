"""A small warehouse made by hand for the friction page: sessions in, core tables and marts out.

Belongs here: the tables that the page reads, each the shortest way from the sessions. Does not
belong here: how the pipeline computes them (`sql/`); what the page needs is that they agree.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

GENERATED_AT = datetime(2026, 1, 1, 4, 15, 9, tzinfo=UTC)
START = datetime(2025, 10, 1, 8, tzinfo=UTC)

Step = tuple[str, str]
"""Page and event."""


class Session(NamedTuple):
    """What a user did in one go."""

    user: int
    steps: Sequence[Step]
    is_open: bool = False


MAP: dict[Step, Sequence[tuple[Step | None, float]]] = {
    ("/", "View"): [(("/list", "View"), 5), (("/search", "Search"), 3), (None, 1)],
    ("/list", "View"): [(("/item", "View"), 6), (("/", "View"), 1), (None, 0.7)],
    ("/search", "Search"): [(("/item", "View"), 3), (("/search", "Search"), 1), (None, 3)],
    ("/item", "View"): [(("/cart", "Add"), 4), (("/list", "View"), 3), (None, 0.7)],
    ("/cart", "Add"): [(("/pay", "View"), 6), (("/item", "View"), 2), (None, 0.6)],
    ("/pay", "View"): [(("/pay", "Error"), 3), (("/done", "View"), 4), (None, 0.4)],
    ("/pay", "Error"): [(("/pay", "View"), 3), (("/help", "View"), 1), (None, 5)],
    ("/help", "View"): [(("/cart", "Add"), 2), (("/help/=SUM(A1)", "View"), 1), (None, 0.5)],
    ("/help/=SUM(A1)", "View"): [(("/", "View"), 1), (None, 0.3)],
    ("/done", "View"): [(None, 1)],
}


def walks(n: int, seed: int = 7, n_users: int = 40) -> list[Session]:
    """Sessions over a small shop in which searching and paying go wrong; the last is open."""
    draw = random.Random(seed)  # noqa: S311  no secret
    sessions = []
    for i in range(n):
        step: Step | None = draw.choice([("/", "View"), ("/", "View"), ("/list", "View")])
        path: list[Step] = []
        while step is not None and len(path) < 30:
            path.append(step)
            ways = MAP[step]
            step = draw.choices([way for way, _ in ways], [weight for _, weight in ways])[0]
        sessions.append(Session(draw.randrange(n_users), path, is_open=i == n - 1))
    return sessions


def warehouse(sessions: Sequence[Session]) -> duckdb.DuckDBPyConnection:
    """All tables that the page reads, in memory."""
    con = duckdb.connect(config={"threads": 1})
    con.execute("set TimeZone = 'UTC'")
    con.execute("create schema core")
    con.execute("create schema marts")
    con.register("given", pa.Table.from_pylist(_rows(sessions), schema=_GIVEN))
    con.execute("create table core.steps as " + _STEPS)
    con.unregister("given")
    for name, query in TABLES.items():
        con.execute(f"create table {name} as {query}")
    return con


_GIVEN = pa.schema(
    {
        "session_id": pa.string(),
        "user_id": pa.string(),
        "step_index": pa.int64(),
        "page": pa.string(),
        "event": pa.string(),
        "occurred_at": pa.timestamp("us", "UTC"),
        "is_open": pa.bool_(),
    }
)


def _rows(sessions: Sequence[Session]) -> list[dict[str, Any]]:
    return [
        {
            "session_id": f"{number:020x}",
            "user_id": f"synthetic-user-{session.user:03}",
            "step_index": index,
            "page": page,
            "event": event,
            "occurred_at": START + timedelta(hours=number * 4, seconds=40 * index),
            "is_open": session.is_open,
        }
        for number, session in enumerate(sessions)
        for index, (page, event) in enumerate(session.steps)
    ]


_STEPS = """
select
    *,
    hash(user_id) as user_key,
    step_index = 0 as is_entry,
    step_index = max(step_index) over (partition by session_id) as is_exit,
    coalesce(lead(page) over way, '(exit)') as next_page,
    coalesce(lead(event) over way, '(exit)') as next_event
from given
window way as (partition by session_id order by step_index)
"""

_CLOSED = "(select * from core.steps where not is_open)"
_STOPS = (
    "(select *, row_number() over (partition by session_id order by step_index) as stop_no "
    "from core.steps where next_page <> page)"
)

TABLES = {
    "core.sessions": """
        select session_id, user_id, min(occurred_at) as started_at, max(occurred_at) as ended_at,
            epoch(max(occurred_at)) - epoch(min(occurred_at)) as duration_seconds,
            count(*) as n_steps, arg_max(page, step_index) as exit_page,
            arg_max(event, step_index) as exit_event, bool_or(is_open) as is_open
        from core.steps group by all""",
    "core.events": "select user_id, false as is_noise from core.steps",
    "core.users": """
        select distinct user_id, user_id as slug,
            if(user_id like '%1', 'public', 'private') as visibility from core.steps""",
    "core.horizon": "select max(occurred_at) as data_through from core.steps having count(*) > 0",
    "marts.transitions": """
        select from_page, to_page, count(*) as n from (
            select page as from_page, next_page as to_page from core.steps
            union all select '(entry)', page from core.steps where is_entry) group by all""",
    "marts.page_flows": """
        select page, count_if(is_entry)::bigint as n_entries,
            count_if(not is_entry)::bigint as n_inflow, count_if(not is_exit)::bigint as n_outflow,
            count_if(is_exit)::bigint as n_exits from core.steps group by all""",
    "marts.page_centrality": """
        select page, (hash(page) % 1000) / 2000 as betweenness,
            null::varchar as degenerate_reason from (select distinct page from core.steps)""",
    "marts.friction": f"""
        with counted as (
            select page, event, count(*) as n_visits, count(distinct session_id) as n_sessions,
                count_if(is_exit)::bigint as n_sessions_lost,
                count(distinct user_key) filter (is_exit) as n_users_lost,
                n_sessions_lost / n_visits as exit_rate,
                (exit_rate + 1.9208 / n_visits) / (1 + 3.8416 / n_visits) as centre,
                1.96 * sqrt(exit_rate * (1 - exit_rate) / n_visits
                    + 0.9604 / (n_visits * n_visits)) / (1 + 3.8416 / n_visits) as half
            from {_CLOSED} group by all)
        select * exclude (centre, half), greatest(centre - half, 0) as exit_rate_low,
            least(centre + half, 1) as exit_rate_high, page = '/done' as is_natural_exit,
            n_visits >= 10 as has_support, 0.12 as baseline_exit_rate,
            (exit_rate_low - 0.12) * n_visits as n_expected_lost,
            has_support and not is_natural_exit and exit_rate_low > 0.24 as is_chokepoint,
            if(has_support and not is_natural_exit, row_number() over (
                partition by has_support and not is_natural_exit
                order by n_expected_lost desc, page, event), null) as friction_rank,
            betweenness, exit_rate * betweenness as telomesh_score
        from counted join marts.page_centrality using (page)""",
    "marts.sankey": f"""
        with moves as (
            select 0 as step_index, '(entry)' as from_page, page as to_page
            from {_STOPS} where stop_no = 1
            union all
            select stop_no, page, if(stop_no = 4 and next_page <> '(exit)', '(more)', next_page)
            from {_STOPS} where stop_no <= 4
            union all
            select later, '(exit)', '(exit)'
            from {_STOPS}, (select unnest([2, 3, 4]) as later)
            where next_page = '(exit)' and later > stop_no),
        named as (
            select unnest(['(entry)', '(exit)', '(more)']) as name
            union (select page from core.steps group by page order by count(*) desc, page limit 8))
        select step_index, coalesce(any_value(here.name), '(other)') as from_page,
            coalesce(any_value(there.name), '(other)') as to_page, count(*) as n_sessions
        from moves
        left join named as here on here.name = from_page
        left join named as there on there.name = to_page
        group by step_index, here.name, there.name""",
    "marts.paths": f"""
        with routes as (
            select list(page order by step_index) as path, any_value(user_key) as user_key
            from {_STOPS} group by session_id)
        select path, count(*) as n_sessions, count(distinct user_key) as n_users,
            count(*) / (select count(*) from routes) as session_share,
            row_number() over (order by count(*) desc, path) as path_rank
        from routes group by path""",
    "marts.loops": f"""
        select kind, page, via_page, count(*) as n, count(distinct session_id) as n_sessions,
            count(distinct user_key) as n_users
        from (
            select 'repeat' as kind, page, null as via_page, session_id, user_key
            from core.steps where next_page = page
            union all
            select 'backtrack', next_page, page, session_id, user_key from (
                select *, lag(page) over (partition by session_id order by step_index) as before
                from {_STOPS}) where next_page = before) group by all""",
    "marts.transition_pairs": """
        select page as from_page, event as from_event, next_page as to_page,
            next_event as to_event, count(*) as n, count(distinct session_id) as n_sessions,
            count(distinct user_key) as n_users,
            (page, event) in (select (page, event) from marts.friction where is_chokepoint)
                as is_from_chokepoint,
            (next_page, next_event) in (select (page, event) from marts.friction
                where is_chokepoint) as is_to_chokepoint
        from core.steps where not is_exit group by all""",
    "marts.fragile_flows": f"""
        select session_id, user_id, started_at, duration_seconds, n_steps, n_chokepoint_steps,
            chokepoint_path, false as is_completed, ends_at_chokepoint
        from (
            select session_id, count(distinct (page, event)) as n_chokepoint_steps,
                list(page order by step_index) as chokepoint_path,
                bool_or(is_exit) as ends_at_chokepoint
            from {_CLOSED} semi join
                (select page, event from marts.friction where is_chokepoint) using (page, event)
            group by all having n_chokepoint_steps >= 2)
        join core.sessions using (session_id)""",
    "marts.fragile_paths": """
        select chokepoint_path as path, count(*) as n_sessions,
            count(distinct user_id) as n_users, count_if(ends_at_chokepoint)::bigint as n_lost,
            n_lost / count(*) as lost_rate, 0.5 * lost_rate as lost_rate_low,
            1.0 as lost_rate_high, 100 as baseline_n_sessions, 20 as baseline_n_lost,
            0.2 as baseline_rate, lost_rate / 0.2 as lift, median(duration_seconds) as
            median_seconds, true as has_support,
            row_number() over (order by count(*) desc, chokepoint_path) as path_rank
        from marts.fragile_flows group by chokepoint_path""",
    "marts.recurring_paths": """
        select [page, next_page] as path, count(*) as n, count(distinct session_id) as n_sessions,
            count(distinct user_key) as n_users, count(*) / 2 as expected_n, 2.0 as lift
        from core.steps where not is_exit group by all""",
    "marts.friction_comparisons": """
        with firsts as (
            select arg_min(session_id, started_at) as session_id from core.sessions
            group by user_id),
        sides as (
            select 'periods' as comparison, page, event, step_index % 2 = 0 as is_against, is_exit
            from core.steps
            union all
            select 'visitors', page, event, session_id in (from firsts), is_exit from core.steps),
        bounds as (
            select 'periods' as comparison, timestamptz '2025-10-01' as against_from,
                timestamptz '2025-11-01' as period_from, timestamptz '2025-12-01' as period_until)
        select comparison, page, event, count_if(not is_against)::bigint as n_visits,
            count_if(not is_against and is_exit)::bigint as n_lost,
            n_lost / nullif(n_visits, 0) as rate,
            count_if(is_against)::bigint as n_visits_against,
            count_if(is_against and is_exit)::bigint as n_lost_against,
            n_lost_against / nullif(n_visits_against, 0) as rate_against,
            rate - rate_against as rate_difference,
            greatest(rate_difference - 0.1, -1) as difference_low,
            least(rate_difference + 0.1, 1) as difference_high,
            coalesce(abs(rate_difference) > 0.05 and least(n_visits, n_visits_against) >= 10, false)
                as is_significant,
            against_from, period_from, period_until
        from sides left join bounds using (comparison) group by all""",
    "marts.funnel_steps": """
        select * from (values
            ('checkout', 24, 1, 'cart', 38, 38, 2, null, null, null, null,
                1.0, 1.0, 1.0, 40),
            ('checkout', 24, 2, 'pay', 38, 30, 2, 38, 30 / 38, 0.64, 0.89,
                30 / 38, 0.64, 0.89, 33),
            ('checkout', 24, 3, 'done', 38, 12, 0, 30, 12 / 30, 0.25, 0.58,
                12 / 38, 0.19, 0.47, 15))
        as steps (funnel, window_hours, step_no, step, n_users_started, n_reached,
            n_in_progress, n_previous, previous_rate, previous_rate_low, previous_rate_high,
            start_rate, start_rate_low,
            start_rate_high, reached_any_order)""",
    "marts.retention": """
        select cohort_week, week_no, n_users, n_retained, n_retained / n_users as rate,
            0.5 * rate as low, least(1, 1.2 * rate) as high,
            n_retained as n_retained_or_later, rate as rate_or_later,
            0.5 * rate as low_or_later, least(1, 1.2 * rate) as high_or_later, is_finished
        from (values
            (date '2025-10-06', 0, 20, 20, true), (date '2025-10-06', 1, 20, 9, true),
            (date '2025-10-06', 2, 20, 5, false), (date '2025-10-13', 0, 10, 10, true),
            (date '2025-10-13', 1, 10, 1, false), (null, 0, 30, 30, true),
            (null, 1, 20, 9, true), (date '2025-10-06', 40, 20, 1, true))
        as cells (cohort_week, week_no, n_users, n_retained, is_finished)""",
    "marts.graph_metrics": """
        select * from (values
            ('clustering', 0.21, null, null, null, 'of 9 pages'),
            ('percolation_threshold', 0.4, null, 0.3, 0.5, null),
            ('power_law_exponent', null, '9 pages, and fewer than 50 fit no law', null, null, null))
        as metrics (metric, value, reason, low, high, detail)""",
}
"""Table to its SELECT, upstream first."""
