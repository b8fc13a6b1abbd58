"""Runs the graph in this process, through Dagster, and tells what came of it.

Belongs here: which job for whom, narration, the summary of a run.
Does not belong here: the graph (`assets/`), schedules (`automation`), the command line (`cli`).

What runs here is what the UI runs: the same jobs, recorded in the same instance.
"""

import logging
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from journey_dagster import stages, users, warehouse
from journey_dagster.answers import RUN
from journey_dagster.automation import range_tags
from journey_dagster.erasure import receipt, steps
from journey_dagster.instance import FROM_CLI, only_runner, open_instance, sync_partitions
from journey_dagster.settings import InsightsSettings, Settings
from journey_dagster.stages import Stage

Narrator = Callable[[str], None]

_LAST = {"user_report", "everyones_reports", "leaks", "published"}
"""Steps that no other user's report is made of."""


@dataclass
class Summary:
    """What came of a run."""

    succeeded: bool = True
    run_ids: list[str] = field(default_factory=list[str])
    failures: list[str] = field(default_factory=list[str])
    """Steps that failed, each with its reason."""
    failed_checks: list[str] = field(default_factory=list[str])
    """Checks that found an error."""
    warnings: list[str] = field(default_factory=list[str])
    """Checks that warn."""
    n_checks: int = 0
    seconds: float = 0


def run(
    settings: Settings,
    narrate: Narrator,
    slugs: Sequence[str] = (),
    insights: InsightsSettings | None = None,
) -> Summary:
    """Compute everything, and the reports of these users, or of whoever changed.

    Whoever was being forgotten is gone before that, and from what was published after it.

    Args:
        settings: where and how.
        narrate: takes one line per finished step.
        slugs: whose reports, changed or not.
        insights: which models to ask; by default, as the environment says.

    Raises:
        RegistryError: the registry cannot be read, or a slug is nobody's.
        WarehouseBusyError: another run is under way, or somebody holds the warehouse.
    """
    steps.resume(settings, narrate)
    try:
        return _run(settings, narrate, slugs, insights)
    finally:
        receipt.conclude(settings, narrate)


def _run(
    settings: Settings,
    narrate: Narrator,
    slugs: Sequence[str],
    insights: InsightsSettings | None,
) -> Summary:
    from journey_dagster.definitions import build_defs  # noqa: PLC0415  the graph costs a second

    registered = users.load(settings.registry)
    users.by_slug(registered, slugs)
    defs = build_defs(
        settings,
        loggers={"narrator": _logger(narrate)},
        insights=insights or InsightsSettings(),
    )
    summary = Summary()
    start = time.monotonic()
    with open_instance(settings) as instance, only_runner(instance, settings):
        with warehouse.connect(settings.database):
            pass  # whoever holds the file is named before anything starts
        sync_partitions(instance, registered)
        ranges = list(neighbours(instance.get_dynamic_partitions(users.USERS_NAME), slugs))
        started = secrets.token_hex(8)
        jobs = [("chosen", ranges[0])] if ranges else [("nightly", list[str]())]
        jobs += [("reports", keys) for keys in ranges[1:]]
        if ranges[1:] and settings.publish_to:
            jobs.append(("publish", []))  # the reports that the first job did not make
        for job, keys in jobs:
            tags = {RUN: started, **(range_tags(keys) if keys else {})}
            result = _execute(defs, job, instance, tags)
            _add(summary, result)
            if _is_broken(result):
                break  # what the other users' reports are made of is not there
    summary.seconds = time.monotonic() - start
    return summary


def run_stage(settings: Settings, narrate: Narrator, stage: Stage) -> Summary:
    """Compute one stage with its checks, from the tables of the earlier ones as they stand.

    Args:
        settings: where and how.
        narrate: takes one line per finished step.
        stage: its name.

    Raises:
        WarehouseError: an earlier stage has not run.
        WarehouseBusyError: another run is under way, or somebody holds the warehouse.
    """
    from journey_dagster.definitions import build_defs  # noqa: PLC0415  the graph costs a second

    defs = build_defs(settings, loggers={"narrator": _logger(narrate)})
    stages.check_ready(defs, stage, _standing(settings))
    summary = Summary()
    start = time.monotonic()
    with open_instance(settings) as instance, only_runner(instance, settings):
        with warehouse.connect(settings.database):
            pass  # whoever holds the file is named before anything starts
        _add(summary, _execute(defs, stage, instance, {}))
    summary.seconds = time.monotonic() - start
    return summary


