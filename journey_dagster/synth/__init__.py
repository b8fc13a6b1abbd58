"""Synthetic topics with known truth: what the tests, the demo and the benchmarks read.

Here belongs whatever invents people, their visits and the files they leave, and the record of
what was planted (`truth.json`). Reading topics, and judging what the warehouse finds in them,
belong elsewhere; nothing here knows Dagster or DuckDB.

The concept: everything follows from a `Plan`. Each user has named random streams of their own, so
one user's data can be made, written and forgotten before the next user's.
"""

from journey_dagster.synth.files import Topics, write_topics
from journey_dagster.synth.plan import Plan

__all__ = ["Plan", "Topics", "write_topics"]
