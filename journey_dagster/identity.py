"""What an operator knows better than the evidence: pairs of ids that are two persons.

Belongs here: the file `identity_vetoes.json`, how an id is written, the evidence around a user.
Does not belong here: what evidence is and what follows from it (`sql/core/identity_edges.sql`,
`identities.sql`, `attributions.sql`), who gets a report (`users`).

A veto deletes the edges of a pair at the next run, and its removal brings them back as they were:
identity is computed anew from the records every time.
"""

import fcntl
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from journey_dagster import warehouse
from journey_dagster.settings import Settings
from journey_dagster.users import RegistryError, save

KINDS = ("user:", "anonymous:")


class Veto(msgspec.Struct, frozen=True, forbid_unknown_fields=True, order=True):
    """Two ids that are two persons."""

    from_node: str
    to_node: str


class Link(msgspec.Struct, frozen=True):
    """One piece of evidence that two ids are one person."""

    from_node: str
    to_node: str
    source: str
    kind: str
    n_records: int
    first_at: str | None
    last_at: str | None


def node(text: str, source: str | None = None) -> str:
    """An id as the warehouse writes it: `user:ID` or `anonymous:SOURCE:ID`.

    Args:
        text: such an id, or a bare one, which is a user's.
        source: the source of an anonymous id; None where the id itself names it.

    Raises:
        RegistryError: an id of nobody, or an anonymous one without its source.
    """
    kind = next((kind for kind in KINDS if text.startswith(kind)), None)
    bare = text.removeprefix(kind or "")
    if kind != "anonymous:":
        named = bare
    else:
        bare = f"{source}:{bare}" if source else bare
        named = bare.partition(":")[2]
    if not named:
        raise RegistryError(
            f"{text!r} is no id; write user:ID, or anonymous:SOURCE:ID as "
            "`journey users links` shows it, or anonymous:ID with --source"
        )
    return f"{kind or 'user:'}{bare}"


def pair(one: str, other: str) -> Veto:
    """The veto of two ids, in whatever order they are named.

    Raises:
        RegistryError: it is one id.
    """
    if one == other:
        raise RegistryError(f"{one!r} is one id; name two")
    return Veto(*sorted((one, other), key=str.encode))


def load(path: Path) -> list[Veto]:
    """The vetoes, sorted; none if there is no file.

    Raises:
        RegistryError: the file is not a list of pairs of ids.
    """
    if not path.exists():
        return []
    try:
        found = msgspec.json.decode(path.read_bytes(), type=list[Veto])
        return sorted({pair(node(veto.from_node), node(veto.to_node)) for veto in found})
    except (OSError, ValueError, msgspec.MsgspecError, RegistryError) as error:
        raise RegistryError(
            f'{path}: {error}. It should be a list of pairs, {{"from_node": "user:...", '
            '"to_node": "user:..."}'
        ) from error


@contextmanager
def being_edited(path: Path) -> Generator[list[Veto]]:
    """The vetoes, while nobody else changes them: load, change, `save`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield load(path)


def unlink(path: Path, veto: Veto, *, undo: bool = False) -> bool:
    """Keep two ids apart, or no longer.

    Returns:
        Whether that changed anything.
    """
    with being_edited(path) as vetoes:
        if (veto in vetoes) != undo:
            return False
        kept = [one for one in vetoes if one != veto]
        save(path, kept if undo else sorted([*kept, veto]))
    return True


def links(settings: Settings, of: str) -> list[Link]:
    """The evidence around an id: every edge that touches its cluster, the latest first.

    From the analysts' copy, so that a running pipeline is not in the way, or else the warehouse.

    Raises:
        WarehouseError: there is neither, or it was made before there was identity.
    """
    database = settings.analytics if settings.analytics.is_file() else settings.database
    with warehouse.connect(database, read_only=True) as con:
        try:
            rows: Sequence[tuple[Any, ...]] = con.execute(
                "with cluster as (select node from core.identities where cluster_id in "
                "(select cluster_id from core.identities where node = $node)) "
                "select from_node, to_node, source, kind, n_records, first_at::varchar, "
                "last_at::varchar from core.identity_edges "
                "where from_node in (from cluster) or to_node in (from cluster) "
                "order by last_at desc nulls last, from_node, to_node, source, kind",
                {"node": of},
            ).fetchall()
        except duckdb.CatalogException as error:
            raise warehouse.WarehouseError(
                f"{database} holds no identities yet. Make them: journey run"
            ) from error
    return [Link(*row) for row in rows]
