"""Tables that were brought forward are, row for row, those computed from the beginning.

Belongs here: laws of `refresh` over any order, splitting, repetition and lateness of records, and
what a refresh may leave alone. Does not belong here: what the tables say (tests/sql).

Records are drawn around the border of 30 minutes, on few users, devices, pages and ids, so that
pauses, ties, duplicates, conflicts, merged users and sessions that join or part meet often.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from journey_dagster import warehouse
from journey_dagster.changes import Changes
from journey_dagster.definitions import build_defs
from journey_dagster.models import Model, every_model
from journey_dagster.refresh import refresh
from journey_dagster.settings import Settings
from journey_dagster.topics.load import STORED, prepare

MODELS = {model.name: model for model in every_model()}
PARAMETERS = Settings.model_construct().sql_parameters()
START = datetime(2024, 3, 9, 22, tzinfo=UTC)


def _together() -> list[Model]:
    """The tables of the step `journeys`."""
    node = build_defs().get_repository_def().assets_defs_by_key
    (journeys,) = {each for each in node.values() if each.op.name == "journeys"}
    return [each for key in journeys.keys if (each := MODELS[".".join(key.path)]).reads]


TOGETHER = _together()


def _brought_forward() -> list[Model]:
    """The tables that are computed by parts, and all that they read."""
    every = {each.name: each for each in TOGETHER}
    found: dict[str, Model] = {}
    todo = [each for each in TOGETHER if each.kept_by or each.added_over]
    while todo:
        each = todo.pop()
        found[each.name] = each
        todo += [every[name] for name in each.reads & every.keys() - found.keys()]
    return list(found.values())


FORWARD = _brought_forward()


# ---- worlds --------------------------------------------------------------------------------------


class Record(NamedTuple):
    """What a record says and how it arrives."""

    minutes: int
    user: str | None
    device: str | None
    page: str
    event: str
    session: str | None
    source: str
    message: str | None
    same_as: str | None
    revision: int | None
    day: str | None
    is_provisional: bool
    year: int
    tags: list[str] | None
    title: str | None


RECORDS = st.builds(
    Record,
    minutes=st.sampled_from([0, 0, 1, 29, 30, 31, 59, 60, 61, 90, 1439, 1440]),
    user=st.sampled_from(["u", "u", "u", "v", "w", None]),
    device=st.sampled_from([None, None, None, "d", "e"]),
    page=st.sampled_from(["/a", "/b", "/c"]),
    event=st.sampled_from(["view", "click"]),
    session=st.sampled_from([None, None, "a", "b", "-1"]),
    source=st.sampled_from(["csv", "csv", "csv", "amplitude", "ga4"]),
    message=st.sampled_from([None, None, "m1", "m2", "m3"]),
    same_as=st.sampled_from([None] * 12 + ["user:u", "user:x", "anonymous:d"]),
    revision=st.sampled_from([None, None, 1, 2]),
    day=st.sampled_from([None, None, "20240310"]),
    is_provisional=st.booleans(),
    year=st.sampled_from([2024] * 15 + [1970]),
    tags=st.sampled_from([None, [], ["Art"], ["art", "music"]]),
    title=st.sampled_from([None, "A", "B"]),
)


class Batch(NamedTuple):
    """Records that arrive at once; `again` reads their places once more."""

    records: list[Record]
    topic: str
    again: bool


class Registered(NamedTuple):
    """An entry of the registry that appears or changes."""

    user: str
    tz: str | None


Happening = Batch | Registered | str
"""A string is the user of an identity veto, or `refresh a part`."""

HAPPENINGS = st.one_of(
    st.builds(
        Batch,
        st.lists(RECORDS, min_size=1, max_size=8),
        st.sampled_from(["t", "t", "s"]),
        st.sampled_from([False] * 5 + [True]),
    ),
    st.builds(Batch, st.lists(RECORDS, min_size=1, max_size=8), st.just("t"), st.just(value=False)),
    st.builds(
        Registered, st.sampled_from("uvx"), st.sampled_from([None, "Asia/Kolkata", "Mars/Base"])
    ),
    st.sampled_from(["u", "v"]),
)


class World:
    """A warehouse of what Python fills, and things that happen to it."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.n_records, self.n_readings = 0, 1

    def begin(self) -> None:
        self.n_records, self.n_readings = 0, 1
        for each in ("raw.records", "raw.segments", "meta.quarantine", "raw.registry"):
            self.con.execute(f"delete from {each}")
        for each in ("raw.identity_vetoes", "meta.refreshes"):
            self.con.execute(f"delete from {each}")

    def take(self, happening: Happening) -> None:
        match happening:
            case Batch():
                self._arrive(happening)
            case Registered(user, tz):
                self.con.execute("delete from raw.registry where user_id = ?", [user])
                self.con.execute(
                    "insert into raw.registry (user_id, slug, tz) values (?, ?, ?)",
                    [user, user, tz],
                )
            case user:
                self.con.execute(
                    "insert into raw.identity_vetoes (from_node, to_node) values (?, ?)",
                    ["anonymous:csv:d", f"user:{user}"],
                )

    def _arrive(self, batch: Batch) -> None:
        first = self.n_records
        reading = 1
        if batch.again:
            self.n_readings += 1
            reading, first = self.n_readings, 0
        rows = [
            [
                batch.topic,
                reading,
                first + n,
                record.source,
                START.replace(year=record.year) + timedelta(minutes=record.minutes),
                record.message,
                f"{record.minutes}{record.page}{record.event}{record.user}",
                *record[1:6],
                record.same_as,
                record.revision,
                record.day,
                record.is_provisional and record.source == "ga4",
                record.tags,
                record.title,
            ]
            for n, record in enumerate(batch.records)
        ]
        self.con.executemany(
            "insert into raw.records by name "
            f"select * replace ({STORED['fingerprint']} as fingerprint), "
            f"{STORED['event_group']} as event_group from (select "
            "$1 as topic, $2 as reading, 0 as partition, $3 as offset, $4 as source, "
            "$5 as occurred_at, $6 as message_id, $7 as fingerprint, $8 as user_id, "
            "$9 as anonymous_id, $10 as page, $11 as event_name, $12 as session_id, "
            "$13 as same_as, $14 as revision, $15 as day, $16 as is_provisional, "
            "$17::varchar[] as tags, $17::varchar[] as authors, $18 as title, "
            "timestamptz '2025-01-01' as landed_at)",
            rows,
        )
        self.con.execute(
            "insert into raw.segments by name select $1 as topic, $2 as reading, 0 as partition, "
            "$3 as first_offset, $4 as last_offset, false as is_taken",
            [batch.topic, reading, first, first + len(rows) - 1],
        )
        self.n_records = max(self.n_records, first + len(rows))

    def content(self, tables: Iterable[Model] = TOGETHER) -> dict[str, str]:
        """A hash of the rows of each table."""
        return {
            each.name: str(
                self.con.execute(
                    "select count(*), md5(string_agg(row, '' order by row)) "
                    f"from (select md5(held::varchar) as row from {each.name} as held)"
                ).fetchall()
            )
            for each in tables
            if not each.is_appended
        }

    def rebuild(self, tables: Iterable[Model] = TOGETHER) -> None:
        self.con.execute("delete from meta.refreshes")
        assert {*refresh(self.con, tables, PARAMETERS).values()} == {"rebuilt"}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("set TimeZone = 'UTC'")
        prepare(con)
        read = {name for each in TOGETHER for name in each.reads}
        for name in [*read - {each.name for each in TOGETHER}, "meta.refreshes"]:
            warehouse.ensure(con, MODELS[name])
        yield World(con)


