"""Whose report has to be made again, and making it: stories, documents, the list of all.

Belongs here: what a report is made from, whether that changed, the order of the last steps for many
users at once. Does not belong here: the steps themselves (`insights.telling`, `publish`), asking
models (`answers`), Dagster (`outlets`).

A report is made from the user's rows, told by their digest (`sql/marts/user_inputs.sql`), and from
the program, its settings and the models chosen. While all that is the same, so is the report, and
nobody makes it again.
"""

import hashlib
from collections.abc import Sequence

import duckdb
import msgspec

from journey_dagster import site
from journey_dagster.insights.generations import chosen as chosen_models
from journey_dagster.insights.telling import INSIGHTS, PARTS, write_stories
from journey_dagster.insights.telling import Outcome as Stories
from journey_dagster.models import model
from journey_dagster.publish import USER_REPORT, Outcome, publish_reports
from journey_dagster.settings import InsightsSettings, Settings
from journey_dagster.users import User
from journey_dagster.version import code_version
from journey_dagster.warehouse import ensure

INPUTS = model("marts/user_inputs.sql")

AT_ONCE = 1000
"""Users whose facts are held in memory together."""

SETTLED = ("ok", "off", "tier", "nothing", "ungrounded")
"""What may come of a part of a text that asking again would not better."""

_CHANGED = f"""
select inputs.user_id
from {INPUTS.name} as inputs
left join {USER_REPORT.name} as report using (user_id)
where made_from is distinct from digest || ' ' || $recipe
    or status = 'withheld'
    or user_id in (select user_id from {PARTS.name} where status not in {SETTLED})
"""


def changed(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    insights: InsightsSettings,
    registered: Sequence[User],
) -> list[User]:
    """Whose report has to be made again, in the registry's order.

    That is whoever's rows changed since, whose report is withheld or gone, and whose text a model
    failed to write.

    Args:
        con: the warehouse, writable.
        settings: that reports are made by.
        insights: which models' answers are used.
        registered: everyone in the registry.
    """
    for made in (
        USER_REPORT,
        INSIGHTS,
        PARTS,
    ):  # read below and by `publish`, be there users or not
        ensure(con, made)
    found = con.execute(_CHANGED, {"recipe": _recipe(settings, insights)}).fetchall()
    ids = {row[0] for row in found}
    return [
        user
        for user in registered
        if user.user_id in ids or not site.report_path(settings.site, user.slug).is_file()
    ]


def make_reports(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    insights: InsightsSettings,
    users: Sequence[User],
    registered: Sequence[User],
) -> tuple[Stories, list[Outcome]]:
    """Write the stories and the reports of these users; no model is asked.

    Args:
        con: the warehouse, writable.
        settings: where and how.
        insights: which models' answers are used.
        users: whose reports.
        registered: everyone in the registry.
    """
    stories = Stories()
    for start in range(0, len(users), AT_ONCE):
        ids = [user.user_id for user in users[start : start + AT_ONCE]]
        told = write_stories(con, ids, settings, insights)
        stories.troubles |= told.troubles
        stories.parts |= told.parts
    made = made_from(con, settings, insights)
    return stories, publish_reports(con, settings, users, registered, made)


def made_from(
    con: duckdb.DuckDBPyConnection, settings: Settings, insights: InsightsSettings
) -> dict[str, str]:
    """What reports would be made from now, by user id."""
    recipe = _recipe(settings, insights)
    rows = con.execute(f"select user_id, digest from {INPUTS.name}").fetchall()
    return {user_id: f"{digest} {recipe}" for user_id, digest in rows}


def _recipe(settings: Settings, insights: InsightsSettings) -> str:
    """What all reports have in common."""
    models = chosen_models(insights) if insights.enabled else {}
    told = [code_version(), settings.sql_parameters(), settings.session_gap_minutes, models]
    return hashlib.sha256(msgspec.json.encode(told, enc_hook=str)).hexdigest()[:12]
