"""Commands that ask the analysts' copy: sql, notebook."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from journey_dagster.analysts_copy import lasting
from journey_dagster.limits import Limits, confine
from journey_dagster.query import ask, show
from journey_dagster.runs import to_stderr
from journey_dagster.settings import ROOT, Settings
from journey_dagster.warehouse import WarehouseError


def commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(sql)
    app.command()(notebook)


def sql(  # noqa: PLR0913, PLR0917  each is an option
    statement: Annotated[
        str | None,
        typer.Argument(help="A query, such as: from marts.friction; or - to read it from stdin."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A file that holds the query."),
    ] = None,
    format_: Annotated[
        Literal["table", "csv", "json", "md"], typer.Option("--format", help="How to print it.")
    ] = "table",
    json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Rows of a table; the others print all.")] = 100,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds after which the query is stopped.")
    ] = 300,
    memory: Annotated[
        str | None, typer.Option(help="Memory it may use; by default JOURNEY_MEMORY_LIMIT.")
    ] = None,
) -> None:
    """Query the analysts' copy, read-only and within limits; without a query, open Harlequin on it.

    A statement reaches nothing but the copy: no file, no network, no setting.
    """
    settings = Settings()
    if file and statement is not None:
        raise typer.BadParameter("a statement or --file, not both")
    if statement is None and file is None:
        _explore(settings.analytics)
    text = file.read_text(encoding="utf-8") if file else statement or ""
    if text == "-":
        text = sys.stdin.read()
    limits = Limits(memory or settings.memory_limit, timeout)
    try:
        confine(limits)
    except ValueError as error:
        raise typer.BadParameter(f"--memory: {error}") from error
    try:
        with ask(settings.analytics, text, limits) as rows:
            answer = show(rows, "json" if json else format_, limit, sys.stdout.write)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    if answer.cut:
        to_stderr(f"the first {limit} rows of {answer.n_rows:,}; more with --limit or --format csv")


def _explore(copy: Path) -> NoReturn:
    """Become Harlequin, on a name of the copy that stays what it is."""
    program = shutil.which("harlequin")
    if program is None:
        raise WarehouseError(
            "no query is given, and Harlequin, which would show the copy, is not installed. "
            'Ask: journey sql "from meta.dictionary". Or install it: uv tool install harlequin'
        )
    os.execv(program, [program, "--read-only", str(lasting(copy))])  # noqa: S606  it is the point


def notebook(
    name: Annotated[
        Literal["one_user", "friction", "retention"], typer.Argument(help="The notebook.")
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = 0,
    headless: Annotated[
        bool, typer.Option("--headless", help="Open no browser; the address is printed.")
    ] = False,
) -> None:
    """Open a marimo notebook on the analysts' copy, on this machine alone and with a token.

    What is opened is your own copy, below the home; without it, the next call makes a new one.
    """
    settings = Settings()
    lasting(settings.analytics)  # without a copy there is nothing to look at
    if importlib.util.find_spec("marimo") is None:
        raise WarehouseError(
            "marimo, which shows notebooks, is not installed. Install the extra: "
            'pip install -e ".[notebooks]"'
        )
    own = settings.home / "notebooks" / f"{name}.py"
    if not own.exists():
        own.parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / "notebooks" / own.name, own)
    options = ["--host", "127.0.0.1", "--token", "--skip-update-check", "--no-sandbox"]
    options += ["--port", str(port)] if port else []
    options += ["--headless"] if headless else []
    os.environ["JOURNEY_HOME"] = str(settings.home)
    marimo = [sys.executable, "-m", "marimo", "edit", str(own), *options]
    os.execv(sys.executable, marimo)  # noqa: S606  become marimo, so that Ctrl-C is its own
