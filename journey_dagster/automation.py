"""When things run by themselves.

Belongs here: the nightly schedule; the sensors that turn registered users into partitions, bury
killed runs, and tell of runs that went wrong. Does not belong here: the jobs
(`assets/automation.py`), which keys to add (`users`), which runs were killed (`workers`), what is
told and how (`alerts`).
Concepts: https://docs.dagster.io/guides/automate
"""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from journey_dagster import alerts, users, workers
from journey_dagster.settings import Settings


def range_tags(slugs: list[str]) -> dict[str, str]:
    """The tags of a run over neighbouring partitions."""
    return {
        "dagster/asset_partition_range_start": slugs[0],
        "dagster/asset_partition_range_end": slugs[-1],
    }


def nightly_schedule(nightly: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Run everything each night, unless the last such run waits or is still under way.

    After nights without a daemon there is one run, not one for each: Dagster makes up for the last
    tick of a schedule without partitions only, and whatever waits already takes in what is there.
    """
    settings = Settings()
    waiting = [dg.DagsterRunStatus.QUEUED, *workers.UNFINISHED]

    def request(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        workers.bury_killed(context.instance)
        unfinished = dg.RunsFilter(job_name=nightly.name, statuses=waiting)
        for run in context.instance.get_runs(unfinished, limit=1):
            return dg.SkipReason(f"run {run.run_id} is still under way, and takes in what is there")
        return dg.RunRequest()

    return dg.ScheduleDefinition(
        name="every_night",
        job=nightly,
        cron_schedule=settings.nightly,
        execution_timezone="UTC",
        execution_fn=request,
        default_status=dg.DefaultScheduleStatus.RUNNING
        if settings.automate
        else dg.DefaultScheduleStatus.STOPPED,
        description="Everything, every night, one run; whoever changed gets a new report.",
    )


def users_sensor() -> dg.SensorDefinition:
    """Add a partition for every registered user who has none."""

    @dg.sensor(
        name="new_users",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Adds a partition for each newly registered user; it never removes one.",
    )
    def new_users(
        context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
    ) -> dg.SensorResult | dg.SkipReason:
        try:
            wanted = [user.slug for user in users.load(settings.registry)]
        except users.RegistryError as error:
            return dg.SkipReason(f"the registry cannot be read, so nothing changes: {error}")
        known = context.instance.get_dynamic_partitions(users.USERS_NAME)
        added, _ = users.partition_changes(wanted, known)
        if not added:
            return dg.SkipReason("every registered user has a partition")
        return dg.SensorResult(dynamic_partitions_requests=[users.USERS.build_add_request(added)])

    return new_users


def killed_runs_sensor() -> dg.SensorDefinition:
    """Record that runs failed whose process was killed, together with whoever could tell."""

    @dg.sensor(
        name="killed_runs",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING
        if Settings().automate
        else dg.DefaultSensorStatus.STOPPED,
        description="Marks runs as failed whose process is gone, and frees what they held.",
    )
    def killed_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        buried = workers.bury_killed(context.instance)
        if not buried:
            return dg.SkipReason("every run that is under way has its process")
        return dg.SkipReason(f"killed, and failed: {', '.join(run.run_id for run in buried)}")

    return killed_runs


def alert_sensors() -> list[dg.SensorDefinition]:
    """Tell of every run that failed, and of every other whose checks found something."""
    settings = Settings()
    is_wanted = bool(settings.alert_webhook.get_secret_value() or settings.alert_command)
    status = dg.DefaultSensorStatus.RUNNING if is_wanted else dg.DefaultSensorStatus.STOPPED

    def tell(context: dg.RunStatusSensorContext) -> None:
        if text := alerts.about(context.instance, context.dagster_run, settings):
            alerts.send(settings, text, context.log)

    return [
        dg.run_status_sensor(
            run_status=ended,
            name=name,
            minimum_interval_seconds=30,
            default_status=status,
            description=words,
        )(tell)
        for ended, name, words in (
            (dg.DagsterRunStatus.FAILURE, "failed_runs", "Tells of runs that failed."),
            (dg.DagsterRunStatus.SUCCESS, "found_faults", "Tells of checks that found something."),
        )
    ]
