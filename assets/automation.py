"""When things run: every night, and whenever the registry has a new user."""

import dagster as dg

from journey_dagster.automation import (
    alert_sensors,
    killed_runs_sensor,
    nightly_schedule,
    users_sensor,
)
from journey_dagster.tables import PARTITIONED, key

PER_USER = dg.AssetSelection.assets(*(key(name) for name in PARTITIONED))
EVERYONE = dg.AssetSelection.groups("everyone")
FOR_ALL = dg.AssetSelection.all() - PER_USER - EVERYONE

# The stages: each asset for all users is in exactly one of them, and reads none of a later one.
_PARSE = FOR_ALL & dg.AssetSelection.groups("raw", "core", "meta")
_GRAPH = FOR_ALL & dg.AssetSelection.from_string(
    "key:marts/transitions or key:marts/page_flows or key:marts/sankey or key:marts/paths "
    "or key:marts/loops or key:marts/page_ways"
)
_ANALYSIS = FOR_ALL & (
    dg.AssetSelection.from_string(
        "key:marts/friction+ or key:marts/recurring_paths or key:marts/friction_comparisons"
    )
    | dg.AssetSelection.groups("site")
)

nightly = dg.define_asset_job(
    "nightly",
    selection=FOR_ALL | EVERYONE,
    description="Everything, and the reports of whoever changed.",
)
chosen = dg.define_asset_job(
    "chosen",
    selection=FOR_ALL | PER_USER,
    description="Everything, and the reports of the users chosen, whether they changed or not.",
)
reports = dg.define_asset_job(
    "reports",
    selection=PER_USER,
    description="Only the reports of the users chosen, from the marts as they stand.",
)
publish = dg.define_asset_job(
    "publish", "key:site/published", description="Only bring the site as it stands to its place."
)

_METRICS = FOR_ALL - _PARSE - _GRAPH - _ANALYSIS
stages = [
    dg.define_asset_job(name, selection=selection, description=words)
    for name, selection, words in (
        ("parse", _PARSE, "Stage 1: what arrived, down to sessions and steps."),
        ("graph", _GRAPH, "Stage 2: the ways between pages, paths and loops."),
        ("metrics", _METRICS, "Stage 3: what is measured of the graph, of flows and of users."),
        ("analysis", _ANALYSIS, "Stage 4: friction and what follows, the pages, the copy."),
    )
]

JOBS = [nightly, chosen, reports, publish, *stages]
SCHEDULES = [nightly_schedule(nightly)]
SENSORS = [users_sensor(), killed_runs_sensor(), *alert_sensors()]
