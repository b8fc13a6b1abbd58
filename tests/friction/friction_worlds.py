"""Worlds with known friction, or none, and the tables of friction computed in them.

Belongs here: synthetic steps, made directly, and the SQL files run over them. Does not belong here:
tests, and how events become steps.

Every world is a table of steps: user, session of the user, place in the session, page, event, and
whether the session ends there. Users are synthetic-0, synthetic-1 and so on.
"""

from collections.abc import Mapping, Sequence
from random import Random

import duckdb
import numpy as np
import pyarrow as pa

from journey_dagster import warehouse
from journey_dagster.graph.tables import CENTRALITY, METRICS, fill_centrality, fill_metrics
from journey_dagster.models import every_model
from journey_dagster.settings import Settings
from journey_dagster.synth.personas import PERSONAS
from journey_dagster.synth.shop import walks
from journey_dagster.synth.shop_map import PLANTED_EXIT_RATES

PLANTED = frozenset((step.page, step.event) for step in PLANTED_EXIT_RATES)
"""The pairs of the shop at which too many sessions end."""

DEFAULTS = Settings.model_construct().sql_parameters()
"""The defaults in the code, whatever the environment of the machine says."""

FRICTION = (
    "marts.visits", "marts.visit_positions", "marts.page_ways", "marts.page_centrality",
    "marts.friction", "marts.transition_pairs", "marts.fragile_flows", "marts.fragile_paths",
    "marts.recurring_paths", "marts.friction_comparisons", "marts.graph_metrics",
)  # fmt: skip
"""All that this part computes, upstream first."""

STEPS = """
    create or replace table core.steps as
    select
        user_no || '-' || session_no as session_id,
        user_no::bigint * 1000000 + session_no as session_key,
        step_index,
        'synthetic-' || user_no as user_id,
        user_no::bigint as user_key,
        page,
        event,
        md5(user_no || '-' || session_no || '-' || step_index)::uuid as event_id,
        timestamptz '2025-01-01 00:00:00+00' + to_seconds(30 * step_index)
            + to_hours(((user_no * 37 + session_no * 11) % 8760)::integer) as occurred_at,
        if(is_exit, null, 30.0) as dwell_seconds,
        step_index = 0 as is_entry,
        is_exit,
        coalesce(lead(page) over session, '(exit)') as next_page,
        coalesce(lead(event) over session, '(exit)') as next_event
    from world
    window session as (partition by user_no, session_no order by step_index)
"""
SESSIONS = """
    create or replace table core.sessions as
    select
        session_id, session_key, user_id, user_key,
        min(occurred_at) as started_at, max(occurred_at) as ended_at,
        (epoch_us(ended_at) - epoch_us(started_at)) / 1000000 as duration_seconds,
        count(*) as n_steps, false as is_open
    from core.steps
    group by session_id, session_key, user_id, user_key
"""
EVENTS = """
    create or replace table core.events as
    select event_id, 'csv' as source from core.steps
"""
TRANSITIONS = """
    create or replace table marts.transitions as
    with ways as (
        select page as from_page, next_page as to_page, next_event as event, session_key, user_key
        from core.steps
        union all
        select '(entry)' as from_page, page as to_page, event, session_key, user_key
        from core.steps
        where is_entry
    )

    select
        from_page, to_page, event, count(*) as n, count(distinct session_key) as n_sessions,
        count(distinct user_key) as n_users
    from ways
    group by all
"""


def shop(n_events: int, seed: int, n_users: int | None = None) -> pa.Table:
    """So many steps in the synthetic shop, with its planted friction; 50 a user by default."""
    n_users = n_users or max(5, n_events // 50)
    rows: list[tuple[int, int, int, str, str, bool]] = []
    for user in range(n_users):
        share = n_events * (user + 1) // n_users - n_events * user // n_users
        found = walks(_stream(seed, user), PERSONAS[user % len(PERSONAS)], share)
        for number, walk in enumerate(found):
            last = len(walk.steps) - 1
            rows.extend(
                (user, number, at, step.page, step.event, at == last)
                for at, step in enumerate(walk.steps)
            )
    names = ("user_no", "session_no", "step_index", "page", "event", "is_exit")
    return pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))


def _stream(seed: int, user: int) -> Random:
    return Random(f"{seed}/{user}")  # noqa: S311  reproducible


