"""What a user looked at it through, and who wrote it: publications, applications, authors.

Belongs here: the queries over them and the parts of the document made of them.
Does not belong here: pages and topics (`reports`), drawing.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

AUTHORS = 20

SOURCES = """
select user_id, publication, date_trunc('month', local_date)::date, sum(n_events)::bigint,
    min(local_date), max(local_date)
from marts.user_sources
where user_id = any($users)
group by all
order by all
"""
"""Of each user: publication, month, events, first and last day there."""

AUTHORED = f"""
select user_id, author, n_events, count(*) over (partition by user_id)
from marts.user_authors
where user_id = any($users)
qualify row_number() over (partition by user_id order by n_events desc, author) <= {AUTHORS}
order by user_id, n_events desc, author
"""
"""Of each user: author, events, and how many authors there are in all."""


def sources(rows: Sequence[tuple[Any, ...]], months: Sequence[str]) -> list[dict[str, Any]]:
    """Publications and applications, most events first; those not known are the last.

    Args:
        rows: what the query says of the user.
        months: the months of the document, such as `2025-03`.
    """
    counts: dict[str | None, dict[str, int]] = defaultdict(dict)
    spans: dict[str | None, tuple[date, date]] = {}
    for name, month, n, first, last in rows:
        counts[name][f"{month:%Y-%m}"] = n
        start, end = spans.get(name, (first, last))
        spans[name] = (min(start, first), max(end, last))
    order = sorted(counts, key=lambda name: (name is None, -sum(counts[name].values()), name or ""))
    return [
        {
            "name": name,
            "n_events": sum(counts[name].values()),
            "first_seen_date": spans[name][0].isoformat(),
            "last_seen_date": spans[name][1].isoformat(),
            "by_month": [counts[name].get(month, 0) for month in months],
        }
        for name in order
    ]


def authors(coverage: float | None, rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """Authors with most events, as far as authors are known."""
    return {
        "coverage": coverage,
        "n_distinct": rows[0][2] if rows else 0,
        "top": [{"author": author, "n_events": n} for author, n, _ in rows],
    }
