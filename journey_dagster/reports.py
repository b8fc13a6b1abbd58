"""The report of a user: the JSON document that a page, a phone or a program reads.

Belongs here: putting together what the marts hold into the contract `report.v1.schema.json`.
Does not belong here: computing anything new (`sql/marts/`), writing and serving files (`site`).

All reports of a batch are read with one query per mart; the documents hold final, local numbers.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import duckdb

from journey_dagster import report_journey, report_sources
from journey_dagster.avatars import suggested
from journey_dagster.facts import Fact, read_facts
from journey_dagster.report_definitions import comparisons, definitions, interest_lists, reasons
from journey_dagster.report_texts import SHAPES, texts, utc, with_configurations
from journey_dagster.settings import Settings

SCHEMA_VERSION = "1.0"
TOP_PAGES = 50
TOP_TOPICS = 8
BATCH = 500
"""Users whose rows are held in memory at once."""

_Rows = dict[str, list[tuple[Any, ...]]]

_QUERIES = {
    "days": "select user_id, local_date, n_events from marts.user_days "
    "where user_id = any($users) order by all",
    "hours": "select user_id, weekday, hour, n_events from marts.user_hour_week "
    "where user_id = any($users)",
    "pages": "select user_id, page, title, n_events, n_days, last_seen_date from marts.user_pages "
    "where user_id = any($users) and page_rank <= $top_pages order by user_id, page_rank",
    "all_pages": "select user_id, count(*), sum(n_events)::bigint from marts.user_pages "
    "where user_id = any($users) group by all",
    "sources": report_sources.SOURCES,
    "authors": report_sources.AUTHORED,
    "journey": report_journey.QUERY,
    "topics": "select user_id, topic, month, n_events from marts.user_topics_monthly "
    "where user_id = any($users) order by all",
    "sessions": "select user_id, started_at_local, duration_seconds, n_steps, entry_page, "
    "exit_page, is_open from marts.user_sessions where user_id = any($users) "
    "order by user_id, session_rank",
    "recent": "select user_id, at_local, page, title, publication from marts.user_recent "
    "where user_id = any($users) order by user_id, recent_rank",
    "story": "select user_id, generation, block_no, block_type, text, fact_ids, series "
    "from marts.user_insights where user_id = any($users) "
    "order by user_id, generation, block_no, sentence_no",
    "parts": "select user_id, generation, source, status, model, prompt_version, n_dropped, "
    "cost_usd, answered_at from marts.user_generations where user_id = any($users)",
    "noise": "select user_id, noise_reason, count(*) from core.events "
    "where user_id = any($users) and is_noise group by all order by all",
    "topics_of_origin": "select user_id, topic, count(*) from core.events "
    "where user_id = any($users) and not is_noise group by all order by all",
}


@dataclass(frozen=True)
class Report:
    """A user's document."""

    user_id: str
    slug: str
    document: Mapping[str, Any]


def data_through(con: duckdb.DuckDBPyConnection) -> str | None:
    """Time of the latest event that counts, in UTC; None when there is none."""
    row = con.execute("select data_through from core.horizon").fetchone()
    return utc(row[0]) if row and row[0] else None


def build(
    con: duckdb.DuckDBPyConnection, ids: Sequence[str], settings: Settings, generated_at: datetime
) -> Iterator[Report]:
    """The documents of these users, in no particular order.

    Args:
        con: the warehouse, with marts and stories of these users.
        ids: users, all of them registered.
        settings: for the session gap and the recent window.
        generated_at: when the documents say they were built.
    """
    through = data_through(con)
    for start in range(0, len(ids), BATCH):
        batch = list(ids[start : start + BATCH])
        rows = {name: _by_user(con, query, batch) for name, query in _QUERIES.items()}
        facts = read_facts(con, batch)
        for head in _heads(con, batch):
            user_id = head["user_id"]
            mine = {name: found.get(user_id, []) for name, found in rows.items()}
            document = {
                "schema_version": SCHEMA_VERSION,
                "generated_at": utc(generated_at),
                "data_through": through,
                **_document(head, mine, facts.get(user_id, {}), settings),
            }
            yield Report(user_id, head["slug"], with_configurations(document))


