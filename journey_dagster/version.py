"""Which program it is that computes.

Belongs here: its version. Does not belong here: versions of single tables (`models`).
"""

import hashlib
from functools import cache
from importlib.metadata import version

from journey_dagster.settings import ROOT, SQL


@cache
def code_version() -> str:
    """The program's version and a hash of all its files: what the numbers were computed by."""
    digest = hashlib.sha256()
    for folder, ending in ((ROOT / "journey_dagster", "py"), (ROOT / "assets", "py"), (SQL, "sql")):
        for path in sorted(folder.rglob(f"*.{ending}")):
            digest.update(f"{path.relative_to(ROOT)}\0".encode())
            digest.update(path.read_bytes())
    return f"{version('journey-dagster')}+{digest.hexdigest()[:12]}"
