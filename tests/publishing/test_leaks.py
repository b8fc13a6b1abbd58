"""Every kind of leak is found wherever it hides, and named with its place without being told."""

import msgspec
import pytest
import sites
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from journey_dagster import publishing
from journey_dagster.publishing.leaks import ANYWHERE, IN_VALUES, Shape, find
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
    return {leak.kind for leaks in find(one, users, {}).values() for leak in leaks}


def places(one: Tree) -> list[tuple[str, str]]:
    found = find(one, sites.EVERYONE, {})
    return [(leak.kind, leak.place) for leaks in found.values() for leak in leaks]


@pytest.mark.parametrize(("kind", "text"), SECRETS)
def test_each_kind_is_found_in_json_tables_pages_and_what_they_carry(kind: str, text: str):
    document = msgspec.json.encode({"pages": [{"title": text}]})
    carried = document.replace(b"<", b"\\u003c")
    data = b'<p></p><script type="application/json" data-path="x">' + carried + b"</script>"
    table = f'page,n\n"{text}",1\n'.encode()
    shown = "".join(f"&#{ord(char)};" for char in text).encode()
    for one in (
        tree(data__x_json=document),
        tree(data__x_json=msgspec.json.encode({text: 1})),
        tree(data__x_json=document.decode().replace("@", "\\u0040").encode()),
        tree(data__csv__x_csv=table),
        tree(e_html=data),
        tree(e_html=b"<p>" + shown + b"</p>"),
        tree(e_html=b'<p title="' + shown + b'"></p>'),
        tree(e_html=b"<!--" + text.encode() + b"-->"),
        tree(e_txt=text.encode()),
    ):
        assert kind in kinds(one), one.content


@given(st.data(), st.sampled_from(ANYWHERE + IN_VALUES))
@how(max_examples=150, deadline=None)
def test_whatever_has_the_shape_of_a_leak_has_a_sign_of_it(data: st.DataObject, shape: Shape):
    text = data.draw(st.from_regex(shape.pattern))
    assert any(sign in text.lower() for sign in shape.signs), text


def test_code_is_looked_through_for_what_has_a_shape():
    code = b"const a = 1;\nconst key = 'AKIA" + b"ABCDEFGHIJKLMNOP';\n"
    page = b"<script>\nconst to = 'someone@mail.example';\n</script>"
    assert places(tree(js__index_js=code)) == [("API key", "line 2")]
    assert kinds(tree(e_html=page)) == {"e-mail address"}
    rates = b"const a = [48.13743, 11.57549]; // synthetic-private"
    assert kinds(tree(js__index_js=rates)) == set()


def test_the_place_is_told_and_nothing_of_what_is_there():
    document = {"pages": {"top": [{"title": "A"}, {"title": "b@mail.example"}]}, "n": 1}
    one = tree(data__x_json=msgspec.json.encode(document))
    assert places(one) == [("e-mail address", "pages.top[1].title")]
    table = b"page,n\n/a,1\n/b?c=d,2\n"
    assert places(tree(data__csv__x_csv=table)) == [("query in an address", "row 2.page")]
    keys = msgspec.json.encode({"a@mail.example": {"lat": [1]}})
    assert set(places(tree(data__x_json=keys))) == {
        ("e-mail address", "the top"),
        ("coordinates", "…"),
    }


def test_what_cannot_be_looked_through_is_no_better_than_a_leak():
    for damaged in (b"{", b"[" * 10_000, b'{"a": NaN}'):
        assert len(kinds(tree(data__x_json=damaged))) == 1, damaged


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
    going = publishing.look(settings, users)
    assert not going.leaks
    assert not going.held


def test_a_report_is_looked_through_in_each_of_its_files():
    own = msgspec.json.encode({"display_name": sites.UNLISTED.display_name})
    name = "0123456789abcdef0123456789abcdef"
    page = b'<h1>%b</h1><script type="application/json">%b</script>'
    files = {
        f"data/{name}.json": own,
        f"u/{name}/index.html": page % (b"Synthetic Unlisted One", own),
    }
    secret = dict.fromkeys(files, sites.UNLISTED.user_id)
    assert find(Tree(files, secret), sites.EVERYONE, {}) == {}
    others = page % (b"Synthetic Private One", own)
    found = find(Tree({**files, f"u/{name}/index.html": others}, secret), sites.EVERYONE, {})
    assert [leak.kind for leak in found[f"u/{name}/index.html"]] == ["name of a private user"]
    assert name not in str(found[f"u/{name}/index.html"])
    listed = {**files, "data/x.json": msgspec.json.encode({"to": f"report.html?user={name}"})}
    (told,) = find(Tree(listed, secret), sites.EVERYONE, {})["data/x.json"]
    assert told == ("data/x.json", "unguessable name", "to")
    strangers = {"u/synthetic-private/index.html": b"<p></p>"}
    assert kinds(Tree(strangers, {})) == {"slug of a private user"}


def test_a_name_that_somebody_public_has_too_is_no_leak():
    namesake = User("id-other-9", "synthetic-other", sites.PUBLIC.display_name)
    named = msgspec.json.encode({"display_name": sites.PUBLIC.display_name})
    assert kinds(tree(data__x_json=named), (sites.PUBLIC, namesake)) == set()
