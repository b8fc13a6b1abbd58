"""The figures of the friction page: transition matrix, flow graph, step diagram.

Belongs here: which pages and ways are drawn, and the rule that a figure whose numbers do not add up
to the sessions is left out with the reason. Does not belong here: coordinates (`layout`), tables.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from journey_dagster.friction_page.around import around
from journey_dagster.friction_page.layout import Move, Way, layered, step_diagram
from journey_dagster.friction_page.tables import Pages, has_table, plain

ENTRY, EXIT, OTHER, MORE = "(entry)", "(exit)", "(other)", "(more)"

MATRIX_PAGES = 25
GRAPH_PAGES = 40
GRAPH_WAYS = 150
LEADING = 10
"""Pages that are drawn for their friction, before those with most visits."""

Row = Mapping[str, Any]


def figures(
    con: duckdb.DuckDBPyConnection, friction: Sequence[Row], n_sessions: int, pages: Pages
) -> dict[str, dict[str, Any]]:
    """The figures, by their names in the document.

    Args:
        con: the warehouse.
        friction: rows of marts.friction, the highest rank first.
        n_sessions: all sessions.
        pages: takes the names of pages.
    """
    drawn = {"steps": steps(con, n_sessions, pages)}
    for needed in ("marts.page_flows", "marts.transitions"):
        if not has_table(con, needed):
            reason = f"{needed} is not built yet."
            return drawn | {
                "matrix": _matrix_without(reason),
                "graph": _graph_without(reason),
                "around": {"reason": reason, "anchors": []},
            }
    chosen = chosen_pages(con, friction)
    ways = ways_between(con, chosen)
    facts = page_facts(con, chosen)
    return drawn | {
        "matrix": matrix(ways, chosen, n_sessions, pages),
        "graph": graph(ways, facts, friction, pages)
        | {"degenerate_reason": degenerate_reason(con)},
        "around": around(con, chosen, pages),
    }


def _matrix_without(reason: str) -> dict[str, Any]:
    return {"reason": reason, "from": [], "to": [], "counts": []}


def _graph_without(reason: str) -> dict[str, Any]:
    return {"reason": reason, "degenerate_reason": None, "n_ways": 0, "nodes": [], "ways": []}


def chosen_pages(con: duckdb.DuckDBPyConnection, ranked: Sequence[Row]) -> list[str]:
    """The pages to draw: first those that lose more than usual, then those with most visits.

    Args:
        con: the warehouse.
        ranked: rows of marts.friction, the highest rank first.
    """
    leading = dict.fromkeys(row["page"] for row in ranked if _is_leading(row))
    busiest = con.execute(
        "select page from marts.page_flows order by n_entries + n_inflow desc, page limit $limit",
        {"limit": GRAPH_PAGES},
    ).fetchall()
    every = dict.fromkeys([*list(leading)[:LEADING], *(page for (page,) in busiest)])
    return list(every)[:GRAPH_PAGES]


def _is_leading(row: Row) -> bool:
    """Whether it is ranked, and not for losing less than usual."""
    loss = row["n_expected_lost"]
    return row["friction_rank"] is not None and (loss is None or loss > 0)


def ways_between(
    con: duckdb.DuckDBPyConnection, pages: Sequence[str]
) -> dict[tuple[str, str], int]:
    """Steps from one page to the next, all other pages taken together."""
    found = con.execute(
        "select case when from_page = $entry or from_page = any($pages) then from_page "
        "else $other end, "
        "case when to_page = $exit or to_page = any($pages) then to_page else $other end, "
        "sum(n)::bigint from marts.transitions group by all order by all",
        {"pages": list(pages), "entry": ENTRY, "exit": EXIT, "other": OTHER},
    ).fetchall()
    return {(source, target): n for source, target, n in found}


def matrix(
    ways: Mapping[tuple[str, str], int], chosen: Sequence[str], n_sessions: int, pages: Pages
) -> dict[str, Any]:
    """How often each page follows each other one, with all that comes in and all that goes out.

    Rows are (entry), the pages and (other); columns the pages, (other) and (exit). The row (entry)
    and the column (exit) each add up to the sessions.
    """
    drawn = set(chosen[:MATRIX_PAGES])
    sources = [ENTRY, *chosen[:MATRIX_PAGES], OTHER]
    targets = [*chosen[:MATRIX_PAGES], OTHER, EXIT]
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for (source, target), n in ways.items():
        folded = (
            source if source in {*drawn, ENTRY} else OTHER,
            target if target in {*drawn, EXIT} else OTHER,
        )
        counts[folded] += n
    entries = sum(counts[ENTRY, target] for target in targets)
    exits = sum(counts[source, EXIT] for source in sources)
    if reason := _does_not_add_up({"entries": entries, "exits": exits}, n_sessions):
        return _matrix_without(reason)
    if not n_sessions:
        return _matrix_without("There is no session.")
    return {
        "reason": None,
        "from": pages.path(sources),
        "to": pages.path(targets),
        "counts": [[counts[source, target] for target in targets] for source in sources],
    }


def _does_not_add_up(sums: Mapping[str, int], n_sessions: int) -> str | None:
    for what, total in sums.items():
        if total != n_sessions:
            return (
                f"The {what} add up to {total:,}, not to the {n_sessions:,} sessions; "
                "left out rather than shown wrong."
            )
    return None


def page_facts(con: duckdb.DuckDBPyConnection, pages: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the figures say of a page: its traffic, its centrality, when sessions reach it."""
    facts: dict[str, dict[str, Any]] = {page: {"betweenness": None} for page in pages}
    values = {"pages": list(pages)}
    for page, n_visits, n_entries, n_exits in con.execute(
        "select page, n_entries + n_inflow, n_entries, n_exits from marts.page_flows "
        "where page = any($pages)",
        values,
    ).fetchall():
        facts[page] |= {"n_visits": n_visits, "n_entries": n_entries, "n_exits": n_exits}
    for page, first_step in con.execute(
        "select page, avg(first_step) from (select session_id, page, min(step_index) as first_step "
        "from core.steps where page = any($pages) group by all) group by all",
        values,
    ).fetchall():
        facts[page]["first_step"] = first_step
    if has_table(con, "marts.page_centrality"):
        for page, betweenness in con.execute(
            "select page, betweenness from marts.page_centrality where page = any($pages)", values
        ).fetchall():
            facts[page]["betweenness"] = plain(betweenness)
    return {page: fact for page, fact in facts.items() if "first_step" in fact}


