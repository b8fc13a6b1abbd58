"""A folder holds the old site or the new one, whenever the publisher dies, and others' files."""

import fcntl
from pathlib import Path

import pytest
import sites

from journey_dagster.publishing.errors import OvertakenError, PublishError
from journey_dagster.publishing.folder import Folder


def test_the_place_holds_the_site_and_nothing_else(tmp_path: Path):
    tree = sites.small("one")
    assert Folder(tmp_path / "www").publish(tree)
    assert sites.files(tmp_path / "www") == tree.files


def test_the_same_again_writes_nothing(tmp_path: Path):
    Folder(tmp_path / "www").publish(sites.small("one"))
    before = (tmp_path / "www").resolve()
    assert not Folder(tmp_path / "www").publish(sites.small("one"))
    assert (tmp_path / "www").resolve() == before


def test_what_is_no_more_is_removed_and_what_others_put_there_stays(tmp_path: Path):
    www = tmp_path / "www"
    Folder(www).publish(sites.small("one", "gone"))
    (www / "CNAME").write_text("journeys.example")
    (www / "own").mkdir()
    (www / "own" / "page.html").write_text("theirs")
    new = sites.small("two")
    Folder(www).publish(new)
    theirs = {"CNAME": b"journeys.example", "own/page.html": b"theirs"}
    assert sites.files(www) == new.files | theirs
    releases = [path for path in (tmp_path / ".www.releases").iterdir() if path.is_dir()]
    assert len(releases) == 1


def test_what_somebody_changed_is_mended(tmp_path: Path):
    tree = sites.small("one")
    Folder(tmp_path / "www").publish(tree)
    (tmp_path / "www" / "index.html").write_text("changed")
    assert Folder(tmp_path / "www").publish(tree)
    assert sites.files(tmp_path / "www") == tree.files


def test_an_empty_folder_is_taken_and_a_full_one_is_not(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    Folder(tmp_path / "empty").publish(sites.small("one"))
    assert sites.files(tmp_path / "empty") == sites.small("one").files
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("theirs")
    with pytest.raises(PublishError, match="something else"):
        Folder(tmp_path / "full").publish(sites.small("one"))
    assert sites.files(tmp_path / "full") == {"letter.txt": b"theirs"}


def test_a_link_of_somebody_else_is_not_followed(tmp_path: Path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "www").symlink_to(tmp_path / "theirs")
    with pytest.raises(PublishError, match="something else"):
        Folder(tmp_path / "www").publish(sites.small("one"))


def test_a_second_publisher_is_told_to_try_again(tmp_path: Path):
    Folder(tmp_path / "www").publish(sites.small("one"))
    with (tmp_path / ".www.releases" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(OvertakenError):
            Folder(tmp_path / "www").publish(sites.small("two"))


@pytest.mark.parametrize("standing", [True, False], ids=["over a site", "first"])
def test_killed_at_any_write_the_old_site_or_the_new_one_stands(tmp_path: Path, standing: bool):
    old, new = sites.small("one", "gone"), sites.small("two", "come")
    for n in range(200):
        www = tmp_path / str(n) / "www"
        www.parent.mkdir()
        if standing:
            Folder(www).publish(old)
        try:
            with sites.killed_at(n):
                Folder(www).publish(new)
        except sites.Killed:
            assert sites.is_one_of(sites.files(www), old if standing else None, new), n
            Folder(www).publish(new)
            assert sites.files(www) == new.files, n
            kept = [path for path in (www.parent / ".www.releases").iterdir() if path.is_dir()]
            assert len(kept) == 1, n
        else:
            break
    assert n > 15
    assert sites.files(www) == new.files