def _heads(con: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> list[dict[str, Any]]:
    found = con.execute(
        "select users.slug, users.display_name, users.avatar, users.has_known_tz, summary.* "
        "from marts.user_summary as summary join core.users as users using (user_id) "
        "where user_id = any($users) and users.slug is not null",
        {"users": list(ids)},
    )
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _by_user(con: duckdb.DuckDBPyConnection, query: str, ids: Sequence[str]) -> _Rows:
    values: dict[str, object] = {"users": list(ids)}
    if "$top_pages" in query:
        values["top_pages"] = TOP_PAGES
    grouped: _Rows = defaultdict(list)
    for user_id, *rest in con.execute(query, values).fetchall():
        grouped[user_id].append(tuple(rest))
    return grouped


def _document(
    head: Mapping[str, Any],
    rows: Mapping[str, Sequence[tuple[Any, ...]]],
    facts: Mapping[str, Fact],
    settings: Settings,
) -> dict[str, Any]:
    told = texts(rows["story"], rows["parts"], facts)
    topics = _topics(head, rows["topics"], facts)
    return {
        "user": {
            "slug": head["slug"],
            "display_name": head["display_name"] or head["slug"],
            "avatar": head["avatar"],
            "suggested_avatar": suggested([(one["topic"], one["n"]) for one in topics["top"]]),
            "tz": head["tz"],
            "tz_is_known": head["has_known_tz"],
        },
        "period": {
            "start": head["first_date"].isoformat(),
            "end": head["last_date"].isoformat(),
            "days": head["span_days"],
        }
        if head["first_date"]
        else None,
        "evidence": {
            "tier": head["evidence_tier"],
            "n_events": head["n_events"],
            "n_sessions": head["n_sessions"],
            "active_days": head["active_days"],
            "span_days": head["span_days"],
            "reasons": reasons(head),
        },
        "headline": _headline(head, facts, settings),
        "facts": _facts(facts, rows["story"]),
        "narrative": told["narrative"],
        "spotlight": told["recent"],
        "interests": told["interests"],
        "charts": told["charts"],
        "calendar": _calendar(head, rows["days"]),
        "hour_week": _hour_week(head, rows["hours"]),
        "pages": _pages(head, rows["pages"], rows["all_pages"]),
        "sources": report_sources.sources(rows["sources"], topics["months"]),
        "authors": report_sources.authors(head["author_coverage"], rows["authors"]),
        "topics": topics,
        "sessions": _sessions(head, rows["sessions"], settings),
        "journey": report_journey.journey(head["n_sessions"], rows["journey"]),
        "recent": {
            "window_days": settings.recent_days,
            "n_events": head["n_recent_events"],
            "items": [
                {"at_local": _local(at), "page": shown(page), "title": title, "source": source}
                for at, page, title, source in rows["recent"]
            ],
        },
        "about": _about(head, rows, settings),
    }


def _about(
    head: Mapping[str, Any], rows: Mapping[str, Sequence[tuple[Any, ...]]], settings: Settings
) -> dict[str, Any]:
    """What the report was made from, what was left out, what is known."""
    return {
        "n_events": head["n_events"],
        "n_noise_excluded": head["n_noise"],
        "noise": [{"reason": reason, "n_events": n} for reason, n in rows["noise"]],
        "n_duplicates_dropped": head["n_duplicates"],
        "coverage": {
            "titles": head["title_coverage"],
            "topics": head["topic_coverage"],
            "sources": head["source_coverage"],
            "authors": head["author_coverage"],
        },
        "topics": [{"topic": topic, "n_events": n} for topic, n in rows["topics_of_origin"]],
        "definitions": [{"id": name, "text": text} for name, text in definitions(settings).items()],
    }


def _headline(
    head: Mapping[str, Any], facts: Mapping[str, Fact], settings: Settings
) -> list[dict[str, Any]]:
    meaning = definitions(settings)
    shown = (
        ("n_events", "Events", head["n_events"], "events", None),
        ("active_days", "Active days", head["active_days"], "days", head["span_days"] or None),
        ("n_sessions", "Sessions", head["n_sessions"], "sessions", None),
        ("median_session", "Median session", _rounded(head["median_session_minutes"]), "minutes",
         None),
        ("n_pages", "Pages", head["n_pages"], "pages", None),
        ("longest_streak", "Longest streak", head["longest_streak_days"], "days", None),
    )  # fmt: skip
    return [
        {"id": name, "label": label, "value": value, "unit": unit, "of": of,
         "definition": meaning[name], **comparisons(name, facts, settings.recent_days)}
        for name, label, value, unit, of in shown
    ]  # fmt: skip


def _facts(facts: Mapping[str, Fact], story: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """All facts, those that the story cites first and in its order."""
    parts = list(SHAPES)
    in_order = sorted(story, key=lambda sentence: parts.index(sentence[0]))
    cited = [fact_id for *_, fact_ids, _ in in_order for fact_id in fact_ids]
    order = [name for name in dict.fromkeys([*cited, *sorted(facts)]) if name in facts]
    return [
        {
            "id": name,
            "label": facts[name].label,
            "value": facts[name].value,
            "value_text": facts[name].value_text,
            "unit": facts[name].unit,
            "text": facts[name].text,
            "coverage": facts[name].coverage,
            "n": facts[name].n,
            "definition": facts[name].definition,
        }
        for name in order
    ]


def _calendar(head: Mapping[str, Any], days: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    counts = sorted(n for _, n in days)
    return {
        "levels": [counts[len(counts) * fifth // 5] if counts else 0 for fifth in range(1, 5)],
        "days": [[at.isoformat(), n] for at, n in days],
        "longest_streak": {
            "start": head["longest_streak_start"].isoformat(),
            "end": head["longest_streak_end"].isoformat(),
            "days": head["longest_streak_days"],
        }
        if head["longest_streak_start"]
        else None,
    }


def _hour_week(head: Mapping[str, Any], hours: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    counts = [[0] * 24 for _ in range(7)]
    for weekday, hour, n in hours:
        counts[weekday][hour] = n
    return {
        "counts": counts,
        "n": sum(map(sum, counts)),
        "peak": {
            "weekday": head["peak_weekday"],
            "hour": head["peak_hour"],
            "n": head["peak_events"],
        }
        if head["peak_hour"] is not None
        else None,
    }


def _pages(
    head: Mapping[str, Any], top: Sequence[tuple[Any, ...]], every: Sequence[tuple[Any, ...]]
) -> dict[str, Any]:
    n_pages, n_events = every[0] if every else (0, 0)
    return {
        "n_distinct": n_pages,
        "n_events": n_events,
        "coverage": head["title_coverage"],
        "top": [
            {"page": shown(page), "title": title, "n_events": views, "n_days": days,
             "last_seen_date": seen.isoformat()}
            for page, title, views, days, seen in top
        ],
        "other": {
            "n_pages": n_pages - len(top),
            "n_events": n_events - sum(views for _, _, views, _, _ in top),
        },
    }  # fmt: skip


def _topics(
    head: Mapping[str, Any], rows: Sequence[tuple[Any, ...]], facts: Mapping[str, Fact]
) -> dict[str, Any]:
    months = _months(head["first_date"], head["last_date"])
    by_month: dict[str, dict[str, int]] = defaultdict(dict)
    for topic, month, n in rows:
        by_month[topic][f"{month:%Y-%m}"] = n
    ranked = sorted(by_month, key=lambda topic: (-sum(by_month[topic].values()), topic))
    return {
        "coverage": head["topic_coverage"],
        "months": months,
        "top": [
            {
                "topic": topic,
                "n": sum(by_month[topic].values()),
                "by_month": [by_month[topic].get(month, 0) for month in months],
            }
            for topic in ranked[:TOP_TOPICS]
        ],
        "lists": interest_lists(facts),
    }


def _months(first: date | None, last: date | None) -> list[str]:
    if first is None or last is None:
        return []
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in numbers]


def _sessions(
    head: Mapping[str, Any], recent: Sequence[tuple[Any, ...]], settings: Settings
) -> dict[str, Any]:
    return {
        "gap_minutes": settings.session_gap_minutes,
        "n": head["n_sessions"],
        "n_open": head["n_open_sessions"],
        "median_minutes": _rounded(head["median_session_minutes"]),
        "p90_minutes": _rounded(head["p90_session_minutes"]),
        "median_steps": head["median_session_steps"],
        "recent": [
            {
                "started_at_local": _local(at),
                "minutes": _rounded(seconds / 60),
                "n_steps": n_steps,
                "entry_page": shown(entry),
                "exit_page": shown(exit_),
                "is_open": is_open,
            }
            for at, seconds, n_steps, entry, exit_, is_open in recent
        ],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _local(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


@lru_cache(maxsize=10_000)
def shown(page: str) -> str:
    """A page as it may be published: what follows a question mark may be a secret."""
    return re.split(r"[?#]", page, maxsplit=1)[0] or "/"
