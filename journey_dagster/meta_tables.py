"""What the analysts' copy tells of the pipeline: rows of its own tables that no SELECT can know.

Belongs here: checks, runs, lineage and example queries as rows.
Does not belong here: what the columns mean (`sql/copy/meta/`), reading it off Dagster (`recorded`),
writing it (`analysts_copy`).
"""

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from journey_dagster.analysts_copy import PRIVATE
from journey_dagster.data_page import examples
from journey_dagster.macros import every_macro
from journey_dagster.models import QUERIES, every_model
from journey_dagster.recorded import Place, Run, Verdict

WAITING = frozenset({"marts.user_report", "everyone.reports", "site.analytics"})
"""What waits for every table, and is not made of it."""


def rows(
    verdicts: Iterable[Verdict], runs: Iterable[Run], places: Mapping[str, Place]
) -> dict[str, pa.Table]:
    """Rows by the copy's own table.

    Args:
        verdicts: the latest of every check.
        runs: those recorded.
        places: each asset's neighbours.
    """
    tables = {each.name for each in every_model() if each.schema not in QUERIES | PRIVATE}
    return {
        "meta.checks": _table(
            ("table_name", "check_name", "description", "outcome", "n_wrong", "judged_at"),
            [
                (
                    v.check.table,
                    v.check.name,
                    v.check.description,
                    v.outcome,
                    v.n_wrong,
                    v.judged_at,
                )
                for v in verdicts
            ],
        ),
        "meta.runs": _table(
            (
                *("run_id", "job", "status", "started_at", "ended_at"),
                *("data_through", "code_version"),
            ),
            [
                (
                    r.run_id,
                    r.job,
                    r.status,
                    r.started_at,
                    r.ended_at,
                    r.data_through,
                    r.code_version,
                )
                for r in runs
            ],
        ),
        "meta.lineage": _table(
            ("table_name", "read_by"),
            [
                (name, reader)
                for name, place in sorted(places.items())
                for reader in place.read_by
                if name in tables and reader not in WAITING
            ],
        ),
        "meta.example_queries": _table(
            ("table_name", "title", "query"),
            [(each.table, each.title, each.sql) for each in examples()]
            + [
                (each.name, each.description.split("\n\n")[0], each.example)
                for each in every_macro()
            ],
        ),
    }


def _table(names: Sequence[str], found: Sequence[tuple[object, ...]]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in found])
