"""The status page: what it says of a warehouse, in any state, and what hostile text cannot do."""

from collections.abc import Callable

import page_samples
import pytest
from page_views import overflow, plain, weights
from playwright.sync_api import expect
from served import Site, Watch
from test_site_failures import ATTACKS, hostile, inert

pytestmark = pytest.mark.browser

SECTIONS = ["checks", "records", "topics", "tables", "files"]
KEPT = {"schema_version", "generated_at", "data_through", "judged_at", "landed_at", "computed_at",
        "state", "outcome"}  # fmt: skip


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_the_page_is_quiet_and_fits(
    visit: Callable[..., Watch], site: Site, color_scheme: str, width: int
) -> None:
    watch = visit(f"{site.address}status.html", width=width, color_scheme=color_scheme)
    assert watch.is_clean(), watch
    assert overflow(watch) <= 0
    assert watch.page.locator("h1").count() == 1
    ids = watch.page.locator("main > section").evaluate_all("list => list.map((s) => s.id)")
    assert ids == SECTIONS
    assert watch.page.get_by_text("Could not draw").count() == 0


def test_it_says_how_far_the_data_reaches(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(f"{site.address}status.html").page
    hero = plain(page.locator(".hero").inner_text())
    assert "Data to 31 Dec 2025, 22:10 UTC" in hero
    assert "magazine · written 1 Jan 2026, 04:15 UTC" in hero
    assert "Up to date when this was written." in hero
    assert page.locator(".stale").count() == 0
    assert page.title() == "Status · magazine · Journey"


def test_what_is_wrong_comes_first_and_in_words(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(f"{site.address}status.html").page
    outcomes = page.locator("#checks .outcome").all_inner_texts()
    assert outcomes == ["✗ failed", "! warned", "? not judged", "✓ passed"]
    lead = page.locator("#checks .takeaway")
    expect(lead).to_have_text("1 of 4 checks passed; 1 warned, 1 failed, 1 not judged.")


def test_records_add_up_as_they_are_shown(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(f"{site.address}status.html").page
    numbers = page.locator("#records td.num").all_inner_texts()
    *parts, whole = [int(n.replace(",", "")) for n in numbers]
    assert sum(parts) == whole == page_samples.status()["records"]["n_consumed"]


def test_a_topic_named_after_somebody_is_not_named(visit: Callable[..., Watch], site: Site) -> None:
    topics = visit(f"{site.address}status.html").page.locator("#topics tbody tr")
    expect(topics.nth(0)).to_contain_text("web_page_views")
    expect(topics.nth(1)).to_contain_text("A topic named after somebody")
    expect(topics.nth(1)).to_contain_text("Not read to its end")


def test_a_table_leads_to_its_place_in_the_dictionary(
    visit: Callable[..., Watch], site: Site
) -> None:
    watch = visit(f"{site.address}status.html")
    watch.page.locator("#tables").get_by_role("link", name="core.events").click()
    expect(watch.page.locator('[id="core.events"] details')).to_have_attribute("open", "")
    assert watch.is_clean(), watch


def test_data_that_is_behind_is_said_in_words(visit: Callable[..., Watch], own_site: Site) -> None:
    text = "Behind: the data ended 9 days before this was written."
    freshness = {"state": "behind", "text": text}
    own_site.write("status.json", {**page_samples.status(), "freshness": freshness})
    page = visit(f"{own_site.address}status.html").page
    expect(page.locator(".notice.stale")).to_have_text(text)


def test_a_page_of_an_empty_warehouse_is_whole(visit: Callable[..., Watch], own_site: Site) -> None:
    own_site.write("status.json", page_samples.empty_status())
    watch = visit(f"{own_site.address}status.html")
    expect(watch.page.locator(".hero")).to_contain_text("No data yet")
    expect(watch.page.locator("#records")).to_contain_text("Nothing to show")
    expect(watch.page.locator("#topics")).to_contain_text("Nothing to show")
    assert watch.page.locator("main > section").count() == len(SECTIONS)
    assert watch.is_clean(), watch


def test_a_broken_section_leaves_the_rest(visit: Callable[..., Watch], own_site: Site) -> None:
    own_site.write("status.json", {**page_samples.status(), "topics": 7})
    watch = visit(f"{own_site.address}status.html")
    expect(watch.page.locator("#topics")).to_contain_text("Could not draw this section")
    assert watch.page.get_by_text("Could not draw").count() == 1
    assert any("section topics" in error for error in watch.errors)


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_stays_text(visit: Callable[..., Watch], own_site: Site, attack: str) -> None:
    own_site.write("status.json", hostile(page_samples.status(), attack, KEPT))
    watch = visit(f"{own_site.address}status.html")
    assert inert(watch), watch
    assert watch.is_clean(), watch
    assert attack in watch.page.locator("main").text_content()
    assert watch.page.get_by_text("Could not draw").count() == 0


def test_the_first_view_stays_within_its_budget(visit: Callable[..., Watch], site: Site) -> None:
    script, style = weights(visit, site, "status.html")
    assert 0 < script <= 30 * 1024
    assert 0 < style <= 12 * 1024


def test_print_is_light_and_whole(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(f"{site.address}status.html", color_scheme="dark").page
    page.emulate_media(media="print")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    assert "status.html · written" in page.locator("#print-source").inner_text()
    assert page.locator(".topbar:visible").count() == 0
