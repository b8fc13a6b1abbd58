"""One connection for all tests of the SQL; each fills it in a transaction that is rolled back."""

from collections.abc import Iterator

import duckdb
import pytest
from sql_tables import empty_tables, undone


@pytest.fixture(scope="session")
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    """All tables of `sql/`, empty, for tests that bring their own transaction."""
    with empty_tables() as con:
        yield con


@pytest.fixture
def con(tables: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """All tables of `sql/`, empty, for one test."""
    with undone(tables):
        yield tables
