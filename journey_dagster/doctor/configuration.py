"""What a person wrote down: variables, `.env`, who gets a report.

Belongs here: names that nobody reads, blanks, a registry that cannot be used; no value is told.
Does not belong here: what a setting means and may be (`settings`), whether a service takes it
(`services`).
"""

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from zoneinfo import available_timezones

from dotenv import dotenv_values

from journey_dagster import users
from journey_dagster.doctor.finding import Finding
from journey_dagster.settings import ROOT, Settings, variables

ENV = ROOT / ".env"

_OURS = ("JOURNEY_", "INSIGHTS_")
_SHARED = ("KAFKA_", "OPENAI_", "AWS_")
"""Names that other programs use too: in the environment they may be meant for those."""

_OF_TESTS = {"JOURNEY_REQUIRE_ALL", "JOURNEY_SEED"}
SHOWN = 5


def variables_set() -> Iterator[Finding]:
    """Which settings are not the default, by name; and which names nobody reads."""
    written = dotenv_values(ENV) if ENV.is_file() else {}
    known = variables().keys()
    if written:
        full = [name for name in written if name in known and written[name]]
        blank = [name for name in written if name in known and not written[name]]
        told = [f"{len(full)} set{_listed(full)}"]
        told += [f"{len(blank)} blank, so at their defaults{_listed(blank)}"] if blank else []
        yield Finding(".env", "well", "; ".join(told))
    else:
        yield Finding(".env", "well", "none: every setting is the environment's or the default")
    for name in sorted({*written, *os.environ} - known - _OF_TESTS):
        if name.startswith(_OURS) or (name in written and name.startswith(_SHARED)):
            yield _unread(name, "in .env" if name in written else "in the environment")


def _unread(name: str, where: str) -> Finding:
    near = get_close_matches(name, variables(), 1)
    if near:
        cure = f"write {near[0]} instead of {name} {where}"
    elif where == "in .env":
        cure = f"remove {name} from {ENV}, or set it in the environment if another tool reads it"
    else:
        cure = f"unset {name}"
    guess = f"; did you mean {near[0]}?" if near else ""
    return Finding("settings", "wrong", f"{name} {where} is read by nobody{guess}", cure)


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    more = ", …" if len(found) > SHOWN else ""
    return f" ({', '.join(found[:SHOWN])}{more})" if found else ""


def registry(settings: Settings) -> Iterator[Finding]:
    """Who gets a report, and whose clock nobody knows."""
    try:
        registered = users.load(settings.registry)
    except users.RegistryError as error:
        yield Finding("registry", "wrong", str(error), f"edit {settings.registry}")
        return
    unknown = [user.slug for user in registered if user.tz not in available_timezones()]
    if unknown:
        yield Finding(
            "registry",
            "note",
            f"{len(registered)} users; {len(unknown)} without a known time zone: "
            f"{', '.join(unknown[:SHOWN])}",
            f"journey users set {unknown[0]} --tz Europe/Berlin",
        )
    elif registered:
        yield Finding("registry", "well", f"{len(registered)} users")
    else:
        yield Finding("registry", "note", "nobody gets a report", "journey users add USER_ID")