calm = settings(
    deadline=None,
    database=None,
    suppress_health_check=[*HealthCheck],
    print_blob=True,
    phases=[Phase.explicit, Phase.generate],  # a world costs a second, and shrinking thousands
)


BEFORE = st.lists(HAPPENINGS, max_size=2)
AFTER = st.lists(HAPPENINGS, min_size=1, max_size=3)


def hold_against_a_rebuild(
    world: World, tables: list[Model], before: list[Happening], after: list[list[Happening]]
) -> None:
    world.begin()
    for happening in before:
        world.take(happening)
    refresh(world.con, tables, PARAMETERS)
    for happenings in after:
        for happening in happenings:
            world.take(happening)
        assert "rebuilt" not in refresh(world.con, tables, PARAMETERS).values()
    forward = world.content(tables)
    world.rebuild(tables)
    assert forward == world.content(tables)


@seed(20261121)
@settings(calm, max_examples=500)
@given(before=BEFORE, after=st.lists(AFTER, min_size=1, max_size=1))
def test_what_was_brought_forward_is_what_is_computed_from_the_beginning(
    world: World, before: list[Happening], after: list[list[Happening]]
) -> None:
    hold_against_a_rebuild(world, FORWARD, before, after)


@settings(calm, max_examples=30)
@given(before=BEFORE, after=st.lists(AFTER, min_size=1, max_size=3))
def test_so_is_what_is_computed_whole_when_something_changed(
    world: World, before: list[Happening], after: list[list[Happening]]
) -> None:
    hold_against_a_rebuild(world, TOGETHER, before, after)


def batch(*minutes: int, user: str = "u") -> Batch:
    empty = dict.fromkeys(Record._fields)
    said = {"user": user, "page": "/a", "event": "view", "source": "csv", "year": 2024}
    return Batch(
        [Record(**{**empty, **said, "minutes": n, "is_provisional": False}) for n in minutes],
        "t",
        again=False,
    )


def sessions(world: World) -> list[tuple[Any, ...]]:
    return world.con.execute(
        "select session_id, n_steps from core.sessions order by started_at, user_id"
    ).fetchall()


