"""Dagster's own state: where it lies, and the partitions in it.

Belongs here: DAGSTER_HOME, keeping partition keys and registry in step, who may run now.
Does not belong here: running anything (`runs`), telling which runs were killed (`workers`).
"""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import dagster as dg
import yaml

from journey_dagster import users, workers
from journey_dagster.settings import ROOT, Settings
from journey_dagster.warehouse import WarehouseBusyError

FROM_CLI = {"journey/from": "cli"}
"""Tag of runs that live in a process of the command line."""


def dagster_home(settings: Settings) -> Path:
    """The folder to use as DAGSTER_HOME, made ready: `dagster.yaml` with absolute paths.

    `.dagster/` at the top level for the default home, else in the home: whoever moves the data
    moves what Dagster knows of it. A DAGSTER_HOME from outside is used as it is.
    """
    home = dagster_folder(settings)
    if os.environ.get("DAGSTER_HOME"):
        return home
    home.mkdir(parents=True, exist_ok=True)
    config = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    text = yaml.safe_dump(_rooted(config, home))
    target = home / "dagster.yaml"
    if not target.is_file() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")
    return home


def dagster_folder(settings: Settings) -> Path:
    """Where DAGSTER_HOME is or will be."""
    if given := os.environ.get("DAGSTER_HOME"):
        return Path(given)
    default = Settings.model_fields["home"].default
    return (ROOT if settings.home == default else settings.home) / ".dagster"


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
    """Be the only process that runs jobs of this home.

    The lock ends with its process, however that ends. So whatever run of the command line is still
    recorded as started when the lock is free was killed, and so was any whose process is gone:
    they are marked as failed, and what they held of the pool is given back; otherwise the next run
    would wait for them for ever. The daemon, for its part, leaves its runs in the queue while this
    one is under way (`max_concurrent_runs` in `dagster.yaml`).

    Raises:
        WarehouseBusyError: another run is under way, of the command line or of the daemon.
    """
    with (dagster_home(settings) / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WarehouseBusyError(
                f"another `journey run` is under way in {settings.home}. Try again when it is done"
            ) from error
        ours = dg.RunsFilter(statuses=workers.UNFINISHED, tags=FROM_CLI)
        for run in instance.get_runs(ours):
            workers.bury(instance, run)
        workers.bury_killed(instance)
        for run in instance.get_runs(dg.RunsFilter(statuses=workers.UNFINISHED), limit=1):
            raise WarehouseBusyError(
                f"Dagster's run {run.run_id} ({run.job_name}) is under way in {settings.home}. "
                "Try again when it is done; the Runs page of Dagster's UI shows how far it is"
            )
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
