"""The facts of a sample report, and what a template or a model may have made of them.

Belongs here: facts that fit the report's own numbers, and sentences that name them. Does not belong
here: the rest of a report (samples.py).
"""

import calendar
from collections import Counter
from typing import Any

Json = dict[str, Any]


def _fact(  # noqa: PLR0913 -- a fact has as many sides
    name: str,
    label: str,
    text: str,
    n: int,
    *,
    unit: str = "title",
    number: float | None = None,
    coverage: float | None = None,
) -> Json:
    return {
        "id": name,
        "label": label,
        "value": number,
        "value_text": text if number is None else None,
        "unit": unit,
        "text": text,
        "coverage": coverage,
        "n": n,
        "definition": f"{label}, by the user's own clock; home, search and the like left out.",
    }


def facts(report: Json) -> list[Json]:
    evidence, pages = report["evidence"], report["pages"]
    peak = report["hour_week"]["peak"]
    top = pages["top"][0]
    clock = f"{calendar.day_name[peak['weekday']]}, {peak['hour']:02}:00"
    n_events, n_days, n_sessions = (
        evidence[name] for name in ("n_events", "active_days", "n_sessions")
    )
    of = f"{n_days} of {report['period']['days']} days"
    seen, share = top["n_events"], pages["coverage"]
    found = [
        _fact(
            "n_events", "Events", f"{n_events:,} events", n_events, unit="events", number=n_events
        ),
        _fact("active_days", "Active days", of, n_days, unit="days", number=n_days),
        _fact("peak_hour", "Busiest hour of the week", clock, peak["n"], unit="hour", coverage=1.0),
        _fact("top_page", "Most viewed page", f"“{top['title']}”", seen, coverage=share),
        _fact(
            "median_minutes",
            "Median session",
            "12 minutes",
            n_sessions,
            unit="minutes",
            number=11.5,
        ),
    ]
    for place, item in enumerate(_titled(report), 1):
        name, day = f"recent_{place}", _named(item["at_local"])
        found += [
            _fact(name, f"Recent page number {place}", item["title"], 1),
            _fact(f"{name}_date", f"Day of recent page number {place}", day, 1, unit="date"),
        ]
    if evidence["tier"] == "T3":
        month, n = _by_month(report).most_common(1)[0]
        found.append(_fact("top_month", "Busiest month", _named(month), n, unit="month"))
        for kind, topics in _kinds(report).items():
            for place, one in enumerate(topics, 1):
                label = f"{kind.title()} interest number {place}"
                found.append(
                    _fact(f"{kind}_{place}", label, one["topic"], one["n"], coverage=0.413)
                )
    return found


def _named(when: str) -> str:
    """A month or a day in words."""
    year, month, *rest = when[:10].split("-")
    return " ".join([*(str(int(day)) for day in rest), calendar.month_name[int(month)], year])


def _titled(report: Json) -> list[Json]:
    return [item for item in report["recent"]["items"] if item["title"]][:4]


def _by_month(report: Json) -> Counter[str]:
    found: Counter[str] = Counter()
    for day, n in report["calendar"]["days"]:
        found[day[:7]] += n
    return found


def _kinds(report: Json) -> dict[str, list[Json]]:
    """Topics by what the rules may have called them; nothing is in season."""
    top = report["topics"]["top"]
    return {"core": top[:2], "casual": top[2:4], "emerging": top[4:5]}


def _sentence(text: str, *fact_ids: str) -> Json:
    return {"text": text, "fact_ids": list(fact_ids)}


def _block(kind: str, *sentences: Json) -> Json:
    return {"type": kind, "sentences": list(sentences)}


def origin(model: str | None, status: str, n_dropped: int = 0) -> Json:
    return {
        "source": "llm" if model else "template",
        "status": "ok" if model else status,
        "model": model,
        "prompt_version": "3f9a1c07" if model else None,
        "written_at": "2026-01-01T04:11:30Z" if model else None,
        "cost_usd": 0.0123 if model else None,
        "dropped_sentences": n_dropped if model else 0,
    }


