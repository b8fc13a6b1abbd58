"""Who is who: clusters by a union-find, slices by their words, and vetoes that leave no trace.

Belongs here: laws of identity over random records, the file of vetoes, its commands.
Does not belong here: single behaviours of the SQL (`tests/sql/core/identit*.yaml`).
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from homes import journey
from hypothesis import HealthCheck, given
from hypothesis import settings as configured
from hypothesis import strategies as st

from journey_dagster import identity, warehouse
from journey_dagster.identity import Veto
from journey_dagster.models import model
from journey_dagster.settings import Settings
from journey_dagster.users import RegistryError

Row = dict[str, Any]

TABLES = ("superseded", "deliveries", "identity_edges", "identities", "attributions", "events")
MODELS = {name: model(f"core/{name}.sql") for name in TABLES}
DEFAULTS = Settings.model_construct().sql_parameters()
DECLARED = ("raw/records", "raw/segments", "meta/quarantine", "raw/registry", "raw/identity_vetoes")
START = datetime(2024, 5, 1, tzinfo=UTC)
LANDED = datetime(2025, 1, 1, tzinfo=UTC)

CALM = configured(
    max_examples=50, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)

USERS = st.sampled_from([None, None, "u1", "u2", "u3", "u4"])
DEVICES = st.sampled_from([None, "d1", "d1", "d2", "d3", "d4"])
SAME_AS = st.sampled_from([None] * 8 + ["user:u1", "user:u2", "anonymous:d1", "anonymous:d2"])
RECORDS = st.lists(
    st.tuples(st.integers(0, 12), USERS, DEVICES, SAME_AS, st.sampled_from(["s", "s", "s", "t"])),
    min_size=1,
    max_size=16,
).map(
    lambda said: [
        {
            "topic": "a",
            "reading": 1,
            "partition": 0,
            "offset": offset,
            "fingerprint": f"f{offset}",
            "message_id": f"m{offset}",
            "source": source,
            "landed_at": LANDED,
            "occurred_at": START + timedelta(hours=hour),
            "user_id": user,
            "anonymous_id": device,
            "same_as": same_as,
        }
        for offset, (hour, user, device, same_as, source) in enumerate(said)
    ]
)
REGISTERED = st.sets(st.sampled_from(["u1", "u2", "u3"]), max_size=2)


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables that identity reads, without rows."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        for name in DECLARED:
            warehouse.ensure(con, model(f"{name}.sql"))
        yield con


@contextmanager
def filled(
    con: duckdb.DuckDBPyConnection, records: Sequence[Row], registered: set[str]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same tables with rows, until the end of the block."""
    for row in records:
        names = ", ".join(f'"{name}"' for name in row)
        places = ", ".join("?" * len(row))
        con.execute(f"insert into raw.records ({names}) values ({places})", list(row.values()))
    for user_id in sorted(registered):
        con.execute("insert into raw.registry (user_id) values (?)", [user_id])
    try:
        yield con
    finally:
        for table in ("records", "registry", "identity_vetoes"):
            con.execute(f"delete from raw.{table}")


def computed(con: duckdb.DuckDBPyConnection, **parameters: object) -> dict[str, list[Any]]:
    """What the tables hold, in an order of their own, but for what counts deliveries."""
    con.execute("create schema if not exists core")
    for name, table in MODELS.items():
        values = table.bind(DEFAULTS | parameters)
        con.execute(f"create or replace table core.{name} as {table.sql}", values)
    kept = {"identity_edges": "* exclude (n_records)", "events": "* exclude (n_deliveries)"}
    return {
        name: con.execute(f"select {kept.get(name, '*')} from core.{name} order by all").fetchall()
        for name in TABLES[2:]
    }


