"""What comes before a page and what comes after it.

Belongs here: the stops of sessions counted from their first stop at a page, a step matrix that is
fixed in the middle instead of at the start. Does not belong here: drawing it.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import duckdb

from journey_dagster.friction_page.tables import Pages

REACH = 3
"""Stops before and after."""

ANCHORS = 12
"""Pages that can be in the middle."""

NAMED = 6
"""Pages of a column that are told by name; the others are (other)."""

_QUERY = """
with through as (
    select distinct session_id from core.steps where page = any($anchors)
),

stops as (
    select
        session_id, page,
        row_number() over (partition by session_id order by step_index) as stop_no
    from core.steps
    semi join through using (session_id)
    where next_page <> page
),

middles as (
    select session_id, page as anchor, min(stop_no) as middle_no
    from stops
    where page = any($anchors)
    group by session_id, page
)

select anchor, stops.stop_no - middle_no as distance, page, count(*) as n
from middles
join stops
    on stops.session_id = middles.session_id
    and stops.stop_no between middle_no - $reach and middle_no + $reach
group by all
order by all
"""


def around(con: duckdb.DuckDBPyConnection, anchors: Sequence[str], pages: Pages) -> dict[str, Any]:
    """For each of some pages, where its sessions were a few stops before and after.

    A page that follows itself is one stop. Each column of an anchor holds all sessions that came to
    it: where they had not begun yet it says (entry), where they had ended (exit).

    Args:
        con: the warehouse.
        anchors: pages to have in the middle, the first `ANCHORS` of which are taken.
        pages: takes the names of pages.
    """
    taken = list(anchors[:ANCHORS])
    if not taken:
        return {"reason": "There is no page to start from.", "anchors": []}
    found = con.execute(_QUERY, {"anchors": taken, "reach": REACH}).fetchall()
    columns: dict[str, dict[int, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for anchor, distance, page, n in found:
        columns[anchor][distance][page] = n
    return {
        "reason": None,
        "anchors": [
            {
                "page": pages.place(anchor),
                "n_sessions": columns[anchor][0][anchor],
                "columns": [
                    _column(columns[anchor][distance], distance, columns[anchor][0][anchor], pages)
                    for distance in range(-REACH, REACH + 1)
                ],
            }
            for anchor in taken
            if anchor in columns
        ],
    }


def _column(
    counts: dict[str, int], distance: int, n_sessions: int, pages: Pages
) -> list[list[int]]:
    """The busiest pages of a column, all others together, and who was nowhere yet or no more."""
    ranked = sorted((-n, page) for page, n in counts.items())
    told = {page: -n for n, page in ranked[:NAMED]}
    if rest := -sum(n for n, _ in ranked[NAMED:]):
        told["(other)"] = rest
    if nowhere := n_sessions - sum(counts.values()):
        told["(entry)" if distance < 0 else "(exit)"] = nowhere
    return [[pages.place(page), n] for page, n in told.items()]
