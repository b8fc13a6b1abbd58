"""The how-to of Kafka works as it says, against a real broker."""

from pathlib import Path

import pytest
from broker import Broker
from homes import journey
from test_docs import HOWTO, follow, settings_in

pytestmark = pytest.mark.kafka

PAGE = HOWTO / "kafka.md"
SECURE = [told for told in settings_in(PAGE) if "KAFKA_TOPICS" not in told]


def test_the_how_to_works_as_it_says(broker: Broker, tmp_path: Path):
    follow(PAGE, tmp_path, {"127.0.0.1:9092": broker.bootstrap})


@pytest.mark.parametrize(
    ("name", "protocol", "told"),
    [
        ("api-key", "SASL_SSL", SECURE[0]),
        ("scram", "SASL_SSL", SECURE[1]),
        ("certificate", "SSL", SECURE[2]),
    ],
)
def test_the_settings_reach_a_broker_that_asks_for_more(
    broker: Broker, tmp_path: Path, name: str, protocol: str, told: dict[str, str]
):
    topic = broker.create(f"howto-{name}")
    here = {
        setting: value.replace("tls/", f"{broker.certificates}/") for setting, value in told.items()
    } | {
        "KAFKA_BOOTSTRAP_SERVERS": broker.listeners[protocol],
        "KAFKA_SSL_CA_LOCATION": str(broker.certificates / "ca.pem"),
        "KAFKA_TIMEOUT_SECONDS": "10",
    }
    done = journey("topics", "--topic", topic, "--json", home=tmp_path / "home", **here)
    assert (done.returncode, done.stderr) == (0, "")
    assert topic in done.stdout