class Unions:
    """A union-find, as in the textbook."""

    def __init__(self) -> None:
        self.parent: dict[str, str] = {}

    def find(self, node: str) -> str:
        self.parent.setdefault(node, node)
        while self.parent[node] != node:
            node = self.parent[node]
        return node

    def union(self, one: str, other: str) -> None:
        self.parent[self.find(one)] = self.find(other)

    def clusters(self) -> set[frozenset[str]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for node in self.parent:
            found[self.find(node)].add(node)
        return set(map(frozenset, found.values()))


def ties(records: Sequence[Row]) -> list[tuple[str, str]]:
    """The pairs of ids that records name, in no order."""
    found: list[tuple[str, str]] = []
    for row in records:
        device = f"anonymous:{row['source']}:{row['anonymous_id']}" if row["anonymous_id"] else None
        user = f"user:{row['user_id']}" if row["user_id"] else None
        same = row["same_as"]
        if same and same.startswith("anonymous:"):
            same = same.replace(":", f":{row['source']}:", 1)
        if user and device:
            found.append((device, user))
        own = user or device
        if own and same and own != same:
            found.append((own, same))
    return found


def clusters_by_the_rule(records: Sequence[Row]) -> set[frozenset[str]]:
    """Clusters by the words of core/identities.sql and nothing clever."""
    unions = Unions()
    mixed: list[tuple[str, str]] = []
    for pair in ties(records):
        user, device = max(pair), min(pair)
        unions.find(user)
        unions.find(device)
        if user.split(":")[0] == device.split(":")[0]:
            unions.union(user, device)
        else:
            mixed.append((device, user))
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for device, user in mixed:
        owners[unions.find(device)].add(unions.find(user))
    for device, persons in owners.items():
        if len(persons) == 1:
            unions.union(device, *persons)
    return unions.clusters()


def clusters_of(con: duckdb.DuckDBPyConnection) -> set[frozenset[str]]:
    rows = con.execute("select list(node) from core.identities group by cluster_id").fetchall()
    return {frozenset(row[0]) for row in rows}


def unsound(con: duckdb.DuckDBPyConnection) -> list[Any]:
    return con.execute(model("checks/identities_are_unambiguous.sql").sql).fetchall()


@CALM
@given(RECORDS, REGISTERED)
def test_clusters_are_those_of_a_union_find(
    empty: duckdb.DuckDBPyConnection, records: list[Row], registered: set[str]
) -> None:
    with filled(empty, records, registered) as con:
        computed(con)
        assert clusters_of(con) == clusters_by_the_rule(records)
        assert unsound(con) == []


@pytest.mark.parametrize("shuffled", [False, True])
def test_a_long_chain_is_one_cluster(empty: duckdb.DuckDBPyConnection, shuffled: bool) -> None:
    names = [f"c{number:04}" for number in range(400)]
    if shuffled:
        random.Random(1).shuffle(names)  # noqa: S311  no secret
    row = {"topic": "a", "reading": 1, "partition": 0, "source": "s", "landed_at": LANDED}
    records = [
        row | {"offset": offset, "occurred_at": START, "user_id": one, "same_as": f"user:{other}"}
        for offset, (one, other) in enumerate(pairwise(names))
    ]
    with filled(empty, records, set()) as con:
        computed(con, max_identity_cluster=400)
        assert clusters_of(con) == {frozenset(f"user:{name}" for name in names)}
        owners = con.execute("select distinct user_id from core.identities").fetchall()
        assert owners == [("c0000",)]
        computed(con, max_identity_cluster=399)
        owners = con.execute("select count(distinct user_id) from core.identities").fetchall()
        assert owners == [(400,)]


@CALM
@given(RECORDS, st.randoms(use_true_random=False))
def test_order_and_duplicates_change_nothing(
    empty: duckdb.DuckDBPyConnection, records: list[Row], dice: random.Random
) -> None:
    again = [
        row | {"offset": len(records) + more, "landed_at": LANDED + timedelta(days=1)}
        for more, row in enumerate(dice.choices(records, k=3))
    ]
    found: list[Any] = []
    for rows in (records, dice.sample([*records, *again], len(records) + 3)):
        with filled(empty, rows, set()) as con:
            found.append(computed(con))
    assert found[0] == found[1]


@CALM
@given(RECORDS, REGISTERED, st.data())
def test_a_veto_that_is_removed_leaves_no_trace(
    empty: duckdb.DuckDBPyConnection, records: list[Row], registered: set[str], data: st.DataObject
) -> None:
    with filled(empty, records, registered) as con:
        before = computed(con)
        pairs = con.execute("select from_node, to_node from core.identity_edges").fetchall()
        if not pairs:
            return
        vetoed = data.draw(st.sampled_from(sorted(pairs)))
        con.execute("insert into raw.identity_vetoes values (?, ?)", vetoed)
        during = computed(con)
        assert vetoed not in {edge[:2] for edge in during["identity_edges"]}
        assert len(during["events"]) == len(before["events"])
        assert unsound(con) == []
        con.execute("delete from raw.identity_vetoes")
        assert computed(con) == before


@CALM
@given(RECORDS)
def test_a_device_goes_to_whom_its_nearest_evidence_names(
    empty: duckdb.DuckDBPyConnection, records: list[Row]
) -> None:
    records = [row | {"same_as": None} for row in records]
    evidence: defaultdict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
    for row in records:
        if row["user_id"] and row["anonymous_id"]:
            evidence[row["source"], row["anonymous_id"]].append(
                (row["occurred_at"], row["user_id"])
            )

    def whose(row: Row) -> str | None:
        known = evidence[row["source"], row["anonymous_id"]]
        if len({user for _, user in known}) < 2:
            return known[0][1] if known else None
        before = [at for at, _ in known if at <= row["occurred_at"]]
        after = [at for at, _ in known if at >= row["occurred_at"]]
        nearest = {*([max(before)] if before else []), *([min(after)] if after else [])}
        users = {user for at, user in known if at in nearest}
        return users.pop() if len(users) == 1 else None

    expected = {row["offset"]: row["user_id"] or whose(row) for row in records}
    with filled(empty, records, set()) as con:
        computed(con)
        found = con.execute('select "offset", user_id from core.events').fetchall()
    assert dict(found) == expected


def test_ids_are_written_as_the_warehouse_writes_them() -> None:
    assert identity.node("u-1") == "user:u-1"
    assert identity.node("user:user:1") == "user:user:1"
    assert identity.node("a:b") == "user:a:b"
    assert identity.node("anonymous:s:d:1") == "anonymous:s:d:1"
    assert identity.node("anonymous:d:1", "s") == "anonymous:s:d:1"
    for wrong in ("", "user:", "anonymous:", "anonymous:d1", "anonymous:s:"):
        with pytest.raises(RegistryError, match="is no id"):
            identity.node(wrong)
    assert identity.pair("user:b", "user:a") == identity.pair("user:a", "user:b")
    with pytest.raises(RegistryError, match="name two"):
        identity.pair("user:a", "user:a")


def test_a_pair_is_ordered_as_the_database_orders_it() -> None:
    nodes = ["user:\U0001f600", "user:￿", "user:Z", "user:a", "anonymous:s:z", "user:é"]
    with duckdb.connect() as con:
        for one in nodes:
            for other in set(nodes) - {one}:
                least = con.execute("select least(?, ?)", [one, other]).fetchone()
                assert least == (identity.pair(one, other).from_node,)


def test_a_veto_is_kept_once_and_removed_once(tmp_path: Path) -> None:
    path = tmp_path / "home" / "identity_vetoes.json"
    veto = identity.pair("user:b", "user:a")
    assert identity.load(path) == []
    assert not identity.unlink(path, veto, undo=True)
    assert identity.unlink(path, veto)
    assert not identity.unlink(path, veto)
    assert identity.load(path) == [Veto("user:a", "user:b")]
    assert identity.unlink(path, veto, undo=True)
    assert identity.load(path) == []


def test_vetoes_at_once_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "identity_vetoes.json"
    vetoes = [identity.pair("user:a", f"user:b{number}") for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda veto: identity.unlink(path, veto), vetoes))
    assert identity.load(path) == sorted(vetoes)
    assert {one.name for one in tmp_path.iterdir() if not one.name.endswith(".lock")} == {path.name}


