"""The four stages of the graph that can be run one by one, by name.

Belongs here: their names and order, and what a stage needs of those before it.
Does not belong here: which asset is of which stage (`assets/automation.py`), running one (`runs`).

Each stage is a job of the same name. Together they are the job `warehouse`, and no stage reads a
table of a later one, so running all four in order is running that job.
"""

from collections.abc import Set as AbstractSet
from typing import Literal, get_args

import dagster as dg

from journey_dagster.warehouse import WarehouseError

Stage = Literal["parse", "graph", "metrics", "analysis"]

STAGES: tuple[Stage, ...] = get_args(Stage)


def tables(defs: dg.Definitions, stage: Stage) -> set[str]:
    """The assets of a stage, as `schema.table`."""
    keys = defs.resolve_job_def(stage).asset_layer.executable_asset_keys
    return {".".join(key.path) for key in keys}


def after(stage: Stage) -> Stage | None:
    """The stage that follows; none follows the last."""
    return next(iter(STAGES[STAGES.index(stage) + 1 :]), None)


def check_ready(defs: dg.Definitions, stage: Stage, standing: AbstractSet[str]) -> None:
    """Hold what a stage reads of earlier stages against the tables that there are.

    Args:
        defs: the graph.
        stage: the stage to run.
        standing: the tables in the warehouse, as `schema.table`.

    Raises:
        WarehouseError: a table is missing; the message names it and the first stage to run.
    """
    graph = defs.resolve_asset_graph()
    read = {
        ".".join(parent.path)
        for name in tables(defs, stage)
        for parent in graph.get(dg.AssetKey(name.split("."))).parent_keys
    }
    for earlier in STAGES[: STAGES.index(stage)]:
        missing = sorted((read & tables(defs, earlier)) - standing)
        if missing:
            more = f" and {len(missing) - 1} more" if missing[1:] else ""
            raise WarehouseError(
                f"{stage} needs {missing[0]}{more}, which {earlier} makes. "
                f"Run it first: journey run --stage {earlier}"
            )
