"""Nothing is lost and nothing is there twice, whenever the process that reads is killed."""

import os
import random

import pytest
from crashes import crash
from mutants import MUTANTS

KILLS, SECONDS = (200, 300) if os.environ.get("JOURNEY_REQUIRE_ALL") else (40, 60)


def seed() -> int:
    """A seed that is told, and that pytest's --randomly-seed repeats with all others."""
    return random.randrange(1, 10**6)  # noqa: S311


def test_a_kill_at_any_instant_costs_nothing(capsys: pytest.CaptureFixture[str]):
    tally = crash(kills=KILLS, seconds=SECONDS, seed=seed())
    with capsys.disabled():
        print(f"\n{tally}")  # noqa: T201
    assert not tally.violations, str(tally)
    assert tally.kills > 5
    assert tally.sent["poison"]
    assert tally.sent["tombstone"]


@pytest.mark.kafka
def test_nor_does_one_where_the_broker_is_a_real_one(
    able: None, capsys: pytest.CaptureFixture[str]
):
    del able
    tally = crash(kills=KILLS // 4, seconds=SECONDS / 3, seed=seed(), real=True)
    with capsys.disabled():
        print(f"\n{tally}")  # noqa: T201
    assert not tally.violations, str(tally)
    assert tally.kills > 2


@pytest.mark.parametrize("name", MUTANTS)
def test_a_bug_sown_on_purpose_is_found(name: str):
    tally = crash(kills=30, seconds=120, seed=seed(), mutant=name)
    assert tally.violations, str(tally)
