"""Dagster's own state: where it lies, and the partitions in it.

Belongs here: DAGSTER_HOME, keeping partition keys and registry in step, burying killed runs.
Does not belong here: running anything (`runs`).
"""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import dagster as dg
import yaml

from journey_dagster import users
from journey_dagster.settings import ROOT, Settings
from journey_dagster.warehouse import WarehouseBusyError

FROM_CLI = {"journey/from": "cli"}
"""Tag of runs that live in a process of the command line."""

UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def dagster_home(settings: Settings) -> Path:
    """The folder to use as DAGSTER_HOME, made ready: `dagster.yaml` with absolute paths.

    `.dagster/` at the top level for the default home, else in the home: whoever moves the data
    moves what Dagster knows of it. A DAGSTER_HOME from outside is used as it is.
    """
    if given := os.environ.get("DAGSTER_HOME"):
        return Path(given)
    default = Settings.model_fields["home"].default
    home = (ROOT if settings.home == default else settings.home) / ".dagster"
    home.mkdir(parents=True, exist_ok=True)
    config = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    text = yaml.safe_dump(_rooted(config, home))
    target = home / "dagster.yaml"
    if not target.is_file() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")
    return home


def _rooted(node: object, home: Path) -> object:
    """The configuration with `.dagster/...` made absolute."""
    if isinstance(node, dict):
        found = cast("dict[str, object]", node)
        return {name: _rooted(child, home) for name, child in found.items()}
    if isinstance(node, str) and node.startswith(".dagster/"):
        return str(home / node.removeprefix(".dagster/"))
    return node


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The persistent instance that the UI shows too."""
    os.environ["DAGSTER_HOME"] = str(dagster_home(settings))
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    return dg.DagsterInstance.get()


@contextmanager
def only_runner(instance: dg.DagsterInstance, settings: Settings) -> Generator[None]:
    """Be the only process that runs jobs of this home from the command line.

    The lock ends with its process, however that ends. So whatever such a run is still recorded as
    started when the lock is free was killed: it is marked as failed, and what it held of the pool
    is given back; otherwise the next run would wait for it for ever.

    Raises:
        WarehouseBusyError: another `journey run` is under way.
    """
    with (dagster_home(settings) / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WarehouseBusyError(
                f"another `journey run` is under way in {settings.home}. Try again when it is done"
            ) from error
        filters = dg.RunsFilter(statuses=UNFINISHED, tags=FROM_CLI)
        for killed in instance.get_runs(filters):
            instance.report_run_failed(killed, "its process was killed")
            instance.event_log_storage.free_concurrency_slots_for_run(killed.run_id)
        yield


def sync_partitions(
    instance: dg.DagsterInstance, registered: list[users.User], *, remove: bool = False
) -> list[str]:
    """Add a partition for each registered user; on request remove those of nobody.

    Returns:
        The keys in Dagster's order, those of registered users only.
    """
    name = users.USERS_NAME
    slugs = [user.slug for user in registered]
    added, gone = users.partition_changes(slugs, instance.get_dynamic_partitions(name))
    if added:
        instance.add_dynamic_partitions(name, added)
    if remove:
        for slug in gone:
            instance.delete_dynamic_partition(name, slug)
    wanted = set(slugs)
    return [slug for slug in instance.get_dynamic_partitions(name) if slug in wanted]
