"""Settings: documented, checked, and the only way to move things."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from journey_dagster.instance import dagster_home
from journey_dagster.models import every_model
from journey_dagster.settings import ROOT, InsightsSettings, Settings


def test_the_example_names_every_setting_with_its_default():
    text = (ROOT / ".env.example").read_text()
    named = dict(re.findall(r"^#?JOURNEY_([A-Z_]+)=(.*)$", text, re.MULTILINE))
    fields = Settings.model_fields
    assert {name.lower() for name in named} == set(fields)
    told = Settings.model_validate(
        {name.lower(): value for name, value in named.items() if name != "HOME"}
    )
    for name, field in fields.items():
        if name != "home":
            assert getattr(told, name) == field.default, name


def test_the_example_names_every_setting_of_insights_with_its_default():
    text = (ROOT / ".env.example").read_text()
    found = re.findall(r"^#((?:INSIGHTS|OPENAI|AWS)_[A-Z_]+)=(.*)$", text, re.MULTILINE)
    named = dict(found)
    fields = {
        field.validation_alias.choices[0]
        if field.validation_alias
        else f"INSIGHTS_{name.upper()}": (field.get_default(call_default_factory=True))
        for name, field in InsightsSettings.model_fields.items()
    }
    assert len(found) == len(named)
    assert set(named) == set(fields)
    for name, value in named.items():
        default = fields[name]
        told = str(default).lower() if isinstance(default, bool) else str(default)
        assert value == ("" if default is None or default == {} else told), name


@pytest.mark.parametrize("kind", [Settings, InsightsSettings])
def test_every_setting_says_what_it_means(kind: type[BaseSettings]):
    assert all(field.description for field in kind.model_fields.values())


def test_every_parameter_of_the_sql_is_a_setting():
    known = {*Settings().sql_parameters(), "users"}
    for model in every_model():
        assert model.parameters <= known, model.name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEFAULT_TIMEZONE", "CET+1"),
        ("SESSION_GAP_MINUTES", "0"),
        ("EARLIEST_EVENT", "yesterday"),
    ],
)
def test_a_wrong_value_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(f"JOURNEY_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


def test_moving_the_home_moves_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("JOURNEY_HOME", str(tmp_path / "elsewhere"))
    moved = Settings()
    paths = (moved.database, moved.analytics, moved.raw, moved.registry, moved.site)
    assert all(path.is_relative_to(tmp_path / "elsewhere") for path in paths)
    assert dagster_home(moved) == tmp_path / "elsewhere" / ".dagster"
    assert ".dagster/" not in (dagster_home(moved) / "dagster.yaml").read_text().replace(
        str(tmp_path / "elsewhere" / ".dagster/"), ""
    )
