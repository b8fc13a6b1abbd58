"""Binds one SQL file to one Dagster asset: `events = table("core/events.sql")`.

Belongs here: what Dagster shows of a table, the step that computes it, which are partitioned.
Does not belong here: SQL (`sql/`), how a table is replaced (`warehouse`), which tables there are
(`assets/`). Concept: https://docs.dagster.io/guides/build/assets

The file says everything the binding does not: description, lineage, code version.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
import duckdb

from journey_dagster import users
from journey_dagster.models import Model, model
from journey_dagster.refresh import REFRESHES, refresh
from journey_dagster.settings import Settings
from journey_dagster.warehouse import (
    POOL,
    Column,
    Warehouse,
    Written,
    columns,
    ensure,
    replace,
    written,
)

OWNERS = ["team:journey"]

PARTITIONED = (
    "insights.answers",
    "marts.user_insights",
    "marts.user_generations",
    "marts.user_report",
)
"""What has a partition per user: each costs Dagster about 29 ms per user, so there are few."""

ALL_AT_ONCE = dg.BackfillPolicy.single_run()
"""However many users are asked for, one run computes them: a query per user costs 60 times more."""


def key(name: str) -> dg.AssetKey:
    """The asset key of a table called `schema.table`."""
    return dg.AssetKey(name.split("."))


def spec(table: Model, *, also_reads: Sequence[str] = ()) -> dg.AssetSpec:
    """What Dagster shows of a table, from its file.

    Args:
        table: the file.
        also_reads: tables that Python reads to fill it, where the file is a mere declaration.
    """
    return dg.AssetSpec(
        key(table.name),
        description=table.description,
        deps=[key(name) for name in sorted({*table.reads, *also_reads})],
        group_name=table.schema,
        kinds=_kinds(table),
        owners=OWNERS,
        code_version=table.version,
        partitions_def=users.USERS if table.name in PARTITIONED else None,
        metadata={
            "dagster/table_name": table.name,
            "sql": dg.MetadataValue.md(f"```sql\n{table.sql}\n```"),
            **(_declared(table) if table.name in PARTITIONED else {}),
        },
    )


def _declared(table: Model) -> dict[str, Any]:
    """The columns of a table that has partitions: a user's part is recorded without them.

    Python fills these, so the file says its columns without any other table.
    """
    with duckdb.connect() as con:
        ensure(con, table)
        return _schema(columns(con, table.name))


def _schema(found: Sequence[Column]) -> dict[str, Any]:
    told = [dg.TableColumn(column.name, column.type, column.description) for column in found]
    return {"dagster/column_schema": dg.TableSchema(told)}


def _kinds(table: Model) -> set[str]:
    if table.is_view:
        return {"duckdb", "sql", "view"}
    return {"duckdb", "sql"} if table.reads else {"duckdb", "python"}


def shown(found: Written) -> dict[str, Any]:
    """What Dagster records when a table was written."""
    metadata = _schema(found.columns)
    if found.n_rows is not None:
        metadata["dagster/row_count"] = found.n_rows
    return metadata


def table(file: str) -> dg.AssetsDefinition:
    """The asset of one SQL file below `sql/`."""
    bound = model(file)

    @dg.multi_asset(name=bound.name.replace(".", "__"), specs=[spec(bound)], pool=POOL)
    def build(
        warehouse: Warehouse, settings: dg.ResourceParam[Settings]
    ) -> dg.MaterializeResult[Any]:
        with warehouse.get_connection() as con:
            return dg.MaterializeResult(
                metadata=shown(replace(con, bound, settings.sql_parameters()))
            )

    return build


def tables(name: str, *files: str) -> dg.AssetsDefinition:
    """The assets of SQL files that are brought up to date together.

    They advance in one transaction, by computing again what changed (`refresh`).

    Args:
        name: of the step.
        files: below `sql/`, in any order.
    """
    bound = {key(each.name): each for each in map(model, files)}

    @dg.multi_asset(
        name=name,
        specs=[spec(each) for each in [*bound.values(), REFRESHES]],
        pool=POOL,
        can_subset=True,
    )
    def advance(
        context: dg.AssetExecutionContext,
        warehouse: Warehouse,
        settings: dg.ResourceParam[Settings],
    ) -> Iterator[dg.MaterializeResult[Any]]:
        asked = [bound[each] for each in bound if each in context.selected_asset_keys]
        with warehouse.get_connection() as con:
            done = refresh(con, asked, settings.sql_parameters())
            for each, how in done.items():  # upstream first, as Dagster wants them
                yield dg.MaterializeResult(
                    asset_key=key(each),
                    metadata=shown(written(con, bound[key(each)])) | {"computed": how},
                )
            if key(REFRESHES.name) in context.selected_asset_keys:
                found = shown(written(con, REFRESHES))
                yield dg.MaterializeResult(asset_key=key(REFRESHES.name), metadata=found)

    return advance


def ids_of(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, settings: Settings
) -> dict[str, str]:
    """Slug to user id of the partitions that a step is asked for.

    A partition whose user is no longer registered is left out: it must not stop the others, and its
    report fails at the end.

    Raises:
        dagster.Failure: the registry cannot be read.
    """
    registered = {user.slug: user.user_id for user in registry_of(settings)}
    return {slug: registered[slug] for slug in context.partition_keys if slug in registered}


def registry_of(settings: Settings) -> list[users.User]:
    """The registered users.

    Raises:
        dagster.Failure: the registry cannot be read.
    """
    try:
        return users.load(settings.registry)
    except users.RegistryError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
