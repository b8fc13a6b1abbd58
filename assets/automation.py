"""When things run: every night, and whenever the registry has a new user."""

import dagster as dg

from journey_dagster.automation import nightly_schedule, users_sensor

PER_USER = dg.AssetSelection.from_string(
    "key:marts/user_summary or key:marts/user_interests or key:marts/user_facts "
    "or key:insights/answers or key:marts/user_insights or key:marts/user_generations "
    "or key:marts/user_report"
)
FOR_ALL = dg.AssetSelection.all() - PER_USER

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

JOBS = [warehouse, nightly, reports, *stages]
SCHEDULES = [nightly_schedule(nightly, without_users=FOR_ALL)]
SENSORS = [users_sensor()]
