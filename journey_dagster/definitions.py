"""The one composition root: the graph of `assets/`, with its resources.

Belongs here: putting things together; the only module that imports `assets`.
Does not belong here: anything else.
"""

from typing import Any

import assets  # noqa: TID251  the one place (docs/adr/0001)
import dagster as dg

from journey_dagster.settings import Settings
from journey_dagster.warehouse import Warehouse


def build_defs(settings: Settings | None = None, **overrides: Any) -> dg.Definitions:
    """Everything Dagster knows of this project.

    Args:
        settings: by default, from the environment.
        overrides: resources by name, and `loggers`.
    """
    settings = settings or Settings()
    loggers = overrides.pop("loggers", None)
    resources = {
        "settings": settings,
        "warehouse": Warehouse(
            database=str(settings.database), memory_limit=settings.memory_limit
        ),
        **overrides,
    }
    return dg.Definitions.merge(
        dg.load_definitions_from_package_module(assets),
        dg.Definitions(
            resources=resources, executor=dg.in_process_executor, loggers=loggers or {}
        ),
    )


defs = build_defs()
