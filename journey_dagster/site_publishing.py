"""The steps of a run that let the site leave the machine, and the checks that hold it back.

Belongs here: the Dagster shells around `publishing`. Does not belong here: what leaks, what goes
out, how it gets there.

The checks say what they found and Dagster records it, but the door is `publishing.publish` itself:
it looks through the very bytes that it brings, whoever calls it and whatever changed meanwhile.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from journey_dagster import publishing
from journey_dagster.checks import listed
from journey_dagster.outlets import ANALYTICS, DICTIONARY, FRICTION, PAGES, STATUS
from journey_dagster.publishing.errors import (
    LeakError,
    OvertakenError,
    PublishError,
    TargetError,
)
from journey_dagster.publishing.leaks import Leak
from journey_dagster.publishing.targets import told
from journey_dagster.settings import Settings
from journey_dagster.tables import OWNERS, registry_of

# After the analysts' copy, which waits for every check that guards what is counted. Not after the
# reports: one that is withheld must not keep the others here.
PUBLISHED = dg.AssetSpec(
    ["site", "published"],
    description="What may leave of the site, brought to where JOURNEY_PUBLISH_TO says.\n\n"
    "The pages, data that names nobody, public reports and unlisted ones; a report that leaks is "
    "held back alone. Where nothing is configured, it goes nowhere.",
    deps=[each.key for each in (PAGES, FRICTION, ANALYTICS, STATUS, DICTIONARY)],
    group_name="site",
    kinds={"html", "json"},
    owners=OWNERS,
)

PAGES_LEAK_NOTHING = dg.AssetCheckSpec(
    "pages_leak_nothing",
    asset=PAGES.key,
    blocking=True,
    description="Nothing of the site that is nobody's own gives away an address, a key, a place or "
    "somebody who is not public.\n\nA leak here would be everybody's, so nothing is published.",
)

REPORTS_LEAK_NOTHING = dg.AssetCheckSpec(
    "reports_leak_nothing",
    asset=PAGES.key,
    description="No report that would go out gives away an address, a key, a place or somebody "
    "else who is not public.\n\nOne that does is held back, and no other for it.",
)


def judge_leaks(settings: dg.ResourceParam[Settings]) -> Iterator[dg.AssetCheckResult]:
    """Look through all that could go out now."""
    try:
        going = publishing.look(settings, registry_of(settings))
    except PublishError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    for spec, found in ((PAGES_LEAK_NOTHING, going.leaks), (REPORTS_LEAK_NOTHING, going.held)):
        leaks = [leak for each in found.values() for leak in each]
        yield dg.AssetCheckResult(
            asset_key=spec.asset_key,
            check_name=spec.name,
            passed=not leaks,
            metadata={
                "n_wrong": len(found),
                "n_files": len(going.tree.files),
                **({"first": str(leaks[0]), "wrong": listed(Leak._fields, leaks)} if leaks else {}),
            },
        )


def publish_site(settings: dg.ResourceParam[Settings]) -> dg.MaterializeResult[Any]:
    """Bring the site to where the settings say."""
    if not settings.publish_to:
        return dg.MaterializeResult(
            metadata={"published_to": "nowhere: JOURNEY_PUBLISH_TO is not configured"}
        )
    try:
        done = publishing.publish(settings, registry_of(settings), [settings.publish_to])
    except (LeakError, OSError, OvertakenError, PublishError, TargetError) as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    held = {slug: [str(leak) for leak in leaks] for slug, leaks in done.held.items()}
    return dg.MaterializeResult(
        metadata={
            "published_to": told(settings.publish_to),
            "is_new": any(done.changed.values()),
            "n_held_back": len(done.held),
            **({"held_back": dg.MetadataValue.json(held)} if held else {}),
        }
    )
