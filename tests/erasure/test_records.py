"""Whoever is forgotten, in whatever order: the records of all others stay, and the books add up."""

import json
from pathlib import Path

import pytest
import topic_files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from topic_files import Home

from journey_dagster.erasure import ageing, person, records
from journey_dagster.settings import Settings
from journey_dagster.topics import TopicError, segments, suppression
from journey_dagster.topics.suppression import Id
from journey_dagster.warehouse import connect

PEOPLE = ("1", "ann", "ann-2", "Zoë", "a b")
DEVICES = ("d1", "d2", "d3")
BOOKS = (
    "from meta.manifest where n_consumed <> n_accepted + n_quarantined + n_tombstones + n_erased"
)


def minute(n: int) -> str:
    return f"2026-03-01T{n // 60:02}:{n % 60:02}:00Z"


RECORDS = st.lists(
    st.tuples(
        st.sampled_from([*PEOPLE, None]),
        st.sampled_from([*DEVICES, None]),
        st.integers(0, 40),
        st.sampled_from(["{}", '{{"user_id": {}', '{{"user_id": {}}}', "{}\\"]),
    ),
    min_size=5,
    max_size=40,
)


def bytes_of(user: str | None, device: str | None, at: int, form: str) -> bytes:
    """A record, or something that is none and holds the id all the same."""
    if form != "{}":
        return form.format(json.dumps(user, ensure_ascii=at % 2 == 0)).encode()
    said = {"user_id": user, "anonymous_id": device, "timestamp": minute(at), "page": f"/{at}"}
    return json.dumps(said | {"event": "View"}).encode()


def forget(home: Home, user: str) -> person.Person:
    """What `journey users forget` does to records."""
    there = Settings(home=home.root)
    found = person.look(there, f"user:{user}").person
    suppression.add(home.raw, user, found.ids)
    with connect(home.database) as con:
        records.rewrite(con, home.raw, [*segments.paths(home.raw)])
    return found


def events_of(home: Home) -> dict[str | None, list[tuple[str, ...]]]:
    """The events by whose they are."""
    home.events()
    found: dict[str | None, list[tuple[str, ...]]] = {}
    for user, *row in home.rows("select user_id, * exclude (user_id) from core.events"):
        found.setdefault(user, []).append(tuple(row))
    return found


