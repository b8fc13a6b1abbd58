"""Every kind of leak is found wherever it hides, named without being told, and stops everything."""

import msgspec
import pytest
import sites

from journey_dagster import publishing
from journey_dagster.publishing.errors import LeakError
from journey_dagster.publishing.leaks import find
from journey_dagster.publishing.tree import Tree
from journey_dagster.settings import Settings
from journey_dagster.users import User

SECRETS = [
    ("e-mail address", "write to someone@mail.example today"),
    ("e-mail address", "/profile/someone%40mail.example"),
    ("tracking parameter", "/a&utm_source=letter"),
    ("tracking parameter", "_hsenc=p2ANq"),
    ("tracking parameter", "_hsmi=2"),
    ("tracking parameter", "/a;gclid=x"),
    ("tracking parameter", "fbclid=x"),
    ("access token", "access_token=abc"),
    ("access token", "Bearer abcdefghijklmnopqrstuvwxyz"),
    ("API key", "api_key=abc"),
    ("API key", "AKIA" + "ABCDEFGHIJKLMNOP"),
    ("API key", "sk-" + "a1" * 12),
    ("API key", "ghp_" + "a1" * 18),
    ("signed token", "eyJhbGciOiJI.eyJzdWIiOiIx.c2ln"),
    ("private key", "-----BEGIN RSA " + "PRIVATE KEY-----"),
    ("coordinates", "/map/48.13743,11.57549"),
    ("coordinates", "geo: -33.8688; 151.2093"),
    ("query in an address", "https://shop.example/search?q=shoes"),
    ("query in an address", "/search?shoes"),
    ("user id", "seen by id-private-4713"),
    ("user id", "ID-PUBLIC-4711"),
    ("slug of a private user", "/people/synthetic-private/shoes"),
    ("slug of an unlisted user", "synthetic-unlisted"),
    ("name of a private user", "Hello Synthetic Private One!"),
    ("name of an unlisted user", "synthetic unlisted one"),
]
SAFE = [
    "Is this it? A guide to shoes",
    "/gear/best-trail-shoes",
    "Synthetic Public One",
    "synthetic-public",
    "synthetic-private-rooms",
    "12:30, 11.5 km, 3.25 %",
    "report.html",
]


def tree(**files: bytes) -> Tree:
    return Tree(
        {name.replace("__", "/").replace("_", "."): text for name, text in files.items()}, {}
    )


def kinds(one: Tree, users: tuple[User, ...] = sites.EVERYONE) -> set[str]:
    return {leak.kind for leak in find(one, users, {})}


@pytest.mark.parametrize(("kind", "text"), SECRETS)
def test_each_kind_is_found_in_json_csv_and_carried_data(kind: str, text: str):
    document = msgspec.json.encode({"pages": [{"title": text}]})
    carried = document.replace(b"<", b"\\u003c")
    html = b'<p></p><script type="application/json" data-path="x">' + carried + b"</script>"
    table = f'page,n\n"{text}",1\n'.encode()
    for one in (tree(data__x_json=document), tree(data__csv__x_csv=table), tree(e_html=html)):
        assert kind in kinds(one), one.content
    keys = msgspec.json.encode({text: 1})
    assert kind in kinds(tree(data__x_json=keys))


@pytest.mark.parametrize("text", SAFE)
def test_what_is_no_leak_is_none(text: str):
    assert kinds(tree(data__x_json=msgspec.json.encode({"title": text}))) == set()


def test_places_are_found_by_their_key():
    for key in ("lat", "Longitude", "coordinates"):
        assert kinds(tree(data__x_json=msgspec.json.encode({key: 1.5}))) == {"coordinates"}
    assert kinds(tree(data__x_json=msgspec.json.encode({"rates": [0.12345, 0.23456]}))) == set()


def test_short_and_plain_names_are_looked_for_where_somebody_is_named():
    users = (User("42", "home", "Home"), sites.PUBLIC)
    pages = msgspec.json.encode({"pages": [["/home", 42]], "title": "Home", "topic": "home"})
    assert kinds(tree(data__x_json=pages), users) == set()
    for key, kind in (("user_id", "user id"), ("slug", "slug of a private user")):
        named = msgspec.json.encode({key: "42" if key == "user_id" else "home"})
        assert kind in kinds(tree(data__x_json=named), users)
    assert kinds(tree(data__home_json=b"{}"), users) >= {"slug of a private user"}


def test_a_user_who_is_called_like_a_page_stops_nothing(settings: Settings):
    users = (User("1", "index", "Loops"), User("2", "report", "shop"), sites.PUBLIC)
    sites.make(settings, users)
    one, _ = publishing.prepare(settings, users)
    assert publishing.leaks(settings, one, users) == []


def test_a_name_that_somebody_public_has_too_is_no_leak():
    namesake = User("id-other-9", "synthetic-other", sites.PUBLIC.display_name)
    named = msgspec.json.encode({"display_name": sites.PUBLIC.display_name})
    assert kinds(tree(data__x_json=named), (sites.PUBLIC, namesake)) == set()


def test_a_leak_stops_publishing_before_anything_is_touched(settings: Settings, tmp_path):
    sites.make(settings)
    address = "someone@mail.example"
    path = settings.site / "data" / f"{sites.PUBLIC.slug}.json"
    document = msgspec.json.decode(path.read_bytes())
    document["user"]["display_name"] = address
    path.write_bytes(msgspec.json.encode(document))
    with pytest.raises(LeakError, match=r"synthetic-public\.json: e-mail address") as told:
        publishing.publish(settings, sites.EVERYONE, [str(tmp_path / "www")])
    assert address not in str(told.value)
    assert not (tmp_path / "www").exists()


def test_a_leak_in_an_unlisted_report_does_not_tell_its_address(settings: Settings, tmp_path):
    sites.make(settings)
    path = settings.site / "data" / f"{sites.UNLISTED.slug}.json"
    document = msgspec.json.decode(path.read_bytes())
    document["user"]["display_name"] = "someone@mail.example"
    path.write_bytes(msgspec.json.encode(document))
    with pytest.raises(LeakError, match="an unlisted report: e-mail") as told:
        publishing.publish(settings, sites.EVERYONE, [str(tmp_path / "www")])
    names = publishing.prepare(settings, sites.EVERYONE)[1].names
    assert names[sites.UNLISTED.user_id] not in str(told.value)
