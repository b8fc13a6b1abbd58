"""Unusual days: a steady series never warns, and a halved or doubled last day always does."""

from datetime import date, timedelta

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st
from sql_tables import MODELS, bound, fill, undone

CHECK = MODELS["checks.days_are_usual"]
LEVELS = st.lists(st.integers(100, 10_000), min_size=7, max_size=7)
"""What each weekday is like; weekends may differ as they like."""


@settings(max_examples=60, deadline=None)
@given(
    levels=LEVELS,
    wobbles=st.lists(st.floats(0.97, 1.03), min_size=15, max_size=80),
    factor=st.sampled_from([0.0, 0.5, 1.0, 2.0, 10.0]),
    start=st.dates(date(1999, 1, 1), date(2030, 1, 1)),
)
def test_only_a_last_day_that_is_not_as_its_weekdays_were_warns(
    tables: duckdb.DuckDBPyConnection,
    levels: list[int],
    wobbles: list[float],
    factor: float,
    start: date,
):
    counts = [round(n * wobble) for n, wobble in zip(levels * 12, wobbles, strict=False)]
    last = len(counts) - 2  # the very last may be cut off
    counts[last] = round(counts[last] * factor)
    counts[-1] = 0
    days = [
        {
            "day": start + timedelta(no),
            "is_complete": no <= last,
            "n_events": n,
            "n_users": n,
            "n_sessions": n,
            "steps_per_session": 5 * factor if no == last else 5,
            "single_step_rate": 0.4,
            "n_noise": n,
        }
        for no, n in enumerate(counts)
    ]
    with undone(tables) as con:
        fill(con, "marts.daily_metrics", days)
        found = con.execute(CHECK.sql, bound(CHECK)).fetchall()
    counted = {"events", "users", "sessions", "noise", "steps per session"}
    assert {row[1] for row in found} == (counted if factor != 1 and last >= 14 else set())