@settings(
    database=None,
    deadline=None,
    max_examples=6,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(RECORDS, st.permutations(PEOPLE))
def test_others_keep_every_event(
    tmp_path_factory: pytest.TempPathFactory, drawn: list, order: list[str]
):
    root = tmp_path_factory.mktemp("home")
    home, fresh = Home(root / "home"), Home(root / "fresh")
    wanted = [f"{n}" for n in range(60)]  # enough to be read by columns
    known = [bytes_of("keeper", None, int(n) % 60, "{}") for n in wanted]
    source = topic_files.lines(*known, *(bytes_of(*one) for one in drawn))
    home.take("a.json", source, "json")
    there = {user for user, *_ in drawn if user}
    for user in [one for one in order if one in there][:2]:
        before = events_of(home)
        forget(home, user)
        after = events_of(home)
        nobodys = before.pop(None, [])
        assert set(after.pop(None, [])) <= set(nobodys)
        before.pop(user, None)
        assert after == before
        assert home.rows(f"from raw.records where user_id = '{user}'") == []
    with home.connect() as con:
        suppressed = suppression.load(home.raw)
        unread = con.execute("select key, value from meta.quarantine").fetchall()
    assert not (suppressed and any(map(suppressed.holds, unread)))
    sums = "select sum(n_consumed), sum(n_accepted + n_quarantined + n_tombstones + n_erased)"
    (consumed, told) = home.rows(f"{sums} from raw.segments")[0]
    assert consumed == told == str(len(known) + len(drawn))
    # Read again from the beginning, and rebuilt, it is the same.
    as_left = home.rows("select * exclude (landed_at) from raw.records")
    if suppressed:
        (home.root / "erasure").rename(fresh.root.parent / "erasure.moved")
        fresh.root.mkdir()
        (fresh.root.parent / "erasure.moved").rename(fresh.root / "erasure")
    fresh.take("a.json", source, "json")
    assert fresh.rows("select * exclude (landed_at) from raw.records") == as_left
    home.delete_warehouse()
    home.load_landed()
    assert home.rows("select * exclude (landed_at) from raw.records") == as_left


def test_two_at_one_moment_on_one_device(tmp_path: Path):
    """Neither owns what is around it, and whoever stays does not get it when the other goes."""
    home = Home(tmp_path / "home")
    drawn = [("ann", "d1", 5), ("1", "d1", 5), (None, "d1", 5), (None, "d1", 9), ("1", "d2", 1)]
    drawn += [(None, "d2", 2), ("ann", None, 3)]
    source = [bytes_of(user, device, at, "{}") for user, device, at in drawn]
    home.take("a.json", topic_files.lines(*source), "json")
    before = events_of(home)
    assert len(before[None]) == 2
    assert [one.kind for one in forget(home, "ann").ids] == ["user", "anonymous"]
    assert events_of(home) == {"1": before["1"]}


def test_a_word_is_an_id_only_as_a_whole():
    theirs = suppression.of([Id("user", "ann-2"), Id("user", "Zoë"), Id("anonymous", "7", "json")])
    for text in (
        b'"ann-2"',
        b"ann-2",
        b"x ann-2.",
        b"\\u005ao\\u00eb",
        '"Zoe\u0308"'.encode(),
        b":7,",
    ):
        assert theirs.holds([None, text]), text
    for text in (b"ann-22", b"xann-2", b"ann", b"Zo", b"77", b"a7", "7\u00e9".encode(), b""):
        assert not theirs.holds([None, text]), text


def test_the_list_without_its_key_stops_everything(tmp_path: Path):
    home = Home(tmp_path / "home")
    suppression.add(home.raw, "ann", [Id("user", "ann")])
    (home.root / "erasure" / "suppressed.key").unlink()
    with pytest.raises(TopicError, match="nobody knows whom"):
        home.take("a.json", b'{"user_id": "ann"}\n', "json")


def test_what_is_too_old_goes_and_stays_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    home = Home(tmp_path / "home")
    times = [f"2026-{month:02}-01T00:00:00Z" for month in range(1, 11)]
    said = [{"user_id": "ann", "timestamp": at, "page": "/", "event": "View"} for at in times]
    source = topic_files.lines(*(json.dumps(one).encode() for one in said), b"{")
    home.take("a.json", source, "json")
    kept = Settings(home=home.root, keep_days=100)
    now = topic_files.LANDED_AT.replace(month=10, day=1, hour=7)
    wanted = [at for at in times if at >= "2026-06-23"]
    load = records.load

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with connect(home.database) as con:
        assert ageing.old(con, kept, now) == (6, 1)
        monkeypatch.setattr(records, "load", killed)
        with pytest.raises(KeyboardInterrupt):
            ageing.retain(con, kept, now)
        monkeypatch.setattr(records, "load", load)
        assert ageing.retain(con, kept, now) == (6, 1)
        assert ageing.retain(con, kept, now) == (0, 0)
    held = home.rows("select occurred_at from raw.records")
    assert [row[0][:10] for row in held] == [at[:10] for at in wanted]
    assert home.rows("select n_consumed, n_erased, n_quarantined from raw.segments") == [
        ("11", "6", "1")
    ]
    fresh = Home(tmp_path / "fresh")
    (home.root / "erasure").rename(tmp_path / "moved")
    fresh.root.mkdir()
    (tmp_path / "moved").rename(fresh.root / "erasure")
    fresh.take("a.json", source, "json")
    assert fresh.rows("select occurred_at from raw.records") == held
    with connect(fresh.database) as con:
        assert ageing.retain(con, Settings(home=fresh.root), now) == (0, 0)
    assert suppression.load(fresh.raw).listed.keep_from is None
    late = now.replace(month=12)
    with connect(fresh.database) as con:
        ageing.retain(con, kept.model_copy(update={"home": fresh.root, "keep_days": 20}), late)
    assert fresh.rows("select n_consumed, n_erased from raw.segments") == [("11", "11")]
