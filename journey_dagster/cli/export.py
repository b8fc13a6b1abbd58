"""Commands that write results as files: export friction."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from journey_dagster.friction_export import export
from journey_dagster.runs import to_stderr
from journey_dagster.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help="Results as files.", no_args_is_help=True)
    group.callback()(lambda: None)  # a group stays one, however few its commands
    group.command("friction")(export_friction)
    app.add_typer(group, name="export")


def export_friction(
    folder: Annotated[
        Path, typer.Option("--dir", help="Folder to write; an earlier export there is replaced.")
    ],
    json: Json = False,
) -> None:
    """Write flows, chokepoints, patterns and the graph as CSV, JSON and GraphML."""
    files = export(Settings(), folder)
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
