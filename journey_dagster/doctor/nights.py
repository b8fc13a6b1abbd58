"""What Dagster recorded: the last run, and whether the daemon that starts runs is alive.

Belongs here: judging what was recorded. Does not belong here: running, starting a daemon.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from journey_dagster.doctor.finding import Finding
from journey_dagster.instance import dagster_folder, open_instance
from journey_dagster.settings import Settings

LATE = timedelta(hours=30)
"""A nightly run that ended longer ago has been missed, where runs start by themselves."""

SILENT = timedelta(minutes=5)
"""A daemon says every half minute that it is there."""

_BAD = {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
_START = "make dev, or start the service again (docs/how-to/deploy.md)"


def runs(settings: Settings) -> Iterator[Finding]:
    """How the last run ended, and the daemon, where runs start by themselves."""
    if not (dagster_folder(settings) / "dagster.yaml").is_file():
        yield Finding("last run", "note", "none yet", "journey run")
        if settings.automate:
            yield Finding("daemon", "wrong", "it was never started", _START)
        return
    now = datetime.now(UTC)
    with open_instance(settings) as instance:
        yield _last_run(instance, settings, now)
        if settings.automate:
            yield _daemon(instance, now)


def _last_run(instance: dg.DagsterInstance, settings: Settings, now: datetime) -> Finding:
    records = instance.get_run_records(limit=1)
    if not records:
        return Finding("last run", "note", "none yet", "journey run")
    run, ended = records[0].dagster_run, records[0].end_time
    told = f"{run.job_name}, {run.status.value.lower()}"
    if ended is None:
        return Finding("last run", "well", f"{told}: under way")
    at = datetime.fromtimestamp(ended, UTC)
    told = f"{told} at {at:%Y-%m-%d %H:%M} UTC"
    if run.status in _BAD:
        return Finding(
            "last run", "wrong", told, f"journey run; make dev shows why {run.run_id} did not end"
        )
    if settings.automate and now - at > LATE:
        return Finding("last run", "wrong", f"{told}; a night was missed", f"journey run; {_START}")
    return Finding("last run", "well", told)


def _daemon(instance: dg.DagsterInstance, now: datetime) -> Finding:
    beats = [beat.timestamp for beat in instance.get_daemon_heartbeats().values()]
    if not beats:
        return Finding("daemon", "wrong", "it was never started", _START)
    at = datetime.fromtimestamp(max(beats), UTC)
    told = f"last heard of at {at:%Y-%m-%d %H:%M} UTC"
    return (
        Finding("daemon", "wrong", told, _START)
        if now - at > SILENT
        else Finding("daemon", "well", told)
    )
