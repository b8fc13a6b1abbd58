"""The commands: publish, check, rotate, unpublish, with the exit codes the program promises."""

from pathlib import Path

import msgspec
import sites
from homes import journey

from journey_dagster import users
from journey_dagster.settings import Settings


def home(settings: Settings) -> Path:
    """A home with a local site and everyone registered."""
    sites.make(settings)
    users.save(settings.registry, sites.EVERYONE)
    return settings.home


def slugs(www: Path) -> list[str]:
    index = msgspec.json.decode((www / "data" / "users.json").read_bytes())
    return [user["slug"] for user in index["users"]]


def people(www: Path) -> set[str]:
    return {path.parent.name for path in www.glob("u/*/index.html")}


def test_published_rotated_and_taken_back(settings: Settings):
    there = home(settings)
    done = journey("site", "publish", "--to", "www", home=there)
    assert done.returncode == 0, done.stderr
    www = there.parent / "www"
    slug, address = done.stdout.strip().split(": report.html?user=")
    assert slug == sites.UNLISTED.slug
    assert (www / "data" / f"{address}.json").is_file()
    assert people(www) == {address, sites.PUBLIC.slug}
    assert slugs(www) == [sites.PUBLIC.slug]

    again = journey("site", "publish", home=there)
    assert "nothing new" in again.stderr
    rotated = journey("site", "rotate", slug, home=there)
    assert rotated.returncode == 0, rotated.stderr
    other = rotated.stdout.strip().split("=")[1]
    assert other != address
    assert not (www / "data" / f"{address}.json").exists()
    assert (www / "data" / f"{other}.json").is_file()
    assert people(www) == {other, sites.PUBLIC.slug}

    for user in (sites.UNLISTED, sites.PUBLIC):
        taken = journey("site", "unpublish", user.slug, home=there)
        assert taken.returncode == 0, taken.stderr
    assert slugs(www) == []
    assert people(www) == set()
    names = {path.name for path in (www / "data").glob("*.json")}
    assert names == {"friction.json", "manifest.json", "users.json"}
    assert all(user.visibility == "private" for user in users.load(settings.registry))
    assert other not in settings.publishing.read_text()


def test_a_leak_is_exit_code_4_and_stops_all_but_taking_back(settings: Settings):
    there = home(settings)
    www = there.parent / "www"
    assert journey("site", "publish", "--to", "www", home=there).returncode == 0
    table = settings.site / "data" / "csv" / "friction-loops.csv"
    table.write_text("page\n/people/someone@mail.example\n")
    checked = journey("site", "publish", "--check", home=there)
    assert checked.returncode == 4
    assert checked.stdout == "data/csv/friction-loops.csv: e-mail address at row 1.page\n"
    before = sites.files(www)
    stopped = journey("site", "publish", home=there)
    assert stopped.returncode == 4
    assert "someone@" not in stopped.stderr + stopped.stdout
    assert sites.files(www) == before
    assert journey("site", "unpublish", sites.PUBLIC.slug, home=there).returncode == 0
    assert slugs(www) == []
    assert not (www / "data" / "csv").exists()


def test_a_report_that_leaks_is_exit_code_4_and_all_others_are_published(settings: Settings):
    there = home(settings)
    path = settings.site / "data" / f"{sites.UNLISTED.slug}.json"
    path.write_bytes(path.read_bytes().replace(b"Synthetic Unlisted One", b"a@mail.example"))
    done = journey("site", "publish", "--to", "www", home=there)
    assert done.returncode == 4
    assert f"{sites.UNLISTED.slug} is held back: an unlisted report: e-mail address" in done.stderr
    assert "a@mail" not in done.stderr
    assert done.stdout == ""  # no address leads to what is not there
    assert slugs(there.parent / "www") == [sites.PUBLIC.slug]


def test_a_target_that_is_none_and_no_target_are_mistakes(settings: Settings):
    there = home(settings)
    for words in (["--to", "ftp://host/x"], ["--to", "s3://B!"], ["--to", "git:"], []):
        done = journey("site", "publish", *words, home=there)
        assert done.returncode == 2, (words, done.stderr)
        assert done.stderr.startswith("error: ")
    assert journey("site", "rotate", sites.PUBLIC.slug, home=there).returncode == 2
    unreachable = journey("site", "publish", "--to", "git:nowhere.git", home=there)
    assert unreachable.returncode == 1


def test_unpublishing_what_went_nowhere_makes_private(settings: Settings):
    there = home(settings)
    done = journey("site", "unpublish", sites.PUBLIC.slug, home=there)
    assert done.returncode == 0, done.stderr
    assert "nowhere" in done.stderr
    assert users.load(settings.registry)[0].visibility == "private"


def test_the_setting_says_where_to(settings: Settings, tmp_path: Path):
    www = tmp_path / "www"
    done = journey("site", "publish", home=home(settings), JOURNEY_PUBLISH_TO=str(www))
    assert done.returncode == 0, done.stderr
    assert (www / "index.html").is_file()
