"""Charts that are proposed: a restricted description over series that a report already holds.

Belongs here: which series there are, what a proposal may say, its compilation for Chart.js.
Does not belong here: who proposes (`generations`, `template`), drawing (`site/static/js`).

A proposal names series by id and can hold no value, no colour, no address and no code; so it
cannot show what the report does not hold.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from journey_dagster.facts import WEEKDAYS

MAX_CHARTS = 3
MAX_SERIES = 4

Axis = Literal["month", "weekday", "hour"]


class Series(NamedTuple):
    """A series that a chart may draw."""

    series_id: str
    label: str
    axis: Axis


_WEEKDAYS = Series("events_by_weekday", "Events by weekday", "weekday")
_HOURS = Series("events_by_hour", "Events by hour of the day", "hour")
_MONTHS = Series("events_by_month", "Events by month", "month")


@dataclass(frozen=True)
class Chart:
    """A proposal."""

    type: Literal["line", "bar"]
    series: tuple[str, ...]


def available_series(topics: Mapping[str, str]) -> Iterator[Series]:
    """The series that are worth drawing.

    Args:
        topics: names of a user's topics by the ids of their facts, as they may be shown.
    """
    yield from (_WEEKDAYS, _HOURS, _MONTHS)
    for place in range(1, 6):
        topic = topics.get("top_topic" if place == 1 else f"top_topic_{place}")
        if topic:
            yield Series(f"topic_{place}_by_month", f"{topic}, by month", "month")


def shown_by(series: Sequence[str]) -> re.Pattern[str]:
    """Ids of the facts that a chart of these series shows; its takeaway may cite no other."""
    ids: list[str] = []
    for name in series:
        topic = re.fullmatch(r"topic_(\d)_by_month", name)
        if topic:
            ids.append("top_topic" if topic[1] == "1" else f"top_topic_{topic[1]}")
            ids.append(f"topic_peak_{topic[1]}")
        else:
            ids += _SHOWN[name]
    return re.compile("|".join(ids))


_SHOWN = {
    "events_by_month": ["top_month", "n_events"],
    "events_by_weekday": ["top_weekday", "weekend_share", "n_events"],
    "events_by_hour": ["top_daypart", "n_events"],
}


def proposed(kind: str, series: Sequence[str], available: Mapping[str, Series]) -> Chart | None:
    """A chart, if it draws series that there are, on one axis."""
    known = [available[name] for name in dict.fromkeys(series) if name in available]
    if len(known) != len(series) or not 1 <= len(known) <= MAX_SERIES:
        return None
    if len({one.axis for one in known}) != 1 or kind not in {"line", "bar"}:
        return None
    is_line = kind == "line" and known[0].axis == "month"  # weekdays and hours go round
    return Chart("line" if is_line else "bar", tuple(one.series_id for one in known))


def values(document: Mapping[str, Any]) -> dict[str, tuple[Series, list[str], list[int]]]:
    """The series of a report: what each is, its labels and its values."""
    months: list[str] = document["topics"]["months"]
    by_month = dict.fromkeys(months, 0)
    for at, n in document["calendar"]["days"]:
        by_month[at[:7]] += n
    counts: list[list[int]] = document["hour_week"]["counts"]
    hours = [f"{hour:02d}:00" for hour in range(24)]
    found: list[tuple[Series, list[str], list[int]]] = [
        (_WEEKDAYS, list(WEEKDAYS), [sum(day) for day in counts]),
        (_HOURS, hours, [sum(hour) for hour in zip(*counts, strict=True)]),
        (_MONTHS, months, [by_month[month] for month in months]),
    ]
    for place, topic in enumerate(document["topics"]["top"], 1):
        series = Series(f"topic_{place}_by_month", f"“{topic['topic']}” by month", "month")
        found.append((series, months, topic["by_month"]))
    return {held[0].series_id: held for held in found}


def compiled(chart: Chart, document: Mapping[str, Any]) -> dict[str, Any] | None:
    """A Chart.js configuration: data alone, nothing to execute or fetch; None without its series.

    Source: https://www.chartjs.org/docs/latest/configuration/
    """
    held = values(document)
    if any(name not in held for name in chart.series):
        return None
    drawn = [held[name] for name in chart.series]
    return {
        "type": chart.type,
        "data": {
            "labels": drawn[0][1],
            "datasets": [{"label": one.label, "data": numbers} for one, _, numbers in drawn],
        },
        "options": {"animation": False, "scales": {"y": {"beginAtZero": True}}},
    }