def _standing(settings: Settings) -> set[str]:
    """The tables and views in the warehouse, as `schema.table`."""
    if not settings.database.exists():
        return set()
    with warehouse.connect(settings.database, read_only=True) as con:
        return warehouse.standing(con)


def _execute(
    defs: dg.Definitions, job: str, instance: dg.DagsterInstance, tags: Mapping[str, str]
) -> dg.ExecuteInProcessResult:
    return defs.resolve_job_def(job).execute_in_process(
        instance=instance,
        run_config={"loggers": {"narrator": {}}},
        tags={**FROM_CLI, **tags},
        raise_on_error=False,
    )


def neighbours(keys: Iterable[str], chosen: Iterable[str]) -> Iterator[list[str]]:
    """The chosen keys, in runs of neighbours: a range run takes all keys between its ends."""
    wanted = set(chosen)
    together: list[str] = []
    for key in keys:
        if key in wanted:
            together.append(key)
        elif together:
            yield together
            together = []
    if together:
        yield together


def _is_broken(result: dg.ExecuteInProcessResult) -> bool:
    """Whether more failed than the reports of users who are held back, or publishing the site."""
    return any(event.is_step_failure and event.step_key not in _LAST for event in result.all_events)


def _add(summary: Summary, result: dg.ExecuteInProcessResult) -> None:
    summary.run_ids.append(result.run_id)
    summary.succeeded &= result.success
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            error = data.error.cause if data.error and data.error.cause else data.error
            described = data.user_failure_data.description if data.user_failure_data else None
            message = described or (error.message.strip() if error else "failed")
            summary.failures.append(f"{event.step_key}: {message}")
    for evaluation in result.get_asset_check_evaluations():
        summary.n_checks += 1
        if not evaluation.passed:
            where = f"{'.'.join(evaluation.asset_key.path)}, {evaluation.check_name}"
            if evaluation.partition:
                where += f" [{evaluation.partition}]"
            told = f"{where}: {_told(evaluation.metadata)}"
            is_error = evaluation.severity == dg.AssetCheckSeverity.ERROR
            (summary.failed_checks if is_error else summary.warnings).append(told)


def _told(metadata: Mapping[str, Any]) -> str:
    """Metadata of a check in a line."""
    return ", ".join(
        f"{name} {value.value:.3g}" if isinstance(value.value, float) else f"{name} {value.value}"
        for name, value in metadata.items()
        if isinstance(value.value, str | int | float)
    )


def _logger(narrate: Narrator) -> dg.LoggerDefinition:
    class Handler(logging.Handler):
        """Turns Dagster's events into lines."""

        def __init__(self) -> None:
            super().__init__()
            self.told: set[str] = set()

        def emit(self, record: logging.LogRecord) -> None:
            meta: Mapping[str, Any] = getattr(record, "dagster_meta", {})
            event = meta.get("dagster_event")
            if event is None or not event.is_step_materialization:
                return
            found = event.step_materialization_data.materialization
            name = ".".join(found.asset_key.path)
            if name in self.told:  # a step over many users records each of them
                return
            self.told.add(name)
            rows = found.metadata.get("dagster/row_count")
            narrate(f"  {name:<28}" + (f"{rows.value:>10,} rows" if rows else ""))

    def narrator(_context: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.getLogger("journey.narrator")
        logger.handlers = [Handler()]
        logger.propagate = False
        logger.setLevel(logging.DEBUG)
        return logger

    return dg.LoggerDefinition(narrator, description="One line per table written.")


def to_stderr(line: str) -> None:
    """Narrate to a person; stdout is for data."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201