def noise(
    kind: str, seed: int, *, n_users: int = 40, n_pages: int = 20, n_steps: int = 3000
) -> pa.Table:
    """Steps at pages that have no say in whether a session ends.

    Args:
        kind: `plain`: every step ends a session alike. `position`: first steps end it more often,
            and sessions start on other pages than they go on to. `users`: each user has a rate of
            their own, and pages that they prefer.
        seed: another seed, other steps.
        n_users: some of them come far more often than others.
        n_pages: some of them are far more popular than others.
        n_steps: in all.
    """
    rng = np.random.default_rng([seed, *kind.encode()])
    weights = np.minimum(1 / rng.random(n_users), 12) - 0.9
    popular = 1 / np.arange(1, n_pages + 1)
    popular /= popular.sum()
    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("user_no", "page", "is_exit")}
    for user, n in enumerate(rng.multinomial(n_steps, weights / weights.sum())):
        rate = rng.beta(1.5, 8.5) if kind == "users" else 0.15
        likes = rng.dirichlet(8 * popular) if kind == "users" else popular
        at_first = 0.35 if kind == "position" else rate
        is_exit = rng.random(n) < rate
        is_first = np.ones(n, dtype=bool)
        draws = rng.random(n)
        for step in range(n):
            is_first[step] = step == 0 or is_exit[step - 1]
            if is_first[step]:
                is_exit[step] = draws[step] < at_first
        pages = rng.choice(n_pages, n, p=likes)
        if kind == "position":
            pages = np.where(is_first, n_pages - 1 - pages, pages)
        columns["user_no"].append(np.full(n, user))
        columns["page"].append(pages)
        columns["is_exit"].append(is_exit)
    user_no, page, is_exit = (np.concatenate(columns[name]) for name in columns)
    starts = np.ones(len(page), dtype=bool)
    starts[1:] = is_exit[:-1] | (user_no[1:] != user_no[:-1])
    is_exit = np.append(starts[1:], True)  # who has no steps left leaves
    session_no = np.cumsum(starts) - 1
    first = np.flatnonzero(starts)
    return pa.table(
        {
            "user_no": user_no,
            "session_no": session_no,
            "step_index": np.arange(len(page)) - first[session_no],
            "page": [f"/{number}" for number in page.tolist()],
            "event": ["View"] * len(page),
            "is_exit": is_exit,
        }
    )


def live_in(con: duckdb.DuckDBPyConnection, world: pa.Table) -> None:
    """Make the tables of journeys from the steps of a world."""
    con.execute("set TimeZone = 'UTC'")
    for schema in ("core", "marts"):
        con.execute(f"create schema if not exists {schema}")
    con.register("world", world)
    for statement in (STEPS, SESSIONS, EVENTS, TRANSITIONS):
        con.execute(statement)
    con.unregister("world")


def compute(
    con: duckdb.DuckDBPyConnection,
    tables: Sequence[str] = FRICTION,
    parameters: Mapping[str, object] | None = None,
) -> None:
    """Compute tables of this part, and before each what it reads of the graph."""
    every = {each.name: each for each in every_model()}
    fills = {CENTRALITY.name: fill_centrality, METRICS.name: fill_metrics}
    for name in ("marts.page_flows", *tables):
        if name in fills:
            fills[name](con)
        else:
            warehouse.replace(con, every[name], {**DEFAULTS, **(parameters or {})})


def ranked(con: duckdb.DuckDBPyConnection, first: int) -> list[tuple[str, str]]:
    """The pages and events that lead the ranking."""
    return con.execute(
        "select page, event from marts.friction where friction_rank <= $n order by friction_rank",
        {"n": first},
    ).fetchall()


def chokepoints(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """The pages and events that are called chokepoints."""
    return set(con.execute("select page, event from marts.friction where is_chokepoint").fetchall())


def forget_users(con: duckdb.DuckDBPyConnection) -> None:
    """As if every visit were another user's."""
    con.execute(
        "update marts.visits set n_users = n_visits, visits_squared = n_visits, "
        "visits_times_exits = n_exits, exits_squared = n_exits"
    )


def forget_positions(con: duckdb.DuckDBPyConnection) -> None:
    """As if all of a session were one part."""
    con.execute("update marts.visit_positions set position_band = 0")
    con.execute(
        "create or replace table marts.visit_positions as "
        "select page, event, source, position_band, sum(n_visits)::bigint as n_visits, "
        "sum(n_exits)::bigint as n_exits from marts.visit_positions group by all"
    )
