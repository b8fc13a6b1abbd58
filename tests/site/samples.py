"""Reports and registries that keep the contract, one for every evidence tier.

Belongs here: plain functions that return fresh dictionaries, the same on every call. Does not
belong here: facts and texts (sample_texts.py), and anything the pipeline computes; a page only
formats, so the numbers need to look like a life and add up, not to come from events.
"""

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sample_journey import journey
from sample_texts import facts, origin, texts

Json = dict[str, Any]
Value = Any  # whatever JSON can hold

GENERATED_AT = "2026-01-01T04:15:09Z"
DATA_THROUGH = "2025-12-31T22:10:00Z"
GAP_MINUTES = 30

PAGES = (
    ("/running/first-marathon-plan", "A marathon plan for people who hate plans"),
    ("/gear/best-trail-shoes", "The trail shoes we kept wearing"),
    ("/adventure/colorado-hut-to-hut", "Hut to hut across the San Juans"),
    ("/map/colorado-trail", None),
    ("/health/sleep-and-altitude", "What altitude does to your sleep"),
    ("/cycling/gravel-beginners", "Gravel riding, from the first flat tyre on"),
    ("/skiing/backcountry-avalanche-course", "Nine days in an avalanche course"),
    ("/food/camp-stove-dinners", "Dinners for one pot and a cold ridge"),
    ("/podcast/the-long-way-home", "The long way home"),
    ("/gear/sleeping-bags-tested", "Eleven sleeping bags, forty cold nights"),
    ("/adventure/baja-by-bicycle", "Baja by bicycle, slowly"),
    ("/running/strength-for-runners", "Four exercises and no gym"),
    ("/culture/the-last-fire-lookout", "The last fire lookout"),
    ("/search", None),
)
SOURCES = (("Trailhead", 0.41), ("Velo Weekly", 0.2), ("Backcountry", 0.14), ("Peak Food", 0.05))
AUTHORS = (("Ada Synthetic", 9), ("Bo Synthetic", 17), ("Cleo Synthetic", 40))
TOPICS = ("trail running", "gravel cycling", "backcountry skiing", "sleep", "camp cooking", "maps")
EVENT_TOPICS = (("web_page_views", 0.83), ("app_events", 0.17))
REASONS = {
    "T0": ["No events have arrived."],
    "T1": ["There are fewer than 3 active days.", "There are fewer than 5 sessions."],
    "T2": ["The first and the last event are fewer than 28 days apart."],
    "T3": [],
}
PREVIOUS = {"days": 30, "now": 96, "before": 64, "definition": "Events in as many days before."}
COHORT = {"fewer_percent": 80, "n_others": 412, "definition": "Other users with less, of all."}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def person(slug: str, name: str, avatar: str | None = None, tz: str = "America/Denver") -> Json:
    return {
        "slug": slug,
        "display_name": name,
        "avatar": avatar,
        "suggested_avatar": None,
        "tz": tz,
        "tz_is_known": True,
    }


def _split(total: int, shares: tuple[tuple[str, float], ...]) -> list[tuple[str, int]]:
    return [(name, int(total * share)) for name, share in shares]


def _days(start: date, n_days: int, activity: float) -> list[list[Any]]:
    """Days with events: a rhythm of weeks, a slow wave over the year, a fortnight away."""
    rng = random.Random(n_days)  # noqa: S311 -- a seed, so that every call gives the same
    days = []
    for offset in range(n_days):
        day = start + timedelta(days=offset)
        away = 150 <= offset < 164
        wave = 0.65 + 0.35 * abs((offset % 180) - 90) / 90
        eager = activity * wave * (1.25 if day.weekday() >= 5 else 1.0)
        is_edge = offset in {0, n_days - 1}
        if is_edge or (not away and rng.random() < eager):
            days.append([day.isoformat(), 1 + int(rng.expovariate(1 / 11) * wave)])
    return days


def _longest_streak(days: list[list[Any]]) -> Json | None:
    best: tuple[int, date] | None = None
    run = 0
    before: date | None = None
    for text, _ in days:
        day = date.fromisoformat(text)
        run = run + 1 if before and (day - before).days == 1 else 1
        before = day
        if best is None or run > best[0]:
            best = (run, day)
    if best is None:
        return None
    length, end = best
    start = end - timedelta(days=length - 1)
    return {"start": start.isoformat(), "end": end.isoformat(), "days": length}


