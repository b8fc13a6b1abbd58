"""docs/how-to/analysts.md works as it says."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from test_docs import HOWTO, follow


def test_the_how_to_works_as_it_says(ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copytree(ran, tmp_path / "home", ignore=shutil.ignore_patterns(".dagster", "raw"))
    programs = Path(sys.executable).parent  # DuckDB's shell is installed there
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{programs}")
    follow(HOWTO / "analysts.md", tmp_path)
