"""The five expectations on flow metrics, as a Great Expectations suite.

Belongs here: the thresholds' meaning and their validation on the one row of `marts.flow_metrics`.
Does not belong here: how the metrics are computed (`sql/marts/flow_metrics.sql`).

The library costs seconds and 190 MB to import, so it is imported where it is used.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from journey_dagster.settings import Settings


@dataclass(frozen=True)
class Expectation:
    """A flow metric and the least it should be."""

    name: str
    metric: str
    """Column of `marts.flow_metrics`."""
    minimum: float
    why: str


@dataclass(frozen=True)
class Verdict:
    """What came of an expectation."""

    passed: bool
    observed: float | None


def flow_expectations(settings: Settings) -> list[Expectation]:
    """What is expected of journeys that are worth analysing."""
    return [
        Expectation(
            "sessions_per_user",
            "sessions_per_user",
            settings.min_sessions_per_user,
            "A user without a session was seen and lost: identity or time is misread.",
        ),
        Expectation(
            "mean_flow_length",
            "mean_flow_length",
            settings.min_flow_length,
            "Sessions of one or two steps are no journeys: the gap is too short, or events miss.",
        ),
        Expectation(
            "pages",
            "n_pages",
            settings.min_pages,
            "A graph of a few nodes has no structure to analyse.",
        ),
        Expectation(
            "sessions",
            "n_sessions",
            settings.min_sessions,
            "Rates over a handful of sessions are noise.",
        ),
        Expectation(
            "distinct_edge_events",
            "n_edge_events",
            settings.min_edge_events,
            "One event everywhere says where users went, not what they did.",
        ),
    ]


def judge(metrics: Mapping[str, float | None], expected: list[Expectation]) -> dict[str, Verdict]:
    """Validate the metrics; keyed by the expectation's name.

    Args:
        metrics: the one row of `marts.flow_metrics`.
        expected: from `flow_expectations`.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415
    from great_expectations.expectations.core.expect_column_min_to_be_between import (  # noqa: PLC0415
        ExpectColumnMinToBeBetween,
    )

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    frame = pd.DataFrame(
        [{item.metric: metrics[item.metric] for item in expected}], dtype="float64"
    )
    batch = (
        context.data_sources.add_pandas("flows")
        .add_dataframe_asset("flow_metrics")
        .add_batch_definition_whole_dataframe("all")
        .get_batch(batch_parameters={"dataframe": frame})
    )
    verdicts: dict[str, Verdict] = {}
    for item in expected:
        observed = metrics[item.metric]
        result = batch.validate(
            ExpectColumnMinToBeBetween(column=item.metric, min_value=item.minimum)
        )
        verdicts[item.name] = Verdict(
            passed=bool(result.success) and observed is not None, observed=observed
        )
    return verdicts