def degenerate_reason(con: duckdb.DuckDBPyConnection) -> str | None:
    """Why the centrality of pages means nothing; None when it means something."""
    if not has_table(con, "marts.page_centrality"):
        return "marts.page_centrality is not built yet."
    found = con.execute("select min(degenerate_reason) from marts.page_centrality").fetchall()
    return found[0][0]


def graph(
    ways: Mapping[tuple[str, str], int],
    facts: Mapping[str, Row],
    friction: Sequence[Row],
    pages: Pages,
) -> dict[str, Any]:
    """The pages as points and the commonest ways between them, in their places.

    Args:
        ways: steps from page to page.
        facts: the pages to draw, and what is told of each.
        friction: rows of marts.friction, for the marks.
        pages: takes the names of pages.
    """
    drawn = [
        Way(source, target, n)
        for (source, target), n in ways.items()
        if source in facts and target in facts
    ]
    between = sorted(
        (way for way in drawn if way.source != way.target), key=lambda way: (-way.n, way)
    )
    kept = between[:GRAPH_WAYS]
    places = layered({page: fact["first_step"] for page, fact in facts.items()}, between)
    marks = _marks(friction)
    numbers = {page: i for i, page in enumerate(facts)}
    if not facts:
        return _graph_without("There is no page to draw.")
    return {
        "reason": None,
        "degenerate_reason": None,
        "n_ways": len(between),
        "nodes": [
            {
                "page": pages.place(page),
                "x": round(places[page][0], 4),
                "y": round(places[page][1], 4),
                "n_visits": fact["n_visits"],
                "n_entries": fact["n_entries"],
                "n_exits": fact["n_exits"],
                "n_repeats": ways.get((page, page), 0),
                "betweenness": fact["betweenness"],
                "mark": marks.get(page, 0),
            }
            for page, fact in facts.items()
        ],
        "ways": [[numbers[way.source], numbers[way.target], way.n] for way in kept],
    }


def _marks(friction: Sequence[Row]) -> dict[str, int]:
    """Page to 0..4: how many times the usual exit rate its worst event certainly has.

    The lower bound of the rate counts, so that few visits make no mark; natural exits make none.
    """
    visits = sum(row["n_visits"] for row in friction)
    overall = sum(row["n_sessions_lost"] for row in friction) / visits if visits else 0
    marks: dict[str, int] = {}
    for row in friction:
        usual, low = row["baseline_exit_rate"] or overall, row["exit_rate_low"]
        if row["has_support"] and not row["is_natural_exit"] and usual and low is not None:
            marks[row["page"]] = max(marks.get(row["page"], 0), min(4, int(low / usual)))
    return marks


def steps(con: duckdb.DuckDBPyConnection, n_sessions: int, pages: Pages) -> dict[str, Any]:
    """The first steps of all sessions, as columns that each hold every session."""
    empty: dict[str, Any] = {"reason": None, "n_steps": 0, "boxes": [], "bands": []}
    if not has_table(con, "marts.sankey"):
        return empty | {"reason": "marts.sankey is not built yet."}
    found = con.execute(
        "select step_index, from_page, to_page, n_sessions from marts.sankey order by all"
    ).fetchall()
    if not found:
        return empty | {"reason": "There is no session."}
    moves = [Move(*row) for row in found]
    columns: dict[int, int] = defaultdict(int)
    for move in moves:
        columns[move.step] += move.n
    sums = {f"sessions at step {step + 1}": n for step, n in sorted(columns.items())}
    if reason := _does_not_add_up(sums, n_sessions):
        return empty | {"reason": reason}
    boxes, bands = step_diagram([move for move in moves if move.step > 0], [OTHER, MORE, EXIT])
    numbers = {(box.step, box.page): i for i, box in enumerate(boxes)}
    return {
        "reason": None,
        "n_steps": max(box.step for box in boxes),
        "boxes": [
            [box.step, pages.place(box.page), box.n, round(box.top, 5), round(box.bottom, 5)]
            for box in boxes
        ],
        "bands": [
            [
                numbers[band.move.step, band.move.source],
                numbers[band.move.step + 1, band.move.target],
                band.move.n,
                round(band.source_top, 5),
                round(band.target_top, 5),
                round(band.thickness, 5),
            ]
            for band in bands
        ],
    }
