"""The notebooks run from the first cell to the last, on the demo, and show what they say."""

import http.client
import importlib.util
import os
import re
import subprocess
import time
from pathlib import Path

import altair as alt
import duckdb
import polars as pl
import pytest
from homes import PROGRAM, journey

from journey_dagster.settings import ROOT, Settings

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
SHOWN = {
    "friction": {"rates": alt.LayerChart, "changes": pl.DataFrame},
    "one_user": {"calendar": alt.Chart, "facts": pl.DataFrame, "steps": pl.DataFrame},
    "retention": {"curve": alt.LayerChart, "heat": alt.Chart},
}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_to_its_end(ran: Path, monkeypatch: pytest.MonkeyPatch, path: Path):
    monkeypatch.setenv("JOURNEY_HOME", str(ran))
    loaded = importlib.util.spec_from_file_location(f"notebook_{path.stem}", path)
    module = importlib.util.module_from_spec(loaded)
    loaded.loader.exec_module(module)
    _, names = module.app.run()
    for name, kind in SHOWN[path.stem].items():
        shown = names[name]
        assert isinstance(shown, kind)
        if isinstance(shown, pl.DataFrame):
            assert shown.height
        else:
            assert any(shown.to_dict()["datasets"].values())
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        names["con"].execute("delete from core.events")
    names["con"].close()


def asked(port: int, path: str) -> int:
    """The status of an answer, once there is somebody to give it: the address is printed before."""
    end = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.1)
        finally:
            connection.close()


def test_a_notebook_opens_here_alone_and_with_a_token(demo_home: Settings):
    started = subprocess.Popen(
        [*PROGRAM, "notebook", "friction", "--headless"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=demo_home.home.parent,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        said = ""
        for line in started.stdout:
            said += line
            if found := re.search(
                r"http://(localhost|127\.0\.0\.1):(\d+)\?access_token=\S{16,}", line
            ):
                break
        else:
            pytest.fail(said)
        assert asked(int(found[2]), "/api/status") in {401, 403}
    finally:
        started.terminate()
        started.communicate()
    own = demo_home.home / "notebooks" / "friction.py"
    assert own.read_text() == (ROOT / "notebooks" / own.name).read_text()


def test_without_a_copy_there_is_no_notebook(tmp_path: Path):
    refused = journey("notebook", "friction", "--headless", home=tmp_path / "home")
    assert refused.returncode == 2
    assert "journey run" in refused.stderr
