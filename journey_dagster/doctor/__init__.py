"""Examines this machine and this home: what would go wrong, and the cure.

Belongs here: what is looked at, in which order. Does not belong here: mending anything.

    machine        Python, packages, time zones, Chromium
    configuration  .env, variables, who is registered
    home           folders, disk, raw segments, the warehouse, the site's documents
    services       the broker, models, where the site is published
    nights         the last run, and the daemon that starts them

Where a folder cannot be used, nothing that lies in it is looked at.
"""

from journey_dagster.doctor import configuration, home, machine, nights, services
from journey_dagster.doctor.finding import Finding
from journey_dagster.settings import Settings

__all__ = ["Finding", "examine"]


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; nothing is changed, nothing costs, no service is waited for for long."""
    folders = list(home.folders(settings))
    found = [*machine.software(), *configuration.variables_set(), *folders]
    if not any(folder.state == "wrong" for folder in folders):
        found += [
            *home.data(settings),
            *home.documents(settings),
            *configuration.registry(settings),
            *services.targets(settings),
            *nights.runs(settings),
        ]
    return [*found, *services.kafka(), *services.models(), *machine.browser()]
