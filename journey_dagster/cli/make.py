"""Commands that make something: synth, ingest, run, demo."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from journey_dagster import demo as demos
from journey_dagster import runs, users, warehouse
from journey_dagster.runs import to_stderr
from journey_dagster.settings import Settings
from journey_dagster.synth import Plan, write_topics
from journey_dagster.topics.files import Format
from journey_dagster.topics.load import Receipt, ingest_file, layout_of

Users = Annotated[int, typer.Option("--users", min=1, help="Users in all topics together.")]
Events = Annotated[int, typer.Option(min=1, help="Distinct events per user, on average.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same bytes.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    ingest = typer.Typer(help="Take in raw topics.", no_args_is_help=True)
    ingest.command("file")(ingest_one)
    app.command()(demo)
    app.command()(synth)
    app.add_typer(ingest, name="ingest")
    app.command()(run)


def demo(n_users: Users = 24, events: Events = 400, seed: Seed = 7) -> None:
    """Synthetic topics, everything computed, a local site: offline and without secrets."""
    settings = Settings()
    start = time.monotonic()
    plan = _plan(n_users, events, seed)
    to_stderr(f"demo: {n_users} synthetic users, {n_users * events:,} events")
    topics = demos.prepare(settings, plan)
    for receipt in demos.ingest(settings, topics):
        to_stderr(f"  {_line(receipt)}")
    to_stderr("demo: computing the warehouse, the reports and the site")
    summary = runs.run(settings, to_stderr)
    _finish(summary)
    slug = users.load(settings.registry)[0].slug
    program = Path(sys.argv[0])
    here = program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program
    to_stderr(
        f"done in {time.monotonic() - start:.0f} s. Look at it:\n"
        f"  {here} site serve                  the site, {settings.site}\n"
        f"  {here} report show {slug}\n"
        f'  {here} sql "from marts.friction"   the analysts\' copy\n'
        "  make dev                                    the graph in the Dagster UI"
    )


def synth(
    out: Annotated[Path, typer.Argument(help="Folder to write to.")],
    n_users: Users = 24,
    events: Events = 400,
    seed: Seed = 7,
) -> None:
    """Write synthetic topics and the truth that is planted in them."""
    topics = write_topics(_plan(n_users, events, seed), out)
    for path in (
        topics.robin_events,
        topics.power_user_events,
        topics.shop_events,
        topics.users,
        topics.truth,
    ):
        print(path)  # noqa: T201  stdout is data


def _plan(n_users: int, events: int, seed: int) -> Plan:
    try:
        return Plan(users=n_users, events=events, seed=seed)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def ingest_one(
    path: Annotated[Path, typer.Argument(help="The export file; gzip is recognised.")],
    format_: Annotated[Format, typer.Option("--format", help="Shape of its records.")],
    timezone: Annotated[
        str | None, typer.Option(help="IANA zone of times that state none, such as Europe/Berlin.")
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", help="csv: CANONICAL=COLUMN, such as user_id=visitor; repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """Take in one file: csv (user_id, timestamp, page, event, session_id) or a ksql topic dump."""
    pairs = [pair.partition("=") for pair in mapping or []]
    if wrong := next(("".join(pair) for pair in pairs if not pair[0] or not pair[2]), None):
        raise typer.BadParameter(f"--map {wrong}: write CANONICAL=COLUMN, such as user_id=visitor")
    settings = Settings()
    layout = layout_of(
        path, format_, timezone=timezone, mapping={name: column for name, _, column in pairs}
    )
    with warehouse.connect(settings.database, memory_limit=settings.memory_limit) as con:
        receipt = ingest_file(con, settings.raw, path, layout, datetime.now(UTC))
    if json:
        shown = {
            "topic": receipt.topic,
            "is_new": receipt.is_new,
            "n_consumed": receipt.n_consumed,
            "n_accepted": receipt.n_accepted,
            "n_quarantined": receipt.n_quarantined,
            "quarantined": receipt.quarantined,
        }
        print(msgspec.json.encode(shown).decode())  # noqa: T201
    else:
        print(_line(receipt))  # noqa: T201
        to_stderr("next: journey run")


def _line(receipt: Receipt) -> str:
    """A receipt in a line; its sums add up."""
    reasons = ", ".join(f"{reason} {n:,}" for reason, n in receipt.quarantined.items())
    return (
        f"{receipt.topic}: {receipt.n_consumed:,} records = {receipt.n_accepted:,} accepted + "
        f"{receipt.n_quarantined:,} quarantined" + (f" ({reasons})" if reasons else "")
        + ("" if receipt.is_new else "; known already, nothing changed")
    )  # fmt: skip


def run(
    user: Annotated[
        list[str] | None, typer.Option(help="Slug of a user whose report to make; repeatable.")
    ] = None,
) -> None:
    """Compute the warehouse, the reports of registered users, the site and the analysts' copy."""
    settings = Settings()
    summary = runs.run(settings, to_stderr, user or [])
    _finish(summary)
    to_stderr(f"done in {summary.seconds:.0f} s: {settings.site}, {settings.analytics}")


def _finish(summary: runs.Summary) -> None:
    """Say what failed, and end with the exit code that says so."""
    passed = summary.n_checks - len(summary.failed_checks) - len(summary.warnings)
    to_stderr(f"checks: {passed} of {summary.n_checks} passed")
    for told in summary.warnings:
        to_stderr(f"  warning  {told}")
    for told in summary.failed_checks:
        to_stderr(f"  failed   {told}")
    for told in summary.failures:
        to_stderr(f"  stopped  {told}")
    if summary.failed_checks:
        raise typer.Exit(4)
    if not summary.succeeded:
        to_stderr(f"run {', '.join(summary.run_ids)} failed; see it with: make dev")
        raise typer.Exit(1)
