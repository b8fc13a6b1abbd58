"""What is measured of a page in the same way by the tests of several.

Belongs here: plain functions of a page. Does not belong here: fixtures (conftest.py), samples,
expectations.
"""

import gzip
from collections.abc import Callable
from urllib.parse import urlparse

from playwright.sync_api import Page
from served import Site, Watch


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def overflow(watch: Watch) -> int:
    return watch.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def unfold(page: Page) -> None:
    """Open every fold: what is behind it is made only then."""
    page.locator("details").evaluate_all("all => { for (const one of all) one.open = true; }")
    page.evaluate("new Promise((told) => setTimeout(told))")  # a page hears of it a turn later


def weights(visit: Callable[..., Watch], site: Site, name: str) -> tuple[int, int]:
    """Bytes of code and of styles that a page asks for, compressed."""
    loaded: list[str] = []
    watch = visit(f"{site.address}404.html")
    watch.page.on("request", lambda request: loaded.append(urlparse(request.url).path))
    watch.page.goto(site.address + name)
    watch.page.wait_for_selector('main[aria-busy="false"]')
    below = urlparse(site.address).path
    files = [site.folder / path.removeprefix(below) for path in {*loaded}]
    sizes = {
        kind: sum(len(gzip.compress(f.read_bytes())) for f in files if f.suffix == kind)
        for kind in (".js", ".css")
    }
    return sizes[".js"], sizes[".css"]
