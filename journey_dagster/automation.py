"""When things run by themselves.

Belongs here: the nightly schedule and the sensor that turns registered users into partitions.
Does not belong here: the jobs (`assets/automation.py`), which keys to add (`users`).
Concepts: https://docs.dagster.io/guides/automate
"""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from journey_dagster import users
from journey_dagster.settings import Settings


def range_tags(slugs: list[str]) -> dict[str, str]:
    """The tags of a run over neighbouring partitions."""
    return {
        "dagster/asset_partition_range_start": slugs[0],
        "dagster/asset_partition_range_end": slugs[-1],
    }


def nightly_schedule(
    nightly: UnresolvedAssetJobDefinition, *, without_users: dg.AssetSelection
) -> dg.ScheduleDefinition:
    """Run everything each night.

    Args:
        nightly: the job of all assets.
        without_users: what of it is run while nobody is registered.
    """
    settings = Settings()

    def request(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        slugs = list(context.instance.get_dynamic_partitions(users.USERS_NAME))
        if slugs:
            return dg.RunRequest(tags=range_tags(slugs))
        graph = context.repository_def.asset_graph if context.repository_def else None
        if graph is None:
            raise dg.Failure("the schedule was evaluated without its repository")
        return dg.RunRequest(asset_selection=sorted(without_users.resolve(graph)))

    return dg.ScheduleDefinition(
        name="every_night",
        job=nightly,
        cron_schedule=settings.nightly,
        execution_timezone="UTC",
        execution_fn=request,
        default_status=dg.DefaultScheduleStatus.RUNNING
        if settings.automate
        else dg.DefaultScheduleStatus.STOPPED,
        description="Everything, every night, one run; the users known at its start get reports.",
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
