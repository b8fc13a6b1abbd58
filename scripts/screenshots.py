"""Renews docs/images: the pages of a demo as a phone and a desk show them.

Run it: python scripts/screenshots.py --home HOME, where `journey demo` has been run in HOME. The
pictures are WebP, which the browser itself makes of what it shows.
"""

import argparse
import base64
import shutil
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

from journey_dagster.settings import ROOT
from journey_dagster.site.serve import server

IMAGES = ROOT / "docs" / "images"
QUALITY = 0.82
MOST_BYTES = 120_000
PHONE, DESK = (390, 844), (1280, 860)
SLUG = "synthetic-trail-runner-01"

AS_WEBP = """async ([png, quality]) => {
  const taken = await (await fetch(`data:image/png;base64,${png}`)).blob();
  const picture = await createImageBitmap(taken);
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d").drawImage(picture, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/webp", quality });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""


# What comes near the screen is laid out then, and may move what is on it.
TO_TOP = """async (id) => {
  for (let turn = 0; turn < 3; turn += 1) {
    document.getElementById(id).scrollIntoView();
    await new Promise((shown) => requestAnimationFrame(() => setTimeout(shown)));
  }
}"""


class Shot(NamedTuple):
    """A picture of a page."""

    address: str
    size: tuple[int, int]
    section: str = ""
    """What stands at the top of it; the top of the page where nothing is said."""
    scheme: str = "light"
    scale: float = 1


SHOTS = {
    "report-phone": Shot(f"u/{SLUG}/", PHONE, "headline", scale=2),
    "report-phone-dark": Shot(f"u/{SLUG}/", PHONE, "calendar", "dark", 2),
    "report-desk": Shot(f"u/{SLUG}/", DESK, "journey"),
    "friction": Shot("friction.html", DESK, "chokepoints"),
    "landing": Shot("index.html", DESK),
    "data": Shot("data.html#marts.friction", DESK),
}


def taken(browser: Browser, address: str, shot: Shot) -> bytes:
    """A picture of a page, as WebP."""
    width, height = shot.size
    with browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=shot.scale,
        color_scheme=shot.scheme,
        reduced_motion="reduce",
    ) as context:
        page = context.new_page()
        page.goto(f"{address}{shot.address}")
        page.wait_for_selector('html:not(:has([aria-busy="true"]))')
        if shot.section:
            page.evaluate(TO_TOP, shot.section)
        png = base64.b64encode(page.screenshot()).decode()
        page.goto("about:blank")  # the site's own pages may fetch nothing but their data
        return base64.b64decode(page.evaluate(AS_WEBP, [png, QUALITY]))


def main() -> None:
    """Take all pictures.

    Raises:
        SystemExit: one is larger than a README should carry.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--home", type=Path, required=True, help="the home of a demo")
    parser.add_argument("--to", type=Path, default=IMAGES)
    asked = parser.parse_args()
    asked.to.mkdir(parents=True, exist_ok=True)
    with server(asked.home / "site", 0) as running, sync_playwright() as playwright:
        Thread(target=running.serve_forever, daemon=True).start()
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, shot in SHOTS.items():
            picture = taken(browser, f"http://127.0.0.1:{running.server_port}/", shot)
            if len(picture) > MOST_BYTES:
                raise SystemExit(f"{name} has {len(picture):,} bytes, more than {MOST_BYTES:,}")
            (asked.to / f"{name}.webp").write_bytes(picture)
        browser.close()
        running.shutdown()


if __name__ == "__main__":
    main()
