"""The steps that bring raw segments and the registry into the warehouse.

Belongs here: the Dagster shells around `topics.load` and the registry.
Does not belong here: how segments are read, what a user is.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from journey_dagster.models import model
from journey_dagster.settings import Settings
from journey_dagster.tables import key, registry_of, shown
from journey_dagster.topics import TopicError
from journey_dagster.topics.load import QUARANTINE, RECORDS, SEGMENTS, load_landed
from journey_dagster.warehouse import Warehouse, ensure, insert, transaction, written

REGISTRY = model("raw/registry.sql")


def load_segments(
    warehouse: Warehouse, settings: dg.ResourceParam[Settings]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Load what landed and is not in the warehouse; after its loss, that is everything."""
    with warehouse.get_connection() as con:
        try:
            receipts = load_landed(con, settings.raw)
        except TopicError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        found = {table.name: written(con, table) for table in (RECORDS, SEGMENTS, QUARANTINE)}
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
) -> dg.MaterializeResult[Any]:
    """Take the registry over, whole."""
    registered = registry_of(settings)
    rows = pa.Table.from_pylist(
        [{name: getattr(user, name) for name in user.__struct_fields__} for user in registered]
    )
    with warehouse.get_connection() as con:
        ensure(con, REGISTRY)
        with transaction(con):
            con.execute(f"delete from {REGISTRY.name}")
            insert(con, REGISTRY, rows)
        found = written(con, REGISTRY)
    return dg.MaterializeResult(metadata=shown(found))
