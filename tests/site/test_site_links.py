"""Every link of every page leads somewhere below the site, and every drawing has name and table.

Belongs here: what holds of all pages and is looked for, not named. Does not belong here: what one
page shows (the tests beside this one).
"""

from collections.abc import Callable
from pathlib import Path

import friction_samples
import page_samples
import pytest
import samples
from playwright.sync_api import Page
from served import Site, Watch

from journey_dagster.site import write_export, write_page_data, write_pages, write_report

pytestmark = pytest.mark.browser

PAGES = [
    "index.html",
    "404.html",
    "status.html",
    "data.html",
    "report.html?user=kate",
    "report.html?user=katee",
    "u/kate/",
    "friction.html",
    "friction.html?view=graph&node=%2Fitem",
]

DRAWN = {"index.html", "report.html?user=kate", "u/kate/", *PAGES[-2:]}

TARGETS = """() => [...document.querySelectorAll("[href], [src]")].map((node) => {
  const text = node.getAttribute("href") ?? node.getAttribute("src");
  const { origin, pathname, hash } = new URL(text, document.baseURI);
  const here = origin === location.origin && pathname === location.pathname;
  return {
    text,
    path: pathname,
    lost: here && hash !== "" && !document.getElementById(decodeURIComponent(hash.slice(1))),
  };
})"""

DRAWINGS = """() => [...document.querySelectorAll("svg")].filter(
  (svg) => svg.checkVisibility() && !svg.closest("[aria-hidden=true]")
).map((svg) => {
  const named = (svg.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean);
  const names = named.map((id) => document.getElementById(id)?.textContent ?? "");
  const around = svg.closest("table") ?? svg.closest("figure, section")?.querySelector("table");
  return {
    name: [svg.getAttribute("aria-label") ?? "", ...names].join(" ").trim(),
    hasTable: Boolean(around) || svg.matches(".spark"), // a word among words: its name says it all
  };
})"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str]) -> Site:
    """A site of everything there can be, below a path."""
    root = tmp_path_factory.mktemp("whole")
    folder = root / "below" / "a path"
    write_pages(folder)
    for make in samples.REPORTS.values():
        write_report(folder, make())
    friction = friction_samples.document()
    twins = dict.fromkeys(friction["tables"], b"page\r\n")
    write_page_data(folder, "friction.v1", "friction", friction, twins)
    write_export(folder, "friction", "<!doctype html>")
    result = Site(folder, f"{serve(root)}below/a%20path/")
    result.write("users.json", samples.registry())
    result.write("status.json", page_samples.status())
    result.write("dictionary.json", page_samples.dictionary())
    return result


def opened(page: Page) -> Page:
    page.locator("details").evaluate_all("all => { for (const one of all) one.open = true; }")
    return page


@pytest.mark.parametrize("name", PAGES)
def test_every_link_is_relative_and_leads_somewhere(
    visit: Callable[..., Watch], whole: Site, name: str
) -> None:
    page = opened(visit(whole.address + name).page)
    found = page.evaluate(TARGETS)
    assert len(found) > 3
    inside = "/" + whole.address.split("/", 3)[3]
    for target in found:
        if target["text"].startswith("data:"):
            continue
        assert ":" not in target["text"].split("?")[0], target
        assert not target["text"].startswith("/"), target
        assert target["path"].startswith(inside), target
        assert not target["lost"], target
    for path in {each["path"] for each in found if not each["text"].startswith("data:")}:
        address = whole.address.removesuffix(inside) + path
        assert page.request.get(address).status == 200, path


@pytest.mark.parametrize("name", PAGES)
def test_every_drawing_has_a_name_and_a_table(
    visit: Callable[..., Watch], whole: Site, name: str
) -> None:
    drawings = opened(visit(whole.address + name).page).evaluate(DRAWINGS)
    assert [each for each in drawings if not (each["name"] and each["hasTable"])] == []
    assert (drawings != []) == (name in DRAWN)
