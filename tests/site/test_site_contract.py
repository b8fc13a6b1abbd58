"""The samples keep the contract, and the contract is strict and explained."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import page_samples
import pytest
import samples

SCHEMAS = Path(__file__).parents[2] / "journey_dagster" / "site" / "schemas"


def schema(name: str) -> dict[str, Any]:
    return json.loads((SCHEMAS / f"{name}.v1.schema.json").read_text(encoding="utf-8"))


def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema(name))


def places(value: samples.Value, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every object inside a document."""
    if isinstance(value, dict):
        yield path
        for key, child in value.items():
            yield from places(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from places(child, (*path, index))


def at(document: samples.Value, path: tuple[Any, ...]) -> samples.Value:
    for step in path:
        document = document[step]
    return document


@pytest.mark.parametrize("tier", samples.REPORTS)
def test_sample_reports_are_valid(tier: str) -> None:
    validator("report").validate(samples.REPORTS[tier]())


def test_sample_registries_are_valid() -> None:
    validator("users").validate(samples.registry())
    validator("users").validate({**samples.users(), "data_through": None})


def test_sample_pages_are_valid() -> None:
    validator("status").validate(page_samples.status())
    validator("status").validate(page_samples.empty_status())
    validator("dictionary").validate(page_samples.dictionary())


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("report", samples.t3),
        ("users", samples.registry),
        ("status", page_samples.status),
        ("dictionary", page_samples.dictionary),
    ],
)
def test_unknown_and_missing_keys_are_refused_everywhere(
    name: str, make: Callable[[], samples.Json]
) -> None:
    check = validator(name)
    shapes = {tuple(s for s in path if isinstance(s, str)): path for path in places(make())}
    for path in shapes.values():
        document = make()
        at(document, path)["surprise"] = 1
        assert not check.is_valid(document), path
        for key in list(at(make(), path)):
            document = make()
            del at(document, path)[key]
            assert not check.is_valid(document), (*path, key)


@pytest.mark.parametrize("name", ["report", "users", "status", "dictionary"])
def test_every_property_is_described_and_every_object_is_closed(name: str) -> None:
    document = schema(name)
    jsonschema_rs.meta.validate(document)
    assert document["$id"] == f"urn:journey:{name}:1"
    for path in places(document):
        node = at(document, path)
        if "properties" in node and path[-1:] != ("properties",):
            assert node["additionalProperties"] is False, path
            assert set(node["required"]) == set(node["properties"]), path
            for key, child in node["properties"].items():
                assert child.get("description"), (*path, key)


def test_samples_add_up() -> None:
    for make in (samples.t1, samples.t2, samples.t3, samples.t3_half_hour):
        report = make()
        n_events = report["evidence"]["n_events"]
        assert sum(n for _, n in report["calendar"]["days"]) == n_events
        assert sum(map(sum, report["hour_week"]["counts"])) == report["hour_week"]["n"] == n_events
        assert sum(entry["n_events"] for entry in report["sources"]) == n_events
        assert sum(entry["n_events"] for entry in report["about"]["topics"]) == n_events