def _narrative(report: Json) -> list[Json]:
    known = {fact["id"]: fact["text"] for fact in report["facts"]}
    return [
        _block(
            "p",
            _sentence(
                f"You left {known['n_events']} behind, on {known['active_days']}.",
                "n_events",
                "active_days",
            ),
            _sentence(f"Your week has a favourite hour: {known['peak_hour']}.", "peak_hour"),
        ),
        _block(
            "p",
            _sentence(f"No page drew you back more often than {known['top_page']}.", "top_page"),
            _sentence(
                f"Half of your visits were over within {known['median_minutes']}.",
                "median_minutes",
            ),
        ),
        _block("li", _sentence(f"Seen most: {known['top_page']}.", "top_page")),
        _block("li", _sentence(f"Busiest: {known['peak_hour']}.", "peak_hour", "n_events")),
    ]


def _spotlight(report: Json) -> list[Json]:
    return [
        _block(
            "li",
            _sentence(
                f"“{item['title']}”, on {_named(item['at_local'])}.",
                f"recent_{place}",
                f"recent_{place}_date",
            ),
        )
        for place, item in enumerate(_titled(report), 1)
    ]


def _interests(report: Json) -> list[Json]:
    words = {
        "core": "has been with you throughout",
        "casual": "comes up now and then",
        "emerging": "is new",
    }
    return [
        {
            "kind": kind,
            "topic": topic["topic"],
            "n": topic["n"],
            **_sentence(f"“{topic['topic']}” {words[kind]}: {topic['n']} events.", f"{kind}_{i}"),
        }
        for kind, topics in _kinds(report).items()
        for i, topic in enumerate(topics, 1)
    ]


def _chart(
    kind: str, labels: list[str], series: list[tuple[str, str, list[int]]], sentence: Json
) -> Json:
    datasets = [{"label": label, "data": numbers} for _, label, numbers in series]
    return {
        "type": kind,
        "series": [series_id for series_id, _, _ in series],
        **sentence,
        "config": {
            "type": kind,
            "data": {"labels": labels, "datasets": datasets},
            "options": {"animation": False, "scales": {"y": {"beginAtZero": True}}},
        },
    }


def _charts(report: Json) -> list[Json]:
    known = {fact["id"]: fact["text"] for fact in report["facts"]}
    months, topics = report["topics"]["months"], report["topics"]["top"][:4]
    by_month = [_by_month(report)[month] for month in months]
    by_hour = [sum(column) for column in zip(*report["hour_week"]["counts"], strict=True)]
    return [
        _chart(
            "line",
            months,
            [("events_by_month", "Events by month", by_month)],
            _sentence(f"Your busiest month was {known['top_month']}.", "top_month"),
        ),
        _chart(
            "line",
            months,
            [
                (f"topic_{place}_by_month", f"“{one['topic']}” by month", one["by_month"])
                for place, one in enumerate(topics, 1)
            ],
            _sentence(f"Where topics are known, “{known['core_1']}” leads.", "core_1"),
        ),
        _chart(
            "bar",
            [f"{hour:02}:00" for hour in range(24)],
            [("events_by_hour", "Events by hour of the day", by_hour)],
            _sentence(f"Your week has a favourite hour: {known['peak_hour']}.", "peak_hour"),
        ),
    ]


def texts(report: Json, model: str | None, status: str) -> Json:
    """The four parts; interests and charts want the most evidence."""
    is_full = report["evidence"]["tier"] == "T3"
    rest = status if is_full else "tier"
    return {
        "narrative": {**origin(model, status, 2), "blocks": _narrative(report)},
        "spotlight": {**origin(model, status), "blocks": _spotlight(report)},
        "interests": {**origin(model, rest, 1), "items": _interests(report) if is_full else []},
        "charts": {**origin(model, rest), "items": _charts(report) if is_full else []},
    }
