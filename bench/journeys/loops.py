"""Contender in loops: one row after another and a graph in networkx, the way TeloMesh works.

Written for this bench, after what its stages do to a row. Sessions are told by looking up each row
of a user by its position. Each session becomes a frame of its own, is sorted again, and is walked
row by row into a list of steps. Then, once more session by session, every pair of neighbours is
looked up and changes one edge of a graph. What TeloMesh does besides is left out, in its favour: a
write into the whole frame per event, files of text between the stages, all after the graph.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import networkx as nx
import pandas as pd

from journeys import GAP_US, Totals


def loops(file: Path) -> Callable[[], Totals]:
    """Row by row in pandas, the graph in networkx."""
    events = pd.read_parquet(file, columns=["user_id", "occurred_at", "page"])
    events = events.sort_values(["user_id", "occurred_at"])
    events["session"] = list(_labels(events))
    steps = pd.DataFrame(list(_steps(events)))
    graph = nx.DiGraph()
    for _, session in steps.groupby("session"):
        _walk(graph, session.sort_values("step_index"))
    sessions = steps.groupby("session").agg(
        user_id=("user_id", "first"),
        started_at=("occurred_at", "min"),
        ended_at=("occurred_at", "max"),
        n_steps=("page", "size"),
    )
    users = sessions.groupby("user_id").agg(
        n_events=("n_steps", "sum"), n_sessions=("n_steps", "size")
    )

    def totals() -> Totals:
        lasting = sessions["ended_at"] - sessions["started_at"]
        weights = [weight for _, _, weight in graph.edges(data="weight")]
        return {
            "n_events": int(users["n_events"].sum()),
            "n_users": len(users),
            "users_squared": int((users["n_events"] ** 2).sum()),
            "n_sessions": int(users["n_sessions"].sum()),
            "sessions_squared": int((sessions["n_steps"] ** 2).sum()),
            "durations": int(lasting.astype("timedelta64[us]").astype("int64").sum()),
            "n_ways": len(weights),
            "ways_squared": sum(weight**2 for weight in weights),
        }

    return totals


def _labels(events: pd.DataFrame) -> Iterator[str]:
    """The session of each row, told by the row before it."""
    gap = pd.Timedelta(microseconds=GAP_US)
    for user_id, rows in events.groupby("user_id", sort=False):
        session = 0
        last = rows.iloc[0]["occurred_at"]
        for n in range(len(rows)):
            now = rows.iloc[n]["occurred_at"]
            session += now - last > gap
            last = now
            yield f"{user_id}-{session}"


def _steps(events: pd.DataFrame) -> Iterator[dict[str, object]]:
    for session, rows in events.groupby("session"):
        for index, (_, row) in enumerate(rows.sort_values("occurred_at").iterrows()):
            yield {
                "session": session,
                "step_index": index,
                "user_id": row["user_id"],
                "page": row["page"],
                "occurred_at": row["occurred_at"],
            }


def _walk(graph: nx.DiGraph, session: pd.DataFrame) -> None:
    for n in range(len(session) - 1):
        page, next_page = session.iloc[n]["page"], session.iloc[n + 1]["page"]
        if graph.has_edge(page, next_page):
            graph[page][next_page]["weight"] += 1
        else:
            graph.add_edge(page, next_page, weight=1)
