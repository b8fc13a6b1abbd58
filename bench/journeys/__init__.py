"""What `bench/journeys.py` measures: synthetic events, and contenders that make journeys of them.

Every contender makes the same three tables of one Parquet file with string ids, in memory. A pause
of more than thirty minutes starts another session of the user.

- sessions: user, first and last moment, steps
- ways: page, next page in the same session, times taken
- users: user, events, sessions, first and last moment

It hands back what tells whether they are the same: counts, and sums of squares for the shape.
"""

GAP_US = 30 * 60 * 1_000_000

Totals = dict[str, int]
"""n_events, n_sessions, n_ways, n_users; durations, and squares of the counts, all added up."""
