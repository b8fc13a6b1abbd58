"""The landing page: ten thousand people, an address that keeps what was looked for, and no one.

Belongs here: what only index.html does. Does not belong here: what all pages share
(test_site_pages.py), its errors and hostile text (test_site_failures.py).
"""

from collections.abc import Callable, Iterator

import pytest
import samples
from page_views import weights
from playwright.sync_api import expect
from served import Site, Watch

pytestmark = pytest.mark.browser

CARDS = "#people > li"
REDRAW = """(text) => {
  const search = document.getElementById("search");
  const start = performance.now();
  search.value = text;
  search.dispatchEvent(new Event("input"));
  document.body.getBoundingClientRect();
  return performance.now() - start;
}"""


def crowd(n: int) -> Iterator[samples.Json]:
    """People whose order by name, by events and by latest event are three different ones."""
    someone = samples.entry(samples.t2())
    for i in range(n):
        yield {
            **someone,
            "slug": f"person-{i}",
            "display_name": f"Person {(i * 7919) % n:05}",
            "n_events": 1 + (i * 104_729) % 50_021,
            "last_event_date": f"2025-{1 + i % 12:02}-{1 + i % 28:02}",
        }


def test_ten_thousand_people_are_no_burden(visit: Callable[..., Watch], own_site: Site) -> None:
    own_site.write("users.json", samples.users(*crowd(10_000)))
    watch = visit(f"{own_site.address}index.html")
    page = watch.page
    expect(page.locator("#found")).to_have_text("10,000 people, 200 shown")
    assert page.locator(CARDS).count() == 200
    assert page.locator("#people h3").first.inner_text() == "Person 00000"
    times = [
        page.evaluate(REDRAW, text) for text in ("p", "person 0", "person 00", "person-99", "")
    ]
    assert sorted(times)[2] < 300, times
    page.get_by_role("button", name="Show more").click()
    assert page.locator(CARDS).count() == 400
    assert page.evaluate("document.activeElement.textContent") == "Person 00200"
    assert watch.is_clean(), watch


def test_every_order_is_the_one_it_says(visit: Callable[..., Watch], own_site: Site) -> None:
    people = [*crowd(300)]
    own_site.write("users.json", samples.users(*people))
    page = visit(f"{own_site.address}index.html").page
    wanted = {
        "Name": sorted(people, key=lambda one: one["display_name"]),
        "Most events": sorted(people, key=lambda one: (-one["n_events"], one["display_name"])),
        "Latest event": sorted(
            sorted(people, key=lambda one: one["display_name"]),
            key=lambda one: one["last_event_date"],
            reverse=True,
        ),
    }
    for label, order in wanted.items():
        page.get_by_label("Sort by").select_option(label)
        shown = page.locator("#people h3").all_inner_texts()
        assert shown == [one["display_name"] for one in order[:200]], label


def test_the_address_keeps_search_and_order(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(f"{site.address}index.html").page
    page.get_by_label("Sort by").select_option("Most events")
    page.get_by_label("Find a person").fill("a")
    names = page.locator("#people h3").all_inner_texts()
    assert page.url.endswith("index.html?sort=activity&q=a")
    again = visit(page.url).page
    assert again.locator("#people h3").all_inner_texts() == names
    expect(again.get_by_label("Find a person")).to_have_value("a")
    again.get_by_label("Find a person").fill("")
    again.get_by_label("Sort by").select_option("Name")
    assert again.url.endswith("index.html")


def test_a_strange_order_in_the_address_is_that_by_name(
    visit: Callable[..., Watch], site: Site
) -> None:
    watch = visit(f"{site.address}index.html?sort=%3Cimg%3E")
    expect(watch.page.get_by_label("Sort by")).to_have_value("name")
    assert watch.is_clean()


def test_it_counts_everybody_in_words(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(f"{site.address}index.html").page
    expect(page.locator("#counts")).to_contain_text("4 reports of 6 people, made from ")
    expect(page.locator("#counts")).to_contain_text("; 1 without events yet, 1 not published.")
    expect(page.locator("#freshness")).to_contain_text("Data to 31\u00a0Dec 2025, 22:10 UTC")
    links = page.locator(".site-nav a").evaluate_all("all => all.map((a) => a.textContent)")
    assert links == ["People", "Friction", "Data", "Status"]


def test_nobody_registered_is_told_the_command(visit: Callable[..., Watch], own_site: Site) -> None:
    own_site.write("users.json", {**samples.users(), "data_through": None})
    watch = visit(f"{own_site.address}index.html")
    expect(watch.page.locator("main")).to_contain_text("Nobody is registered yet")
    expect(watch.page.locator("main code")).to_have_text("journey users add USER_ID")
    expect(watch.page.locator("#freshness")).to_contain_text("The warehouse holds no data yet")
    expect(watch.page.locator("#finder")).to_be_hidden()
    assert watch.is_clean(), watch


def test_the_first_view_stays_within_its_budget(visit: Callable[..., Watch], site: Site) -> None:
    script, style = weights(visit, site, "index.html")
    assert 0 < script <= 30 * 1024
    assert 0 < style <= 12 * 1024
