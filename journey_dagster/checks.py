"""Binds one SQL file to one Dagster asset check: the file selects what is wrong, no row is well.

Belongs here: running checks, recording them per partition, asking which users must be held back.
Does not belong here: what is wrong (`sql/checks/`), expectations on flow metrics (`expectations`).
Concept: https://docs.dagster.io/guides/test/asset-checks

A file that names `$users` is per-user: its rows start with the user's id and the problem in words.
A range run has one verdict for all, so users are gated by data: `held_back` asks the same files
again where a report is made (docs/adr/0003).
"""

import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, cast

import dagster as dg
import duckdb

from journey_dagster import users
from journey_dagster.models import Model, every_model, model
from journey_dagster.refresh import distrust
from journey_dagster.settings import Settings
from journey_dagster.tables import PARTITIONED, ids_of, key, registry_of
from journey_dagster.warehouse import POOL, Warehouse

SHOWN = 10
"""Rows of what is wrong that are shown with a result."""


def check(
    file: str, *, on: str, blocking: bool = True, warns: bool = False
) -> dg.AssetChecksDefinition:
    """The asset check of one SQL file below `sql/`.

    Args:
        file: the file, such as `checks/flows_balance.sql`.
        on: the table that it is shown on, such as `marts.page_flows`.
        blocking: what comes after the table waits for it, and stops when it fails.
        warns: a failure is a warning; a warning never stops anything.
    """
    bound = model(file)
    severity = dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR
    options: dict[str, Any] = {
        "asset": key(on),
        "name": bound.table,
        "description": bound.description,
        "additional_deps": [key(name) for name in sorted(bound.reads - {on})],
        "blocking": blocking and not warns and not bound.per_user,
        "pool": POOL,
    }
    if bound.per_user and on in PARTITIONED:
        options["partitions_def"] = users.USERS

    def judge(
        context: dg.AssetCheckExecutionContext,
        warehouse: Warehouse,
        settings: dg.ResourceParam[Settings],
    ) -> dg.AssetCheckResult:
        if bound.per_user:
            return _judge_users(context, bound, warehouse, settings)
        with warehouse.get_connection() as con:
            columns, rows = offending(con, bound, settings)
            if rows and not warns:
                distrust(con, bound.reads)
        return dg.AssetCheckResult(
            passed=not rows,
            severity=severity,
            metadata={"n_wrong": len(rows)} | ({"wrong": listed(columns, rows)} if rows else {}),
        )

    with warnings.catch_warnings():
        # Partitioned checks are new in Dagster and may change; a test pins how they are recorded.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.asset_check(**options)(judge)


def offending(
    con: duckdb.DuckDBPyConnection, bound: Model, settings: Settings, ids: Sequence[str] = ()
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns and rows of what is wrong."""
    values = bound.bind({**settings.sql_parameters(), "users": list(ids)})
    found = con.execute(bound.sql, values)
    columns = [column[0] for column in found.description or ()]
    return columns, found.fetchall()


def held_back(
    con: duckdb.DuckDBPyConnection, settings: Settings, ids: Sequence[str]
) -> dict[str, str]:
    """User id to what is wrong, by every per-user check; users without a fault are absent.

    What a failed check reads is computed from the beginning by the next run.
    """
    wrong: dict[str, list[str]] = defaultdict(list)
    for bound in every_model():
        if bound.schema == "checks" and bound.per_user:
            rows = offending(con, bound, settings, ids)[1]
            if rows:
                distrust(con, bound.reads)
            for user_id, problem in rows:
                wrong[user_id].append(f"{bound.table}: {problem}")
    return {user_id: "; ".join(problems) for user_id, problems in wrong.items()}


def _judge_users(
    context: dg.AssetCheckExecutionContext, bound: Model, resource: Warehouse, settings: Settings
) -> dg.AssetCheckResult:
    """One verdict for all registered users; of partitions, one per user too.

    A run of one partition records its result with it; a range run records without one, so the
    verdicts of its users are logged beside it.
    """
    is_partitioned = context.has_partition_key or context.has_partition_key_range
    ids = (
        ids_of(context, settings)
        if is_partitioned
        else {user.slug: user.user_id for user in registry_of(settings)}
    )
    with resource.get_connection() as con:
        _, rows = offending(con, bound, settings, list(ids.values()))
        if rows:
            distrust(con, bound.reads)
    wrong: dict[str, list[str]] = defaultdict(list)
    for user_id, problem in rows:
        wrong[user_id].append(problem)
    if is_partitioned and len(ids) > 1:
        for slug, user_id in ids.items():
            verdict = dg.AssetCheckEvaluation(
                asset_key=context.check_specs[0].asset_key,
                check_name=bound.table,
                passed=user_id not in wrong,
                severity=dg.AssetCheckSeverity.ERROR,
                metadata=_problems(wrong.get(user_id, [])),
                partition=slug,
            )
            # Dagster takes it, though its signature does not say so.
            context.op_execution_context.log_event(cast("Any", verdict))
    failed = [slug for slug, user_id in ids.items() if user_id in wrong]
    return dg.AssetCheckResult(
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "n_users": len(ids),
            "n_wrong": len(failed),
            **({"wrong": ", ".join(failed[:SHOWN])} if failed else {}),
            **(_problems([p for problems in wrong.values() for p in problems]) if failed else {}),
        },
    )


def _problems(problems: Sequence[str]) -> Mapping[str, dg.MetadataValue[Any]]:
    return {"problems": dg.MetadataValue.text("; ".join(problems[:SHOWN]))} if problems else {}


def listed(columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dg.MetadataValue[Any]:
    """The first rows as a table for Dagster."""
    records = [
        dg.TableRecord({name: _plain(cell) for name, cell in zip(columns, row, strict=True)})
        for row in rows[:SHOWN]
    ]
    return dg.MetadataValue.table(
        records, schema=dg.TableSchema([dg.TableColumn(name) for name in columns])
    )


def _plain(cell: object) -> str | int | float | bool:
    return cell if isinstance(cell, str | int | float | bool) else str(cell)
