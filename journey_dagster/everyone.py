"""Everybody's reports in one go, without Dagster's bookkeeping.

Belongs here: the order of the per-user steps for many users at once. Does not belong here: the
steps themselves (`warehouse`, `insights.telling`, `publish`), asking models (`answers`).

Dagster records each user and step, about 29 ms each; this records nothing. It takes the warehouse
as it stands and answers of models that are there, and asks nobody.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from journey_dagster import warehouse
from journey_dagster.insights.telling import write_stories
from journey_dagster.models import model
from journey_dagster.publish import Outcome, publish_reports
from journey_dagster.settings import InsightsSettings, Settings
from journey_dagster.users import User

STEPS = ("marts/user_summary.sql", "marts/user_interests.sql", "marts/user_facts.sql")
"""Tables that are computed per user, each from those before it."""

AT_ONCE = 500
"""Users whose rows are computed together: one query for all, in memory that stays small."""


def build_reports(
    settings: Settings,
    insights: InsightsSettings,
    chosen: Sequence[User],
    registered: Sequence[User],
) -> list[Outcome]:
    """Compute and publish the reports of these users.

    Args:
        settings: where and how.
        insights: which models' answers are used; none is asked.
        chosen: whose reports.
        registered: everyone in the registry.

    Raises:
        WarehouseError: the warehouse is not there, or somebody else holds it.
    """
    outcomes: list[Outcome] = []
    with warehouse.connect(settings.database, memory_limit=settings.memory_limit) as con:
        for start in range(0, len(chosen), AT_ONCE):
            users = chosen[start : start + AT_ONCE]
            ids = [user.user_id for user in users]
            for step in STEPS:
                warehouse.replace(con, model(step), settings.sql_parameters(), ids)
            write_stories(con, ids, settings, insights)
            outcomes += publish_reports(con, settings, users, registered, datetime.now(UTC))
    return outcomes
