"""Who is meant: every id that the records tie to one person, and what there is of them.

Belongs here: the question, from whatever was typed to the ids. Does not belong here: what evidence
is and what follows from it (`sql/core/identity_edges.sql`, `identities.sql`, `attributions.sql`):
the same files are asked here, over the records as they stand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa

from journey_dagster import identity, users
from journey_dagster.models import model
from journey_dagster.publishing import memory
from journey_dagster.settings import Settings
from journey_dagster.topics import suppression, values
from journey_dagster.topics.load import QUARANTINE, RECORDS, load_landed
from journey_dagster.topics.suppression import Id
from journey_dagster.users import RegistryError
from journey_dagster.warehouse import connect

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE = 100_000
"""Records looked at at a time."""

_WHOSE = (
    "core/superseded.sql",
    "core/identity_edges.sql",
    "core/identities.sql",
    "core/attributions.sql",
)

_DEVICES = """
with shared as (
    select source, id, cluster_id
    from temp.core_identities
    where kind = 'anonymous' and n_owners > 1 and not is_suspicious
),

theirs as (
    select distinct cluster_id, occurred_at
    from raw.records
    join shared on shared.source = records.source and shared.id = records.anonymous_id
    where coalesce(user_id, if(starts_with(same_as, 'user:'), substr(same_as, 6), null)) = any($ids)
),

others as (
    select distinct
        cluster_id,
        coalesce(from_at, timestamptz '-infinity') as from_at,
        coalesce(until_at, timestamptz 'infinity') as until_at
    from temp.core_attributions
    join shared using (source, id)
    semi join theirs using (cluster_id)
    where kind = 'anonymous' and user_id <> all($ids)
    union all
    select distinct cluster_id, timestamptz 'infinity', timestamptz 'infinity' from theirs
),

gaps as (
    select
        cluster_id,
        lag(until_at, 1, timestamptz '-infinity') over slices as after,
        from_at as before
    from others
    window slices as (partition by cluster_id order by from_at)
)

select source, id, null::bigint as after, null::bigint as before
from temp.core_identities
where kind = 'anonymous' and user_id = any($ids)
union all
select
    source,
    id,
    epoch_us(if(isfinite(after), after, null)),
    epoch_us(if(isfinite(before), before, null))
from gaps
join shared using (cluster_id)
where exists (
    from theirs
    where theirs.cluster_id = gaps.cluster_id and occurred_at > after and occurred_at < before
)
order by all
"""
"""Of a device that is shared, all between others wherever the person was on it: what is nobody's
there would become another's when the evidence for this one is gone."""


@dataclass(frozen=True)
class Person:
    """One person, by all their ids."""

    user_ids: tuple[str, ...]
    """The one that stands for them is the first."""
    devices: tuple[Id, ...]
    slug: str | None = None
    """None: not registered."""
    name: str | None = None
    """The unguessable name of their report, if it has one."""

    @property
    def ids(self) -> tuple[Id, ...]:
        """All ids, as the list of those kept out takes them."""
        return (*(Id("user", one) for one in self.user_ids), *self.devices)

    @property
    def words(self) -> tuple[str, ...]:
        """All that they are called by, apart from their name."""
        ids = [*self.user_ids, *(one.id for one in self.devices)]
        return tuple(dict.fromkeys([*ids, *filter(None, (self.slug, self.name))]))


@dataclass(frozen=True)
class Found:
    """A person, and what of them is in the warehouse."""

    person: Person
    n_records: int
    """Records read as events."""
    n_unreadable: int
    """Records that could not be read and hold one of the ids."""
    is_forgotten: bool
    """They are on the list already."""


