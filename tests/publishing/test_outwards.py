"""Whoever's report leaks is held back alone, and what leaks for everybody stops everything."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import dagster as dg
import msgspec
import pytest
import sites
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from journey_dagster import publishing
from journey_dagster.definitions import build_defs
from journey_dagster.publishing.errors import LeakError
from journey_dagster.settings import Settings
from journey_dagster.users import User, save

MAIL = "someone@mail.example"
PEOPLE = [
    User(f"id-{n}-a8f3", f"slug-{n}-b7e2", f"Synthetic {n} c6d1", visibility=visibility)
    for n, visibility in enumerate(["public", "unlisted", "public", "unlisted", "private"])
]


def spoil(settings: Settings, user: User, text: str = MAIL) -> None:
    """Let a report say what it must not."""
    path = settings.site / "data" / f"{user.slug}.json"
    document = msgspec.json.decode(path.read_bytes())
    document["narrative"]["blocks"][0]["sentences"][0]["text"] = text
    path.write_bytes(msgspec.json.encode(document))


def spoil_all(settings: Settings) -> None:
    """Let a table that is nobody's own say what it must not."""
    (settings.site / "data" / "csv" / "friction-loops.csv").write_text(f"page\n/to/{MAIL}\n")


def slugs(www: Path) -> list[str]:
    index = msgspec.json.decode((www / "data" / "users.json").read_bytes())
    return [user["slug"] for user in index["users"]]


@given(st.sets(st.sampled_from(PEOPLE)))
@how(max_examples=12, deadline=None)
def test_exactly_those_whose_report_leaks_are_held_back(leaking: set[User]):
    with tempfile.TemporaryDirectory() as home, mock.patch.dict("os.environ", JOURNEY_HOME=home):
        settings = Settings()
        sites.make(settings, PEOPLE)
        for user in leaking:
            spoil(settings, user)
        whole, known = publishing.prepare(settings, PEOPLE)
        going = publishing.look(settings, PEOPLE)
    assert not going.leaks
    assert going.held.keys() == {u.slug for u in leaking if u.visibility != "private"}
    gone = {known.names.get(user.user_id, user.slug) for user in leaking}
    for path, content in whole.content.items():
        is_theirs = any(name in path for name in gone)
        assert (path in going.tree.content) != is_theirs, path
        if path != "data/users.json" and not is_theirs:
            assert going.tree.content[path] == content
    everything = b"\n".join(going.tree.files.values())
    assert MAIL.encode() not in everything
    assert not any(user.slug.encode() in everything for user in leaking)


def test_who_is_held_back_comes_back(settings: Settings, tmp_path: Path):
    sites.make(settings)
    www = tmp_path / "www"
    good = (settings.site / "data" / f"{sites.PUBLIC.slug}.json").read_bytes()
    assert publishing.publish(settings, sites.EVERYONE, [str(www)]).held == {}
    name = publishing.prepare(settings, sites.EVERYONE)[1].names[sites.UNLISTED.user_id]
    before = sites.files(www)
    spoil(settings, sites.PUBLIC)
    done = publishing.publish(settings, sites.EVERYONE, [])
    assert list(done.held) == [sites.PUBLIC.slug]
    assert slugs(www) == []
    assert not (www / "data" / f"{sites.PUBLIC.slug}.json").exists()
    assert (www / "data" / f"{name}.json").is_file()
    told = "; ".join(map(str, done.held[sites.PUBLIC.slug]))
    assert "synthetic-public.json: e-mail address at narrative.blocks[0].sentences[0].text" in told
    assert "someone" not in told
    (settings.site / "data" / f"{sites.PUBLIC.slug}.json").write_bytes(good)
    assert publishing.publish(settings, sites.EVERYONE, []).held == {}
    assert sites.files(www) == before


def test_a_name_that_leaks_is_on_no_list(settings: Settings):
    """Where the name itself is the leak, the list of users would tell it too."""
    users = (User("id-1-a8f3", "slug-1-b7e2", MAIL, visibility="public"), sites.PUBLIC)
    sites.make(settings, users)
    going = publishing.look(settings, users)
    assert not going.leaks
    assert list(going.held) == ["slug-1-b7e2"]
    index = msgspec.json.decode(going.tree.files["data/users.json"])
    assert [user["slug"] for user in index["users"]] == [sites.PUBLIC.slug]


def test_what_leaks_for_everybody_stops_all_before_anything_is_touched(
    settings: Settings, tmp_path: Path
):
    sites.make(settings)
    spoil_all(settings)
    with pytest.raises(LeakError, match=r"friction-loops\.csv: e-mail address at row 1\.page") as e:
        publishing.publish(settings, sites.EVERYONE, [str(tmp_path / "www")])
    assert MAIL not in str(e.value)
    assert not (tmp_path / "www").exists()


