import subprocess
import sys
from collections import Counter
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synth_world import World, make_world

from journey_dagster.synth import Plan, write_topics


def _bytes(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_a_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        write_topics(Plan(9, 40, seed=seed), tmp_path / name)
    one = _bytes(tmp_path / "one")
    other = _bytes(tmp_path / "other")
    assert one == _bytes(tmp_path / "again")
    assert set(one) == {
        "robin_events.json",
        "power_user_events.ndjson.gz",
        "shop_events.csv",
        "users.json",
        "truth.json",
        "funnels.json",
    }
    assert {name for name in one if one[name] == other[name]} == {"funnels.json"}


def test_hash_seed_and_local_zone_do_not_matter(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from journey_dagster.synth import *; "
        "write_topics(Plan(8, 30), pathlib.Path(sys.argv[1]))"
    )
    for name, zone in (("1", "UTC"), ("2", "Asia/Kolkata")):
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / name)],
            check=True,
            env={"PYTHONHASHSEED": name, "TZ": zone, "LC_ALL": "C"},
        )
    assert _bytes(tmp_path / "1") == _bytes(tmp_path / "2")


@settings(max_examples=25, deadline=None)
@given(users=st.integers(1, 12), events=st.integers(1, 30), seed=st.integers(), year=st.just(2024))
def test_counts_are_exactly_as_promised(
    tmp_path_factory: pytest.TempPathFactory, users: int, events: int, seed: int, year: int
) -> None:
    world = make_world(Plan(users, events, seed, year), tmp_path_factory.mktemp("counts"))
    moments = world.moments()
    assert len(moments) == users == len(world.users) == world.topics.n_users
    assert sum(map(len, moments.values())) == users * events == world.topics.n_events
    assert len(world.magazine) + len(world.shop) == world.topics.n_records
    for user, found in moments.items():
        assert len({moment.at for moment in found}) == len(found), user


def test_two_thirds_read_and_one_third_shops(world: World) -> None:
    assert len(world.shop) / world.topics.n_events == pytest.approx(1 / 3, abs=0.06)


@pytest.mark.parametrize(
    ("users", "events", "year", "message"),
    [
        (0, 1, 2025, "users must be at least 1, not 0"),
        (1, 0, 2025, "events .* from 1 to 10000, not 0"),
        (1, 10**9, 2025, "events .* from 1 to 10000, not 1000000000"),
        (1, 1, 25, "year must be from 2000 to 2100, not 25"),
        (1, 1, 10_000, "year must be from 2000 to 2100, not 10000"),
    ],
)
def test_an_impossible_plan_is_refused(users: int, events: int, year: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Plan(users, events, year=year)


def test_the_busiest_plan_fits_into_a_year(tmp_path: Path) -> None:
    assert write_topics(Plan(2, 10_000), tmp_path).n_events == 20_000


def test_the_package_imports_nothing_heavy() -> None:
    code = (
        "import sys, journey_dagster.synth; "
        "print({'dagster', 'duckdb', 'polars', 'pandas', 'pyarrow'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout == "set()\n"


def test_the_registry_lists_everyone_and_two_of_one_name(world: World) -> None:
    ids = [user["user_id"] for user in world.users]
    assert len(set(ids)) == len(ids) == 60
    assert ids[0] == world.robin[0]["USERID"]
    assert all(set(user) == {"user_id", "display_name", "tz", "avatar"} for user in world.users)
    assert all(user["display_name"].startswith("Synthetic ") for user in world.users)
    names = Counter(user["display_name"] for user in world.users)
    assert sorted(names.values())[-2:] == [1, 2]


def test_partitions_and_offsets_are_those_of_a_broker(world: World) -> None:
    for records in (world.robin, world.power):
        offsets: dict[int, list[int]] = {}
        for record in records:
            offsets.setdefault(record["_kafka_partition"], []).append(record["_kafka_offset"])
        assert set(offsets) == {0, 1, 2, 3}
        assert all(found == list(range(len(found))) for found in offsets.values())
    for record in world.power:
        assert record["_user_id"] == record["USERID"]
        assert record["_kafka_partition"] == crc32(record["USERID"].encode()) % 4


def test_the_shop_has_a_funnel_and_title_words(world: World) -> None:
    assert list(world.shop[0]) == ["user_id", "timestamp", "page", "event", "session_id"]
    assert all(row["page"].startswith("/") for row in world.shop)
    assert {"Page View", "Click", "Add to Cart", "Checkout"} <= {row["event"] for row in world.shop}
    pages = {row["page"] for row in world.shop}
    assert {"/", "/search", "/cart", "/account", "/help", "/order/confirmation"} <= pages
    assert len({page for page in pages if page.startswith("/product/")}) > 20
