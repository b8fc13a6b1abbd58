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


def test_the_night_is_one_run_of_everything(settings, instance):
    instance.add_dynamic_partitions(users.USERS_NAME, ["b", "a"])
    (request,) = nightly(settings, instance).run_requests
    assert not {name for name in request.tags if "partition" in name}
    assert request.asset_selection is None
    defs = build_defs(settings)
    keys = defs.resolve_job_def("nightly").asset_layer.selected_asset_keys
    graph = defs.resolve_asset_graph()
    assert keys == {key for key in graph.get_all_asset_keys() if not graph.get(key).is_partitioned}


def test_a_night_waits_until_the_last_one_is_over(settings, instance):
    run = instance.create_run_for_job(build_defs(settings).resolve_job_def("nightly"))
    skipped = nightly(settings, instance)
    assert not skipped.run_requests
    assert run.run_id in skipped.skip_message
    instance.report_run_failed(run)
    assert nightly(settings, instance).run_requests


def test_the_schedule_runs_by_itself_only_in_a_deployment(monkeypatch):
    def state() -> dg.DefaultScheduleStatus:
        return nightly_schedule(dg.define_asset_job("some_job")).default_status

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
