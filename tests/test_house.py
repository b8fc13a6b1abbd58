"""The house keeps its word: true documents, and nothing that does not belong in a repository."""

import importlib.util
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from homes import journey

from journey_dagster.settings import ROOT

README = (ROOT / "README.md").read_text()
COMMANDS = [
    line.split(" #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if re.match(r"(\.venv/bin/)?journey ", line)
]
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split()


def test_the_reference_is_what_the_files_say():
    path = ROOT / "scripts" / "reference.py"
    loaded = importlib.util.spec_from_file_location("reference", path)
    module = importlib.util.module_from_spec(loaded)
    loaded.loader.exec_module(module)
    assert module.PAGE.read_text() == module.page(), "make docs"


@pytest.mark.parametrize("command", [c for c in COMMANDS if " sql " in c])
def test_the_queries_of_the_readme_run(ran: Path, command: str):
    done = journey(*shlex.split(command)[1:], home=ran)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 2


def test_the_other_commands_of_the_readme_work(demo_home, tmp_path: Path):
    (tmp_path / "events.csv").write_text(
        "user_id,timestamp,page,event\n"
        + "".join(f"u-4711,2026-03-0{n} 10:00:00,/cart,View\n" for n in range(1, 8))
    )
    others = [c for c in COMMANDS if " sql " not in c and "serve" not in c]
    assert len(others) >= 4
    for command in others:
        words = shlex.split(command)[1:]
        done = journey(*words, home=demo_home.home)
        assert done.returncode == 0, (command, done.stderr)


def test_the_readme_starts_with_the_two_commands():
    first = re.search(r"```sh\n(.*?)```", README, re.DOTALL)[1]
    assert first == "make demo\nmake test\n"


def test_links_in_the_documents_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), (page, target)


@pytest.mark.parametrize("name", TRACKED)
def test_no_file_holds_what_does_not_belong_here(name: str):
    path = ROOT / name
    if not path.is_file():
        pytest.skip("removed in the work tree")
    assert path.stat().st_size < 1_000_000
    assert path.suffix not in {".parquet", ".duckdb", ".gpickle", ".pkl"}
    text = path.read_text(encoding="utf-8")
    folders = [f"/{name}/" for name in ("work", "farm", "root")]
    assert not [name for name in folders if re.search(rf"(?<![\w.$}}]){name}", text)]
    hosts = "|".join(("py" + "pi", "pythonhosted", "npm" + "js"))
    assert not re.search(rf"https?://[\w.-]*({hosts})", text)


def test_every_pin_has_hashes_and_names_no_host():
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.split(r"\n(?=[a-zA-Z0-9])", lock)[1:]
    assert len(pins) > 100
    assert all("--hash=sha256:" in pin for pin in pins)
    assert "http://" not in lock
    assert "https://" not in lock
