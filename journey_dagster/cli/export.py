"""Commands that write results as files: export friction, export report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from journey_dagster import report_export
from journey_dagster.friction_export import File, export
from journey_dagster.runs import to_stderr
from journey_dagster.settings import Settings
from journey_dagster.site import report_path
from journey_dagster.users import by_slug, load

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help="Results as files.", no_args_is_help=True)
    group.callback()(lambda: None)  # a group stays one, however few its commands
    group.command("friction")(export_friction)
    group.command("report")(export_report)
    app.add_typer(group, name="export")


def export_friction(
    folder: Annotated[
        Path, typer.Option("--dir", help="Folder to write; an earlier export there is replaced.")
    ],
    json: Json = False,
) -> None:
    """Write flows, chokepoints, patterns and the graph as CSV, JSON and GraphML."""
    _tell(export(Settings(), folder), json=json)


def export_report(
    slug: Annotated[str, typer.Argument(help="Slug of the user.")],
    folder: Annotated[
        Path, typer.Option("--dir", help="Folder to write; an earlier export there is replaced.")
    ],
    json: Json = False,
) -> None:
    """Write a report as one page that opens from disk, as JSON and as CSV tables."""
    settings = Settings()
    path = report_path(settings.site, by_slug(load(settings.registry), [slug])[0].slug)
    if not path.is_file():
        to_stderr(
            f"{slug} has no report yet, or it is withheld. Make it: journey run --user {slug}"
        )
        raise typer.Exit(1)
    _tell(report_export.export(path.read_bytes(), folder), json=json)


def _tell(files: Sequence[File], *, json: bool) -> None:
    """Print what was written, and how much on the other channel."""
    if json:
        told = [
            {"file": str(file.path), "n_rows": file.n_rows, "n_bytes": file.n_bytes}
            for file in files
        ]
        print(msgspec.json.encode(told).decode())  # noqa: T201  stdout is data
        return
    for file in files:
        print(file.path)  # noqa: T201  stdout is data
    to_stderr(f"{len(files)} files, {sum(file.n_bytes for file in files) / 1e6:,.1f} MB")
