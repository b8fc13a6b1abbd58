"""Opens the analysts' copy with other versions of DuckDB, old and new, and asks it everything.

    python scripts/compat.py                      # of a small demo that it makes
    python scripts/compat.py warehouse/analytics.duckdb

Each version is installed by its name into an environment that is thrown away. It reads every table
and view, runs the example of every macro and every example query, and compares the number of rows
with what the pinned version finds. Exit code 1 when a version reads anything else.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]

VERSIONS = ("1.1.*", "1.3.*", "1.4.*", "1.5.*", ">=2,<3")
"""The oldest that the copy's macros are held to, those that are in use, and the newest."""

ASK = """
import json, sys, duckdb
con = duckdb.connect(sys.argv[1], read_only=True)
con.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
asked = {}
for name, kind in con.execute(
    "select schema_name || '.' || table_name, 'table' from duckdb_tables() where not internal "
    "union select schema_name || '.' || view_name, 'view' from duckdb_views() where not internal"
).fetchall():
    asked[f"{kind} {name}"] = f"from {name}"
for name, comment in con.execute(
    "select function_name, comment from duckdb_functions() "
    "where function_type = 'table_macro' and not internal"
).fetchall():
    asked[f"macro {name}"] = comment.split("Example: ")[1]
for title, query in con.execute("select title, query from meta.example_queries").fetchall():
    asked[f"example {title}"] = query
found = {}
for name, query in asked.items():
    try:
        found[name] = len(con.execute(query).fetchall())
    except Exception as error:
        found[name] = f"{type(error).__name__}: {error}".splitlines()[0]
print(json.dumps({"version": duckdb.__version__, "found": found}))
"""


def main() -> None:
    """Compare all versions."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(sys.argv[1]) if sys.argv[1:] else _demo(Path(folder))
        pinned = _asked(Path(sys.executable), copy)
        failed = [name for name, n in pinned["found"].items() if isinstance(n, str)]
        _say(f"{pinned['version']:<8} pinned: {len(pinned['found'])} questions")
        for number, version in enumerate(VERSIONS):
            wanted = f"duckdb=={version}" if version[0].isdigit() else f"duckdb{version}"
            python = _installed(Path(folder) / str(number), wanted)
            told = _asked(python, copy)
            other = {name: n for name, n in told["found"].items() if n != pinned["found"].get(name)}
            other |= dict.fromkeys(pinned["found"].keys() - told["found"].keys(), "not there")
            _say(f"{told['version']:<8} {len(told['found']) - len(other)} alike")
            for name, n in other.items():
                _say(f"    {name}: {n}, not {pinned['found'].get(name)}")
            failed += other
    sys.exit(1 if failed else 0)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def _demo(folder: Path) -> Path:
    """The copy of a small demo."""
    home = folder / "home"
    program = [sys.executable, "-c", "from journey_dagster.cli import main; main()"]
    environment = {**os.environ, "JOURNEY_HOME": str(home)}
    environment.pop("DAGSTER_HOME", None)
    done = subprocess.run(  # noqa: S603
        [*program, "demo", "--events", "60"],
        env=environment, capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr)
    return home / "analytics.duckdb"


def _installed(folder: Path, wanted: str) -> Path:
    """The Python of an environment with this; pytz is what DuckDB's Python gives times with."""
    uv = Path(sys.executable).with_name("uv")
    python = folder / "bin" / "python"
    for words in (
        ["venv", "--quiet", "--python", sys.executable, str(folder)],
        ["pip", "install", "--quiet", "--python", str(python), wanted, "pytz"],
    ):
        subprocess.run([uv, *words], check=True)  # noqa: S603
    return python


def _asked(python: Path, copy: Path) -> dict:
    done = subprocess.run(  # noqa: S603
        [python, "-c", ASK, str(copy)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return {"version": "broken", "found": {"open": done.stderr.strip().splitlines()[-1]}}
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
