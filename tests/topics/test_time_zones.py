"""The clock of the machine has no part in what is loaded."""

import json
import os
import subprocess
import sys
from pathlib import Path

from topic_files import LIGHT

HERE = Path(__file__).parent
ZONES = ("UTC", "Asia/Kolkata", "America/St_Johns")
LOADED = (
    LIGHT
    + """
import hashlib, json
from datetime import datetime
from pathlib import Path
from topic_files import AT, Home, csv_file, ksql, lines

home = Home(Path(sys.argv[1]))
clocks = ["2026-03-29 02:30:00", "2026-10-25 02:30:00", "2026-11-01T01:30:00", "2026-07-01"]
rows = csv_file(*[f"u,{at},/,view" for at in clocks])
for zone in ("Europe/Berlin", "America/New_York", "UTC"):
    home.ingest(home.file("a.csv", rows + zone.encode() + b",1767225600,/,\\n"), "csv", zone)
times = [AT, 1767225600, 1767225600.25, "1767225600123", "2026-11-01T01:30:00-04:00", "soon"]
home.take("b.json", lines(*[ksql(TIMESTAMP=at, _kafka_timestamp=AT) for at in times]))
before = home.state(), home.events()
home.delete_warehouse()
home.load_landed()
assert (home.state(), home.events()) == before
print(json.dumps({
    "clock": datetime.now().astimezone().isoformat()[-6:],
    "n": [len(rows) for rows in before[0].values()],
    "times": home.rows("select occurred_at, received_at from raw.records"),
    "hash": hashlib.sha256(repr(before).encode()).hexdigest(),
}))
"""
)


def test_the_machines_time_zone_changes_no_row(tmp_path: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", LOADED, tmp_path / zone.replace("/", "-")],
            env=os.environ | {"PYTHONPATH": str(HERE), "TZ": zone},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for zone in ZONES
    ]
    told = [process.communicate(timeout=60) for process in started]
    assert [errors for _, errors in told] == ["", "", ""]
    found = [json.loads(shown) for shown, _ in told]
    assert len({one.pop("clock") for one in found}) == len(ZONES)
    assert found[0] == found[1] == found[2]
    assert found[0]["n"] == [20, 4, 1]
