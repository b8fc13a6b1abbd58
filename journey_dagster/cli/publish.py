"""Commands that let the site leave the machine, and take reports back."""

from typing import Annotated

import msgspec
import typer

from journey_dagster import publishing
from journey_dagster.publishing import memory
from journey_dagster.runs import to_stderr
from journey_dagster.settings import Settings
from journey_dagster.users import being_edited, by_slug, load, save

Slug = Annotated[str, typer.Argument(help="Slug of the user.")]


def commands(site: typer.Typer) -> None:
    """Add the commands to the group of the site."""
    site.command("publish")(publish)
    site.command("unpublish")(unpublish)
    site.command("rotate")(rotate)


def publish(
    to: Annotated[
        str | None,
        typer.Option(help="Folder, s3://bucket/prefix or git:URL#branch; else JOURNEY_PUBLISH_TO."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only look for leaks, and publish nowhere.")
    ] = False,
) -> None:
    """Publish the pages, public reports under their slugs and unlisted ones under their names."""
    settings = Settings()
    registered = load(settings.registry)
    if check:
        tree, _ = publishing.prepare(settings, registered)
        found = publishing.leaks(settings, tree, registered)
        for leak in found:
            print(f"{leak.path}: {leak.kind}")  # noqa: T201  stdout is data
        to_stderr(f"{len(tree.files):,} files, {len(found):,} leaks")
        if found:
            raise typer.Exit(4)
        return
    one = to or settings.publish_to
    _told(publishing.publish(settings, registered, [one] if one else []))
    names = memory.load(settings.publishing).names
    for user in registered:
        if user.visibility == "unlisted":
            print(f"{user.slug}: {_address(names[user.user_id])}")  # noqa: T201


def unpublish(slug: Slug) -> None:
    """Make a user private and take the report from every target it went to."""
    settings = Settings()
    with being_edited(settings.registry) as registered:
        user = by_slug(registered, [slug])[0]
        private = msgspec.structs.replace(user, visibility="private")
        everyone = [private if one is user else one for one in registered]
        save(settings.registry, everyone)
    _told(publishing.withdraw(settings, everyone, private))


def rotate(slug: Slug) -> None:
    """Give an unlisted report a new unguessable name, everywhere; the old address is dead."""
    settings = Settings()
    registered = load(settings.registry)
    name = publishing.rotate(settings, by_slug(registered, [slug])[0])
    _told(publishing.publish(settings, registered, []))
    print(f"{slug}: {_address(name)}")  # noqa: T201  stdout is data


def _address(name: str) -> str:
    return f"report.html?user={name}"


def _told(changed: dict[str, bool]) -> None:
    if not changed:
        to_stderr("published nowhere so far, so there is nothing to take back")
    for place, is_new in changed.items():
        to_stderr(f"{place}: {'published' if is_new else 'nothing new'}")
