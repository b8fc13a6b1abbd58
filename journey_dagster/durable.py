"""Makes what was written survive a power cut.

Belongs here: flushing one file or folder to the disk. Does not belong here: what is written.
"""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Flush a file's content, or a folder's entries, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
