"""The removal, place by place: each step may be killed and done again, and gives the same.

Belongs here: the steps, their order, and going on where a kill left off. Does not belong here: what
raw segments hold (`records`), what Dagster recorded (`history`), what was published (`receipt`).
"""

import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import msgspec

from journey_dagster import identity, site, users
from journey_dagster.erasure import history, journal, records
from journey_dagster.erasure.journal import Intent
from journey_dagster.erasure.person import Person
from journey_dagster.insights.ledger import Ledger
from journey_dagster.instance import only_runner, open_instance
from journey_dagster.publishing import memory
from journey_dagster.settings import Settings
from journey_dagster.topics import segments, suppression
from journey_dagster.warehouse import connect

Narrator = Callable[[str], None]
Counts = Mapping[str, int]
Step = Callable[[Settings, dg.DagsterInstance, Intent], Counts]


def begin(settings: Settings, person: Person) -> Intent:
    """Write down that a person is to be forgotten; `resume` does it, whoever calls that.

    Raises:
        WarehouseBusyError: somebody else has the warehouse open.
    """
    with connect(settings.database) as con:
        before = records.n_erased(con)
    intent = Intent(
        person=person,
        mark=suppression.mark(settings.raw, person.user_ids[0]),
        asked_at=datetime.now(UTC),
        n_erased_before=before,
    )
    journal.note(settings, intent)
    return intent


def is_open(settings: Settings) -> bool:
    """Whether something that was to be removed may still be there."""
    return any(len(intent.done) < len(STEPS) for intent in journal.pending(settings))


def resume(settings: Settings, narrate: Narrator) -> None:
    """Remove what is to be removed; nothing where nobody is being forgotten.

    Raises:
        WarehouseBusyError: a run is under way, or somebody else has the warehouse open.
        TopicError: a segment is damaged, and nobody knows whether it holds records of theirs.
    """
    if not is_open(settings):
        return
    with open_instance(settings) as instance, only_runner(instance, settings):
        for intent in journal.pending(settings):
            _remove(settings, instance, intent, narrate)


def _remove(
    settings: Settings, instance: dg.DagsterInstance, intent: Intent, narrate: Narrator
) -> None:
    for name, step in STEPS.items():
        if name in intent.done:
            continue
        counts = step(settings, instance, intent)
        intent = msgspec.structs.replace(
            intent,
            done=(*intent.done, name),
            removed={**intent.removed, **{what: n for what, n in counts.items() if n}},
        )
        journal.note(settings, intent)
        told = ", ".join(f"{n:,} {what.replace('_', ' ')}" for what, n in counts.items() if n)
        narrate(f"  {name:<10} {told or 'nothing there'}")


def _suppress(settings: Settings, _instance: dg.DagsterInstance, intent: Intent) -> Counts:
    suppression.add(settings.raw, intent.person.user_ids[0], intent.person.ids)
    return {"ids_kept_out": len(intent.person.ids)}


def _records(settings: Settings, _instance: dg.DagsterInstance, intent: Intent) -> Counts:
    with connect(settings.database, memory_limit=settings.memory_limit) as con:
        n_segments = records.rewrite(con, settings.raw, [*segments.paths(settings.raw)])
        n_records = records.n_erased(con) - intent.n_erased_before
    return {"records": n_records, "segments_rewritten": n_segments}


def _lists(settings: Settings, _instance: dg.DagsterInstance, intent: Intent) -> Counts:
    """The registry, the vetoes, the unguessable names."""
    ids = {*intent.person.user_ids}
    nodes = {f"user:{one}" for one in ids}
    nodes |= {f"anonymous:{one.source}:{one.id}" for one in intent.person.devices}
    n_users = n_vetoes = n_names = 0
    if settings.registry.exists():
        with users.being_edited(settings.registry) as registered:
            kept = [user for user in registered if user.user_id not in ids]
            n_users = len(registered) - len(kept)
            users.save(settings.registry, kept)
    if settings.vetoes.exists():
        with identity.being_edited(settings.vetoes) as vetoes:
            apart = [one for one in vetoes if not {one.from_node, one.to_node} & nodes]
            n_vetoes = len(vetoes) - len(apart)
            users.save(settings.vetoes, apart)
    if settings.publishing.exists():
        with memory.being_edited(settings.publishing) as known:
            named = known
            for one in ids:
                named = memory.forgotten(named, one)
            n_names = len(known.names) - len(named.names)
            memory.save(settings.publishing, named)
    return {"registrations": n_users, "vetoes": n_vetoes, "unlisted_names": n_names}


def _warehouse(settings: Settings, _instance: dg.DagsterInstance, _intent: Intent) -> Counts:
    """The warehouse as a fresh file; the analysts' copies go, and a run makes a new one."""
    records.renew(settings)
    copies = [
        path
        for pattern in ("analytics*.duckdb*", ".*.duckdb*", "*.duckdb.tmp")
        for path in settings.home.glob(pattern)
    ]
    for path in copies:
        _unlink(path)
    return {"analysts_copies": len(copies)}


def _ledger(settings: Settings, _instance: dg.DagsterInstance, intent: Intent) -> Counts:
    if not settings.ledger.exists():
        return {}
    with closing(Ledger(settings.ledger)) as ledger:
        return {"questions_and_answers": ledger.forget(intent.person.user_ids)}


def _site(settings: Settings, _instance: dg.DagsterInstance, _intent: Intent) -> Counts:
    """Every page's data: a title or a path of theirs may stand on anybody's."""
    if not settings.site.exists():
        return {}
    files = [path for path in settings.site.rglob("*") if path.is_file()]
    for path in settings.site.iterdir():
        _unlink(path)
    site.write_pages(settings.site)
    site.write_index(settings.site, None, [])
    return {"files_of_the_site": len(files)}


def _dagster(settings: Settings, instance: dg.DagsterInstance, intent: Intent) -> Counts:
    return history.forget(settings, instance, intent.person)


def _sources(settings: Settings, _instance: dg.DagsterInstance, intent: Intent) -> Counts:
    """What a demo wrote: its sources lie in the home."""
    words = [word.encode() for word in intent.person.words]
    files = [path for path in (settings.home / "synth").glob("*") if path.is_file()]
    theirs = [path for path in files if any(word in path.read_bytes() for word in words)]
    for path in theirs:
        path.unlink()
    return {"source_files": len(theirs)}


STEPS: Mapping[str, Step] = {
    "kept out": _suppress,
    "records": _records,
    "lists": _lists,
    "warehouse": _warehouse,
    "ledger": _ledger,
    "site": _site,
    "dagster": _dagster,
    "sources": _sources,
}
"""In their order: once an id is kept out, nothing brings it back."""


def _unlink(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
