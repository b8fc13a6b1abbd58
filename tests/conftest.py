"""What all tests share: a home of their own, and one small demo that was run once."""

import os
import shutil
from pathlib import Path

import pytest

# Before anything reads them: no test may look at the developer's home or at Dagster's.
for name in [
    name
    for name in os.environ
    if name.startswith(("JOURNEY_", "KAFKA_", "INSIGHTS_", "OPENAI_", "AWS_"))
]:
    if name != "JOURNEY_REQUIRE_ALL":
        del os.environ[name]
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
os.environ.pop("DAGSTER_HOME", None)

from homes import PLAN  # noqa: E402

from journey_dagster import demo, runs  # noqa: E402
from journey_dagster.settings import Settings  # noqa: E402


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has a home and a Dagster of its own, in a folder that goes away."""
    monkeypatch.setenv("JOURNEY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


@pytest.fixture
def settings(own_home: None) -> Settings:
    """The settings of this test's home."""
    del own_home
    return Settings()


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the demo was run, not to be written to."""
    home = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JOURNEY_HOME", str(home))
        patch.delenv("DAGSTER_HOME", raising=False)
        there = Settings()
        list(demo.ingest(there, demo.prepare(there, PLAN)))
        summary = runs.run(there, lambda _line: None)
    assert summary.succeeded, summary
    assert not summary.warnings
    return home


@pytest.fixture
def demo_home(ran: Path, settings: Settings) -> Settings:
    """A copy of the demo's home, to do with as one likes."""
    shutil.copytree(ran, settings.home, ignore=shutil.ignore_patterns(".dagster"))
    return settings