def test_a_leak_in_an_unlisted_report_does_not_tell_its_address(settings: Settings):
    sites.make(settings)
    spoil(settings, sites.UNLISTED)
    going = publishing.look(settings, sites.EVERYONE)
    told = " ".join(map(str, going.held[sites.UNLISTED.slug]))
    assert told.startswith("an unlisted report: e-mail address")
    assert publishing.prepare(settings, sites.EVERYONE)[1].names[sites.UNLISTED.user_id] not in told


# ---- in a run -----------------------------------------------------------------------------------


@pytest.fixture
def home(settings: Settings) -> Settings:
    """A site and its users, which a run publishes to the folder beside the home."""
    sites.make(settings)
    save(settings.registry, sites.EVERYONE)
    return settings.model_copy(update={"publish_to": str(settings.home.parent / "www")})


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp() as made:
        yield made


def run(settings: Settings, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """The end of a run: the pages, the checks on them, what publishes them."""
    return (
        build_defs(settings)
        .resolve_implicit_global_asset_job_def()
        .execute_in_process(
            instance=instance,
            asset_selection=[dg.AssetKey(["site", "pages"]), dg.AssetKey(["site", "published"])],
            raise_on_error=False,
        )
    )


def passed(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {each.check_name: each.passed for each in result.get_asset_check_evaluations()}


def published(result: dg.ExecuteInProcessResult) -> dict[str, object] | None:
    """What is recorded of publishing; None if it did not come to that."""
    found = result.asset_materializations_for_node("published")
    return {name: value.value for name, value in found[0].metadata.items()} if found else None


def test_a_run_publishes_what_the_checks_pass(home: Settings, instance: dg.DagsterInstance):
    done = run(home, instance)
    assert done.success
    assert passed(done) == {"pages_leak_nothing": True, "reports_leak_nothing": True}
    assert published(done) == {"published_to": home.publish_to, "is_new": True, "n_held_back": 0}
    assert slugs(Path(home.publish_to)) == [sites.PUBLIC.slug]
    assert published(run(home, instance))["is_new"] is False


def test_a_run_holds_back_one_report_alone(home: Settings, instance: dg.DagsterInstance):
    spoil(home, sites.PUBLIC)
    done = run(home, instance)
    assert done.success
    assert passed(done) == {"pages_leak_nothing": True, "reports_leak_nothing": False}
    assert published(done)["n_held_back"] == 1
    assert list(published(done)["held_back"]) == [sites.PUBLIC.slug]
    assert slugs(Path(home.publish_to)) == []
    (failed,) = [one for one in done.get_asset_check_evaluations() if not one.passed]
    records = [record.data for record in failed.metadata["wrong"].records]
    assert records[0]["path"] == "data/synthetic-public.json"
    assert {record["kind"] for record in records} == {"e-mail address"}
    assert MAIL not in str(done.all_events)


def test_a_run_does_not_publish_past_a_red_check(home: Settings, instance: dg.DagsterInstance):
    spoil_all(home)
    done = run(home, instance)
    assert not done.success
    assert passed(done)["pages_leak_nothing"] is False
    assert published(done) is None
    assert not Path(home.publish_to).exists()


def test_a_run_without_a_target_says_so(home: Settings, instance: dg.DagsterInstance):
    done = run(home.model_copy(update={"publish_to": ""}), instance)
    assert done.success
    assert published(done) == {"published_to": "nowhere: JOURNEY_PUBLISH_TO is not configured"}


def test_a_target_that_fails_is_told_without_its_password(
    home: Settings, instance: dg.DagsterInstance
):
    there = "git:https://robin:hunter2@127.0.0.1:1/none.git"
    done = run(home.model_copy(update={"publish_to": there}), instance)
    assert not done.success
    assert all(passed(done).values())
    assert "hunter2" not in str(done.all_events)


def test_nobody_registered_is_a_site_too(settings: Settings, instance: dg.DagsterInstance):
    www = settings.home.parent / "www"
    done = run(settings.model_copy(update={"publish_to": str(www)}), instance)
    assert done.success
    assert slugs(www) == []


def test_publishing_waits_for_pages_and_for_checks_but_for_no_report():
    graph = build_defs().resolve_asset_graph()
    todo, waits_for = [dg.AssetKey(["site", "published"])], set[str]()
    while todo:
        parents = graph.get(todo.pop()).parent_keys
        waits_for |= {".".join(key.path) for key in parents}
        todo += parents
    assert {"site.pages", "site.friction", "site.status", "site.dictionary"} <= waits_for
    checked = {".".join(key.asset_key.path) for key in graph.asset_check_keys}
    of_users = {"everyone.answers", "everyone.reports", "marts.user_report"}
    assert checked - of_users <= waits_for
    assert not of_users & waits_for
