"""The house keeps its word: true documents, and nothing that does not belong in a repository."""

import importlib.util
import re
import subprocess

import pytest

from journey_dagster.settings import ROOT

README = (ROOT / "README.md").read_text()
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split()


def test_the_reference_is_what_the_files_say():
    path = ROOT / "scripts" / "reference.py"
    loaded = importlib.util.spec_from_file_location("reference", path)
    module = importlib.util.module_from_spec(loaded)
    loaded.loader.exec_module(module)
    for page, text in module.pages().items():
        assert page.read_text() == text, "make docs"


def test_the_readme_starts_with_the_two_commands():
    first = re.search(r"```sh\n(.*?)```", README, re.DOTALL)[1]
    assert first == "make demo\nmake test\n"


def test_links_in_the_documents_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"(?:\]\(|src=\")([^)#\"]+)", page.read_text()):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), (page, target)


@pytest.mark.parametrize("name", TRACKED)
def test_no_file_holds_what_does_not_belong_here(name: str):
    path = ROOT / name
    if not path.is_file():
        pytest.skip("removed in the work tree")
    assert path.stat().st_size < 1_000_000
    assert path.suffix not in {".parquet", ".duckdb", ".gpickle", ".pkl"}
    text = path.read_text(encoding="utf-8", errors="replace")  # pictures are no text
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
