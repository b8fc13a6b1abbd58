"""Pages at addresses that stay, which lead to the current release of the site.

Belongs here: making them. Does not belong here: where they are put (`s3`).
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

_PAGE = Path(__file__).with_name("forward.html")
MARK = b"current.json"
"""What tells such a page from anybody else's."""


def pages(paths: Iterable[str]) -> dict[str, bytes]:
    """One for every page at the top of a site; they differ by their address alone."""
    text = _PAGE.read_text(encoding="utf-8")
    script = re.search(r"<script>(.*)</script>", text, re.DOTALL)
    if script is None:
        raise ValueError(f"{_PAGE.name} has no script")
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    content = text.replace("sha256-HASH", f"sha256-{digest}").encode()
    return {path: content for path in paths if "/" not in path and path.endswith(".html")}
