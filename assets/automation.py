"""When things run: every night, and whenever the registry has a new user."""

import dagster as dg

from journey_dagster.automation import nightly_schedule, users_sensor

PER_USER = dg.AssetSelection.assets(
    ["marts", "user_summary"],
    ["marts", "user_facts"],
    ["marts", "user_insights"],
    ["marts", "user_report"],
)
FOR_ALL = dg.AssetSelection.all() - PER_USER

warehouse = dg.define_asset_job(
    "warehouse",
    selection=FOR_ALL,
    description="Everything for all users at once: what arrived, journeys, marts, pages, the copy.",
)
nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    description="Everything, and then the report of every registered user in one go.",
)
reports = dg.define_asset_job(
    "reports",
    selection=PER_USER,
    description="Only the reports of the users chosen, from the marts as they stand.",
)

JOBS = [warehouse, nightly, reports]
SCHEDULES = [nightly_schedule(nightly, without_users=FOR_ALL)]
SENSORS = [users_sensor()]
