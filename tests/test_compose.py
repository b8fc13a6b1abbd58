"""The broker of compose.yaml is the one of scripts/kafka.py, and is for this machine alone."""

import importlib.util
import re

import pytest
import yaml

from journey_dagster.settings import ROOT

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
BROKER = COMPOSE["services"]["kafka"]


@pytest.fixture(scope="module")
def script():
    loaded = importlib.util.spec_from_file_location("kafka_script", ROOT / "scripts" / "kafka.py")
    module = importlib.util.module_from_spec(loaded)
    loaded.loader.exec_module(module)
    return module


def test_every_image_is_pinned_to_a_version():
    images = [service["image"] for service in COMPOSE["services"].values()]
    assert images
    assert all(re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+", image) for image in images)


def test_nothing_is_published_beyond_this_machine():
    ports = [port for service in COMPOSE["services"].values() for port in service["ports"]]
    assert ports
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports)


def test_it_is_the_same_kafka_at_the_same_address(script):
    assert BROKER["image"] == f"apache/kafka:{script.VERSION}"
    assert BROKER["ports"] == [f"{script.HOST}:{script.PORT}:9092"]
    advertised = BROKER["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert advertised == f"PLAINTEXT://{script.HOST}:{script.PORT}"


def test_it_has_the_same_settings(script):
    given = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in BROKER["environment"].items()
    }
    assert script.SETTINGS.items() <= given.items()


def test_it_says_when_it_serves():
    assert "127.0.0.1:9092" in BROKER["healthcheck"]["test"]
