"""What the documents tell people to type works as they say, and what they name exists.

Belongs here: following a page, and what all documents have in common. Does not belong here: pages
that need what other tests have, such as a broker (`ELSEWHERE`).
"""

import ast
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
import typer
from homes import PROGRAM

from journey_dagster.cli import app
from journey_dagster.settings import ROOT, KafkaSettings, variables

HOWTO = ROOT / "docs" / "how-to"
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "reference"),
]
_BLOCK = re.compile(
    r"(?P<skipped><!-- not run: [^\n]+ -->\n)?```(?P<kind>[a-z]+)\n(?P<text>.*?)```"
    r"(?:\n```text\n(?P<output>.*?)```)?",
    re.DOTALL,
)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


class Step(NamedTuple):
    """Commands of a how-to, and what the page says that they print."""

    commands: str
    output: str | None


def steps(page: Path) -> list[Step]:
    """The blocks of commands in their order, without those that say why they are not run."""
    return [
        Step(block["text"], block["output"])
        for block in _BLOCK.finditer(page.read_text())
        if block["kind"] == "sh" and not block["skipped"]
    ]


def settings_in(page: Path) -> list[dict[str, str]]:
    """The blocks of settings."""
    blocks = [block for block in _BLOCK.finditer(page.read_text()) if block["kind"] == "ini"]
    return [dict(line.split("=", 1) for line in block["text"].splitlines()) for block in blocks]


def follow(page: Path, folder: Path, replaced: Mapping[str, str] | None = None) -> None:
    """Type what a how-to says, in one shell and a folder of its own, and compare what it prints.

    Args:
        page: the how-to.
        folder: where to be; its home is `home` in there.
        replaced: what is another here than on the page.
    """
    programs = folder / "bin"
    programs.mkdir()
    for name, words in {"journey": PROGRAM, "python": [sys.executable]}.items():
        quoted = " ".join(f"'{word}'" for word in words)
        (programs / name).write_text(f'#!/bin/sh\nexec {quoted} "$@"\n')
        (programs / name).chmod(stat.S_IRWXU)
    todo = steps(page)
    script = "set -euo pipefail\n" + "".join(
        f"exec > '{folder}/{n}.out'\n{step.commands}" for n, step in enumerate(todo)
    )
    for old, new in (replaced or {}).items():
        script = script.replace(old, new)
    there = folder / "there"
    there.mkdir()
    done = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=there,
        env={
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": os.environ["HOME"],
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "JOURNEY_HOME": str(folder / "home"),
        },
    )
    assert done.returncode == 0, done.stderr
    for n, step in enumerate(todo):
        if step.output is not None:
            assert (folder / f"{n}.out").read_text() == step.output, step.commands


README = ROOT / "README.md"

ON_THE_DEMO = {
    README: {
        "make demo\nmake test": "export DEMO=$JOURNEY_HOME",
        "~/journeys": "$PWD/journeys",
        "file events.csv": "file ../events.csv",
        'journey sql "from meta': 'export JOURNEY_HOME="$DEMO"\njourney sql "from meta',
    },
    ROOT / "docs" / "tutorial.md": {"make demo": "true"},
    HOWTO / "backfill.md": {},
    HOWTO / "erasure.md": {},
    HOWTO / "insights.md": {},
}
"""Pages that are followed in a demo's home, and what is another here than there."""

ELSEWHERE = {
    HOWTO / "analysts.md": "tests/analysts/test_howto_analysts.py",
    HOWTO / "funnels.md": "tests/test_flows.py",
    HOWTO / "kafka.md": "tests/kafka/test_howto_kafka.py",
    HOWTO / "publishing.md": "tests/publishing/test_howto_publishing.py",
    HOWTO / "telomesh.md": "tests/test_friction_export.py",
}
"""Pages that other tests follow, with what these need."""


def test_the_how_to_of_exports_works_as_it_says(tmp_path: Path):
    follow(HOWTO / "exports.md", tmp_path)


@pytest.mark.parametrize("page", ON_THE_DEMO, ids=lambda page: page.stem)
def test_a_page_works_on_a_demo_as_it_says(ran: Path, tmp_path: Path, page: Path):
    shutil.copytree(ran, tmp_path / "home", ignore=shutil.ignore_patterns(".dagster"))
    (tmp_path / "events.csv").write_text(
        "user_id,timestamp,page,event\nu-4711,2026-03-01 10:00:00,/cart,View\n"
    )
    follow(page, tmp_path, ON_THE_DEMO[page])


def test_every_page_with_commands_is_followed():
    followed = {*ON_THE_DEMO, *ELSEWHERE, HOWTO / "exports.md"}
    assert {page for page in PAGES if steps(page)} == followed
    for page, test in ELSEWHERE.items():
        text = (ROOT / test).read_text()
        assert page.name in text, test
        assert "follow(" in text, test


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if "```sql\n" in page.read_text()],
    ids=lambda page: page.stem,
)
def test_a_query_of_a_page_can_be_asked(ran: Path, page: Path):
    with duckdb.connect(ran / "analytics.duckdb", read_only=True) as con:
        for block in _BLOCK.finditer(page.read_text()):
            if block["kind"] == "sql":
                assert con.execute(block["text"]).description


