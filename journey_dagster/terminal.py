"""Renders reports, status and findings as plain text for a terminal.

Belongs here: layout of text. Does not belong here: numbers (they come final) and commands (`cli`).
"""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from journey_dagster.doctor import Finding
from journey_dagster.facts import MONTHS, quantity
from journey_dagster.status import LastRun, Layer, Status
from journey_dagster.topics.load import Receipt

WIDTH = 88
_SHADES = "·░▒▓█"
_MARKS = {"well": "✓", "note": "!", "wrong": "✗"}


def printable(text: str) -> str:
    """Text without the control characters that would command a terminal."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", text)


def report(document: Mapping[str, Any]) -> str:
    """A report: head, numbers, story, the year as a calendar."""
    user, evidence = document["user"], document["evidence"]
    zone = user["tz"] if user["tz_is_known"] else f"{user['tz']} (not stated)"
    lines = [
        f"{user['avatar'] or ''} {user['display_name']}".strip(),
        f"{zone}, evidence {evidence['tier']}, data to {document['data_through'] or 'none'}",
        "",
    ]
    for number in document["headline"]:
        of = f" of {number['of']:,} {number['unit']}" if number["of"] else ""
        value = number["value"]
        told = "not known" if value is None else quantity(value, number["unit"])
        lines.append(f"  {number['label']:<16}{f'{value:,}{of}' if of else told}")
    for block in document["narrative"]["blocks"]:
        text = " ".join(sentence["text"] for sentence in block["sentences"])
        lines += ["", *textwrap.wrap(text, WIDTH)]
    model = document["narrative"]["model"]
    lines += ["", f"(written by {model})" if model else "(template text)"]
    if document["period"]:
        lines += ["", *_calendar(document["period"], document["calendar"])]
    return printable("\n".join(lines))


def _calendar(period: Mapping[str, Any], calendar: Mapping[str, Any]) -> Iterable[str]:
    """Weeks as columns, weekdays as rows; the last 53 weeks."""
    counts = dict(calendar["days"])
    end = date.fromisoformat(period["end"])
    start = max(date.fromisoformat(period["start"]), end - timedelta(days=370))
    monday = start - timedelta(days=start.weekday())
    weeks = (end - monday).days // 7 + 1
    names = list("    " + " " * weeks)
    for week in range(weeks):
        first = monday + timedelta(days=7 * week)
        if first.day <= 7 and week + 7 <= len(names):  # noqa: PLR2004  a month's first week
            names[4 + week : 7 + week] = MONTHS[first.month - 1][:3]
    yield "".join(names).rstrip()
    for weekday, label in enumerate(("Mon", "", "Wed", "", "Fri", "", "Sun")):
        days = [monday + timedelta(days=7 * week + weekday) for week in range(weeks)]
        yield f"{label:<4}" + "".join(
            _shade(counts.get(day.isoformat(), 0), calendar["levels"])
            if start <= day <= end
            else " "
            for day in days
        )


def _shade(n: int, levels: Sequence[int]) -> str:
    return _SHADES[0] if n == 0 else _SHADES[1 + min(sum(n > level for level in levels[1:]), 3)]


def receipt(found: Receipt) -> str:
    """A receipt in a line; its sums add up."""
    reasons = ", ".join(f"{reason} {n:,}" for reason, n in found.quarantined.items())
    parts = [
        f"{found.n_kept:,} kept" + (f" ({found.n_late:,} late)" if found.n_late else ""),
        f"{found.n_duplicates:,} duplicates",
        f"{found.n_quarantined:,} quarantined" + (f" ({reasons})" if reasons else ""),
        *([f"{found.n_superseded:,} superseded"] if found.n_superseded else []),
        *([f"{found.n_tombstones:,} tombstones"] if found.n_tombstones else []),
        *([f"{found.n_erased:,} erased"] if found.n_erased else []),
    ]
    return (
        f"{found.topic}: {found.n_consumed:,} records = {' + '.join(parts)}"
        + ("" if found.is_new else "; known already, nothing changed")
    )  # fmt: skip


def topics(rows: Sequence[Mapping[str, Any]]) -> str:
    """What a broker holds, a line a partition."""
    if not rows:
        return "the broker has no topics"
    names = ("topic", "partition", "low_offset", "end_offset", "n_held", "next_offset", "lag")
    heads = ("topic", "partition", "first", "end", "held", "read to", "lag")
    cells = [heads] + [
        tuple(
            "-" if row[name] is None else str(row[name]) if name == "topic" else f"{row[name]:,}"
            for name in names
        )
        for row in rows
    ]
    widths = [max(len(row[at]) for row in cells) for at in range(len(heads))]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  "
        + "  ".join(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in cells
    )


def status(found: Status) -> str:
    """The state of a home."""
    if not found.exists:
        return (
            f"{found.home}: nothing computed yet. With your own topics: journey run; to try it in "
            "an empty home: journey demo"
        )
    counted = f"{found.n_events:,} of {found.n_users:,} users in {found.n_sessions:,} sessions"
    lines = [
        found.home,
        *_last_run(found.last_run),
        f"  data through  {found.data_through or 'no events'}",
        f"  events        {counted}",
        f"  of those      {found.n_noise:,} noise, {found.n_unattributed:,} of nobody known",
    ]
    lines += [
        f"  topic         {topic.topic}: {topic.n_consumed:,} records = {topic.n_events:,} events "
        f"+ {topic.n_duplicates:,} duplicates + {topic.n_quarantined:,} quarantined"
        + (f" + {topic.n_superseded:,} superseded" if topic.n_superseded else "")
        + (f" + {topic.n_tombstones:,} tombstones" if topic.n_tombstones else "")
        + (f" + {topic.n_erased:,} erased" if topic.n_erased else "")
        for topic in found.topics
    ]
    reports = ", ".join(f"{n:,} {state}" for state, n in found.reports.items())
    lines.append(f"  reports       {reports or 'none: journey users add USER_ID'}")
    lines += [f"    withheld    {slug}: {reason}" for slug, reason in found.withheld.items()]
    cost = found.cost
    lines.append(
        f"  cost          ${cost.total_usd:.4f} so far, ${cost.today_usd:.4f} today (UTC), "
        f"{cost.n_calls:,} questions to models"
    )
    lines += [f"  published to  {place}" for place in found.published_to or ["nowhere"]]
    lines += [line for layer in found.layers for line in _layer(layer)]
    return printable("\n".join(lines))


def _last_run(run: LastRun | None) -> Iterable[str]:
    if run is None:
        return
    ended = f" at {run.ended_at:%Y-%m-%d %H:%M} UTC" if run.ended_at else ""
    yield f"  last run      {run.job}, {run.status}{ended}"


def _layer(layer: Layer) -> Iterable[str]:
    at = layer.computed_at
    missing = f"{layer.n_missing} tables missing, " if layer.n_missing else ""
    computed = (
        f"{layer.n_tables} tables, {layer.n_rows:,} rows, computed {at[:10]} {at[11:16]} UTC, "
        if at
        else ""
    )
    yield (
        f"  {layer.name:<14}{computed}{missing}"
        f"{len(layer.failed)} checks failed, {len(layer.warned)} warn"
    )
    yield from (f"    failed      {name}" for name in layer.failed)
    yield from (f"    warns       {name}" for name in layer.warned)


def findings(found: Iterable[Finding]) -> str:
    """What the doctor saw, with the cure below."""
    lines: list[str] = []
    for finding in found:
        lines.append(f"{_MARKS[finding.state]} {finding.what:<14}{finding.told}")
        if finding.cure and finding.state != "well":
            lines.append(f"  → {finding.cure}")
    return printable("\n".join(lines))
