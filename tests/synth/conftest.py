import pytest
from synth_world import World, make_world

from journey_dagster.synth import Plan


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Large enough for every quirk and for the planted friction to show."""
    return make_world(Plan(60, 300), tmp_path_factory.mktemp("synth"))
