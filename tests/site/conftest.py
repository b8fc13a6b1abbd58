"""A published site on a local port, and a browser that notes whatever goes wrong.

Belongs here: the fixtures. Does not belong here: reports (samples.py), the record a
page leaves (served.py) or expectations.
"""

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import friction_samples
import page_samples
import pytest
import samples
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from served import Site, Watch

from journey_dagster.site import write_pages, write_report

SUB_PATH = "reports/2025"  # a site has to work below any path


class _Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept: a page asks for two dozen files

    def log_message(self, *_: object) -> None:
        """Say nothing: the browser's own record is what the tests read."""


def _publish(folder: Path) -> None:
    write_pages(folder)
    (folder / "data").mkdir()


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Path], str]]:
    """Serves folders on 127.0.0.1 until the tests are over."""
    servers = []

    def start(root: Path) -> str:
        handler = functools.partial(_Quiet, directory=root)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str]) -> Site:
    """Everybody of samples.registry(), published. Tests read it and do not write to it."""
    root = tmp_path_factory.mktemp("site")
    folder = root / SUB_PATH
    _publish(folder)
    result = Site(folder, f"{serve(root)}{SUB_PATH}/")
    result.write("users.json", samples.registry())
    result.write("status.json", page_samples.status())
    result.write("dictionary.json", page_samples.dictionary())
    for make in samples.REPORTS.values():
        write_report(folder, make())
    return result


@pytest.fixture(scope="session")
def friction(tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str]) -> str:
    """The address of the friction page of a small shop."""
    root = tmp_path_factory.mktemp("friction")
    _publish(root / "shop")
    result = Site(root / "shop", f"{serve(root)}shop/")
    result.write("users.json", samples.registry())
    result.write("friction.json", friction_samples.document())
    return f"{result.address}friction.html"


@pytest.fixture
def own_site(tmp_path: Path, serve: Callable[[Path], str]) -> Site:
    """The pages without any data, for a test that brings its own."""
    _publish(tmp_path / "site")
    return Site(tmp_path / "site", f"{serve(tmp_path)}site/")


# What is off screen is not laid out, and then has no text that a test could read.
LAID_OUT = """
const sheet = new CSSStyleSheet();
sheet.replaceSync("main > .card { content-visibility: visible !important }");
document.adoptedStyleSheets = [sheet];
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser per module.

    Playwright keeps an event loop running in this thread as long as it lives; ending it with the
    module leaves the tests of other folders free to start their own.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        reason = "no chromium on this machine (Debian: apt-get install chromium)"
        if os.environ.get("JOURNEY_REQUIRE_ALL"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Watch]]:
    """visit(address, width=390, …) opens a page of its own and waits until it is drawn.

    It is laid out as a whole, unless whole=False leaves that to the page.
    """
    contexts: list[BrowserContext] = []

    def start(
        address: str,
        *,
        width: int = 1280,
        height: int = 900,
        whole: bool = True,
        **options: samples.Value,
    ) -> Watch:
        viewport = {"width": width, "height": height}
        context = browser.new_context(viewport=viewport, **options)
        contexts.append(context)
        page = context.new_page()
        if whole:
            page.add_init_script(LAID_OUT)
        page.set_default_timeout(10_000)
        watch = Watch(page, "/".join(address.split("/")[:3]) + "/")
        page.goto(address)
        page.wait_for_selector('html:not(:has([aria-busy="true"]))')
        return watch

    yield start
    for context in contexts:
        context.close()
