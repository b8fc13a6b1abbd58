"""Commands that make something: demo, synth, run."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from journey_dagster import demo as demos
from journey_dagster import runs, stages, terminal, users
from journey_dagster.cli import ask
from journey_dagster.runs import to_stderr
from journey_dagster.settings import InsightsSettings, Settings
from journey_dagster.synth import Plan, write_topics

Users = Annotated[int, typer.Option("--users", min=1, help="Users in all topics together.")]
Events = Annotated[int, typer.Option(min=1, help="Distinct events per user, on average.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same bytes.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(demo)
    app.command()(synth)
    app.command()(run)


def demo(n_users: Users = 24, events: Events = 400, seed: Seed = 7) -> None:
    """Synthetic topics, everything computed, a local site: offline and without secrets."""
    settings = Settings()
    start = time.monotonic()
    plan = _plan(n_users, events, seed)
    to_stderr(f"demo: {n_users} synthetic users, {n_users * events:,} events")
    topics = demos.prepare(settings, plan)
    for receipt in demos.ingest(settings, topics):
        to_stderr(f"  {terminal.receipt(receipt)}")
    to_stderr("demo: computing the warehouse, the reports and the site")
    with demos.models() as models:
        summary = runs.run(settings, to_stderr, insights=models)
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


def run(
    user: Annotated[
        list[str] | None, typer.Option(help="Slug of a user whose report to make; repeatable.")
    ] = None,
    stage: Annotated[
        stages.Stage | None,
        typer.Option(help="Only this stage, from the tables of the earlier ones as they stand."),
    ] = None,
    skip_llm: Annotated[
        bool, typer.Option("--skip-llm", help="Ask no model; all text is template text.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only say which models would be asked, and for how much."),
    ] = False,
) -> None:
    """Compute the warehouse, the reports of registered users, the site and the analysts' copy."""
    settings = Settings()
    insights = InsightsSettings()
    if skip_llm:
        insights = insights.model_copy(update={"enabled": False})
    if dry_run:
        ask.show_plan(settings, insights, user or [])
        return
    if stage:
        if user:
            raise typer.BadParameter("--user is for reports, and no stage makes them")
        _run_stage(settings, stage)
        return
    summary = runs.run(settings, to_stderr, user or [], insights)
    _finish(summary)
    to_stderr(f"done in {summary.seconds:.0f} s: {settings.site}, {settings.analytics}")


_EXPORT = "export friction --dir friction"


def _run_stage(settings: Settings, stage: stages.Stage) -> None:
    summary = runs.run_stage(settings, to_stderr, stage)
    _finish(summary)
    following = stages.after(stage)
    to_stderr(f"{stage} done in {summary.seconds:.0f} s")
    to_stderr(f"next: journey {f'run --stage {following}' if following else _EXPORT}")


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
