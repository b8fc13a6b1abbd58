from pathlib import Path

import pytest
from topic_files import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home of the test's own."""
    return Home(tmp_path / "home")
