"""The units in deploy/: systemd takes them, and they start what the how-to says, in its order."""

import getpass
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from journey_dagster.automation import killed_runs_sensor
from journey_dagster.settings import ROOT, Settings

UNITS = {path.stem: path for path in (ROOT / "deploy").glob("*.service")}
SERVICES = ("journey-daemon", "journey-webserver")


class Repeated(dict):
    """Keeps every line of a name: units may repeat them."""

    def __setitem__(self, name: str, value: object) -> None:
        kept = self.get(name, []) if isinstance(value, list) else []
        super().__setitem__(name, kept + value if isinstance(value, list) else value)


def unit(name: str) -> dict[str, dict[str, list[str]]]:
    """Section to name to all values of a unit."""
    parser = RawConfigParser(dict_type=Repeated, strict=False, delimiters="=")
    parser.optionxform = str
    parser.read(UNITS[name])
    return {
        section: {key: str(value).splitlines() for key, value in parser[section].items()}
        for section in parser.sections()
    }


def environment(name: str) -> dict[str, str]:
    lines = unit(name)["Service"]["Environment"]
    return dict(pair.split("=", 1) for line in lines for pair in line.split())


def test_storage_is_made_once_before_whoever_uses_it():
    storage = unit("journey-storage")["Service"]
    assert storage["Type"] == ["oneshot"]
    assert [line.split("/bin/")[-1] for line in storage["ExecStart"]] == [
        "journey dagster-home",
        "dagster instance migrate",
    ]
    for name in SERVICES:
        head = unit(name)["Unit"]
        assert head["Requires"] == ["journey-storage.service"]
        assert "journey-storage.service" in head["After"][0].split()


def test_all_are_of_one_home_and_the_ui_of_this_machine_alone():
    homes = {environment(name)["JOURNEY_HOME"] for name in UNITS}
    assert len(homes) == 1
    (home,) = homes
    assert {environment(name)["DAGSTER_HOME"] for name in SERVICES} == {f"{home}/.dagster"}
    (migrate,) = [
        line for line in unit("journey-storage")["Service"]["ExecStart"] if "migrate" in line
    ]
    assert f"DAGSTER_HOME={home}/.dagster" in migrate
    (command,) = unit("journey-webserver")["Service"]["ExecStart"]
    assert " -h 127.0.0.1 " in command


@pytest.mark.parametrize("name", SERVICES)
def test_the_profile_starts_what_runs_by_itself(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JOURNEY_AUTOMATE", environment(name)["JOURNEY_AUTOMATE"])
    assert Settings().automate
    assert killed_runs_sensor().default_status.value == "RUNNING"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
def test_systemd_takes_the_units(tmp_path: Path):
    """As they stand, but for the places: those of this checkout exist."""
    for name, path in UNITS.items():
        text = path.read_text().replace("/opt/journey", str(ROOT))
        text = text.replace("User=journey", f"User={getpass.getuser()}")
        (tmp_path / f"{name}.service").write_text(text)
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in told.stderr.splitlines() if "journey-" in line]
    assert (told.returncode, ours) == (0, []), told.stderr
