"""Commands that let the site leave the machine, and take reports back."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
import typer

from journey_dagster import publishing
from journey_dagster.publishing import memory
from journey_dagster.publishing.targets import told
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
        _looked_through(publishing.look(settings, registered))
        return
    one = to or settings.publish_to
    published = publishing.publish(settings, registered, [one] if one else [])
    _told(published.changed)
    names = memory.load(settings.publishing).names
    for user in registered:
        if user.visibility == "unlisted" and user.slug not in published.held:
            print(f"{user.slug}: {_address(names[user.user_id])}")  # noqa: T201
    _held(published)


def unpublish(slug: Slug) -> None:
    """Make a user private and take the report from every target it went to."""
    settings = Settings()
    with being_edited(settings.registry) as registered:
        user = by_slug(registered, [slug])[0]
        private = msgspec.structs.replace(user, visibility="private")
        everyone = [private if one is user else one for one in registered]
        save(settings.registry, everyone)
    _told(publishing.withdraw(settings, everyone, private.user_id))


def rotate(slug: Slug) -> None:
    """Give an unlisted report a new unguessable name, everywhere; the old address is dead."""
    settings = Settings()
    registered = load(settings.registry)
    name = publishing.rotate(settings, by_slug(registered, [slug])[0])
    published = publishing.publish(settings, registered, [])
    _told(published.changed)
    print(f"{slug}: {_address(name)}")  # noqa: T201  stdout is data
    _held(published)


def _looked_through(going: publishing.Outwards) -> None:
    """Print the leaks; exit code 4 if there are any."""
    found = [leak for leaks in (*going.leaks.values(), *going.held.values()) for leak in leaks]
    for leak in sorted(found):
        print(leak)  # noqa: T201  stdout is data
    to_stderr(f"{len(going.tree.files):,} files could go out, {len(found):,} leaks")
    if found:
        raise typer.Exit(4)


def _held(published: publishing.Published) -> None:
    """Tell whose report was held back; exit code 4 if anybody's was."""
    for slug, leaks in sorted(published.held.items()):
        to_stderr(f"{slug} is held back: {'; '.join(map(str, leaks))}")
    if published.held:
        raise typer.Exit(4)


def _address(name: str) -> str:
    return f"report.html?user={name}"


def _told(changed: Mapping[str, bool]) -> None:
    if not changed:
        to_stderr("published nowhere so far, so there is nothing to take back")
    for place, is_new in changed.items():
        to_stderr(f"{told(place)}: {'published' if is_new else 'nothing new'}")
