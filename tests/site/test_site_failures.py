"""What goes wrong, one text per cause, and what hostile text cannot do."""

from collections.abc import Callable

import pytest
import samples
from page_views import unfold
from playwright.sync_api import expect
from served import Site, Watch

pytestmark = pytest.mark.browser

ATTACKS = (
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script><svg onload=alert(1)>',
    "javascript:alert(1)",
    "</title></script><iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "{{7*7}}${7*7}' onmouseover='alert(1)",
)
# What a page branches on keeps its value; everything else is hostile.
STRUCTURE = {"schema_version", "slug", "tier", "status", "source", "type", "kind"}
DATES = {
    "generated_at",
    "data_through",
    "start",
    "end",
    "days",
    "months",
    "first_seen_date",
    "last_seen_date",
    "last_event_date",
    "started_at_local",
    "at_local",
}
N_SECTIONS = 14  # of a full report
MARKUP = "img:not(.brand img), iframe, object, embed, main script, [onerror], [onload]"


def hostile(value: samples.Value, attack: str, kept: set[str], key: str = "") -> samples.Value:
    if key in kept:
        return value
    if isinstance(value, dict):
        return {k: hostile(v, attack, kept, k) for k, v in value.items()}
    if isinstance(value, list):
        return [hostile(v, attack, kept) for v in value]
    return attack if isinstance(value, str) else value


def inert(watch: Watch) -> bool:
    page = watch.page
    unfold(page)
    links = page.locator("a").evaluate_all("list => list.map((a) => a.getAttribute('href'))")
    return (
        not watch.dialogs
        and not watch.foreign
        and page.locator(MARKUP).count() == 0
        and page.evaluate("[...document.scripts].every((one) => one.src && one.closest('head'))")
        and not any(href.lower().startswith(("javascript:", "data:")) for href in links)
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_stays_text(visit: Callable[..., Watch], own_site: Site, attack: str) -> None:
    report = hostile(samples.t3(), attack, STRUCTURE | DATES)
    report["recent"]["items"][0]["source"] = attack
    users = hostile(samples.registry(), attack, STRUCTURE | DATES)
    own_site.write("users.json", users)
    own_site.write("kate.json", report)
    for address in (own_site.report("kate"), own_site.address + "index.html"):
        watch = visit(address)
        assert inert(watch), watch
        assert watch.is_clean(), watch
        assert attack in watch.page.locator("main").text_content()
        assert watch.page.get_by_text("Could not draw").count() == 0


def test_hostile_dates_break_figures_and_nothing_else(
    visit: Callable[..., Watch], own_site: Site
) -> None:
    own_site.write("users.json", samples.registry())
    own_site.write("kate.json", hostile(samples.t3(), ATTACKS[0], STRUCTURE))
    watch = visit(own_site.report("kate"))
    assert inert(watch), watch
    assert watch.page.locator("main > section").count() == N_SECTIONS


def test_a_hostile_address_is_only_quoted(visit: Callable[..., Watch], site: Site) -> None:
    watch = visit(site.report("%3Cimg%20src=x%20onerror=alert(1)%3E"))
    assert inert(watch)
    expect(watch.page.locator("h1")).to_contain_text("No report for “<img")


def test_one_broken_section_leaves_the_rest(visit: Callable[..., Watch], own_site: Site) -> None:
    report = samples.t3()
    report["hour_week"] = {"counts": None, "n": 3, "peak": None}
    own_site.write("users.json", samples.registry())
    own_site.write("kate.json", report)
    watch = visit(own_site.report("kate"))
    expect(watch.page.locator("#hours")).to_contain_text("Could not draw this chart")
    assert watch.page.get_by_text("Could not draw").count() == 1
    assert watch.page.locator("main > section").count() == N_SECTIONS
    assert any("section hours" in error for error in watch.errors)


@pytest.mark.parametrize("slug", ["katee", "..%2Fusers", "Kate", "", "a" * 65])
def test_unknown_people(visit: Callable[..., Watch], site: Site, slug: str) -> None:
    watch = visit(site.report(slug))
    page = watch.page
    expect(page.locator("h1")).to_contain_text("No report for" if slug else "Whose report?")
    expect(page.get_by_role("link", name="All journeys")).to_have_attribute("href", "index.html")
    assert watch.is_clean()
    if slug.lower().startswith("kate"):
        near = page.get_by_role("link", name="Kate Okonkwo (kate)")
        expect(near).to_have_attribute("href", "report.html?user=kate")


def test_withheld_people_are_named_with_the_reason(visit: Callable[..., Watch], site: Site) -> None:
    watch = visit(site.report("hidden"))
    expect(watch.page.locator("h1")).to_have_text("The report of Henrik Lund is not published")
    expect(watch.page.locator("main")).to_contain_text("has not agreed")
    assert watch.is_clean()


def test_missing_damaged_and_newer_data_have_their_own_words(
    visit: Callable[..., Watch], own_site: Site
) -> None:
    own_site.write("users.json", samples.registry())
    own_site.write("mia.json", '{"schema_version": "1.0", ')
    own_site.write("ravi.json", {"schema_version": "2.0"})
    own_site.write("noor.json", {"schema_version": "1.0"})
    expected = {
        "kate": ("The data of this page is missing", "data/kate.json could not be read: HTTP 404"),
        "mia": ("The data of this page is damaged", "data/mia.json is not what it should be"),
        "ravi": ("The data is newer than this page", "understands version 1, and data/ravi.json"),
        "noor": ("The data of this page is damaged", "is not what it should be"),
    }
    for slug, (title, detail) in expected.items():
        page = visit(own_site.report(slug)).page
        expect(page.locator("h1")).to_have_text(title)
        expect(page.locator("main")).to_contain_text(detail)
        assert page.locator("h1").count() == 1


def test_a_report_survives_a_missing_registry(visit: Callable[..., Watch], own_site: Site) -> None:
    own_site.write("kate.json", samples.t3())
    page = visit(own_site.report("kate")).page
    expect(page.locator("h1")).to_have_text("Kate Okonkwo")
    landing = visit(own_site.address + "index.html").page
    expect(landing.locator("h1")).to_have_text("The data of this page is missing")


@pytest.mark.parametrize(
    "named",
    [
        ("index.html", "users.json"),
        ("status.html", "status.json"),
        ("data.html", "dictionary.json"),
    ],
)
@pytest.mark.parametrize(
    "broken",
    [
        (None, "The data of this page is missing", "data/{} could not be read: HTTP 404"),
        ('{"schema_version": "1.0", ', "The data of this page is damaged", "The file data/{} is"),
        ({"schema_version": "2.0"}, "The data is newer than this page", "data/{} has version 2.0"),
        ({"schema_version": "1.0"}, "The data of this page is damaged", "its data file is not"),
    ],
)
def test_every_page_has_words_for_what_it_cannot_show(
    visit: Callable[..., Watch],
    own_site: Site,
    named: tuple[str, str],
    broken: tuple[object, str, str],
) -> None:
    (name, file), (content, title, says) = named, broken
    if content is not None:
        own_site.write(file, content)
    page = visit(own_site.address + name).page
    expect(page.locator("h1")).to_have_text(title)
    expect(page.locator("main")).to_contain_text(says.format(file))
    assert page.locator("h1").count() == 1
