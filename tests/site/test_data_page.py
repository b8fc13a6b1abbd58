"""The data dictionary: finding a table, its anchor, what is told of it, and hostile text."""

from collections.abc import Callable

import page_samples
import pytest
from page_views import overflow, plain, weights
from playwright.sync_api import expect
from served import Site, Watch
from test_site_failures import ATTACKS, hostile, inert

pytestmark = pytest.mark.browser

KEPT = {"schema_version", "generated_at", "data_through", "state", "schema", "schemas"}
ENTRIES = ".entry:not([hidden])"
FIND = "Find a table, a macro or a column"


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_the_page_is_quiet_and_fits(
    visit: Callable[..., Watch], site: Site, color_scheme: str, width: int
) -> None:
    watch = visit(f"{site.address}data.html", width=width, color_scheme=color_scheme)
    watch.page.locator("details").evaluate_all("all => { for (const one of all) one.open = true; }")
    assert watch.is_clean(), watch
    assert overflow(watch) <= 0
    assert watch.page.locator("h1").count() == 1
    ids = watch.page.locator("main > section").evaluate_all("list => list.map((s) => s.id)")
    assert ids == ["core", "marts", "macros"]


def test_an_entry_tells_all_there_is(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(f"{site.address}data.html").page
    entry = page.locator('[id="core.events"]')
    expect(entry.locator("details p").first).to_be_hidden()
    entry.locator("summary").press("Enter")
    text = plain(entry.inner_text())
    for words in (
        "One row per event.",
        "1,268 rows · brought up to date 1 Jan 2026, 04:14 UTC",
        "2 columns · 1 check · 1 query",
        "Kept by event_id.",
        "VARCHAR[]",
        "✓ passed 1 Jan 2026, 04:14 UTC",
        "select count(*)\nfrom core.events",
    ):
        assert words in text
    assert entry.get_by_role("link", name="raw.records").count() == 0
    entry.get_by_role("link", name="core.steps").click()
    expect(page.locator('[id="core.steps"] details')).to_have_attribute("open", "")
    expect(page.locator('[id="core.steps"]')).to_be_in_viewport()


def test_a_macro_tells_how_it_is_asked(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(f"{site.address}data.html#macros.ways_to").page
    entry = page.locator('[id="macros.ways_to"]')
    expect(entry.locator("details")).to_have_attribute("open", "")
    expect(entry).to_be_in_viewport()
    text = plain(entry.inner_text())
    for words in (
        "from ways_to(to_page, most := 5)",
        "One row per way to a page.",
        "2 parameters · 1 column · 1 query",
        "A page that follows itself is one stop.",
        "from ways_to('/cart', most := 8)",
    ):
        assert words in text
    parameters = entry.get_by_role("table", name="Parameters of ways_to").get_by_role("row")
    assert [plain(row) for row in parameters.all_inner_texts()[1:]] == [
        "to_page\thas to be given\tWhere the ways lead.",
        "most\t5\tSteps of a way.",
    ]
    expect(entry.get_by_role("link", name="core.steps")).to_have_attribute(
        "href", "data.html#core.steps"
    )
    page.get_by_role("navigation", name="On this page").get_by_role("link", name="macros").click()
    expect(page.locator("#macros")).to_be_in_viewport()


def test_an_anchor_opens_its_table(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(f"{site.address}data.html#marts.page_flows").page
    entry = page.locator('[id="marts.page_flows"]')
    expect(entry.locator("details")).to_have_attribute("open", "")
    expect(entry).to_be_in_viewport()
    expect(entry).to_contain_text("not built yet")
    assert page.locator("details[open]").count() == 1


def test_search_finds_tables_and_columns_and_is_kept_in_the_address(
    visit: Callable[..., Watch], site: Site
) -> None:
    page = visit(f"{site.address}data.html").page
    search = page.get_by_label(FIND)
    search.fill("way to")
    expect(page.locator(ENTRIES)).to_have_id("macros.ways_to")
    search.fill("Event_ID")
    assert page.locator(ENTRIES).count() == 1
    expect(page.locator(ENTRIES)).to_contain_text("In event_id")
    expect(page.get_by_role("status")).to_have_text("1 of 4 entries with “Event_ID”")
    expect(page.locator("#marts")).to_be_hidden()
    assert page.url.endswith("data.html?q=Event_ID")
    again = visit(page.url).page
    assert again.locator(ENTRIES).count() == 1
    again.get_by_label(FIND).fill("")
    assert again.locator(ENTRIES).count() == 4
    assert again.url.endswith("data.html")


def test_without_times_and_verdicts_the_words_stand(
    visit: Callable[..., Watch], own_site: Site
) -> None:
    own_site.write("dictionary.json", page_samples.dictionary())
    page = visit(f"{own_site.address}data.html").page
    assert page.locator(ENTRIES).count() == 4
    assert "brought up to date" not in page.locator("main").inner_text()


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_stays_text(visit: Callable[..., Watch], own_site: Site, attack: str) -> None:
    own_site.write("dictionary.json", hostile(page_samples.dictionary(), attack, KEPT))
    own_site.write("status.json", hostile(page_samples.status(), attack, KEPT))
    watch = visit(
        f"{own_site.address}data.html?q={'%3Cimg%20src=x%20onerror=alert(1)%3E'}#{attack}"
    )
    watch.page.get_by_label(FIND).fill("")
    assert inert(watch), watch
    assert not watch.errors
    assert attack in watch.page.locator("main").text_content()


def test_the_first_view_stays_within_its_budget(visit: Callable[..., Watch], site: Site) -> None:
    script, style = weights(visit, site, "data.html")
    assert 0 < script <= 30 * 1024
    assert 0 < style <= 12 * 1024
