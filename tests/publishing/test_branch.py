"""A branch of a bare repository: one step, others' commits and files stay, ours keep no history."""

import subprocess
from pathlib import Path

import pytest
import sites

from journey_dagster.publishing import branch
from journey_dagster.publishing.branch import SUBJECT, Branch
from journey_dagster.publishing.errors import OvertakenError, TargetError

AUTHOR = ("Synthetic Publisher", "publisher@localhost")


def git(*words: str, at: Path) -> str:
    done = subprocess.run(["git", *words], cwd=at, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    git("init", "-q", "--bare", "repository.git", at=tmp_path)
    return tmp_path / "repository.git"


def publish(bare: Path, *words: str, name: str = "gh-pages") -> bool:
    return Branch(bare.as_uri(), name, AUTHOR).publish(sites.small(*words))


def found(bare: Path, name: str = "gh-pages") -> dict[str, bytes]:
    names = git("ls-tree", "-r", "--name-only", name, at=bare).splitlines()
    return {path: git("show", f"{name}:{path}", at=bare).encode() for path in names}


def commits(bare: Path, name: str = "gh-pages") -> list[str]:
    return git("log", "--format=%an <%ae> %s", name, at=bare).splitlines()


def others_commit(bare: Path, tmp_path: Path, path: str) -> None:
    """Somebody else adds a file to the branch, which is made if there is none."""
    there = tmp_path / f"clone-{path}"
    git("clone", "-q", str(bare), str(there), at=tmp_path)
    known = git("branch", "-r", at=there)
    start = ["-t", "origin/gh-pages"] if "gh-pages" in known else ["--orphan", "gh-pages"]
    git("checkout", "-q", *start, at=there)
    (there / path).write_text("theirs")
    git("add", path, at=there)
    who = ["-c", "user.name=Synthetic Other", "-c", "user.email=other@localhost"]
    git(*who, "commit", "-q", "-m", f"Add {path}", at=there)
    git("push", "-q", "origin", "HEAD:gh-pages", at=there)


def test_a_missing_branch_is_made_without_a_parent(bare: Path):
    assert publish(bare, "one")
    assert found(bare) == sites.small("one").files
    assert commits(bare) == [f"{AUTHOR[0]} <{AUTHOR[1]}> {SUBJECT}"]


def test_the_same_again_makes_no_commit(bare: Path):
    publish(bare, "one")
    before = git("rev-parse", "gh-pages", at=bare)
    assert not publish(bare, "one")
    assert git("rev-parse", "gh-pages", at=bare) == before


def test_our_last_commit_is_replaced_so_no_history_keeps_what_was_withdrawn(bare: Path):
    publish(bare, "one", "gone")
    publish(bare, "two")
    assert found(bare) == sites.small("two").files
    assert len(commits(bare)) == 1


def test_commits_and_files_of_others_stay(bare: Path, tmp_path: Path):
    others_commit(bare, tmp_path, "CNAME")
    publish(bare, "one", "gone")
    others_commit(bare, tmp_path, "own.txt")
    publish(bare, "two")
    publish(bare, "three")
    theirs = {"CNAME": b"theirs", "own.txt": b"theirs"}
    assert found(bare) == sites.small("three").files | theirs
    assert [line.split("> ")[1] for line in commits(bare)] == [
        SUBJECT,
        "Add own.txt",
        SUBJECT,
        "Add CNAME",
    ]


def test_whoever_pushed_meanwhile_is_not_overwritten(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    publish(bare, "one")
    run = branch._Git.run

    def overtaken(self: branch._Git, *words: str, **more: str) -> str:
        if words[0] == "push":
            others_commit(bare, tmp_path, "CNAME")
        return run(self, *words, **more)

    monkeypatch.setattr(branch._Git, "run", overtaken)
    with pytest.raises(OvertakenError):
        publish(bare, "two")
    assert found(bare) == sites.small("one").files | {"CNAME": b"theirs"}


@pytest.mark.parametrize("standing", [True, False], ids=["over a site", "first"])
def test_killed_at_any_step_the_old_site_or_the_new_one_stands(
    bare: Path, monkeypatch: pytest.MonkeyPatch, standing: bool
):
    run = branch._Git.run
    n_left = 0

    def counted(self: branch._Git, *words: str, **more: str) -> str:
        nonlocal n_left
        if n_left == 0:
            raise sites.Killed
        n_left -= 1
        return run(self, *words, **more)

    if standing:
        publish(bare, "one")
    monkeypatch.setattr(branch._Git, "run", counted)
    for n in range(40):
        n_left = n
        try:
            publish(bare, "two")
        except sites.Killed:
            there = found(bare) if git("branch", at=bare) else {}
            assert there == (sites.small("one").files if standing else {}), n
        else:
            break
    assert n > 6
    assert found(bare) == sites.small("two").files


def test_a_repository_that_is_not_there_is_told_without_its_address(tmp_path: Path):
    secret = f"file://{tmp_path}/token-of-somebody.git"
    with pytest.raises(TargetError, match="ls-remote") as told:
        Branch(secret, "gh-pages", AUTHOR).publish(sites.small("one"))
    assert secret not in str(told.value)


def test_no_program_is_started_by_an_address():
    with pytest.raises(TargetError):
        Branch("ext::sh -c whoami", "gh-pages", AUTHOR).publish(sites.small("one"))
