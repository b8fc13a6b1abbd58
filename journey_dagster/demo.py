"""The demo: synthetic topics into a home of their own.

Belongs here: making the topics, taking them in, and telling a demo's home from somebody's data.
Does not belong here: synthesis (`synth`), the run that follows (`runs`).
"""

import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from pydantic import SecretStr

from journey_dagster import users, warehouse
from journey_dagster.analysts_copy import dated
from journey_dagster.instance import open_instance, sync_partitions
from journey_dagster.settings import InsightsSettings, Settings
from journey_dagster.standin.honest import honest
from journey_dagster.standin.server import standin
from journey_dagster.synth import Plan, Topics, write_topics
from journey_dagster.topics import TopicError
from journey_dagster.topics.exports import ingest_file, layout_of
from journey_dagster.topics.files import Format
from journey_dagster.topics.load import Receipt

MODEL = "demo-stand-in"
"""What a demo's texts say wrote them."""


def prepare(settings: Settings, plan: Plan) -> Topics:
    """Write the topics of a plan; a demo of another plan is cleared away first.

    Raises:
        TopicError: the home holds data that is no demo's.
    """
    synth = settings.home / "synth"
    wanted = msgspec.json.encode(plan)
    mark = synth / "plan.json"
    if not mark.is_file():
        _refuse_others_data(settings)
    elif mark.read_bytes() != wanted:
        _refuse_more_than_demo(settings, synth)
        _clear(settings)
    topics = write_topics(plan, synth)
    mark.write_bytes(wanted)
    return topics


def ingest(settings: Settings, topics: Topics) -> Iterator[Receipt]:
    """Take in the three topics and register their users.

    Raises:
        TopicError: a topic cannot be taken.
    """
    registered = users.load(settings.registry)
    for entry in users.read_entries(topics.users):
        registered, _ = users.add(registered, entry)
    users.save(settings.registry, registered)
    if not settings.funnels.exists():
        shutil.copyfile(topics.funnels, settings.funnels)
    with warehouse.connect(settings.database, memory_limit=settings.memory_limit) as con:
        formats: dict[Path, Format] = {
            topics.robin_events: "ksql",
            topics.power_user_events: "ksql",
            topics.shop_events: "csv",
        }
        for path, format_ in formats.items():
            layout = layout_of(path, format_)
            yield ingest_file(con, settings, path, layout, datetime.now(UTC))


@contextmanager
def models() -> Generator[InsightsSettings]:
    """Settings that ask a stand-in on this machine, which words facts by rule and costs nothing."""
    with standin(honest) as server:
        yield InsightsSettings(
            enabled=True,
            story_model=f"openai:{MODEL}",
            structure_model=f"openai:{MODEL}",
            prices={MODEL: (0, 0)},
            openai_api_key=SecretStr("none"),
            openai_base_url=server.openai_url,
        )


def _refuse_others_data(settings: Settings) -> None:
    if settings.registry.exists() or any(settings.raw.glob("*/*")):
        raise TopicError(
            f"{settings.home} holds topics or users of your own. Give the demo a home: "
            "JOURNEY_HOME=/some/empty/folder journey demo"
        )


def _refuse_more_than_demo(settings: Settings, synth: Path) -> None:
    names = {path.name.split(".")[0].replace("_", "-") for path in synth.iterdir()}
    for folder in settings.raw.glob("*/[!.]*"):
        if folder.name.rsplit("-", 1)[0] not in names:
            raise TopicError(
                f"{folder} is no topic of the demo, and a demo of another size clears its home. "
                "Give it one: JOURNEY_HOME=/some/empty/folder journey demo"
            )


def _clear(settings: Settings) -> None:
    """Remove what an earlier demo made."""
    for folder in (settings.raw, settings.site, settings.home / "synth"):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (
        settings.database, settings.analytics, settings.registry, settings.funnels, settings.ledger
    ):  # fmt: skip
        for ending in ("", ".wal", "-wal", "-shm"):
            file.with_name(file.name + ending).unlink(missing_ok=True)
    for copy in dated(settings.analytics):
        copy.unlink(missing_ok=True)
    with open_instance(settings) as instance:
        sync_partitions(instance, [], remove=True)
