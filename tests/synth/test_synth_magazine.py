import re
from collections import defaultdict
from datetime import date, datetime
from typing import Any

import pytest
from synth_world import World, content

SHAPE = {
    "USERID",
    "TIMESTAMP",
    "MESSAGEID",
    "DOMAIN",
    "TITLE",
    "PAGE_TITLE",
    "URL",
    "PAGE_URL",
    "PATH",
    "TAGS",
    "AUTHORS",
    "PUBLISH_DATE",
    "CONTENT_TYPE",
    "MODULE",
    "SIGNED_IN",
    "REFERRER",
    "REFERRING_DOMAIN",
    "LOAD_TIME",
    "LOCALE",
}
BROKER = {"_kafka_partition", "_kafka_offset", "_kafka_timestamp"}


def _values(world: World, field: str) -> set[str | None]:
    return {record[field] for record in world.magazine}


def test_the_shape_is_flat_and_every_value_a_string_or_null(world: World) -> None:
    assert all(set(record) == SHAPE | BROKER for record in world.robin)
    assert all(set(record) == SHAPE | BROKER | {"USERNAME", "_user_id"} for record in world.power)
    for record in world.magazine:
        assert all(value is None or isinstance(value, str) for value in content(record).values())
        assert all(isinstance(record[name], int) for name in BROKER)


@pytest.mark.parametrize(
    ("field", "filled"),
    [
        ("USERID", 1.0),
        ("TIMESTAMP", 1.0),
        ("MESSAGEID", 1.0),
        ("DOMAIN", 0.94),
        ("TITLE", 0.98),
        ("PAGE_TITLE", 0.94),
        ("URL", 0.92),
        ("PAGE_URL", 0.94),
        ("PATH", 0.96),
        ("TAGS", 0.13),
        ("AUTHORS", 0.13),
        ("PUBLISH_DATE", 0.13),
        ("CONTENT_TYPE", 0.0),
        ("MODULE", 0.07),
        ("SIGNED_IN", 0.28),
        ("REFERRER", 0.92),
        ("REFERRING_DOMAIN", 0.0),
        ("LOAD_TIME", 0.07),
        ("LOCALE", 1.0),
    ],
)
def test_fields_are_filled_as_often_as_in_the_real_topic(
    world: World, field: str, filled: float
) -> None:
    share = sum(record[field] is not None for record in world.magazine) / len(world.magazine)
    assert share == pytest.approx(filled, abs=0.02)


def test_some_records_come_twice_and_differ_only_in_what_the_broker_adds(world: World) -> None:
    deliveries: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in world.magazine:
        deliveries[record["MESSAGEID"]].append(record)
    twice = [pair for pair in deliveries.values() if len(pair) > 1]
    assert len(twice) / len(deliveries) == pytest.approx(0.12, abs=0.02)
    for first, second in twice:
        assert content(first) == content(second)
        places = [(r["_kafka_partition"], r["_kafka_offset"]) for r in (first, second)]
        assert len(set(places)) == 2


def test_lists_are_brackets_without_quotes(world: World) -> None:
    for field in ("TAGS", "AUTHORS"):
        values = _values(world, field) - {None}
        assert all(re.fullmatch(r"\[[^\[\]\"']*\]", value or "") for value in values)
        assert any(", " in (value or "") for value in values)
    assert {"[]", None} < _values(world, "TAGS")
    assert any(", Jr." in (value or "") for value in _values(world, "AUTHORS"))


def test_the_small_oddities_are_there(world: World) -> None:
    assert _values(world, "SIGNED_IN") == {"true", "True", None}
    assert {"", None} < _values(world, "REFERRER")
    assert {"", "map", None} < _values(world, "MODULE")
    urls = " ".join(filter(None, _values(world, "URL")))
    assert all(token in urls for token in ("utm_medium=email", "_hsenc=", "_hsmi="))
    assert any(record["USERID"] in (record["PATH"] or "") for record in world.power)
    assert {"Home", "Search", "Profile"} < _values(world, "TITLE")
    domains = {value for value in _values(world, "DOMAIN") if value}
    assert len({value.lower() for value in domains}) < len(domains)
    assert any(value.endswith(".example") for value in domains)
    assert all(re.fullmatch(r"[0-9a-f]{32}", value or "") for value in _values(world, "MESSAGEID"))
    assert all(
        re.fullmatch(r"\d\.\d{6}", value or "0.000000") for value in _values(world, "LOAD_TIME")
    )


def test_file_order_is_not_time_order_and_nothing_arrives_before_it_happened(
    world: World,
) -> None:
    times = [record["TIMESTAMP"] for record in world.robin]
    assert times != sorted(times)
    for record in world.magazine:
        happened = datetime.fromisoformat(record["TIMESTAMP"]).timestamp() * 1000
        assert record["_kafka_timestamp"] > happened - 0.5


def test_publish_dates_are_english_and_before_the_reading(world: World) -> None:
    months = "January February March April May June July August September October November December"
    for record in world.magazine:
        if record["PUBLISH_DATE"]:
            month, day, year = re.fullmatch(
                r"(\w+) (\d+), (\d{4})", record["PUBLISH_DATE"]
            ).groups()  # type: ignore[union-attr]
            published = date(int(year), months.split().index(month) + 1, int(day))
            read = datetime.fromisoformat(record["TIMESTAMP"]).date()
            assert (read - published).days >= -1
