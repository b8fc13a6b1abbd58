"""The commands about models: what is printed, what it costs, and mistakes of whoever types them."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from homes import journey
from typer.testing import CliRunner, Result

from journey_dagster.cli import app
from journey_dagster.runs import Summary
from journey_dagster.settings import InsightsSettings, Settings
from journey_dagster.standin.faults import FAULTS
from journey_dagster.standin.honest import honest
from journey_dagster.standin.server import Server, standin


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with standin(honest) as found:
        monkeypatch.setenv("INSIGHTS_ENABLED", "true")
        monkeypatch.setenv("INSIGHTS_STORY_MODEL", "openai:a")
        monkeypatch.setenv("INSIGHTS_STRUCTURE_MODEL", "openai:b")
        monkeypatch.setenv("INSIGHTS_PRICES", "a=1/5,b=0.05/0.4")
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        monkeypatch.setenv("OPENAI_BASE_URL", found.openai_url)
        yield found


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "200"})


def slug_of(home: Settings, tier: str) -> str:
    with duckdb.connect(home.database, read_only=True) as con:
        return con.execute(
            "select min(slug) from core.users join marts.user_summary using (user_id) "
            "where evidence_tier = $tier and slug is not null", {"tier": tier}
        ).fetchall()[0][0]  # fmt: skip


def test_a_dry_run_asks_nobody_and_says_what_a_run_would(demo_home: Settings, server: Server):
    found = run("run", "--dry-run")
    assert found.exit_code == 0, found.output
    rows = [line.split() for line in found.stdout.splitlines()]
    by_part = {row[0]: row for row in rows}
    assert {"narrative", "recent", "interests", "charts", "all"} <= set(by_part)
    assert int(by_part["all"][1]) == sum(
        int(by_part[part][2]) for part in ("narrative", "recent", "interests", "charts")
    )
    assert by_part["all"][-1].startswith("$")
    assert float(by_part["all"][-1][1:]) > 0
    assert server.requests == []
    assert not demo_home.ledger.exists() or demo_home.ledger.stat().st_size


def test_a_dry_run_with_models_off_says_how_to_switch_them_on(demo_home: Settings):
    assert demo_home.database.exists()
    found = run("run", "--dry-run")
    assert found.exit_code == 0
    assert "INSIGHTS_ENABLED=true" in found.stderr


@pytest.mark.parametrize(("words", "asks"), [((), True), (("--skip-llm",), False)])
def test_a_run_asks_models_unless_it_is_told_not_to(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], *, asks: bool
):
    given: list[InsightsSettings] = []

    def remember(_settings: Settings, _narrate: object, _slugs: object, insights: InsightsSettings):
        given.append(insights)
        return Summary()

    monkeypatch.setenv("INSIGHTS_ENABLED", "true")
    monkeypatch.setattr("journey_dagster.runs.run", remember)
    assert run("run", *words).exit_code == 0
    assert [insights.enabled for insights in given] == [asks]


def test_two_models_stand_side_by_side(demo_home: Settings, server: Server):
    slug = slug_of(demo_home, "T3")
    words = ("insights", "compare", "--user", slug, "--model", "openai:a", "--model", "openai:b")
    found = run(*words, "--json")
    assert found.exit_code == 0, found.output
    compared = json.loads(found.stdout)
    assert {one["model"] for one in compared} == {"openai:a", "openai:b"}
    n_asked = len(server.asked)
    assert n_asked == len(compared) >= 6
    for one in compared:
        assert one["groundedness"] == 1
        assert one["n_words"] > 3
        assert one["seconds"] > 0
        assert one["micro_usd"] > 0
        assert "{" not in one["text"]
    again = run(*words)
    assert again.exit_code == 0
    assert "cached" in again.stdout
    assert len(server.asked) == n_asked


def test_a_comparison_says_what_went_wrong(demo_home: Settings, server: Server):
    server.behaviour = FAULTS["wrong key"]
    found = run("insights", "compare", "--user", slug_of(demo_home, "T3"))
    assert found.exit_code == 1
    assert "does not take the key" in found.stdout


def test_too_little_data_is_no_question(demo_home: Settings, server: Server):
    found = run("insights", "compare", "--user", slug_of(demo_home, "T1"))
    assert found.exit_code == 1
    assert "too little data" in found.stderr
    assert server.requests == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("insights", "compare", "--user", "nobody-here"), "no registered user has the slug"),
        (("run", "--dry-run", "--user", "nobody-here"), "no registered user has the slug"),
    ],
)
def test_mistakes_end_in_one_line(ran: Path, words: tuple[str, ...], told: str):
    found = journey(*words, home=ran, INSIGHTS_ENABLED="true")
    assert found.returncode == 2
    assert told in found.stderr
    assert "Traceback" not in found.stderr


def test_an_unknown_price_and_missing_facts_are_told(ran: Path, tmp_path: Path):
    found = journey(
        "run", "--dry-run", home=ran, INSIGHTS_ENABLED="true", INSIGHTS_STORY_MODEL="openai:new"
    )
    assert found.returncode == 2
    assert "INSIGHTS_PRICES=new=" in found.stderr
    home = tmp_path / "empty"
    assert journey("users", "add", "synthetic-1", home=home).returncode == 0
    duckdb.connect(home / "journey.duckdb").close()
    found = journey("run", "--dry-run", home=home, INSIGHTS_ENABLED="true")
    assert found.returncode == 2
    assert "journey run --skip-llm" in found.stderr


def test_a_setting_that_cannot_be_is_named(ran: Path):
    found = journey("run", "--dry-run", home=ran, INSIGHTS_PRICES="mine=cheap")
    assert found.returncode == 2
    assert "INSIGHTS_PRICES" in found.stderr
    assert "0.05/0.40" in found.stderr
