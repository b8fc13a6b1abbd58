"""Telling somebody that a run failed, or that a check found something: a webhook, a command.

Belongs here: what an alert says of a run, and sending it. Does not belong here: when one is sent
(`automation`), judging anything (`checks`), who is told (the webhook and the command know).

An alert leaves the machine, so it says what failed and how to see more, and nothing of anybody.
Messages of other libraries quote the data that they stumbled over: of those only the kind of error
is told. Our own are cut to their first sentence, and of that is taken out what names a user, what
is quoted and what is a secret.
"""

import logging
import re
import shlex
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from itertools import islice

import dagster as dg
import msgspec
from pydantic import BaseModel, SecretStr

from journey_dagster import users
from journey_dagster.publishing.leaks import ANYWHERE
from journey_dagster.settings import InsightsSettings, KafkaSettings, Settings

SECONDS = 20
"""How long a webhook or a command may take; both together stay below a sensor's minute."""

SHOWN = 10
"""Steps or checks that one alert names."""

_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`")
_MAIL = re.compile(r"\S+(?:@|%40)\S+")
_MIN_WORD = 4
_OUTSIDE = "This run has been marked as failed from outside the execution context."
"""What Dagster says for want of a reason."""


def about(instance: dg.DagsterInstance, run: dg.DagsterRun, settings: Settings) -> str | None:
    """What there is to tell of a run that is over; None when all is well.

    Args:
        instance: that recorded it.
        run: as it ended.
        settings: whose users are never named.
    """
    is_failed = run.status == dg.DagsterRunStatus.FAILURE
    found = [*_checks(instance, run.run_id)]
    if is_failed:
        found = [*_failures(instance, run.run_id, settings), *found]
    if not found and not is_failed:
        return None
    job = "a backfill" if run.job_name.startswith("__") else run.job_name
    head = f"Journey: {job} failed" if is_failed else f"Journey: {job} ran, and checks found faults"
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    tail = f"See /runs/{run.run_id} in Dagster's UI, or `journey status`."
    return "\n".join([head, *islice(found, SHOWN), *more, tail])


def send(settings: Settings, text: str, log: logging.Logger) -> None:
    """Tell whoever is to be told; one who cannot be reached is told of in the log and nowhere else.

    Args:
        settings: for the webhook and the command, each if there is one.
        text: what to tell.
        log: for what went wrong.
    """
    if url := settings.alert_webhook.get_secret_value():
        try:
            _post(url, text)
        except urllib.error.HTTPError as error:
            error.close()
            log.warning("JOURNEY_ALERT_WEBHOOK answered %s; the alert is lost", error.code)
        except Exception as error:  # noqa: BLE001  whatever it is, no run fails for it
            kind = type(error).__name__  # its words may hold the address, which is a secret
            log.warning("JOURNEY_ALERT_WEBHOOK cannot be reached (%s); the alert is lost", kind)
    if command := shlex.split(settings.alert_command):
        try:
            subprocess.run(  # noqa: S603  the operator's own command
                command,
                input=f"{text}\n",
                text=True,
                timeout=SECONDS,
                check=True,
                capture_output=True,
            )
        except subprocess.TimeoutExpired:
            log.warning("JOURNEY_ALERT_COMMAND took over %s s; the alert may be lost", SECONDS)
        except (OSError, subprocess.CalledProcessError) as error:
            told = getattr(error, "returncode", None) or type(error).__name__
            log.warning("JOURNEY_ALERT_COMMAND failed (%s); the alert is lost", told)


def _post(url: str, text: str) -> None:
    """Post the form that Slack, Mattermost, Discord (`/slack`) and many others take."""
    request = urllib.request.Request(  # noqa: S310  settings take http and https only
        url, msgspec.json.encode({"text": text}), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
        answer.read()


def _failures(instance: dg.DagsterInstance, run_id: str, settings: Settings) -> Iterator[str]:
    """A line for each step that failed, or one for a run that failed as a whole."""
    told = False
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.dagster_event
        if event is None:
            continue
        data = event.step_failure_data
        described = data.user_failure_data.description if data.user_failure_data else None
        error = data.error.cause if data.error and data.error.cause else data.error
        told = True
        yield f"{event.step_key}: {_why(described, error.message if error else '', settings)}"
    if not told:
        yield scrubbed(_first(_ended(instance, run_id)), settings)


def _ended(instance: dg.DagsterInstance, run_id: str) -> str:
    """Why a run failed as a whole: in Dagster's words, or where it has none, what it said last."""
    for kind in (dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.ENGINE_EVENT):
        for entry in reversed(instance.all_logs(run_id, of_type=kind)):
            event = entry.dagster_event
            if event and event.message and event.message != _OUTSIDE:
                return event.message
    return "failed"


def _why(described: str | None, message: str, settings: Settings) -> str:
    kind, _, words = message.partition(":")
    if described or kind.startswith("journey_dagster."):
        return scrubbed(_first(described or words.strip()), settings)
    return kind.strip() or "failed"


def _first(text: str) -> str:
    """The first sentence."""
    return re.split(r"(?<=[.!?])\s|\n|: ", text, maxsplit=1)[0]


def _checks(instance: dg.DagsterInstance, run_id: str) -> Iterator[str]:
    """A line for each check that did not pass; those of one user are counted, not named."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
        event = entry.dagster_event
        found = event.asset_check_evaluation_data if event else None
        if found is None or found.passed or found.partition:
            continue
        severity = "warning" if found.severity == dg.AssetCheckSeverity.WARN else "error"
        counted = found.metadata.get("n_wrong")
        n_wrong = f", {counted.value} wrong" if isinstance(counted, dg.IntMetadataValue) else ""
        yield f"{'.'.join(found.asset_key.path)}, {found.check_name} ({severity}{n_wrong})"


def scrubbed(text: str, settings: Settings) -> str:
    """A text without what names a user, is quoted, or is a secret."""
    for secret in _secrets((settings, KafkaSettings(), InsightsSettings())):
        text = text.replace(secret, "(secret)")
    text = _MAIL.sub("(address)", _QUOTED.sub("(...)", text))
    for shape in ANYWHERE:
        text = shape.pattern.sub("(secret)", text)
    try:
        registered = users.load(settings.registry)
    except users.RegistryError:
        return "see the run; who must not be named here cannot be read"
    names = {
        name
        for user in registered
        for name in (user.user_id, user.slug, *_words(user.display_name or ""))
    }
    if not names:
        return text
    longest_first = sorted(map(re.escape, names), key=len, reverse=True)
    return re.sub(
        rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", "(user)", text, flags=re.IGNORECASE
    )


def _words(name: str) -> list[str]:
    return [name] * bool(name) + [word for word in re.split(r"\W+", name) if len(word) >= _MIN_WORD]


def _secrets(of: Sequence[BaseModel]) -> Iterator[str]:
    for each in of:
        for _, value in each:
            if isinstance(value, SecretStr) and value.get_secret_value():
                yield value.get_secret_value()