def _hour_week(rng: random.Random, days: list[list[Any]], favourite: int) -> Json:
    counts = [[0] * 24 for _ in range(7)]
    for text, n in days:
        row = counts[date.fromisoformat(text).weekday()]
        for _ in range(n):
            centre = favourite if rng.random() < 0.7 else 7
            row[int(rng.gauss(centre, 2.2)) % 24] += 1
    n_all = sum(map(sum, counts))
    cells = [(n, -d, -h) for d, row in enumerate(counts) for h, n in enumerate(row)]
    n, day, hour = max(cells)
    return {
        "counts": counts,
        "n": n_all,
        "peak": {"weekday": -day, "hour": -hour, "n": n} if n else None,
    }


def _months(days: list[list[Any]]) -> list[list[Any]]:
    totals: dict[str, int] = {}
    for text, n in days:
        totals[text[:7]] = totals.get(text[:7], 0) + n
    return [[month, n] for month, n in sorted(totals.items())]


def _topics(rng: random.Random, days: list[list[Any]]) -> Json:
    months = _months(days)
    top = []
    for rank, topic in enumerate(TOPICS):
        swing = [0.2 + abs(((i + 2 * rank) % 12) - 6) / 6 for i in range(len(months))]
        share = 0.12 / (1 + rank * 0.5)
        pairs = zip(months, swing, strict=True)
        by_month = [int(n * share * s * rng.uniform(0.7, 1.3)) for (_, n), s in pairs]
        top.append({"topic": topic, "n": sum(by_month), "by_month": by_month})
    top.sort(key=lambda entry: -entry["n"])
    core, rising, fading = top[:2], top[3:4], top[4:5]
    lists = {
        "core": [{"topic": one["topic"], "n_events": one["n"]} for one in core],
        "rising": [{"topic": one["topic"], "before": 3, "now": 34} for one in rising],
        "fading": [{"topic": one["topic"], "before": 21, "now": 0} for one in fading],
    }
    names = [month for month, _ in months]
    return {"coverage": 0.413, "months": names, "top": top, "lists": lists}


