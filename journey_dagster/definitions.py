"""The one composition root: the graph of `assets/`, with its resources.

Belongs here: putting things together; the only module that imports `assets`.
Does not belong here: anything else.
"""

from collections.abc import Sequence
from typing import cast

import dagster as dg

import assets  # noqa: TID251  the one place (docs/adr/0001)
from assets import automation  # noqa: TID251
from journey_dagster.freshness import with_policy
from journey_dagster.settings import InsightsSettings, KafkaSettings, Settings
from journey_dagster.warehouse import Warehouse


def build_defs(settings: Settings | None = None, **overrides: object) -> dg.Definitions:
    """Everything Dagster knows of this project.

    Args:
        settings: by default, from the environment.
        overrides: resources by name, and `loggers`.
    """
    settings = settings or Settings()
    loggers = cast("dict[str, dg.LoggerDefinition]", overrides.pop("loggers", {}))
    resources = {
        "settings": settings,
        "broker": KafkaSettings(),
        "insights": InsightsSettings(),
        "warehouse": Warehouse(database=str(settings.database), memory_limit=settings.memory_limit),
        **overrides,
    }
    graph = cast("Sequence[dg.AssetsDefinition]", dg.load_assets_from_package_module(assets))
    return dg.Definitions(
        assets=dg.map_asset_specs(with_policy, graph),
        asset_checks=dg.load_asset_checks_from_package_module(assets),
        jobs=automation.JOBS,
        schedules=automation.SCHEDULES,
        sensors=automation.SENSORS,
        resources=resources,
        executor=dg.in_process_executor,
        loggers=loggers,
    )


defs = build_defs()
