"""How soon a report is there on a phone far from the server: the first paint, and all its figures.

Run it: python bench/first_view.py [--home HOME] [--rounds 5]. Without a home a demo is made first,
which is not counted. The fullest report is opened in Debian's Chromium in both its packagings, in
turns, each time with nothing kept: 390 pixels wide, 150 ms to and fro, 1.6 Mbit/s, a processor four
times slower than this one, everything in gzip. Medians.

`all figures` is when every section stands in the page and the browser has shown what is on screen;
what is below is laid out as it comes near. The slowed processor is this one, so whoever else uses
it is in every figure: the load is printed too.
"""

import argparse
import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import msgspec
from playwright.sync_api import Browser, Response, sync_playwright

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True}
NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
SLOWER = 4
BARS = {"first paint s": 1.0, "all figures s": 1.5, "JS KB": 30, "CSS KB": 12}

WATCH = """
window.drawn = new Promise((tell) => {
  const shown = () => requestAnimationFrame(() => setTimeout(() => tell(performance.now())));
  const look = () => {
    if (!document.querySelector("main") || document.querySelector('[aria-busy="true"]')) return;
    observer.disconnect();
    shown();
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { subtree: true, childList: true, attributes: true });
});
"""
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


class View(NamedTuple):
    """What one visit took, as the heads of the table say."""

    paint: float
    figures: float
    code: float
    styles: float
    everything: float
    requests: int


class _Gzip(SimpleHTTPRequestHandler):
    """Serves a site as hosts do: in gzip, over connections that are kept."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """A file, or the index of a folder."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        content = gzip.compress(path.read_bytes(), 6)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of a site while it is served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Gzip, directory=str(site))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def view(browser: Browser, address: str) -> View:
    """Visit a page with nothing kept."""
    with browser.new_context(**PHONE) as context:
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", NETWORK)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.add_init_script(WATCH)
        came: list[Response] = []
        page.on("response", lambda response: came.append(response))  # noqa: PLW0108  not a method
        page.goto(address)
        drawn = page.evaluate("window.drawn")
        paint = page.evaluate(PAINTED)

    def kb(ending: str) -> float:
        found = [one for one in came if one.url.split("?")[0].endswith(ending)]
        return sum(int(one.headers.get("content-length", 0)) for one in found) / 1024

    return View(paint / 1000, drawn / 1000, kb(".js"), kb(".css"), kb(""), len(came))


def fullest(site: Path) -> str:
    """The slug of the report with most in it."""
    index = msgspec.json.decode((site / "data" / "users.json").read_bytes())
    slugs = [user["slug"] for user in index["users"] if user["status"] == "published"]
    return max(slugs, key=lambda slug: (site / "data" / f"{slug}.json").stat().st_size)


def measure(site: Path, rounds: int) -> None:
    """Visit both packagings in turns and print the medians."""
    slug = fullest(site)
    pages = [f"report.html?user={slug}", f"u/{slug}/"]
    seen: dict[str, list[View]] = {page: [] for page in pages}
    with served(site) as address, sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        view(browser, address + pages[0])  # the browser's own start is nobody's first view
        for _ in range(rounds):
            for page in pages:
                seen[page].append(view(browser, address + page))
        browser.close()
    size = (site / "data" / f"{slug}.json").stat().st_size / 1024
    load = os.getloadavg()[0]
    print(
        f"{slug}, {size:.0f} KB of JSON; medians of {rounds}; load {load:.1f} of {os.cpu_count()}"
    )
    heads = [*BARS, "all KB", "requests"]
    print(" " * 14 + "".join(f"{head:>16}" for head in heads))
    for page, views in seen.items():
        medians = [statistics.median(values) for values in zip(*views, strict=True)]
        print(f"{page.split('?')[0].replace(slug, '…'):<14}" + "".join(map(_cell, heads, medians)))
    print(f"{'bar':<14}" + "".join(f"{f'{bar:g}':>16}" for bar in BARS.values()))


def _cell(head: str, value: float) -> str:
    told = f"{value:.2f}" if head.endswith(" s") else f"{value:.0f}"
    missed = value > BARS.get(head, value)
    return f"{f'{told} missed' if missed else told:>16}"


def main() -> None:
    """Make a demo if there is none, and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--home", type=Path, help="a home with a site; else a demo is made")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = asked.home or Path(folder) / "home"
        if not asked.home:
            demo = [sys.executable, "-c", "from journey_dagster.cli import main; main()", "demo"]
            done = subprocess.run(
                demo,
                env={**os.environ, "JOURNEY_HOME": str(home)},
                capture_output=True,
                check=False,
            )
            if done.returncode:
                raise SystemExit(done.stderr.decode())
        measure(home / "site", asked.rounds)


if __name__ == "__main__":
    main()