def _sources(days: list[list[Any]], n_events: int) -> list[Json]:
    """Known sources by falling size; what is left is unknown. Months share them out evenly."""
    named = [(name, n) for name, n in _split(n_events, SOURCES) if n]
    n_months = len(_months(days))
    return [
        {
            "name": name,
            "n_events": n,
            "first_seen_date": days[0][0],
            "last_seen_date": days[-1][0],
            "by_month": [n * (i + 1) // n_months - n * i // n_months for i in range(n_months)],
        }
        for name, n in [*named, (None, n_events - sum(n for _, n in named))]
    ]


def _authors(n_events: int) -> Json:
    top = [{"author": name, "n_events": max(1, n_events // by)} for name, by in AUTHORS]
    return {"coverage": 0.31, "n_distinct": len(top) + 4, "top": top}


def _pages(days: list[list[Any]], n_events: int) -> Json:
    top: list[Json] = []
    left = n_events
    for rank, (page, title) in enumerate(PAGES):
        n = min(left, max(1, int(n_events * 0.11 / (1 + rank * 0.45))))
        if n == 0:
            break
        left -= n
        top.append(
            {
                "page": page,
                "title": title,
                "n_events": n,
                "n_days": min(len(days), max(1, n // 2)),
                "last_seen_date": days[-1 - rank % len(days)][0],
            }
        )
    n_other = left // 3 if left else 0
    return {
        "n_distinct": len(top) + n_other,
        "n_events": n_events,
        "coverage": 0.968,
        "top": top,
        "other": {"n_pages": n_other, "n_events": left if n_other else 0},
    }


def _at(day: str, hour: int, minute: int) -> str:
    moment = datetime.fromisoformat(day).replace(hour=hour % 24, minute=minute, second=7)
    return moment.isoformat()


def _sessions(days: list[list[Any]], n: int, favourite: int) -> Json:
    recent = [
        {
            "started_at_local": _at(day, favourite - rank % 3, 4 + 5 * rank),
            "minutes": [12.4, 0.6, 47.0, 3.2, 88.5, 21.0, 9.9, 5.5, 64.0, 0.0][rank],
            "n_steps": count,
            "entry_page": PAGES[rank][0],
            "exit_page": PAGES[(rank * 2) % len(PAGES)][0],
            "is_open": rank == 0,
        }
        for rank, (day, count) in enumerate(reversed(days[-10:]))
    ]
    return {
        "gap_minutes": GAP_MINUTES,
        "n": n,
        "n_open": 1,
        "median_minutes": 11.5,
        "p90_minutes": 74.2,
        "median_steps": 6.0,
        "recent": recent[:n],
    }


def _recent(days: list[list[Any]], favourite: int) -> Json:
    end = date.fromisoformat(days[-1][0])
    window = [entry for entry in days if (end - date.fromisoformat(entry[0])).days < 30]
    items = []
    for rank, (day, count) in enumerate(reversed(window[-8:])):
        for step in range(min(count, 4)):
            page, title = PAGES[(rank * 3 + step) % len(PAGES)]
            source = SOURCES[(rank + step) % len(SOURCES)][0] if step != 1 else None
            at = _at(day, favourite, 52 - 9 * step)
            items.append({"at_local": at, "page": page, "title": title, "source": source})
    return {"window_days": 30, "n_events": sum(n for _, n in window), "items": items}


def _headline(report: Json) -> list[Json]:
    evidence, streak = report["evidence"], report["calendar"]["longest_streak"]
    rows = [
        ("n_events", "Events", evidence["n_events"], "events", None, "All events that count."),
        (
            "active_days",
            "Active days",
            evidence["active_days"],
            "days",
            report["period"]["days"],
            "Local calendar days with at least one event, of the days from the first to the last.",
        ),
        (
            "n_sessions",
            "Sessions",
            evidence["n_sessions"],
            "sessions",
            None,
            "Runs of events with no gap of more than 30 minutes.",
        ),
        (
            "median_session",
            "Median session",
            11.5,
            "minutes",
            None,
            "The median of the time from the first to the last event of a session.",
        ),
        (
            "n_pages",
            "Different pages",
            report["pages"]["n_distinct"],
            "pages",
            None,
            "Distinct normalised pages.",
        ),
        (
            "longest_streak",
            "Longest streak",
            streak["days"],
            "days",
            None,
            "Most local days in a row with at least one event.",
        ),
    ]
    keys = ("id", "label", "value", "unit", "of", "definition")
    found = [dict(zip(keys, row, strict=True)) for row in rows]
    is_full = evidence["tier"] == "T3"
    for one in found:
        is_placed = is_full and one["id"] in {"n_events", "active_days", "n_sessions"}
        one["previous"] = dict(PREVIOUS) if is_full and one["id"] == "n_events" else None
        one["cohort"] = dict(COHORT) if is_placed else None
    return found


def _about(n_events: int) -> Json:
    first, *rest = _split(n_events, EVENT_TOPICS)
    n_rest = sum(n for _, n in rest)
    origins = [(first[0], n_events - n_rest), *rest]
    return {
        "n_events": n_events,
        "n_noise_excluded": n_events // 20,
        "noise": [{"reason": "internal", "n_events": n_events // 20}] if n_events >= 20 else [],
        "n_duplicates_dropped": n_events // 90,
        "coverage": {"titles": 0.968, "topics": 0.413, "sources": 0.8, "authors": 0.31},
        "topics": [{"topic": name, "n_events": n} for name, n in origins if n],
        "definitions": [
            {"id": "active_day", "text": "A local calendar day with at least one event."},
            {
                "id": "sessions",
                "text": "A session is a run of events with no gap of more than 30 minutes.",
            },
            {"id": "topics", "text": "Topics are the labels that publishers gave their pages."},
        ],
    }


def _report(
    user: Json, tier: str, days: list[list[Any]], model: str | None = None, status: str = "off"
) -> Json:
    rng = random.Random(user["slug"])  # noqa: S311 -- a seed, so that every call gives the same
    first, last = (date.fromisoformat(days[i][0]) for i in (0, -1))
    n_days = (last - first).days + 1
    favourite = 20
    n_events = sum(n for _, n in days)
    n_sessions = 2 if tier == "T1" else max(5, len(days) + len(days) // 3)
    quantiles = sorted(n for _, n in days)
    report: Json = {
        "schema_version": "1.0",
        "generated_at": GENERATED_AT,
        "data_through": DATA_THROUGH,
        "user": user,
        "period": {"start": days[0][0], "end": days[-1][0], "days": n_days},
        "evidence": {
            "tier": tier,
            "n_events": n_events,
            "n_sessions": n_sessions,
            "active_days": len(days),
            "span_days": n_days,
            "reasons": REASONS[tier],
        },
        "calendar": {
            "levels": [quantiles[(len(quantiles) - 1) * k // 5] for k in (1, 2, 3, 4)],
            "days": days,
            "longest_streak": _longest_streak(days),
        },
        "hour_week": _hour_week(rng, days, favourite),
        "pages": _pages(days, int(n_events * 0.968)),
        "sources": _sources(days, n_events),
        "authors": _authors(n_events),
        "topics": _topics(rng, days),
        "sessions": _sessions(days, n_sessions, favourite),
        "journey": journey(n_sessions),
        "recent": _recent(days, favourite),
        "about": _about(n_events),
    }
    if tier == "T3":
        topic = report["topics"]["top"][0]
        user["suggested_avatar"] = {
            "emoji": "🏃", "word": "running", "topic": topic["topic"], "n_events": topic["n"],
        }  # fmt: skip
    report["facts"] = facts(report)
    report.update(texts(report, model, status))
    report["headline"] = _headline(report)
    return report


def t3() -> Json:
    """A full, lively year in a zone with summer time, told by a model."""
    user = person("kate", "Kate Okonkwo", "☀")
    return _report(user, "T3", _days(date(2025, 1, 9), 356, 0.72), model="openai:example-model-1")


def t3_half_hour() -> Json:
    """A full year in a zone with a half-hour offset, crossing a year's end."""
    user = person("ravi", "Ravi Menon", None, "Asia/Kolkata")
    return _report(user, "T3", _days(date(2024, 11, 18), 402, 0.4), status="budget")


def t2() -> Json:
    user = person("mia", "Mia Østergård", None)
    return _report(user, "T2", _days(date(2025, 12, 10), 21, 0.8), status="transient")


def t1() -> Json:
    user = person("claus", "Claus Weber", None)
    return _report(user, "T1", _days(date(2025, 10, 4), 2, 1.0), status="tier")


def t0() -> Json:
    user = {**person("noor", "Noor", None, "UTC"), "tz_is_known": False}
    report = t1()
    report.update(
        {
            "user": user,
            "period": None,
            "evidence": {
                "tier": "T0",
                "n_events": 0,
                "n_sessions": 0,
                "active_days": 0,
                "span_days": 0,
                "reasons": REASONS["T0"],
            },
            "headline": [],
            "facts": [],
            "narrative": {**origin(None, "tier"), "blocks": []},
            "spotlight": {**origin(None, "tier"), "blocks": []},
            "calendar": {"levels": [0, 0, 0, 0], "days": [], "longest_streak": None},
            "hour_week": {"counts": [[0] * 24 for _ in range(7)], "n": 0, "peak": None},
            "pages": {
                "n_distinct": 0,
                "n_events": 0,
                "coverage": None,
                "top": [],
                "other": {"n_pages": 0, "n_events": 0},
            },
            "sources": [],
            "authors": {"coverage": None, "n_distinct": 0, "top": []},
            "topics": {
                "coverage": None,
                "months": [],
                "top": [],
                "lists": {"core": [], "rising": [], "fading": []},
            },
            "journey": journey(0),
            "sessions": {
                "gap_minutes": GAP_MINUTES,
                "n": 0,
                "n_open": 0,
                "median_minutes": None,
                "p90_minutes": None,
                "median_steps": None,
                "recent": [],
            },
            "recent": {"window_days": 30, "n_events": 0, "items": []},
            "about": {
                "n_events": 0,
                "n_noise_excluded": 0,
                "noise": [],
                "n_duplicates_dropped": 0,
                "coverage": {"titles": None, "topics": None, "sources": None, "authors": None},
                "topics": [],
                "definitions": [],
            },
        }
    )
    return report


REPORTS: dict[str, Callable[[], Json]] = {
    "T0": t0,
    "T1": t1,
    "T2": t2,
    "T3": t3,
    "T3-half-hour": t3_half_hour,
}


def entry(report: Json) -> Json:
    """The registry's line for a report."""
    evidence, user = report["evidence"], report["user"]
    has_data = evidence["n_events"] > 0
    words = {"T0": "No data yet", "T1": "A first glimpse", "T2": "A picture so far"}
    return {
        "slug": user["slug"],
        "display_name": user["display_name"],
        "avatar": user["avatar"],
        "status": "published" if has_data else "no_data",
        "status_text": words.get(evidence["tier"], "Report ready"),
        "tier": evidence["tier"],
        "n_events": evidence["n_events"],
        "n_sessions": evidence["n_sessions"],
        "active_days": evidence["active_days"],
        "last_event_date": report["period"]["end"] if has_data else None,
        "months": _months(report["calendar"]["days"]),
    }


def withheld() -> Json:
    return {
        **entry(t1()),
        "slug": "hidden",
        "display_name": "Henrik Lund",
        "avatar": None,
        "status": "withheld",
        "status_text": "Not published: this person has not agreed to a public page.",
        "last_event_date": None,
        "months": [],
    }


def users(*entries: Json) -> Json:
    return {"schema_version": "1.0", "data_through": DATA_THROUGH, "users": list(entries)}


def registry() -> Json:
    return users(*(entry(make()) for make in REPORTS.values()), withheld())