def test_a_block_that_is_not_run_is_marked_with_its_reason(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\necho a\n```\n```text\na\n```\n<!-- not run: why -->\n```sh\nb\n```\n```sh\nc\n```\n"
    )
    assert steps(page) == [Step("echo a\n", "a\n"), Step("c\n", None)]


# ---- what the documents name --------------------------------------------------------------------


def test_relative_links_lead_to_what_exists():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            there = (page.parent / path).resolve() if path else page
            assert there.exists(), (page, target)
            assert there.is_relative_to(ROOT), (page, target)
            assert not anchor or anchor in _anchors(there), (page, target)


def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}


@cache
def _options() -> dict[tuple[str, ...], set[str]]:
    """The options of every command and group of the program, by its words."""
    found: dict[tuple[str, ...], set[str]] = {}

    def walk(words: tuple[str, ...], command: object) -> None:
        found[words] = {"--help", *(opt for param in command.params for opt in param.opts)}
        for name, inner in getattr(command, "commands", {}).items():
            walk((*words, name), inner)

    walk((), typer.main.get_command(app))
    return found


def _commands_in(page: Path) -> list[list[str]]:
    """Every use of the program on a page, in text and in blocks, as words."""
    text = page.read_text()
    blocks = [block["text"] for block in _BLOCK.finditer(text) if block["kind"] != "text"]
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    spans = _SPAN.findall(_BLOCK.sub("", text))
    used = [
        re.split(r" (?:\|\|?|&&|>|#) ", found[1])[0]
        for said in [*lines, *spans]
        if (found := re.match(r"(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?journey(?: (.+))?$", said))
        and found[1]
    ]
    return [re.sub(r"\"[^\"]*\"|'[^']*'", "TEXT", one).split() for one in used]


def _wrong(words: list[str]) -> list[str]:
    """What of a use of the program there is not."""
    command: tuple[str, ...] = ()
    while len(words) > len(command) and (*command, words[len(command)]) in _options():
        command = (*command, words[len(command)])
    if not command:
        return words[:1]
    rest = words[len(command) :]
    is_group = any(other[:-1] == command for other in _options())
    strange = [word for word in rest if is_group and word != "..." and word[:2] != "--"]
    named = [word.partition("=")[0] for word in rest if word.startswith("--")]
    return strange + [name for name in named if name not in _options()[command]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_exist(page: Path):
    assert [(words, wrong) for words in _commands_in(page) if (wrong := _wrong(words))] == []


def test_what_does_not_exist_is_noticed():
    assert len(_commands_in(ROOT / "README.md")) > 10
    assert _wrong(["ingest", "kafka", "--accept-gaps"]) == ["--accept-gaps"]
    assert _wrong(["users", "erase"]) == ["erase"]
    assert _wrong(["topic"]) == ["topic"]
    assert _wrong(["users", "add", "u-1", "--tz=UTC"]) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_bare_options_targets_and_settings_exist(page: Path):
    makefile = (ROOT / "Makefile").read_text()
    options = {name for names in _options().values() for name in names}
    for span in _SPAN.findall(_BLOCK.sub("", page.read_text())):
        if span.startswith("--"):
            assert re.split(r"[ =]", span)[0] in options, span
        if target := re.match(r"make ([a-z-]+)", span):
            assert re.search(rf"^{target[1]}:", makefile, re.MULTILINE), span
    known = variables().keys() | set(re.findall(r"\b[A-Z_]+\b", makefile))
    said = re.findall(r"\b(?:INSIGHTS|KAFKA|JOURNEY)_[A-Z_]+\b", page.read_text())
    assert set(said) <= known


def test_the_example_names_every_setting_of_a_broker_with_its_default():
    text = (ROOT / ".env.example").read_text()
    named = dict(re.findall(r"^#KAFKA_([A-Z_]+)=(.*)$", text, re.MULTILINE))
    fields = KafkaSettings.model_fields
    assert {name.lower() for name in named} == set(fields)
    for name, value in named.items():
        default = fields[name.lower()].default
        assert value == ("" if default in {None, ()} else str(default)), name


# ---- what is promised, and what proves it -------------------------------------------------------

CHECKLIST = ROOT / "docs" / "checklist.md"
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@cache
def _tests_in(path: str) -> set[str]:
    """The names of the tests of a file."""
    return {
        node.name
        for node in ast.parse((ROOT / path).read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def _rows(page: Path) -> dict[int, str]:
    """Number of a row to what proves it."""
    rows = re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", page.read_text(), re.MULTILINE)
    assert len({number for number, _ in rows}) == len(rows), "a number stands twice"
    return {int(number): proof for number, proof in rows}


def test_the_checklist_is_whole_and_each_row_is_proved_or_open():
    rows = _rows(CHECKLIST)
    assert sorted(rows) == list(range(1, 47))
    assert CHECKLIST.read_text().count("\n| ") == len(rows) + 3, "a row is not understood"
    assert [
        number for number, proof in rows.items() if not (_TEST.search(proof) or "Open: " in proof)
    ] == []


def test_the_checklist_names_tests_that_exist():
    named = _TEST.findall(CHECKLIST.read_text())
    assert len(named) == CHECKLIST.read_text().count("::") > 100
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).is_file() or name not in _tests_in(path)
    ]
    assert missing == []
