"""Whose report is made again: whoever changed, and nobody else."""

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from journey_dagster import everyone, runs, site, users, warehouse
from journey_dagster.settings import InsightsSettings, Settings

quiet: Callable[[str], None] = lambda _line: None  # noqa: E731
OFF = InsightsSettings(enabled=False)


def due(home: Settings, settings: Settings | None = None, insights: InsightsSettings = OFF) -> list:
    with warehouse.connect(home.database) as con:
        warehouse.replace(con, everyone.INPUTS, home.sql_parameters())
        registered = users.load(home.registry)
        found = everyone.changed(con, settings or home, insights, registered)
    return [user.slug for user in found]


@pytest.fixture
def told(demo_home: Settings) -> Settings:
    """A home in which all reports are made from what is there."""
    runs.run(demo_home, quiet, insights=OFF)
    assert due(demo_home) == []
    return demo_home


def change(statement: str) -> Callable[[duckdb.DuckDBPyConnection, str], Any]:
    return lambda con, user_id: con.execute(statement, {"id": user_id})


@pytest.mark.parametrize(
    "happens",
    [
        (
            "update core.events set page_key = -1 where event_id = "
            "(select min(event_id) from core.events where user_id = $id)"
        ),
        (
            "update core.events set n_deliveries = n_deliveries + 1 where event_id = "
            "(select min(event_id) from core.events where user_id = $id)"
        ),
        "update core.users set display_name = 'Another' where user_id = $id",
        "update core.users set tz = 'Asia/Kolkata' where user_id = $id",
        (
            "update marts.user_facts set value = value + 1 "
            "where user_id = $id and fact_id = 'span_days'"
        ),
        "delete from marts.user_facts where user_id = $id and fact_id = 'top_page'",
        "update marts.user_report set status = 'withheld' where user_id = $id",
        "delete from marts.user_report where user_id = $id",
        "update marts.user_generations set status = 'transient' where user_id = $id",
    ],
)
def test_one_user_changed_is_one_report(told: Settings, happens: str):
    victim = users.load(told.registry)[4]
    with warehouse.connect(told.database) as con:
        change(happens)(con, victim.user_id)
    assert due(told) == [victim.slug]


@pytest.mark.parametrize(
    "happens",
    [
        "update marts.user_facts set n = n + 1 where fact_id like 'cohort_%' and user_id = $id",
        "update marts.user_generations set status = 'ungrounded' where user_id = $id",
    ],
)
def test_what_no_report_says_makes_none_again(told: Settings, happens: str):
    victim = users.load(told.registry)[4]
    with warehouse.connect(told.database) as con:
        change(happens)(con, victim.user_id)
    assert due(told) == []


def test_other_rules_and_other_models_are_other_reports(told: Settings):
    everybody = [user.slug for user in users.load(told.registry)]
    assert due(told, told.model_copy(update={"recent_days": told.recent_days + 1})) == everybody
    asking = InsightsSettings(enabled=True)
    assert due(told, insights=asking) == everybody
    dearer = asking.model_copy(update={"cap_day_usd": asking.cap_day_usd + 1})
    with warehouse.connect(told.database) as con:
        made = [everyone.made_from(con, told, one) for one in (asking, dearer)]
    assert made[0] == made[1]


def test_a_report_that_is_gone_comes_back(told: Settings):
    victim = users.load(told.registry)[2]
    path = site.report_path(told.site, victim.slug)
    text = path.read_bytes()
    path.unlink()
    assert due(told) == [victim.slug]
    assert runs.run(told, quiet, insights=OFF).succeeded
    again = path.read_bytes()
    assert again.replace(again[again.index(b'"generated_at"'):][:40], b"") == text.replace(
        text[text.index(b'"generated_at"'):][:40], b""
    )  # fmt: skip
