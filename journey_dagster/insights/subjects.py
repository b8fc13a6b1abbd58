"""Whom a story is about: a user's facts, evidence and own names.

Belongs here: reading them. Does not belong here: what is asked or told (`generations`, `telling`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from journey_dagster.facts import Fact, read_facts
from journey_dagster.insights.strangers import Strangers


@dataclass(frozen=True)
class Subject:
    """One user."""

    user_id: str
    tier: str
    """Evidence tier, T0 to T3."""
    facts: Mapping[str, Fact]
    """By id."""
    names: Sequence[str | None]
    """The user's own: names, id and slug. None of them leaves."""


def read_subjects(con: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> list[Subject]:
    """These users, with one query for all of them."""
    facts = read_facts(con, ids)
    rows = con.execute(
        "select user_id, coalesce(evidence_tier, 'T0'), [display_name, user_name, slug, user_id] "
        "from (select unnest($users::varchar[]) as user_id) "
        "left join marts.user_summary using (user_id) left join core.users using (user_id) "
        "left join core.user_names using (user_key)",
        {"users": list(ids)},
    ).fetchall()
    return [Subject(user_id, tier, facts.get(user_id, {}), names) for user_id, tier, names in rows]


def read_strangers(con: duckdb.DuckDBPyConnection) -> Strangers:
    """Everybody's names, ids and slugs: no story may say one that its facts do not hold."""
    rows = con.execute(
        "select user_id, display_name, user_name, slug from core.users "
        "left join core.user_names using (user_key)"
    ).fetchall()
    return Strangers.named(name for row in rows for name in row if name)
