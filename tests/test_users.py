"""The registry: identities stay apart, slugs stay safe and stable."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey_dagster import users
from journey_dagster.topics.values import identity
from journey_dagster.users import Entry, RegistryError, User

NAMES = st.one_of(st.none(), st.text(max_size=80))


def registry(entries: list[Entry]) -> list[User]:
    found: list[User] = []
    for entry in entries:
        found, _ = users.add(found, entry)
    return found


def test_two_users_of_one_name_stay_two():
    both = registry([Entry("a", display_name="Robin"), Entry("b", display_name="Robin")])
    assert both[0].slug == "robin"
    assert both[1].slug.startswith("robin-")


@given(st.lists(st.tuples(st.text(min_size=1, max_size=20), NAMES), max_size=12))
def test_distinct_ids_get_distinct_safe_slugs(pairs: list[tuple[str, str | None]]):
    entries = [Entry(one, display_name=name) for one, name in pairs if identity("", one)]
    found = registry(entries)
    ids = [identity("", entry.user_id) for entry in entries]
    assert [user.user_id for user in found] == list(dict.fromkeys(ids))
    assert len({user.slug for user in found}) == len(found)
    assert all(users.SLUG.fullmatch(user.slug) for user in found)
    assert not {user.slug for user in found} & users.RESERVED


@pytest.mark.parametrize(
    "name", ["..", "../../etc", "CON", "users", "名前", "🚴", "a" * 200, " ", "A/B"]
)
def test_no_name_makes_an_unsafe_slug(name: str):
    (user,) = registry([Entry("id", display_name=name)])
    assert users.SLUG.fullmatch(user.slug)
    assert user.slug != "users"


def test_adding_again_changes_nothing():
    once = registry([Entry("a", display_name="Robin", tz="Europe/Berlin")])
    again, user = users.add(once, Entry("a", display_name="Other", tz="Asia/Tokyo"))
    assert again == once
    assert user.tz == "Europe/Berlin"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (Entry(""), "for nobody"),
        (Entry(" None "), "for nobody"),
        (Entry("x", display_name="n" * 201), "at most 200"),
        (Entry("x", slug="../x"), "cannot be used"),
        (Entry("x", slug="users"), "cannot be used"),
        (Entry("x", tz="Berlin"), "no IANA time zone"),
        (Entry("x", slug="robin"), "belongs to another"),
    ],
)
def test_what_cannot_be_registered_is_refused(entry: Entry, words: str):
    with pytest.raises(RegistryError, match=words):
        users.add([User("a", "robin")], entry)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[1]",
        "not json",
        b"\xff\xfe",
        '[{"user_id":"a","slug":"x"},{"user_id":"b","slug":"x"}]',
        '[{"user_id":"a","slug":"x"},{"user_id":"a","slug":"y"}]',
        '[{"user_id":"a","slug":"../x"}]',
        '[{"user_id":"a","slug":"x","typo":1}]',
    ],
)
def test_a_broken_registry_is_an_error_with_its_path(tmp_path: Path, text: str | bytes):
    path = tmp_path / "users.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RegistryError, match=r"users\.json"):
        users.load(path)


def test_the_registry_survives_a_round_trip(tmp_path: Path):
    path = tmp_path / "home" / "users.json"
    assert users.load(path) == []
    found = registry([Entry("a", display_name="Ré 🚴", tz="Asia/Kolkata", avatar="🚴"), Entry("b")])
    users.save(path, found)
    assert users.load(path) == found


def test_partitions_are_added_in_order_and_never_taken_from_a_sensor():
    assert users.partition_changes(["b", "a", "c"], ["a", "x"]) == (["b", "c"], ["x"])


def test_an_unknown_slug_names_its_neighbours():
    with pytest.raises(RegistryError, match="did you mean robin"):
        users.by_slug([User("a", "robin")], ["robbin"])
