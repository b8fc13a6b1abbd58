"""A report as a page of its own: the same report, its data inside, its numbers before any code."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import samples
from page_views import plain
from playwright.sync_api import Browser, Page, expect
from served import Site, Watch
from test_site_failures import ATTACKS, DATES, STRUCTURE, hostile, inert

from journey_dagster import site as sites
from journey_dagster.site.person import person_page

pytestmark = pytest.mark.browser


def body(page: Page) -> str:
    """The report in words, without the way to other people's."""
    page.locator(".switcher").evaluate_all("all => all.forEach((one) => one.remove())")
    return page.locator("main").inner_text()


@pytest.mark.parametrize("slug", ["noor", "claus", "kate"])
def test_it_is_the_same_report_and_asks_for_no_data(
    visit: Callable[..., Watch], site: Site, slug: str
) -> None:
    watch = visit(f"{site.address}404.html")
    asked: list[str] = []
    watch.page.on("request", lambda request: asked.append(request.url))
    watch.page.goto(site.person(slug))
    watch.page.wait_for_selector('html:not(:has([aria-busy="true"]))')
    own, shared = body(watch.page), body(visit(site.report(slug)).page)
    assert own == shared
    assert len(own) > (200 if slug == "noor" else 2_000)
    assert not [url for url in asked if ".json" in url]
    assert watch.is_clean(), watch
    for link in watch.page.locator("header a").all():
        response = watch.page.request.get(link.evaluate("(a) => a.href"))
        assert response.ok, response.url


@pytest.mark.parametrize("slug", ["noor", "claus", "kate", "ravi"])
def test_its_numbers_stand_before_any_code_runs_as_the_code_writes_them(
    browser: Browser, visit: Callable[..., Watch], site: Site, slug: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(site.person(slug))
    drawn = visit(site.person(slug)).page
    for part in (".hero-text h1", ".hero-text .lead", ".hero-text .fresh", ".tile-label",
                 ".tile-value"):  # fmt: skip
        texts = still.locator(part).all_inner_texts()
        assert texts == drawn.locator(part).all_inner_texts(), part
    assert still.locator(".hero-text h1").count() == 1
    assert still.locator(".tile").count() == (0 if slug == "noor" else 6)
    assert still.title().split(" · ")[0] == drawn.title().split(" · ")[0]
    context.close()


@pytest.mark.parametrize("attack", [ATTACKS[1], ATTACKS[3]])
def test_hostile_text_stays_text(visit: Callable[..., Watch], own_site: Site, attack: str) -> None:
    report = hostile(samples.t3(), attack, STRUCTURE | DATES | {"unit"})
    page = person_page(json.dumps(report, ensure_ascii=False).encode(), report)
    path = own_site.folder / "u" / "kate" / "index.html"
    path.parent.mkdir(parents=True)
    path.write_bytes(page)
    watch = visit(own_site.person("kate"))
    scripts = watch.page.evaluate("[...document.scripts].map((one) => one.type)")
    assert scripts == ["module", "", "application/json"]
    watch.page.evaluate("document.querySelector('script[data-path]').remove()")
    assert inert(watch), watch
    assert watch.is_clean(), watch
    assert attack in watch.page.locator("main").text_content()
    assert watch.page.locator("h1").text_content() == attack


def test_it_comes_goes_and_stays_with_its_data(tmp_path: Path) -> None:
    report = samples.t3()
    sites.write_report(tmp_path, report)
    path = sites.person_path(tmp_path, "kate")
    first = path.read_bytes()
    sites.write_report(tmp_path, {**report, "generated_at": "2031-01-01T00:00:00Z"})
    assert path.read_bytes() == first
    changed = {**report, "generated_at": "2031-01-01T00:00:00Z", "data_through": None}
    sites.write_report(tmp_path, changed)
    assert b"No data yet" in path.read_bytes()
    assert b"2031" in path.read_bytes()
    withheld = {**samples.entry(report), "status": "withheld"}
    for entries in ([withheld], []):
        sites.write_report(tmp_path, report)
        sites.write_index(tmp_path, None, [samples.entry(report)])
        assert path.is_file()
        sites.write_index(tmp_path, None, entries)
        assert not path.parent.exists()


def test_a_page_that_is_gone_leads_home(visit: Callable[..., Watch], own_site: Site) -> None:
    own_site.write("users.json", samples.registry())
    gone = own_site.folder / "u" / "kate" / "index.html"
    gone.parent.mkdir(parents=True)
    shutil.copy(own_site.folder / "404.html", gone)  # as hosts show it
    watch = visit(own_site.person("kate"))
    assert watch.page.locator("h1").inner_text() == "There is no page at this address"
    ground = watch.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(246, 244, 239)"
    watch.page.get_by_role("link", name="All journeys").click()
    expect(watch.page.locator("h1")).to_have_text("Journeys")
    assert watch.is_clean(), watch


def clipboard(page: Page) -> str:
    return page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("name", ["report.html?user=kate", "u/kate/"])
def test_the_link_that_is_copied_leads_to_the_same_section(
    visit: Callable[..., Watch], site: Site, name: str
) -> None:
    allowed = ["clipboard-read", "clipboard-write"]
    watch = visit(site.address + name, whole=False, permissions=allowed)
    page = watch.page
    page.get_by_role("link", name="Pages", exact=True).press("Enter")
    copy = page.get_by_role("button", name="Copy link")
    copy.focus()
    copy.press("Enter")
    expect(page.locator("#about [role=status]")).to_have_text("Copied.")
    assert clipboard(page) == f"{site.address}{name}#pages"
    again = visit(clipboard(page), whole=False).page
    expect(again.locator("#pages")).to_be_in_viewport()
    assert watch.is_clean(), watch
    assert page.get_by_role("button", name="Share", exact=True).count() == 0


def test_where_nothing_can_be_copied_the_address_is_shown(
    visit: Callable[..., Watch], site: Site
) -> None:
    page = visit(site.person("kate")).page
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    page.get_by_role("button", name="Copy link").click()
    field = page.get_by_label("Address of this page")
    expect(field).to_have_value(site.person("kate"))
    field.focus()
    assert page.evaluate("document.getSelection().toString()") == site.person("kate")


def test_a_device_that_shares_is_given_the_address(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(f"{site.address}404.html").page
    page.add_init_script(
        "window.shared = []; navigator.share = async (what) => { window.shared.push(what);"
        " if (window.shared.length > 1) throw new DOMException('', 'AbortError'); };"
    )
    page.goto(f"{site.person('kate')}#hours")
    share = page.get_by_role("button", name="Share", exact=True)
    for _ in range(2):
        share.click()
    (first, _) = page.evaluate("window.shared")
    assert first["url"] == f"{site.person('kate')}#hours"
    assert plain(first["title"]).startswith("Kate Okonkwo · ")
    expect(page.locator("#about [role=status]")).to_be_empty()
