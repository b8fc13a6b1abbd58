"""What Dagster recorded of a user: the partition, the runs that name them, ticks, backfills, logs.

Belongs here: finding and removing it, by Dagster's own means where it has them. Does not belong
here: what Dagster is told in the first place (`tables`, `checks`, `outlets`).

A run of all users names each of them, so for a registered user most of the history goes. Nothing is
lost with it but itself: what is computed stands in the warehouse, and the next run records it anew.
"""

import json
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg

from journey_dagster.erasure.person import Person
from journey_dagster.instance import dagster_home
from journey_dagster.settings import Settings
from journey_dagster.users import USERS_NAME

_SQLITE = b"SQLite format 3\0"
_WAIT = 30
"""Seconds to wait for another process that has one of Dagster's files open."""


def forget(settings: Settings, instance: dg.DagsterInstance, person: Person) -> dict[str, int]:
    """Remove what names a person.

    Returns:
        What was removed, counted.
    """
    named = _pattern(person.words)
    if person.slug and instance.has_dynamic_partition(USERS_NAME, person.slug):
        instance.delete_dynamic_partition(USERS_NAME, person.slug)
    runs = [run for run in instance.get_runs() if _names(named, _told(instance, run))]
    for run in runs:
        instance.delete_run(run.run_id)
    if runs:
        # What is kept of an asset beside the events of runs: its latest one, verdicts, partitions.
        instance.wipe_assets(instance.all_asset_keys())
    backfills = [each for each in instance.get_backfills() if _names(named, [str(each)])]
    for each in backfills:
        instance.update_backfill(
            each._replace(
                partition_names=None, asset_backfill_data=None, serialized_asset_backfill_data=None
            )
        )
    for state in instance.all_instigator_state():
        instance.purge_ticks(state.instigator_origin_id, state.selector_id, time.time() + 1)
    home = dagster_home(settings)
    logs = [path for path in _files(home, is_sqlite=False) if _names_in(named, path)]
    for path in logs:
        path.unlink()
    for path in _files(home, is_sqlite=True):
        _compact(path)
    return {"runs": len(runs), "backfills": len(backfills), "logs": len(logs)}


def _told(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Iterator[str]:
    """All texts of a run."""
    yield str(run)
    yield from run.tags.values()
    yield from (entry.to_json() for entry in instance.all_logs(run.run_id))


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Finds one of the words, also as JSON writes it."""
    spelled = {form for word in words for form in (word, json.dumps(word)[1:-1])}
    either = "|".join(re.escape(form) for form in sorted(spelled))
    return re.compile(rf"(?<![0-9A-Za-z_])(?:{either})(?![0-9A-Za-z_])")


def _names(named: re.Pattern[str], texts: Iterable[str]) -> bool:
    return any(named.search(text) for text in texts)


def _names_in(named: re.Pattern[str], path: Path) -> bool:
    return _names(named, [path.read_text(encoding="utf-8", errors="replace"), path.name])


def _files(home: Path, *, is_sqlite: bool) -> Iterator[Path]:
    """The files below Dagster's home; beside those of SQLite lie its logs."""
    for path in sorted(home.rglob("*")):
        if path.is_file() and not path.name.endswith(("-wal", "-shm", "-journal")):
            with path.open("rb") as file:
                if (file.read(len(_SQLITE)) == _SQLITE) == is_sqlite:
                    yield path


def _compact(path: Path) -> None:
    """Write a file of SQLite anew: what was deleted is still in its free pages."""
    with closing(sqlite3.connect(path, timeout=_WAIT, isolation_level=None)) as con:
        con.execute("vacuum")
        con.execute("pragma wal_checkpoint(truncate)")
