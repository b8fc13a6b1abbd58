"""One database in memory for each test of friction."""

from collections.abc import Iterator

import duckdb
import pytest


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database."""
    with duckdb.connect(config={"threads": 2}) as made:
        yield made
