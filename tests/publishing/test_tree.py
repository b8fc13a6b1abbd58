"""What leaves by visibility: nothing of a private user, an unlisted one under a name of its own."""

import stat
import tempfile
from pathlib import Path
from unittest import mock

import msgspec
import pytest
import sites
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from journey_dagster import publishing, site
from journey_dagster.publishing import manifest, memory
from journey_dagster.publishing.errors import PublishError
from journey_dagster.settings import Settings
from journey_dagster.site.person import person_page
from journey_dagster.users import User

PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(["private", "unlisted", "public"]),
        st.sampled_from(["named", "nameless"]),
    ),
    min_size=1,
    max_size=5,
)


def registry(people: list[tuple[str, str]]) -> list[User]:
    return [
        User(
            f"id-{n}-a8f3",
            f"slug-{n}-b7e2",
            f"Synthetic {n} c6d1" if named == "named" else None,
            visibility=visibility,
        )
        for n, (visibility, named) in enumerate(people)
    ]


@given(PEOPLE)
@how(max_examples=12, deadline=None)
def test_no_byte_of_a_private_user_leaves(people: list[tuple[str, str]]):
    users = registry(people)
    with tempfile.TemporaryDirectory() as home, mock.patch.dict("os.environ", JOURNEY_HOME=home):
        settings = Settings()
        sites.make(settings, users)
        tree, known = publishing.prepare(settings, users)
        going = publishing.look(settings, users)
        assert (going.held, going.leaks, going.tree.files) == ({}, {}, tree.files)
    everything = b"\n".join([*tree.files.values(), *(path.encode() for path in tree.files)])
    for user in users:
        for text in (user.user_id, user.slug, user.display_name):
            is_told = text is not None and text.encode() in everything
            if user.visibility == "private" or text == user.user_id:
                assert not is_told, (user, text)
            elif user.visibility == "unlisted":
                assert is_told == (text == user.display_name and text is not None), (user, text)
    for user_id, name in known.names.items():
        own = {f"data/{name}.json", f"u/{name}/index.html"}
        assert {path for path, whose in tree.secret.items() if whose == user_id} == own
        others = [content for other, content in tree.files.items() if other not in own]
        assert not any(name.encode() in content for content in others)


def test_the_index_lists_only_public_users(settings: Settings):
    sites.make(settings)
    tree, known = publishing.prepare(settings, sites.EVERYONE)
    index = msgspec.json.decode(tree.files["data/users.json"])
    assert [user["slug"] for user in index["users"]] == [sites.PUBLIC.slug]
    name = known.names[sites.UNLISTED.user_id]
    document = msgspec.json.decode(tree.files[f"data/{name}.json"])
    assert document["user"]["slug"] == name
    assert document["user"]["display_name"] == sites.UNLISTED.display_name
    assert f"data/{sites.PUBLIC.slug}.json" in tree.files
    pages = {path for path in tree.files if path.startswith("u/")}
    assert pages == {f"u/{sites.PUBLIC.slug}/index.html", f"u/{name}/index.html"}
    assert tree.files[f"u/{name}/index.html"] == person_page(
        tree.files[f"data/{name}.json"], document
    )


def test_a_file_that_nobody_knows_stays(settings: Settings):
    sites.make(settings)
    (settings.site / "data" / "draft.json").write_text("{}")
    (settings.site / "notes.txt").write_text("mine")
    tree, _ = publishing.prepare(settings, sites.EVERYONE)
    assert not {"data/draft.json", "notes.txt"} & set(tree.files)


def test_names_stay_until_rotated_and_are_for_the_owner_alone(settings: Settings):
    sites.make(settings)
    first = publishing.prepare(settings, sites.EVERYONE)[1].names[sites.UNLISTED.user_id]
    again = publishing.prepare(settings, sites.EVERYONE)[1].names[sites.UNLISTED.user_id]
    other = publishing.rotate(settings, sites.UNLISTED)
    assert first == again != other
    assert len(bytes.fromhex(other)) * 8 >= 128
    assert stat.S_IMODE(settings.publishing.stat().st_mode) == 0o600
    with pytest.raises(PublishError, match="only an unlisted"):
        publishing.rotate(settings, sites.PUBLIC)


def test_a_broken_memory_is_told_and_kept(settings: Settings):
    settings.publishing.parent.mkdir(parents=True)
    settings.publishing.write_text("{")
    with pytest.raises(PublishError, match=r"publishing\.json"):
        memory.load(settings.publishing)
    assert settings.publishing.read_text() == "{"


def test_the_manifest_holds_every_file_and_no_secret_path(settings: Settings):
    sites.make(settings)
    tree, known = publishing.prepare(settings, sites.EVERYONE)
    told = manifest.read(tree.manifest)
    site.validate("manifest.v1", msgspec.json.decode(tree.manifest))
    assert list(tree.files)[-1] == manifest.PATH
    for path, content in tree.content.items():
        file = (
            told.unlisted[manifest.sha256(path.encode())]
            if path in tree.secret
            else (told.files[path])
        )
        assert file == manifest.File(len(content), manifest.sha256(content))
        assert told.names(path)
    assert known.names[sites.UNLISTED.user_id].encode() not in tree.manifest
    assert not told.names("CNAME")


def test_the_same_site_gives_the_same_bytes(settings: Settings):
    sites.make(settings)
    once, _ = publishing.prepare(settings, sites.EVERYONE)
    again, _ = publishing.prepare(settings, sites.EVERYONE)
    assert once.files == again.files


def test_friction_goes_out_unless_the_settings_say_no(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    sites.make(settings)
    its = {"data/friction.json", "data/csv/friction-loops.csv", "export/friction.html"}
    assert its <= set(publishing.prepare(settings, sites.EVERYONE)[0].files)
    monkeypatch.setenv("JOURNEY_PUBLISH_FRICTION", "false")
    assert not its & set(publishing.prepare(Settings(), sites.EVERYONE)[0].files)


def test_who_turned_private_is_no_longer_linked_to_a_session(settings: Settings):
    sites.make(settings)
    path = settings.site / "data" / "friction.json"
    document = msgspec.json.decode(path.read_bytes())
    sessions = document["sessions"]
    slug = sessions["columns"].index("slug")
    sessions["rows"][0][slug] = sites.PRIVATE.slug
    sessions["rows"][1][slug] = sites.PUBLIC.slug
    path.write_bytes(msgspec.json.encode(document))
    tree, _ = publishing.prepare(settings, sites.EVERYONE)
    rows = msgspec.json.decode(tree.files["data/friction.json"])["sessions"]["rows"]
    assert [row[slug] for row in rows[:2]] == [None, sites.PUBLIC.slug]
    assert sites.PRIVATE.slug.encode() not in tree.files["export/friction.html"]


def test_without_a_site_the_next_step_is_told(settings: Settings):
    with pytest.raises(PublishError, match="journey run"):
        publishing.prepare(settings, sites.EVERYONE)


def test_the_folder_of_the_local_site_is_left_as_it_is(settings: Settings, tmp_path: Path):
    sites.make(settings)
    before = sites.files(settings.site)
    publishing.publish(settings, sites.EVERYONE, [str(tmp_path / "www")])
    assert sites.files(settings.site) == before
