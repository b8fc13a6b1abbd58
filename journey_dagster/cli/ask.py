"""Commands about models: what asking would cost, and two of them side by side.

Belongs here: options, tables. Does not belong here: asking and comparing (`insights`).
"""

import dataclasses
import json
import re
from collections.abc import Sequence
from contextlib import closing
from typing import Annotated

import duckdb
import typer
from rich.console import Console
from rich.table import Table

from journey_dagster import users
from journey_dagster.insights.comparing import Compared, compare
from journey_dagster.insights.ledger import Ledger, usd
from journey_dagster.insights.planning import Planned, plan
from journey_dagster.insights.strangers import Strangers
from journey_dagster.insights.subjects import Subject, read_strangers, read_subjects
from journey_dagster.runs import to_stderr
from journey_dagster.settings import InsightsSettings, Settings
from journey_dagster.warehouse import WarehouseError, connect

insights = typer.Typer(no_args_is_help=True, help="What models make of the facts.")


def commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(insights, name="insights")


@insights.command("compare")
def compare_models(
    user: Annotated[str, typer.Option(help="Slug of the user whose facts are given.")],
    model: Annotated[
        list[str] | None,
        typer.Option(help="SERVICE:MODEL, such as openai:gpt-5-nano; by default both of yours."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """Ask models the same about one user: groundedness, length, latency and cost side by side."""
    settings, chosen = Settings(), InsightsSettings()
    models = model or [chosen.story_model, chosen.structure_model]
    for name in models:
        if not re.fullmatch(r"(bedrock|openai):.+", name):
            raise typer.BadParameter(f"{name!r} is no SERVICE:MODEL, such as openai:gpt-5-nano")
    subjects, strangers = _read(settings, [user])
    with closing(Ledger(settings.ledger)) as ledger:
        found = list(compare(subjects[0], models, ledger, chosen, strangers))
    if not found:
        to_stderr(f"{user} has too little data for a model to be asked (tier {subjects[0].tier})")
        raise typer.Exit(1)
    if as_json:
        print(json.dumps([_plain(one) for one in found], indent=2))  # noqa: T201
    else:
        Console().print(_compared(found))
        for one in found:
            print(f"\n{one.generation}, {one.model}\n  {one.text or one.trouble}")  # noqa: T201
    if not any(one.text for one in found):
        raise typer.Exit(1)


def show_plan(settings: Settings, chosen: InsightsSettings, slugs: Sequence[str]) -> None:
    """Print what a run would ask, and the most it could cost."""
    if not chosen.enabled:
        to_stderr("no model would be asked: set INSIGHTS_ENABLED=true (docs/how-to/insights.md)")
        return
    subjects, _ = _read(settings, slugs)
    with closing(Ledger(settings.ledger)) as ledger:
        planned = plan(subjects, ledger, chosen)
    Console().print(_planned(planned))
    to_stderr(
        "at most, if no question has to be repeated; from the facts as they stand, which a run "
        "computes anew first"
    )


def _read(settings: Settings, slugs: Sequence[str]) -> tuple[list[Subject], Strangers]:
    """These users or all, from a warehouse that is closed again.

    Raises:
        WarehouseError: no run has computed facts yet.
    """
    registered = users.load(settings.registry)
    chosen = users.by_slug(registered, slugs) if slugs else registered
    with connect(settings.database, read_only=True) as con:
        try:
            return read_subjects(con, [user.user_id for user in chosen]), read_strangers(con)
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise WarehouseError(
                "there are no facts yet, or those of an older version. "
                "Compute them: journey run --skip-llm"
            ) from error


def _plain(one: Compared) -> dict[str, object]:
    return {**dataclasses.asdict(one), "groundedness": one.groundedness}


def _compared(found: Sequence[Compared]) -> Table:
    table = Table("part", "model", "grounded", "words", "seconds", "tokens", "cost", box=None)
    for one in found:
        share = one.groundedness
        n = one.n_sentences + one.n_dropped
        table.add_row(
            one.generation,
            one.model,
            "" if share is None else f"{one.n_sentences} of {n}",
            str(one.n_words),
            "cached" if one.seconds is None else f"{one.seconds:.1f}",
            f"{one.tokens_in} + {one.tokens_out}",
            usd(one.micro_usd),
        )
    return table


def _planned(planned: Sequence[Planned]) -> Table:
    table = Table("part", "model", "calls", "cached", "tokens, at most", "cost, at most", box=None)
    total = Planned("all", "")
    for one in planned:
        for name in ("n_calls", "n_from_cache", "tokens_in", "tokens_out", "micro_usd"):
            setattr(total, name, getattr(total, name) + getattr(one, name))
    for one in [*planned, total]:
        table.add_row(
            one.generation,
            one.model,
            f"{one.n_calls:,}",
            f"{one.n_from_cache:,}",
            f"{one.tokens_in:,} + {one.tokens_out:,}",
            usd(one.micro_usd),
        )
    return table