def bring(world: World, *happenings: Happening, **parameters: object) -> dict[str, str]:
    for happening in happenings:
        world.take(happening)
    return {**refresh(world.con, TOGETHER, PARAMETERS | parameters)}


def test_a_late_event_joins_two_sessions_and_leaves_no_orphan(world: World) -> None:
    world.begin()
    bring(world, batch(0, 60), batch(0, user="v"))
    (first, _), other, _ = sessions(world)
    assert other[1] == 1
    bring(world, batch(30))
    assert sessions(world) == [(first, 3), other]
    told = world.con.execute(
        "select n_late_events, n_new_sessions, n_changed_sessions, n_lost_sessions "
        "from meta.late_data order by refreshed_at desc limit 1"
    ).fetchall()
    assert told == [(1, 0, 1, 1)]


def test_a_change_behind_sessions_that_share_a_moment_keeps_them(world: World) -> None:
    """The source parts a run within one moment; a stretch that began there would cut through it."""
    world.begin()
    (record, *_), topic, again = batch(0)
    said = [("a", 1), ("a", 29), ("b", 29), ("c", 29), ("c", 58)]
    run = [record._replace(session=name, minutes=at) for name, at in said]
    bring(world, Batch(run, topic, again))
    bring(world, batch(59))
    forward = world.content()
    world.rebuild()
    assert forward == world.content()


def test_only_what_a_record_touches_is_written(world: World) -> None:
    world.begin()
    bring(world, batch(600, 601), batch(0, 1, user="v"))
    before = world.con.execute(
        "select rowid, * from core.placements where user_key <> $1", [key_of(world, "u")]
    )
    kept = before.fetchall()
    done = bring(world, batch(603))
    assert done["core.placements"] == "changed"
    assert done["core.clocks"] == done["core.attributions"] == "unchanged"
    after = world.con.execute(
        "select rowid, * from core.placements where user_key <> $1", [key_of(world, "u")]
    )
    assert after.fetchall() == kept


def key_of(world: World, user: str) -> int:
    return world.con.execute(
        "select user_key from core.user_ids where user_id = $1", [user]
    ).fetchall()[0][0]


def test_nothing_new_changes_nothing(world: World) -> None:
    world.begin()
    bring(world, batch(0, 1, 2))
    assert {*bring(world).values()} == {"unchanged"}


def test_the_same_records_again_change_no_session(world: World) -> None:
    world.begin()
    bring(world, batch(0, 1, 2))
    again = batch(0, 1, 2)._replace(topic="s")
    done = bring(world, again)
    assert done["core.deliveries"] == done["core.events"] == "changed"
    assert done["core.placements"] == done["core.sessions"] == "unchanged"


def test_another_setting_computes_what_hangs_on_it_from_the_beginning(world: World) -> None:
    world.begin()
    bring(world, batch(0, 10, 20))
    done = bring(world, session_gap_us=60_000_000)
    assert done["core.placements"] == done["marts.transitions"] == "rebuilt"
    assert done["core.events"] == "unchanged"
    assert len(sessions(world)) == 3


def test_a_table_left_out_falls_behind_and_is_computed_from_the_beginning(world: World) -> None:
    world.begin()
    bring(world, batch(0))
    world.take(batch(5))
    events = [each for each in TOGETHER if each.schema == "core" and each.name != "core.sessions"]
    refresh(world.con, events, PARAMETERS)
    assert sessions(world)[0][1] == 1
    done = bring(world)
    assert done["core.sessions"] == "rebuilt"
    assert done["core.placements"] == "rebuilt"  # the query for its part looks at sessions
    assert done["core.events"] == "unchanged"
    forward = world.content()
    world.rebuild()
    assert forward == world.content()


def test_a_failure_leaves_all_tables_of_one_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.begin()
    bring(world, batch(0, 1))
    before = world.content()
    world.take(batch(2))
    put = Changes._put

    def fail(self: Changes, model: Model, change: Any) -> bool:
        if model.name == "core.sessions":
            raise duckdb.IOException("no space left")
        return put(self, model, change)

    with monkeypatch.context() as patched:
        patched.setattr(Changes, "_put", fail)
        with pytest.raises(duckdb.IOException):
            refresh(world.con, TOGETHER, PARAMETERS)
    assert world.content() == before
    assert bring(world)["core.sessions"] == "changed"
    assert sessions(world)[0][1] == 3


def test_what_is_temporary_is_dropped(world: World) -> None:
    world.begin()
    bring(world, batch(0))
    bring(world, batch(1), Registered("u", "Asia/Kolkata"))
    left = world.con.execute(
        "select count(*) from duckdb_tables() where temporary union all "
        "select count(*) from duckdb_views() where temporary and not internal"
    ).fetchall()
    assert left == [(0,), (0,)]
