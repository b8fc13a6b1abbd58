"""What is asked over a network: the broker, models, where the site is published.

Belongs here: whether each would answer, asked in a way that reads nothing, writes nothing and costs
nothing. Does not belong here: using them.
"""

from collections.abc import Iterator

import httpx2
import pydantic
from botocore.exceptions import BotoCoreError

from journey_dagster.doctor.finding import Finding
from journey_dagster.insights.prices import UnknownPriceError, price
from journey_dagster.publishing import memory
from journey_dagster.publishing.errors import PublishError, TargetError
from journey_dagster.publishing.targets import target, told
from journey_dagster.settings import InsightsSettings, KafkaSettings, Settings
from journey_dagster.topics import TopicError, broker

SECONDS = 3
"""For an answer."""

_REFUSED = {401, 403}


def kafka() -> Iterator[Finding]:
    """Whether the broker answers and has the topics that runs read."""
    try:
        settings = KafkaSettings()
    except pydantic.ValidationError as error:
        yield _unset("kafka", "KAFKA", error)
        return
    if not settings.bootstrap_servers:
        yield Finding(
            "kafka", "well", "off: KAFKA_BOOTSTRAP_SERVERS is not set, only files are read"
        )
        return
    soon = settings.model_copy(update={"timeout_seconds": SECONDS})
    try:
        held = broker.look(soon, [choice.name for choice in settings.topics])
    except (TopicError, broker.BrokerError) as error:
        yield Finding(
            "kafka", "wrong", str(error),
            "make kafka-up for one of your own; else mend KAFKA_*, then: journey topics",
        )  # fmt: skip
        return
    yield Finding("kafka", "well", f"{settings.bootstrap_servers} answers, {len(held)} topics")


def models() -> Iterator[Finding]:
    """Whether the models could be asked: price, key, a service that answers."""
    try:
        settings = InsightsSettings()
    except pydantic.ValidationError as error:
        yield _unset("models", "INSIGHTS", error)
        return
    if not settings.enabled:
        yield Finding("models", "well", "off: template text (INSIGHTS_ENABLED)")
        return
    for each in dict.fromkeys((settings.story_model, settings.structure_model)):
        service, _, model = each.partition(":")
        try:
            price(model, settings)
        except UnknownPriceError as error:
            yield Finding("models", "wrong", str(error), f"set INSIGHTS_PRICES={model}=IN/OUT")
            continue
        yield _bedrock(each, settings) if service == "bedrock" else _openai(each, settings)


def _openai(model: str, settings: InsightsSettings) -> Finding:
    from journey_dagster.insights.openai import ADDRESS  # noqa: PLC0415  the SDK costs seconds

    key = settings.openai_api_key
    if key is None:
        return Finding(
            "models", "wrong", f"{model}: OPENAI_API_KEY is not set",
            "set OPENAI_API_KEY, or INSIGHTS_ENABLED=false",
        )  # fmt: skip
    address = settings.openai_base_url or ADDRESS
    bearer = {"Authorization": f"Bearer {key.get_secret_value()}"}
    return _knock(model, f"{address.rstrip('/')}/models", bearer, "check OPENAI_API_KEY")


def _bedrock(model: str, settings: InsightsSettings) -> Finding:
    from journey_dagster.insights import bedrock  # noqa: PLC0415  only where it is asked

    try:
        address = bedrock.address(settings)
        has_key = bedrock.has_key()
    except (BotoCoreError, ValueError) as error:
        return Finding("models", "wrong", f"{model}: {error}", "mend AWS_PROFILE and AWS_REGION")
    if not has_key:
        return Finding("models", "wrong", f"{model}: no key of AWS", bedrock.SET_KEY)
    return _knock(model, address, {}, bedrock.SET_KEY)


def _knock(model: str, address: str, headers: dict[str, str], key_cure: str) -> Finding:
    """Any answer but a refusal will do: none of these requests asks a model."""
    url = httpx2.URL(address)
    host = url.host
    try:
        answer = httpx2.get(address, headers=headers, timeout=SECONDS)
    except (httpx2.HTTPError, ValueError) as error:
        return Finding(
            "models", "wrong", f"{model}: {host} cannot be reached ({type(error).__name__})",
            f"check the network and the address: curl -sS {url.scheme}://{url.netloc.decode()}",
        )  # fmt: skip
    if headers and answer.status_code in _REFUSED:
        return Finding("models", "wrong", f"{model}: {host} does not take the key", key_cure)
    return Finding("models", "well", f"{model}: a key is set, and {host} answers")


def targets(settings: Settings) -> Iterator[Finding]:
    """Whether each place that the site is published to can be reached."""
    try:
        known = memory.load(settings.publishing).targets
    except PublishError as error:
        yield Finding("publishing", "wrong", str(error), f"edit {settings.publishing}")
        return
    places = list(dict.fromkeys(filter(None, (settings.publish_to, *known))))
    if not places:
        yield Finding("publishing", "well", "off: nothing leaves this machine (JOURNEY_PUBLISH_TO)")
    for place in places:
        try:
            target(place, settings).examine()
        except (PublishError, TargetError) as error:
            cure = (
                "mend JOURNEY_PUBLISH_TO (docs/how-to/publishing.md), or its credentials; then: "
                "journey site publish"
            )
            yield Finding("publishing", "wrong", f"{told(place)}: {error}", cure)
        else:
            yield Finding("publishing", "well", f"{told(place)} can be reached")


def _unset(what: str, prefix: str, error: pydantic.ValidationError) -> Finding:
    """A setting that is none; its value may be a secret and is not told."""
    problem = error.errors(include_input=False)[0]
    name = f"{prefix}_{'_'.join(map(str, problem['loc'])).upper().removeprefix(f'{prefix}_')}"
    return Finding(what, "wrong", f"{name}: {problem['msg']}", f"mend {name}, or unset it")
