"""The steps that bring topics, the registry and the funnels into the warehouse.

Belongs here: the Dagster shells around `topics.kafka`, `topics.load`, the registry and `funnels`.
Does not belong here: how topics and segments are read, what a user or a funnel is.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import msgspec
import pyarrow as pa

from journey_dagster import funnels, identity
from journey_dagster.erasure import ageing, steps
from journey_dagster.models import Model, model
from journey_dagster.settings import KafkaSettings, Settings
from journey_dagster.tables import key, registry_of, shown
from journey_dagster.topics import TopicError, kafka
from journey_dagster.topics.broker import BrokerError
from journey_dagster.topics.load import (
    QUARANTINE,
    RECORDS,
    SEGMENTS,
    WATERMARKS,
    Receipt,
    load_landed,
    prepare,
)
from journey_dagster.users import RegistryError
from journey_dagster.warehouse import Warehouse, ensure, insert, transaction, written

REGISTRY = model("raw/registry.sql")
VETOES = model("raw/identity_vetoes.sql")
FUNNELS = model("raw/funnels.sql")


def read_topics(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    settings: dg.ResourceParam[Settings],
    broker: dg.ResourceParam[KafkaSettings],
) -> dg.MaterializeResult[Any]:
    """Read the topics named in KAFKA_TOPICS to the ends they have now; what is too old goes first.

    A gap does not end the run here: its check does, before anything is published.
    """
    if steps.is_open(settings):
        raise dg.Failure(
            "somebody is being forgotten, and that was interrupted. Finish it: journey run",
            allow_retries=False,
        )
    with warehouse.get_connection() as con:
        receipts: list[Receipt] = []
        prepare(con)
        try:
            n_aged, _ = ageing.retain(con, settings, datetime.now(UTC))
        except TopicError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        if broker.topics:
            try:
                receipts = kafka.ingest(con, settings, broker, broker.topics, datetime.now(UTC))
            except kafka.GapError as gap:
                receipts = [*gap.receipts]
                context.log.warning(str(gap))
            except (TopicError, BrokerError) as error:
                raise dg.Failure(str(error), allow_retries=False) from error
        else:
            context.log.info("No topics to read: KAFKA_TOPICS is not set.")
        found = written(con, WATERMARKS)
        states = kafka.states(con)
    reasons: Counter[str] = Counter()
    for receipt in receipts:
        reasons.update(receipt.quarantined)
    return dg.MaterializeResult(
        asset_key=key(WATERMARKS.name),
        metadata=shown(found)
        | {
            "n_topics": len(receipts),
            "n_consumed": sum(receipt.n_consumed for receipt in receipts),
            "n_accepted": sum(receipt.n_accepted for receipt in receipts),
            "n_kept": sum(receipt.n_kept for receipt in receipts),
            "n_late": sum(receipt.n_late for receipt in receipts),
            "n_duplicates": sum(receipt.n_duplicates for receipt in receipts),
            "n_tombstones": sum(receipt.n_tombstones for receipt in receipts),
            "n_erased": sum(receipt.n_erased for receipt in receipts),
            "n_too_old": n_aged,
            "n_quarantined": reasons.total(),
            **{f"quarantined_{reason}": n for reason, n in sorted(reasons.items())},
            "lag": sum(state.lag or 0 for state in states),
            "state": kafka.worst(states),
        },
    )


def load_segments(
    warehouse: Warehouse, settings: dg.ResourceParam[Settings]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Load what landed and is not in the warehouse; after its loss, that is everything."""
    with warehouse.get_connection() as con:
        try:
            receipts = load_landed(con, settings.raw)
        except TopicError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        tables = (RECORDS, SEGMENTS, QUARANTINE)
        found = {table.name: written(con, table) for table in tables}
    reasons: Counter[str] = Counter()
    for receipt in receipts:
        reasons.update(receipt.quarantined)
    news = {
        "n_loads": len(receipts),
        "n_consumed": sum(receipt.n_consumed for receipt in receipts),
        "n_accepted": sum(receipt.n_accepted for receipt in receipts),
        "n_quarantined": reasons.total(),
        **{f"quarantined_{reason}": n for reason, n in sorted(reasons.items())},
    }
    for name, table in found.items():
        yield dg.MaterializeResult(
            asset_key=key(name),
            metadata=shown(table) | (news if name == RECORDS.name else {}),
        )


def read_registry(
    warehouse: Warehouse, settings: dg.ResourceParam[Settings]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Take the registry over, whole, and the operators' vetoes with it."""
    taken: dict[Model, list[Any]] = {REGISTRY: [*registry_of(settings)]}
    try:
        taken[VETOES] = [*identity.load(settings.vetoes)]
    except RegistryError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    with warehouse.get_connection() as con:
        for table, entries in taken.items():
            rows = pa.Table.from_pylist([msgspec.structs.asdict(entry) for entry in entries])
            ensure(con, table)
            with transaction(con):
                con.execute(f"delete from {table.name}")
                insert(con, table, rows)
        found = {table.name: written(con, table) for table in taken}
    for name, table in found.items():
        yield dg.MaterializeResult(asset_key=key(name), metadata=shown(table))


def read_funnels(
    warehouse: Warehouse, settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult[Any]:
    """Take the funnels that people defined over, whole."""
    try:
        rows = funnels.table(funnels.load(settings.funnels))
    except funnels.FunnelsError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    with warehouse.get_connection() as con:
        ensure(con, FUNNELS)
        with transaction(con):
            con.execute(f"delete from {FUNNELS.name}")
            insert(con, FUNNELS, rows)
        found = written(con, FUNNELS)
    return dg.MaterializeResult(asset_key=key(FUNNELS.name), metadata=shown(found))
