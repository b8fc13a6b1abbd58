"""What Dagster knows of the graph, and what it recorded of its runs.

Belongs here: who reads whom, which checks there are, their latest verdicts, the runs, when an asset
was computed last; what pages and the copy tell of all this is theirs (`status_page`, `data_page`,
`meta_tables`).
Does not belong here: the graph itself (`assets/`), running it (`runs`).

A check's verdict is the one recorded when it was judged: judging it again for a page would cost as
much as the run, and could say something else than what held the run up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeVar

import dagster as dg

RUNS = 1000
"""Runs that are told, the latest."""

_Kind = TypeVar("_Kind")

Outcome = Literal["passed", "warned", "failed", "unknown"]


@dataclass(frozen=True)
class Check:
    """One check of the graph."""

    name: str
    table: str
    """What it is about, as `schema.table`."""
    description: str
    judged_on: str
    """The asset whose check says it of everyone: another than the table where that has partitions,
    as a backfill judges only those it made."""


@dataclass(frozen=True)
class Verdict:
    """What came of a check when it was judged last."""

    check: Check
    outcome: Outcome
    """Unknown: never judged, or the latest run did not come to it."""
    judged_at: datetime | None
    n_wrong: int | None
    """Rows or users at fault, of a check that counts them."""


@dataclass(frozen=True)
class Run:
    """One run of the pipeline, as Dagster recorded it."""

    run_id: str
    job: str
    status: str
    """In lower case, such as success, failure, started."""
    started_at: datetime | None
    ended_at: datetime | None
    data_through: datetime | None
    """Latest event that counted; None of a run that made no copy."""
    code_version: str | None
    """What the copy was made by; None as above."""


@dataclass(frozen=True)
class Place:
    """Where an asset stands in the graph."""

    reads: tuple[str, ...]
    read_by: tuple[str, ...]


def places(defs: dg.Definitions) -> dict[str, Place]:
    """Each asset, as `schema.table`, with its neighbours."""
    of = defs.resolve_asset_graph()
    return {
        _name(key): Place(
            tuple(sorted(map(_name, of.get(key).parent_keys))),
            tuple(sorted(map(_name, of.get(key).child_keys))),
        )
        for key in of.get_all_asset_keys()
    }


def checks(defs: dg.Definitions) -> list[Check]:
    """All checks, sorted by table and name; one that partitions share with everyone is one."""
    of = defs.resolve_asset_graph()
    keys = [*of.asset_check_keys]
    partitioned = {key.name: key for key in keys if of.get(key.asset_key).is_partitioned}
    of_everyone = {key.name: key for key in keys if key not in partitioned.values()}
    found = [
        Check(
            key.name,
            _name(key.asset_key),
            of.get(key).description or "",
            _name(of_everyone[key.name].asset_key),
        )
        for key in (of_everyone | partitioned).values()
    ]
    return sorted(found, key=lambda check: (check.table, check.name))


def verdicts(instance: dg.DagsterInstance, of: Iterable[Check]) -> list[Verdict]:
    """The latest verdict of each check, in the order given."""
    keys = {check: dg.AssetCheckKey(_key(check.judged_on), check.name) for check in of}
    found = instance.event_log_storage.get_latest_asset_check_execution_by_key([*keys.values()])
    judged = {key: record.event for key, record in found.items() if record.event}
    return [_verdict(check, judged.get(key)) for check, key in keys.items()]


def _verdict(check: Check, event: dg.EventLogEntry | None) -> Verdict:
    said = event.dagster_event if event else None
    if event is None or said is None or said.event_type_value != "ASSET_CHECK_EVALUATION":
        return Verdict(check, "unknown", None, None)
    evaluation = said.asset_check_evaluation_data
    failed: Outcome = "warned" if evaluation.severity == dg.AssetCheckSeverity.WARN else "failed"
    counted = evaluation.metadata.get("n_wrong")
    return Verdict(
        check,
        "passed" if evaluation.passed else failed,
        datetime.fromtimestamp(event.timestamp, UTC),
        counted.value if isinstance(counted, dg.IntMetadataValue) else None,
    )


def computed(instance: dg.DagsterInstance, names: Iterable[str]) -> Mapping[str, datetime]:
    """When each of these was brought up to date last; those that never were are absent."""
    found: dict[str, datetime] = {}
    for record in instance.get_asset_records([_key(name) for name in names]):
        latest = record.asset_entry.last_materialization_record
        if latest:
            found[_name(record.asset_entry.asset_key)] = datetime.fromtimestamp(
                latest.timestamp, UTC
            )
    return found


def runs(instance: dg.DagsterInstance, of_copies: dg.AssetKey) -> list[Run]:
    """The latest runs, the newest first.

    Args:
        instance: what recorded them.
        of_copies: the asset whose records say `data_through` and `code_version`.
    """
    copies = {
        record.run_id: record.asset_materialization.metadata
        for record in instance.fetch_materializations(of_copies, limit=RUNS).records
        if record.asset_materialization
    }
    return [
        Run(
            run_id=record.dagster_run.run_id,
            job=record.dagster_run.job_name,
            status=record.dagster_run.status.value.lower(),
            started_at=_utc(record.start_time),
            ended_at=_utc(record.end_time),
            data_through=_utc(_told(copies.get(record.dagster_run.run_id), "data_through", float)),
            code_version=_told(copies.get(record.dagster_run.run_id), "code_version", str),
        )
        for record in instance.get_run_records(limit=RUNS)
    ]


def _told(
    metadata: Mapping[str, dg.MetadataValue] | None, name: str, kind: type[_Kind]
) -> _Kind | None:
    value = metadata[name].value if metadata and name in metadata else None
    return value if isinstance(value, kind) else None


def _utc(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _key(name: str) -> dg.AssetKey:
    return dg.AssetKey(name.split("."))


def _name(key: dg.AssetKey) -> str:
    return ".".join(key.path)
