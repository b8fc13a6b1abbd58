"""Commands about users: who is registered, which ids are one person, who is forgotten."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from journey_dagster import identity, runs, users, warehouse
from journey_dagster.erasure import ageing, receipt, steps
from journey_dagster.erasure.person import Found, look
from journey_dagster.runs import to_stderr
from journey_dagster.settings import Settings
from journey_dagster.terminal import printable
from journey_dagster.topics import suppression

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
    group.command("forget")(forget)
    app.add_typer(group, name="users")
    app.command()(retain)


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
    known = suppression.load(settings.raw)
    entries = (
        users.read_entries(from_file)
        if from_file
        else [users.Entry(one, slug, name, tz, avatar) for one in user_id or []]
    )
    added: list[users.User] = []
    with users.being_edited(settings.registry) as registered:
        everyone = registered
        for entry in entries:
            if known and known.has_user(entry.user_id):
                raise users.RegistryError(
                    f"{entry.user_id!r} was forgotten, and records of theirs are not taken in "
                    "(docs/how-to/erasure.md says how to take somebody in again)"
                )
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


def forget(
    who: Annotated[str, typer.Argument(help="Slug or id of a user; user:ID is always an id.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say who is meant and what there is of them.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """Remove a user everywhere, for good: records, reports, answers, what was published."""
    settings = Settings()
    found = look(settings, who)
    if dry_run:
        print(msgspec.json.encode(found).decode() if json else _shown(found))  # noqa: T201
        return
    to_stderr(_shown(found))
    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("nobody is there to be asked; say --yes")
        typer.confirm("Remove all of it, for good?", abort=True, err=True)
    intent = steps.begin(settings, found.person)
    summary = runs.run(settings, to_stderr)
    path = receipt.path_of(settings, intent)
    print(path.read_text(encoding="utf-8").rstrip() if json else path)  # noqa: T201
    if not summary.succeeded:
        to_stderr("the user is gone, but the run that followed failed; see: journey run")
        raise typer.Exit(1)


def _shown(found: Found) -> str:
    """Who is meant, and what there is of them."""
    person = found.person
    shared = sum(bool(one.after or one.before) for one in person.devices)
    lines = [
        f"user        {', '.join(person.user_ids)}",
        f"devices     {', '.join(f'{one.source}:{one.id}' for one in person.devices) or 'none'}"
        + (f" ({shared} slices of shared ones)" if shared else ""),
        f"report      {person.slug or 'not registered'}",
        f"records     {found.n_records:,}, and {found.n_unreadable:,} that could not be read",
    ]
    if found.is_forgotten:
        lines.append("forgotten   already; what came back since goes again")
    return "\n".join(map(printable, lines))


def retain(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say how much is too old.")
    ] = False,
) -> None:
    """Remove records older than JOURNEY_KEEP_DAYS; every run does it first."""
    settings = Settings()
    now = datetime.now(UTC)
    moment = ageing.kept_from(settings, now)
    if moment is None:
        raise typer.BadParameter("everything is kept: JOURNEY_KEEP_DAYS says for how many days")
    act = ageing.old if dry_run else ageing.retain
    with warehouse.connect(settings.database, memory_limit=settings.memory_limit) as con:
        n_records, n_segments = act(con, settings, now)
    print(f"before {moment:%Y-%m-%d}: {n_records:,} records, {n_segments:,} segments")  # noqa: T201
    if n_records and not dry_run:
        to_stderr("next: journey run")
