"""Commands about users: who is registered, and which ids are one person."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from journey_dagster import identity, users
from journey_dagster.runs import to_stderr
from journey_dagster.settings import Settings
from journey_dagster.terminal import printable

Name = Annotated[str | None, typer.Option(help="Name to show.")]
Zone = Annotated[str | None, typer.Option("--tz", help="IANA time zone, such as Europe/Berlin.")]
Avatar = Annotated[str | None, typer.Option(help="Emoji to show.")]


def commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(help="Who gets a report, and who is who.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("add")(add)
    group.command("set")(change)
    group.command("links")(links)
    group.command("unlink")(unlink)
    app.add_typer(group, name="users")


def listed(
    json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """List the registered users."""
    registered = users.load(Settings().registry)
    if json:
        print(msgspec.json.encode(registered).decode())  # noqa: T201
        return
    table = Table("slug", "user id", "name", "time zone", "visibility", box=None)
    for user in registered:
        name, zone = user.display_name or "", user.tz or "not known"
        cells = (user.slug, user.user_id, name, zone, user.visibility)
        table.add_row(*map(printable, cells))
    Console().print(table)
    if not registered:
        to_stderr("nobody yet: journey users add USER_ID --tz Europe/Berlin")


def add(  # noqa: PLR0913, PLR0917  the options of a command are its parameters
    user_id: Annotated[
        list[str] | None, typer.Argument(help="Ids as the events have them.")
    ] = None,
    name: Name = None,
    tz: Zone = None,
    slug: Annotated[str | None, typer.Option(help="Name in addresses; made of the name.")] = None,
    avatar: Avatar = None,
    from_file: Annotated[
        Path | None, typer.Option("--from", help="JSON file with a list of users to add.")
    ] = None,
) -> None:
    """Register users: each gets a report at the next run. A known id changes nothing."""
    if bool(user_id) == bool(from_file):
        raise typer.BadParameter("name user ids, or a file with --from")
    if len(user_id or []) > 1 and (name or slug):
        raise typer.BadParameter("--name and --slug are for one user at a time")
    settings = Settings()
    entries = (
        users.read_entries(from_file)
        if from_file
        else [users.Entry(one, slug, name, tz, avatar) for one in user_id or []]
    )
    added: list[users.User] = []
    with users.being_edited(settings.registry) as registered:
        everyone = registered
        for entry in entries:
            everyone, user = users.add(everyone, entry)
            added.append(user)
        users.save(settings.registry, everyone)
    for user in added:
        print(user.slug)  # noqa: T201  stdout is data
        if user.tz is None:
            to_stderr(
                f"{user.slug}: time zone not known, the report will use "
                f"{settings.default_timezone} and say so; "
                f"set it: journey users set {user.slug} --tz Europe/Berlin"
            )
    to_stderr("next: journey run")


def change(
    slug: Annotated[str, typer.Argument(help="Slug of the user.")],
    name: Name = None,
    tz: Zone = None,
    avatar: Avatar = None,
    visibility: Annotated[
        users.Visibility | None, typer.Option(help="Who may see the report once it is published.")
    ] = None,
) -> None:
    """Change what is registered of a user; the slug stays."""
    settings = Settings()
    changes = {
        "display_name": name,
        "tz": users.checked_zone(tz),
        "avatar": avatar,
        "visibility": visibility,
    }
    given = {field: value for field, value in changes.items() if value is not None}
    if not given:
        raise typer.BadParameter("say what to change: --name, --tz, --avatar or --visibility")
    with users.being_edited(settings.registry) as registered:
        user = users.by_slug(registered, [slug])[0]
        changed = msgspec.structs.replace(user, **given)
        users.save(settings.registry, [changed if one is user else one for one in registered])
    to_stderr("next: journey run" + (", journey site publish" if visibility else ""))


def links(
    user_id: Annotated[str, typer.Argument(help="Id of a user, or anonymous:SOURCE:ID.")],
    json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """List the evidence that ties other ids to a user's."""
    settings = Settings()
    node = identity.node(user_id)
    found = identity.links(settings, node)
    if json:
        print(msgspec.json.encode(found).decode())  # noqa: T201
    else:
        table = Table("id", "and", "evidence", "source", "records", "first", "last", box=None)
        for link in found:
            first, last = (at[:10] if at else "" for at in (link.first_at, link.last_at))
            cells = (link.from_node, link.to_node, link.kind, link.source, f"{link.n_records:,}")
            table.add_row(*map(printable, (*cells, first, last)))
        wide = 2 * _longest(found) + 80
        Console(width=wide).print(table)  # ids are there to be copied, so they are never cut
    ids = {node, *(link.from_node for link in found), *(link.to_node for link in found)}
    for veto in identity.load(settings.vetoes):
        if {veto.from_node, veto.to_node} & ids:
            to_stderr(printable(f"unlinked: {veto.from_node} and {veto.to_node}"))
    if not found:
        to_stderr(printable(f"no evidence ties another id to {node}"))


def _longest(found: list[identity.Link]) -> int:
    ids = (node for link in found for node in (link.from_node, link.to_node))
    return max(map(len, map(printable, ids)), default=0)


def unlink(
    one: Annotated[str, typer.Argument(help="An id as `journey users links` shows it.")],
    other: Annotated[str, typer.Argument(help="The id that is another person's.")],
    source: Annotated[
        str | None, typer.Option(help="Source of an id written as anonymous:ID.")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Let the evidence count again.")] = False,
) -> None:
    """Keep two ids apart, whatever the evidence says."""
    veto = identity.pair(identity.node(one, source), identity.node(other, source))
    if identity.unlink(Settings().vetoes, veto, undo=undo):
        to_stderr("next: journey run")
    else:
        state = "are not" if undo else "are already"
        to_stderr(printable(f"{veto.from_node} and {veto.to_node} {state} unlinked; no change"))
