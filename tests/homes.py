"""Homes for tests: the demo they share, the program run in one, what a warehouse holds."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb

from journey_dagster.synth import Plan

PLAN = Plan(users=24, events=60)
"""The demo that all tests read."""

PROGRAM = [sys.executable, "-c", "from journey_dagster.cli import main; main()"]


def journey(*words: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a person would, from a folder that is not the project's."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    return subprocess.run(
        [*PROGRAM, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=home.parent,
        env={**kept, "JOURNEY_HOME": str(home), **environment},
    )


def row_hashes(database: Path, skip: frozenset[str] = frozenset()) -> dict[str, tuple[int, int]]:
    """Rows and an order-independent hash of them, by table."""
    with duckdb.connect(database, read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        tables = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where database_name = current_database()"
        ).fetchall()
        return {
            name: con.execute(
                f"select count(*), coalesce(sum(hash(t)::hugeint), 0) from {name} as t"
            ).fetchone()
            for (name,) in tables
            if name not in skip
        }
