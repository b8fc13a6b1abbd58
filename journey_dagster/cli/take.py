"""Commands that take topics in, and the one that looks at them: ingest, topics."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from journey_dagster import terminal, warehouse
from journey_dagster.runs import to_stderr
from journey_dagster.settings import Format, KafkaSettings, Settings, TopicChoice
from journey_dagster.topics import TopicError, broker, kafka
from journey_dagster.topics.exports import files_in, ingest_file, layout_of
from journey_dagster.topics.files import Dedup
from journey_dagster.topics.load import Receipt

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Topics = Annotated[
    list[str] | None,
    typer.Option(
        "--topic", help="NAME[:FORMAT][=USER_ID]; repeatable; by default those of KAFKA_TOPICS."
    ),
]


def commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    ingest = typer.Typer(help="Take in raw topics.", no_args_is_help=True)
    ingest.command("kafka")(ingest_kafka)
    ingest.command("file")(ingest_files)
    app.add_typer(ingest, name="ingest")
    app.command()(topics)


def ingest_files(  # noqa: PLR0913, PLR0917  one parameter per option
    paths: Annotated[
        list[Path], typer.Argument(help="Export files, or folders of them; gzip, zip are known.")
    ],
    format_: Annotated[Format, typer.Option("--format", help="Shape of the records.")],
    timezone: Annotated[
        str | None,
        typer.Option(help="IANA zone of times that state none, or of a Mixpanel project."),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="csv, json: CANONICAL=FIELD, such as user_id=visitor; repeatable."
        ),
    ] = None,
    dedup: Annotated[
        Dedup, typer.Option(help="mixpanel: one id is one event at a moment, or all through a day.")
    ] = "exact",
    intraday: Annotated[
        bool, typer.Option("--intraday", help="ga4: stands until the day's final table arrives.")
    ] = False,
    json: Json = False,
) -> None:
    """Take in export files of an analytics product, csv, json or a ksql topic dump."""
    pairs = [pair.partition("=") for pair in mapping or []]
    if wrong := next(("".join(pair) for pair in pairs if not pair[0] or not pair[2]), None):
        raise typer.BadParameter(f"--map {wrong}: write CANONICAL=FIELD, such as user_id=visitor")
    settings = Settings()
    found = files_in(paths)
    for path in found:
        layout = layout_of(
            path,
            format_,
            timezone=timezone,
            mapping={name: column for name, _, column in pairs},
            dedup=dedup,
            is_provisional=intraday,
        )
        with warehouse.connect(settings.database, memory_limit=settings.memory_limit) as con:
            _tell(ingest_file(con, settings, path, layout, datetime.now(UTC)), json=json)
    if not json:
        to_stderr("next: journey run")


def ingest_kafka(
    topic: Topics = None,
    from_beginning: Annotated[
        bool,
        typer.Option(
            "--from-beginning", help="Read all that the broker holds once more; nothing is doubled."
        ),
    ] = False,
    accept_gap: Annotated[
        bool,
        typer.Option(
            "--accept-gap",
            help="Go on past what the broker lost, or with a topic made anew; it stays on record.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Read topics of the broker at KAFKA_BOOTSTRAP_SERVERS to the ends they have now."""
    settings, configured = Settings(), KafkaSettings()
    choices = _choices(topic, configured)
    if not choices:
        raise TopicError("no topic is named. Say --topic NAME, or set KAFKA_TOPICS")
    with (
        warehouse.connect(settings.database, memory_limit=settings.memory_limit) as con,
        _bar() as progress,
    ):
        try:
            receipts = kafka.ingest(
                con, settings, configured, choices, datetime.now(UTC),
                from_beginning=from_beginning, accept_gap=accept_gap, progress=progress,
            )  # fmt: skip
        except kafka.GapError as gap:
            for receipt in gap.receipts:
                _tell(receipt, json=json)
            raise
        states = kafka.states(con)
    for receipt in receipts:
        _tell(receipt, json=json)
        if receipt.n_quarantined and not receipt.n_accepted:
            to_stderr(
                f"{receipt.topic}: none could be read. If its shape was told wrong, state it: "
                "--topic NAME:FORMAT --from-beginning"
            )
    if not json:
        labels = {receipt.topic for receipt in receipts}
        state = kafka.worst(one for one in states if one.topic in labels)
        to_stderr(f"{state}{_TOLD.get(state, '')}")
        to_stderr("next: journey run")


_TOLD = {"still replaying": ": more arrived while this ran; run it again to read on"}


def topics(topic: Topics = None, json: Json = False) -> None:
    """What the broker holds and how far it is here; nothing is consumed."""
    settings, configured = Settings(), KafkaSettings()
    held = broker.look(configured, [one.name for one in _choices(topic, configured)])
    stands: dict[str, kafka.Standing | None] = {}
    if settings.database.exists():
        with warehouse.connect(settings.database, read_only=True) as con:
            stands = {one.name: kafka.standing(con, settings.raw, one.name) for one in held}
    rows: list[dict[str, Any]] = []
    for one in held:
        stand = stands.get(one.name)
        for n, extent in one.partitions.items():
            here = stand.next_offsets.get(n) if stand else None
            rows.append(
                {
                    "topic": one.name,
                    "partition": n,
                    "low_offset": extent.low,
                    "end_offset": extent.end,
                    "n_held": extent.end - extent.low,
                    "next_offset": here,
                    "lag": extent.end - max(here or 0, extent.low),
                }
            )
    print(msgspec.json.encode(rows).decode() if json else terminal.topics(rows))  # noqa: T201


def _choices(given: list[str] | None, configured: KafkaSettings) -> list[TopicChoice]:
    """The topics asked for, or those configured; what is configured of one holds for it."""
    if not given:
        return list(configured.topics)
    known = {choice.name: choice for choice in configured.topics}
    try:
        asked = [TopicChoice.parse(one) for one in given]
    except ValueError as error:
        raise typer.BadParameter(f"--topic: {error}") from error
    return [
        TopicChoice(
            one.name,
            one.user_id or (known[one.name].user_id if one.name in known else None),
            one.format or (known[one.name].format if one.name in known else None),
        )
        for one in asked
    ]


@contextmanager
def _bar() -> Generator[kafka.Progress]:
    """A bar on a terminal; nothing where nobody looks."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("reading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.speed:,.0f}/s", justify="right"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("reading", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield show


def _tell(receipt: Receipt, *, json: bool) -> None:
    if not json:
        print(terminal.receipt(receipt))  # noqa: T201  stdout is data
        return
    shown = {
        "topic": receipt.topic,
        "is_new": receipt.is_new,
        "n_consumed": receipt.n_consumed,
        "n_accepted": receipt.n_accepted,
        "n_kept": receipt.n_kept,
        "n_late": receipt.n_late,
        "n_duplicates": receipt.n_duplicates,
        "n_superseded": receipt.n_superseded,
        "n_tombstones": receipt.n_tombstones,
        "n_erased": receipt.n_erased,
        "n_quarantined": receipt.n_quarantined,
        "quarantined": receipt.quarantined,
    }
    print(msgspec.json.encode(shown).decode())  # noqa: T201