def look(settings: Settings, who: str) -> Found:
    """Find a person by a slug or a user id (`user:ID` is always an id).

    Raises:
        RegistryError: nobody here is called so, or two are.
        WarehouseBusyError: somebody else has the warehouse open.
        TopicError: a segment is damaged.
    """
    registered = users.load(settings.registry)
    with connect(settings.database, memory_limit=settings.memory_limit) as con:
        load_landed(con, settings.raw)
        user_id = _user_id(con, registered, who)
        person = _person(con, settings, registered, user_id)
        n_records, n_unreadable = _count(con, person)
    known = suppression.load(settings.raw)
    is_forgotten = known is not None and known.has_user(user_id)
    found = Found(person, n_records, n_unreadable, is_forgotten)
    if not (n_records or n_unreadable or person.slug or found.is_forgotten):
        raise RegistryError(
            f"nobody here is called {who!r}: no registered user, no record. An id is written as "
            "the events have it; see: journey users list"
        )
    return found


def _user_id(con: duckdb.DuckDBPyConnection, registered: Sequence[users.User], who: str) -> str:
    user_id = values.identity("user_id", identity.node(who).removeprefix("user:"))
    if user_id is None:
        raise RegistryError(f"{who!r} is what broken clients send for nobody; no user")
    slugs = {user.slug: user.user_id for user in registered}
    if who not in slugs or slugs[who] == user_id:
        return user_id
    stated = f"select 1 from {RECORDS.name} where user_id = $id limit 1"
    is_id = con.execute(stated, {"id": user_id}).fetchone()
    if is_id or user_id in {user.user_id for user in registered}:
        raise RegistryError(
            f"{who!r} is the slug of one user and the id of another. Say which: user:{who} is the "
            f"id, user:{slugs[who]} has the slug"
        )
    return slugs[who]


def _person(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    registered: Sequence[users.User],
    user_id: str,
) -> Person:
    """All ids that the evidence makes one person's, with the registry and vetoes of now."""
    vetoes = identity.load(settings.vetoes)
    con.execute(
        "create or replace temp table registered as select unnest($ids::varchar[]) as user_id",
        {"ids": [user.user_id for user in registered]},
    )
    con.execute(
        "create or replace temp table vetoes as select unnest($from::varchar[]) as from_node, "
        "unnest($to::varchar[]) as to_node",
        {"from": [one.from_node for one in vetoes], "to": [one.to_node for one in vetoes]},
    )
    now = {"raw.registry": "temp.registered", "raw.identity_vetoes": "temp.vetoes"}
    for file in _WHOSE:
        table = model(file)
        temporary = table.name.replace(".", "_")
        con.execute(
            f"create or replace temp table {temporary} as {table.reading(now)}",
            table.bind(settings.sql_parameters()),
        )
        now[table.name] = f"temp.{temporary}"
    merged = "from temp.core_attributions where kind = 'user'"
    row = con.execute(f"select user_id {merged} and id = $id", {"id": user_id}).fetchone()
    stands = {"user_id": row[0] if row else user_id}
    also = con.execute(f"select id {merged} and user_id = $user_id order by id", stands).fetchall()
    ids = tuple(dict.fromkeys([stands["user_id"], *(id_ for (id_,) in also), user_id]))
    devices = con.execute(_DEVICES, {"ids": [*ids]}).fetchall()
    slug = next((user.slug for user in registered if user.user_id in ids), None)
    names = memory.load(settings.publishing).names
    return Person(
        ids,
        tuple(
            Id("anonymous", id_, source, _moment(after), _moment(before))
            for source, id_, after, before in devices
        ),
        slug,
        next((names[id_] for id_ in ids if id_ in names), None),
    )


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else _EPOCH + timedelta(microseconds=micros)


def _count(con: duckdb.DuckDBPyConnection, person: Person) -> tuple[int, int]:
    """Records of theirs, and records nobody could read that hold an id of theirs."""
    theirs = suppression.of(person.ids)
    n_records = 0
    for (source,) in con.execute(f"select distinct source from {RECORDS.name}").fetchall():
        batches = con.execute(
            f"select occurred_at, user_id, anonymous_id, same_as from {RECORDS.name} "
            "where source = $source",
            {"source": source},
        ).to_arrow_reader(_AT_ONCE)
        for batch in batches:
            events = pa.Table.from_batches([batch])
            n_records += int(theirs.theirs(source, events).sum())
    unread = con.execute(f"select key, value from {QUARANTINE.name}").fetchall()
    return n_records, sum(theirs.holds(record) for record in unread)
