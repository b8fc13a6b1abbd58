"""The steps that ask models: facts to questions, questions to answers.

Belongs here: the Dagster shells around `insights.asking` and its ledger, and the check on spending.
Does not belong here: asking itself (`insights`), what answers become (`outlets`).

Questions are written down while the warehouse is open, and asked while it is closed: the step that
waits for models is in a pool of its own, so that it keeps nobody from the warehouse.
"""

from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

import dagster as dg
import duckdb

from journey_dagster.insights.asking import Asked, Asker
from journey_dagster.insights.generations import chosen, waiting
from journey_dagster.insights.ledger import Ledger, LedgerError, Waiting, usd
from journey_dagster.insights.subjects import read_subjects
from journey_dagster.models import model
from journey_dagster.settings import InsightsSettings, Settings
from journey_dagster.tables import OWNERS, ids_of, key, registry_of, shown, spec
from journey_dagster.users import USERS
from journey_dagster.warehouse import Warehouse, replace

RUN = "journey/run"
"""Tag of the Dagster runs that are one run to whoever started it, and share its cap."""

POOL = "llm"
"""Dagster's concurrency pool of the step that asks models; within it, a setting limits calls."""

_FACTS = model("marts/user_facts.sql")

FACTS = spec(_FACTS)

ANSWERS = dg.AssetSpec(
    ["insights", "answers"],
    description="What models made of the users' facts, in a ledger beside the warehouse.\n\n"
    "Unchanged facts are not asked about again. Whatever fails is told by template.",
    deps=[key(_FACTS.name)],
    group_name="insights",
    kinds={"openai", "bedrock", "sqlite"},
    owners=OWNERS,
    partitions_def=USERS,
)

EVERYONE = dg.AssetSpec(
    ["everyone", "answers"],
    description="What models made of everybody's facts: whatever has no answer yet is asked.",
    deps=[key(_FACTS.name)],
    group_name="everyone",
    kinds={"openai", "bedrock", "sqlite"},
    owners=OWNERS,
)


def compute_facts(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    settings: dg.ResourceParam[Settings],
    insights: dg.ResourceParam[InsightsSettings],
) -> dg.MaterializeResult[Any]:
    """Compute the facts of all registered users, and note what models may be asked about them."""
    with warehouse.get_connection() as con:
        facts = replace(con, _FACTS, settings.sql_parameters())
        if insights.enabled:
            ids = [user.user_id for user in registry_of(settings)]
            with _told(context):
                note_questions(con, ids, settings, insights)
    return dg.MaterializeResult(metadata=shown(facts))


def note_questions(
    con: duckdb.DuckDBPyConnection,
    ids: Sequence[str],
    settings: Settings,
    insights: InsightsSettings,
) -> None:
    """Let what is to be asked about these users be what their facts are worth."""
    questions: list[Waiting] = []
    for subject in read_subjects(con, ids):
        # Whoever's facts make no question is told by template, or held back for them later.
        with suppress(KeyError, ValueError, IndexError, OverflowError):
            questions += list(waiting(subject, chosen(insights)))
    with closing(Ledger(settings.ledger)) as ledger:
        ledger.put(ids, questions)


def ask_models(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    insights: dg.ResourceParam[InsightsSettings],
) -> dg.MaterializeResult[Any]:
    """Ask about the users of these partitions."""
    return _ask(context, list(ids_of(context, settings).values()), settings, insights)


def ask_about_everyone(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    insights: dg.ResourceParam[InsightsSettings],
) -> dg.MaterializeResult[Any]:
    """Ask about all registered users."""
    ids = [user.user_id for user in registry_of(settings)]
    return _ask(context, ids, settings, insights)


def _ask(
    context: dg.AssetExecutionContext,
    ids: Sequence[str],
    settings: Settings,
    insights: InsightsSettings,
) -> dg.MaterializeResult[Any]:
    """Ask what has no answer yet; a service that is down fails nobody's report."""
    if not insights.enabled:
        return dg.MaterializeResult(metadata={"asked": "nobody: INSIGHTS_ENABLED is not set"})
    run_id = context.run.tags.get(RUN, context.run.run_id)
    with _told(context), closing(Ledger(settings.ledger)) as ledger:
        n_questions, questions = ledger.n_questions(ids), ledger.waiting(ids)
        asked = Asker(insights, ledger, run_id).ask_all(questions)
        return _asked(context, asked, n_questions, len(questions), ledger.taken(run_id))
    return dg.MaterializeResult(metadata={"asked": "nobody: the ledger cannot be used"})


@contextmanager
def _told(context: dg.AssetExecutionContext) -> Generator[None]:
    """Without its ledger no cap would hold: nobody is asked, and the templates tell everything."""
    try:
        yield
    except LedgerError as error:
        context.log.warning("%s: no model is asked", error)


def _asked(
    context: dg.AssetExecutionContext, asked: Asked, n_questions: int, n_waiting: int, taken: int
) -> dg.MaterializeResult[Any]:
    """What Dagster records."""
    if asked.troubles:
        kinds = ", ".join(f"{n} {kind}" for kind, n in asked.troubles.most_common())
        told = f"{asked.troubles.total()} questions have no answer ({kinds})"
        context.log.warning("%s; their text is template text", told)
    return dg.MaterializeResult(
        metadata={
            "n_questions": n_questions,
            "n_from_cache": n_questions - n_waiting,
            "n_answered": asked.n_answered,
            "n_failed": asked.troubles.total(),
            "failed_for": dg.MetadataValue.json(dict(asked.troubles)),
            "tokens_in": asked.tokens_in,
            "tokens_out": asked.tokens_out,
            "cost_usd": taken / 1_000_000,
        }
    )


def judge_spending(
    settings: dg.ResourceParam[Settings], insights: dg.ResourceParam[InsightsSettings]
) -> dg.AssetCheckResult:
    """Whether each user, each run and all of today stayed below their caps."""
    try:
        with closing(Ledger(settings.ledger)) as ledger:
            most = ledger.most()
    except LedgerError as error:
        return dg.AssetCheckResult(
            passed=False, severity=dg.AssetCheckSeverity.WARN, metadata={"trouble": str(error)}
        )
    over = {
        name: f"{usd(taken)} of {usd(cap)}"
        for name, taken, cap in (
            ("user", most.user, round(insights.cap_user_usd * 1_000_000)),
            ("run", most.run, round(insights.cap_run_usd * 1_000_000)),
            ("day", most.day, round(insights.cap_day_usd * 1_000_000)),
        )
        if taken > cap
    }
    return dg.AssetCheckResult(
        passed=not over,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"most_of_a_user": usd(most.user), "most_of_a_run": usd(most.run),
                  "most_of_a_day": usd(most.day), **over},
    )  # fmt: skip
