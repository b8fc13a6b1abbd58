"""Binds the expectations on flow metrics to Dagster asset checks.

Belongs here: the Dagster shell. Does not belong here: what is expected (`expectations`).
"""

from collections.abc import Iterator

import dagster as dg

from journey_dagster.expectations import flow_expectations, judge
from journey_dagster.settings import Settings
from journey_dagster.tables import key
from journey_dagster.warehouse import POOL, Warehouse


def flow_checks(*, on: str) -> dg.AssetChecksDefinition:
    """Five checks on the one row of `marts.flow_metrics`; each failure is a warning.

    They tell whether journeys are worth analysing, not whether the data is sound, so nothing waits
    for them.
    """
    specs = [
        dg.AssetCheckSpec(
            item.name,
            asset=key(on),
            description=f"{item.metric} is at least the configured minimum. {item.why}",
        )
        for item in flow_expectations(Settings())
    ]

    @dg.multi_asset_check(name="flow_expectations", specs=specs, pool=POOL)
    def judge_flows(
        warehouse: Warehouse, settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.AssetCheckResult]:
        expected = flow_expectations(settings)
        with warehouse.get_connection() as con:
            found = con.execute(f"select {', '.join(item.metric for item in expected)} from {on}")
            row = found.fetchone() or ()
        metrics = dict(zip((item.metric for item in expected), row, strict=True))
        verdicts = judge(metrics, expected)
        for item in expected:
            verdict = verdicts[item.name]
            observed = {} if verdict.observed is None else {"observed": float(verdict.observed)}
            yield dg.AssetCheckResult(
                asset_key=key(on),
                check_name=item.name,
                passed=verdict.passed,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"minimum": item.minimum, **observed},
            )

    return judge_flows
