"""A published folder, its address, and the record of what a page did there.

Belongs here: what both the fixtures and the tests name. Does not belong here: fixtures
(conftest.py), reports (samples.py) or expectations.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import samples
from playwright.sync_api import ConsoleMessage, Page

STATIC = Path(__file__).parents[2] / "journey_dagster" / "site" / "static"


@dataclass
class Watch:
    """What a page did that it should not have done."""

    page: Page
    origin: str
    errors: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("requestfailed", lambda request: self.failed.append(request.url))
        self.page.on("response", lambda r: r.status >= 400 and self.failed.append(r.url))
        self.page.on("request", lambda request: self._request(request.url))
        self.page.on("dialog", lambda dialog: (self.dialogs.append("dialog"), dialog.dismiss()))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)

    def _request(self, url: str) -> None:
        if not url.startswith((self.origin, "data:", "blob:")):
            self.foreign.append(url)

    def is_clean(self) -> bool:
        return not (self.errors or self.failed or self.foreign or self.dialogs)


@dataclass(frozen=True)
class Site:
    """A folder that is being served, and its address."""

    folder: Path
    address: str

    def write(self, name: str, content: samples.Value) -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        (self.folder / "data" / name).write_text(text, encoding="utf-8")

    def report(self, slug: str) -> str:
        return f"{self.address}report.html?user={slug}"

    def person(self, slug: str) -> str:
        return f"{self.address}u/{slug}/"
