"""A branch of a git repository as the target, as GitHub Pages and others serve them.

Belongs here: making the commit and pushing it. Does not belong here: what is in it.

A push moves a branch in one step, so a reader has the old site or the new one. Our own last commit
is replaced rather than followed: a history would keep every report that was ever withdrawn. Commits
and files of others stay. What a service still has of an unreachable commit is for it to say.
"""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from journey_dagster.publishing import manifest
from journey_dagster.publishing.errors import OvertakenError, PublishError, TargetError
from journey_dagster.publishing.tree import Tree

SUBJECT = "Publish the site"
_ELSEWHERE = (
    "unreachable commits, forks and caches that the service of a repository keeps: ask it to "
    "remove them"
)
_LOST = ("stale info", "fetch first", "non-fast-forward", "cannot lock ref", "remote rejected")


class Branch:
    """A site on a branch."""

    def __init__(self, remote: str, branch: str, author: tuple[str, str]) -> None:
        self._remote, self._branch, self._author = remote, branch, author

    def examine(self) -> None:
        """See whether the repository answers us; nothing is pushed.

        Raises:
            PublishError: git is missing, or the branch's name is none.
            TargetError: the repository cannot be reached.
        """
        with TemporaryDirectory(prefix="journey-publish-") as folder:
            git = _Git(Path(folder), self._remote, self._author)
            git.run("check-ref-format", "--branch", self._branch)
            git.run("ls-remote", "-q", self._remote, f"refs/heads/{self._branch}")

    def publish(self, tree: Tree) -> bool:
        """Make the branch hold the tree; False if it did already.

        Raises:
            PublishError: git is missing, or the branch's name is none.
            TargetError: the repository cannot be reached or does not take the push.
            OvertakenError: somebody else pushed meanwhile.
        """
        with TemporaryDirectory(prefix="journey-publish-") as folder:
            git = _Git(Path(folder), self._remote, self._author)
            git.run("init", "-q")
            git.run("check-ref-format", "--branch", self._branch)
            tip = self._fetch(git)
            _stage(git, tree, tip)
            made = git.run("write-tree")
            if tip and made == git.run("rev-parse", f"{tip}^{{tree}}"):
                return False
            parents = _parents(git, tip)
            words = [word for parent in parents for word in ("-p", parent)]
            commit = git.run("commit-tree", made, *words, "-m", SUBJECT)
            self._push(git, commit, tip)
        return True

    def purge(self) -> list[str]:
        """Leave no earlier site in the branch's history, nor in a repository on this machine.

        Where somebody committed on top of a site of ours, the branch begins anew with what it holds
        now: a history cannot lose one commit and keep the others as they are.

        Returns:
            A line, if the repository is elsewhere.

        Raises:
            TargetError: the repository cannot be reached or does not take the push.
            OvertakenError: somebody else pushed meanwhile.
        """
        with TemporaryDirectory(prefix="journey-publish-") as folder:
            git = _Git(Path(folder), self._remote, self._author)
            git.run("init", "-q")
            tip = self._fetch(git, "--no-tags")
            if tip and git.run("rev-list", "-1", "--full-history", f"{tip}^@", "--", manifest.PATH):
                alone = git.run("commit-tree", f"{tip}^{{tree}}", "-m", SUBJECT)
                self._push(git, alone, tip)
            here = Path(self._remote)
            if not here.is_dir():
                return [_ELSEWHERE]
            place = ("--git-dir", str(here / ".git" if (here / ".git").is_dir() else here))
            git.run(*place, "reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
            git.run(*place, "gc", "-q", "--prune=now")
        return []

    def _push(self, git: "_Git", commit: str, tip: str) -> None:
        ref = f"refs/heads/{self._branch}"
        git.run("push", "-q", f"--force-with-lease={ref}:{tip}", self._remote, f"{commit}:{ref}")

    def _fetch(self, git: "_Git", how: str = "--depth=2") -> str:
        """The branch's tip, fetched with its parents; empty if there is no branch."""
        ref = f"refs/heads/{self._branch}"
        if not git.run("ls-remote", self._remote, ref):
            return ""
        git.run("fetch", "-q", how, self._remote, ref)
        return git.run("rev-parse", "FETCH_HEAD")


def _stage(git: "_Git", tree: Tree, tip: str) -> None:
    """Fill the index: what others have on the branch, and the tree."""
    kept = _strangers(git, tip) if tip else {}
    git.write(tree)
    files = list(tree.files)
    hashes = git.run(
        "hash-object", "-w", "--no-filters", "--stdin-paths", given="\n".join(files)
    ).split()
    entries = kept | {path: f"100644 {each}" for path, each in zip(files, hashes, strict=True)}
    given = "".join(f"{entry}\t{path}\0" for path, entry in entries.items())
    git.run("update-index", "-z", "--index-info", given=given)


def _strangers(git: "_Git", tip: str) -> dict[str, str]:
    """Files of a commit that no manifest of ours lists: path to mode and hash."""
    entries = git.run("ls-tree", "-r", "-z", "--full-tree", tip).split("\0")
    files: dict[str, str] = {}
    for entry in filter(None, entries):
        head, path = entry.split("\t", 1)
        mode, _, each = head.split(" ")
        files[path] = f"{mode} {each}"
    if manifest.PATH not in files:
        return files
    listed = manifest.read(git.run("show", f"{tip}:{manifest.PATH}").encode())
    return {path: entry for path, entry in files.items() if not listed.names(path)}


def _parents(git: "_Git", tip: str) -> list[str]:
    """What the new commit follows: others' commits, not our own last one."""
    if not tip:
        return []
    subject, parents = git.run("show", "-s", "--format=%s%n%P", tip).partition("\n")[::2]
    return parents.split() if subject == SUBJECT else [tip]


class _Git:
    """The program, in a repository that goes away."""

    def __init__(self, folder: Path, remote: str, author: tuple[str, str]) -> None:
        self._folder, self._remote = folder, remote
        name, mail = author
        self._environment = {
            **os.environ,
            "GIT_DIR": str(folder / "git"),
            "GIT_INDEX_FILE": str(folder / "index"),
            "GIT_WORK_TREE": str(folder / "site"),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
            "LC_ALL": "C",
            **{f"GIT_{who}_NAME": name for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": mail for who in ("AUTHOR", "COMMITTER")},
        }
        (folder / "site").mkdir()

    def write(self, tree: Tree) -> None:
        """Write the tree where git finds it."""
        for path, content in tree.files.items():
            place = self._folder / "site" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)

    def run(self, *words: str, given: str | None = None) -> str:
        """What git prints.

        Raises:
            PublishError: there is no git.
            TargetError: git fails.
            OvertakenError: the branch moved meanwhile.
        """
        try:
            done = subprocess.run(  # noqa: S603  a list of words, no shell
                ["git", *words],  # noqa: S607  the git of whoever runs this
                input=given.encode() if given is not None else b"",
                capture_output=True,
                check=False,
                cwd=self._folder / "site",
                env=self._environment,
            )
        except FileNotFoundError as error:
            raise PublishError("there is no git. Debian: apt-get install git") from error
        if done.returncode == 0:
            return done.stdout.decode("utf-8", "surrogateescape").strip("\n")
        said = done.stderr.decode("utf-8", "replace").replace(self._remote, "the repository")
        if words[0] == "push" and any(sign in said for sign in _LOST):
            raise OvertakenError("somebody else pushed to the branch meanwhile. Try again")
        raise TargetError(f"git {words[0]}: {said.strip()}")
