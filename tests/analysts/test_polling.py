"""Eight analysts ask the copy while a whole run goes on: no error, no lock, no half file."""

import json
import subprocess
import sys
from pathlib import Path

import duckdb
from homes import journey

from journey_dagster.settings import Settings

ANALYSTS = 8
POLL = """
import json, os, sys, time, duckdb
path, stop = sys.argv[1:]
asked, longest, copies = 0, 0.0, set()
while not os.path.exists(stop):
    start = time.monotonic()
    with duckdb.connect(path, read_only=True, config={"threads": 1}) as con:
        events, counted, described = con.execute(
            "select (select count(*) from core.events), (select sum(n_events) from meta.manifest), "
            "(select count(*) from meta.dictionary where description is null)"
        ).fetchone()
        assert (events, described) == (counted, 0)
    asked, longest = asked + 1, max(longest, time.monotonic() - start)
    copies.add(os.stat(path).st_ino)
    if asked == 1:
        print("ready", flush=True)
    time.sleep(0.25)  # an analyst reads what came, and eight of them leave a core to the run
print(json.dumps({"asked": asked, "longest": longest, "copies": len(copies)}))
"""


def test_nobody_waits_for_anybody(demo_home: Settings, tmp_path: Path):
    copy, stop = demo_home.analytics, tmp_path / "stop"
    analysts = [
        subprocess.Popen(
            [sys.executable, "-c", POLL, str(copy), str(stop)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(ANALYSTS)
    ]
    try:
        with duckdb.connect(copy, read_only=True) as held:  # from before the run until after it
            before = held.execute("select count(*), max(occurred_at) from core.events").fetchone()
            assert [each.stdout.readline() for each in analysts] == ["ready\n"] * ANALYSTS
            inode = copy.stat().st_ino
            done = journey("run", home=demo_home.home)
            assert done.returncode == 0, done.stderr
            assert "in use" not in done.stderr
            assert copy.stat().st_ino != inode
            again = held.execute("select count(*), max(occurred_at) from core.events").fetchone()
            assert again == before
    finally:
        stop.touch()
        told = [each.communicate(timeout=60) for each in analysts]
    assert [(each.returncode, error) for each, (_, error) in zip(analysts, told, strict=True)] == [
        (0, "")
    ] * ANALYSTS
    polls = [json.loads(text) for text, _ in told]
    assert all(poll["asked"] > 1 for poll in polls)
    assert any(poll["copies"] == 2 for poll in polls), "the swap was seen"
    print(f"{sum(poll['asked'] for poll in polls)} polls, ", max(p["longest"] for p in polls))  # noqa: T201
