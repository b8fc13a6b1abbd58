"""The how-to of publishing works as it says."""

from pathlib import Path

import pytest
import sites
from test_docs import HOWTO, follow

from journey_dagster import users
from journey_dagster.settings import Settings
from journey_dagster.users import User


def test_the_how_to_works_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JOURNEY_HOME", str(tmp_path / "home"))
    settings = Settings()
    people = [
        User("id-1-a8f3", "synthetic-trail-runner-01", "Synthetic trail runner 01"),
        User("id-2-b7e2", "synthetic-gravel-rider-01", "Synthetic gravel rider 01"),
    ]
    sites.make(settings, people)
    users.save(settings.registry, people)
    follow(HOWTO / "publishing.md", tmp_path)
    there = tmp_path / "there"
    name = (there / "addresses").read_text().strip().split("=")[1]
    reports = {path.stem for path in (there / "www" / "data").glob("*.json")}
    assert reports == {name, "friction", "manifest", "users"}
