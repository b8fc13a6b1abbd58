"""What runs by itself: the nightly schedule and the sensor that registers users."""

import dagster as dg
import pytest

from journey_dagster import users
from journey_dagster.automation import nightly_schedule
from journey_dagster.definitions import build_defs
from journey_dagster.settings import Settings
from journey_dagster.users import User


@pytest.fixture
def instance():
    with dg.DagsterInstance.local_temp() as instance:
        yield instance


def nightly(settings: Settings, instance: dg.DagsterInstance):
    defs = build_defs(settings)
    repository = defs.get_repository_def()
    context = dg.build_schedule_context(instance=instance, repository_def=repository)
    return defs.resolve_schedule_def("every_night").evaluate_tick(context)


def test_the_night_makes_the_reports_of_everyone_registered(settings, instance):
    instance.add_dynamic_partitions(users.USERS_NAME, ["b", "a", "c"])
    (request,) = nightly(settings, instance).run_requests
    assert request.tags["dagster/asset_partition_range_start"] == "b"
    assert request.tags["dagster/asset_partition_range_end"] == "c"
    assert request.asset_selection is None


def test_a_night_without_users_makes_the_rest(settings, instance):
    (request,) = nightly(settings, instance).run_requests
    names = {".".join(key.path) for key in request.asset_selection}
    assert "core.events" in names
    assert "site.analytics" in names
    assert "marts.user_report" not in names


def test_the_schedule_runs_by_itself_only_in_a_deployment(monkeypatch):
    def state() -> dg.DefaultScheduleStatus:
        job = dg.define_asset_job("some_job")
        return nightly_schedule(job, without_users=dg.AssetSelection.all()).default_status

    assert state() == dg.DefaultScheduleStatus.STOPPED
    monkeypatch.setenv("JOURNEY_AUTOMATE", "true")
    assert state() == dg.DefaultScheduleStatus.RUNNING


def sense(settings: Settings, instance: dg.DagsterInstance):
    sensor = build_defs(settings).resolve_sensor_def("new_users")
    context = dg.build_sensor_context(instance=instance, resources={"settings": settings})
    return sensor(context)


def test_the_sensor_adds_whoever_is_registered_and_nobody_twice(settings, instance):
    users.save(settings.registry, [User("1", "robin"), User("2", "wren")])
    instance.add_dynamic_partitions(users.USERS_NAME, ["robin", "gone"])
    (request,) = sense(settings, instance).dynamic_partitions_requests
    assert request.partition_keys == ["wren"]
    instance.add_dynamic_partitions(users.USERS_NAME, ["wren"])
    assert isinstance(sense(settings, instance), dg.SkipReason)


def test_an_unreadable_registry_is_not_an_empty_one(settings, instance):
    settings.home.mkdir(parents=True)
    settings.registry.write_text("{broken")
    instance.add_dynamic_partitions(users.USERS_NAME, ["robin"])
    skipped = sense(settings, instance)
    assert "nothing changes" in skipped.skip_message