@pytest.mark.parametrize(
    "text",
    ["{", "[1]", '[{"from_node": "user:a"}]', '[{"from_node": "user:a", "to_node": "user:"}]'],
)
def test_a_broken_file_is_not_an_empty_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "identity_vetoes.json"
    path.write_text(text)
    with pytest.raises(RegistryError, match="list of pairs"):
        identity.load(path)


def test_the_commands_show_evidence_and_delete_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    row = {"topic": "a", "reading": 1, "partition": 0, "source": "s", "landed_at": LANDED}
    record = row | {"offset": 0, "occurred_at": START, "user_id": "u1", "anonymous_id": "d1"}
    with warehouse.connect(home / "journey.duckdb") as file:
        for name in DECLARED:
            warehouse.ensure(file, model(f"{name}.sql"))
        with filled(file, [record], set()) as con:
            computed(con)
    shown = journey("users", "links", "u1", "--json", home=home)
    assert [link["to_node"] for link in json.loads(shown.stdout)] == ["user:u1"]
    assert "anonymous:s:d1" in journey("users", "links", "u1", home=home).stdout
    assert "no evidence" in journey("users", "links", "u9", home=home).stderr

    done = journey("users", "unlink", "u1", "anonymous:d1", "--source", "s", home=home)
    assert done.returncode == 0, done.stderr
    assert json.loads((home / "identity_vetoes.json").read_text()) == [
        {"from_node": "anonymous:s:d1", "to_node": "user:u1"}
    ]
    assert "unlinked: anonymous:s:d1" in journey("users", "links", "u1", home=home).stderr
    again = journey("users", "unlink", "anonymous:s:d1", "u1", home=home)
    assert again.returncode == 0
    assert "no change" in again.stderr
    assert journey("users", "unlink", "--undo", "anonymous:s:d1", "u1", home=home).returncode == 0
    assert identity.load(home / "identity_vetoes.json") == []
    wrong = journey("users", "unlink", "u1", "anonymous:d1", home=home)
    assert wrong.returncode == 2
    assert "is no id" in wrong.stderr
