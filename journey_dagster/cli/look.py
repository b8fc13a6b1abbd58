"""Commands that look at what there is: report, site, status, doctor."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from journey_dagster import doctor as doctors
from journey_dagster import status as states
from journey_dagster import terminal, warehouse
from journey_dagster.cli import publish
from journey_dagster.everyone import make_reports
from journey_dagster.instance import dagster_home, open_instance
from journey_dagster.runs import to_stderr
from journey_dagster.settings import InsightsSettings, Settings
from journey_dagster.site import report_path
from journey_dagster.site.serve import serve
from journey_dagster.site.single import file_name, single_file
from journey_dagster.users import by_slug, load

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    report = typer.Typer(help="A user's report.", no_args_is_help=True)
    report.command("show")(show)
    report.command("build")(build)
    site = typer.Typer(help="The published site.", no_args_is_help=True)
    site.command("serve")(serve_site)
    site.command("export")(export_page)
    publish.commands(site)
    app.add_typer(report, name="report")
    app.add_typer(site, name="site")
    app.command()(status)
    app.command()(doctor)
    app.command("dagster-home")(print_dagster_home)


def show(
    slug: Annotated[str, typer.Argument(help="Slug of the user.")], json: Json = False
) -> None:
    """Print a report: the numbers, the story, the year."""
    settings = Settings()
    user = by_slug(load(settings.registry), [slug])[0]
    path = report_path(settings.site, user.slug)
    if not path.is_file():
        to_stderr(
            f"{slug} has no report yet, or it is withheld. Make it: journey run --user {slug}"
        )
        raise typer.Exit(1)
    text = path.read_bytes()
    print(text.decode() if json else terminal.report(msgspec.json.decode(text)))  # noqa: T201


def build(
    user: Annotated[
        list[str] | None, typer.Option(help="Slug of a user; repeatable; by default everybody.")
    ] = None,
) -> None:
    """Make reports from the warehouse as it stands, without Dagster; no model is asked."""
    settings = Settings()
    registered = load(settings.registry)
    chosen = by_slug(registered, user) if user else registered
    found = Counter[str]()
    with warehouse.connect(settings.database, memory_limit=settings.memory_limit) as con:
        _, outcomes = make_reports(con, settings, InsightsSettings(), chosen, registered)
    for outcome in outcomes:
        found[outcome.status] += 1
        if outcome.status == "withheld":
            to_stderr(f"  withheld  {outcome.user.slug}: {outcome.reason}")
    to_stderr(f"reports: {', '.join(f'{n:,} {status}' for status, n in found.most_common())}")
    if found["withheld"]:
        raise typer.Exit(4)


def serve_site(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = 8000,
) -> None:
    """Serve the site on this machine alone."""
    serve(Settings().site, port, to_stderr)


def export_page(
    page: Annotated[Literal["friction"], typer.Argument(help="The page.")],
    out: Annotated[
        Path | None, typer.Option(help="File to write; by default named after the data.")
    ] = None,
) -> None:
    """Write a page of the site as one file that opens from disk, offline."""
    name = f"data/{page}.json"
    path = Settings().site / name
    if not path.is_file():
        to_stderr(f"the site has no {page} page yet. Make it: journey run")
        raise typer.Exit(1)
    data = path.read_bytes()
    file = out or Path(f"{file_name(msgspec.json.decode(data), page)}.html")
    file.write_text(single_file(f"{page}.html", {name: data}), encoding="utf-8")
    print(file)  # noqa: T201  stdout is data


def status(json: Json = False) -> None:
    """The last run, how far the data reaches, layers and checks, reports, cost, where it went."""
    found = states.status(Settings())
    print(msgspec.json.encode(found).decode() if json else terminal.status(found))  # noqa: T201


def doctor(json: Json = False) -> None:
    """Check this machine and this home; every finding comes with its cure."""
    findings = doctors.examine(Settings())
    if json:
        print(msgspec.json.encode(findings).decode())  # noqa: T201
    else:
        print(terminal.findings(findings))  # noqa: T201
    if any(finding.state == "wrong" for finding in findings):
        raise typer.Exit(1)


def print_dagster_home() -> None:
    """Print the folder to use as DAGSTER_HOME, made ready."""
    settings = Settings()
    home: Path = dagster_home(settings)
    with open_instance(settings):
        pass  # makes Dagster's tables, which web server and daemon would race to make
    print(home)  # noqa: T201  stdout is data
