"""What people do: keys, themes, downloads, search."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
import samples
from formulas import GUARDED
from playwright.sync_api import Page, expect
from served import Site, Watch

pytestmark = pytest.mark.browser


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.innerText").replace("\u00a0", " ").strip()


def press(page: Page, *keys: str) -> str:
    for key in keys:
        page.keyboard.press(key)
    return focused(page)


def test_arrow_keys_walk_through_the_days(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(site.report("kate")).page
    cells = page.locator("#calendar td[tabindex='0']")
    assert cells.count() == 1
    cells.focus()
    assert focused(page).endswith("Thu 9 Jan 2025")
    assert press(page, "ArrowRight").endswith("Fri 10 Jan 2025")
    assert press(page, "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown").endswith("7 Feb 2025")
    assert press(page, "ArrowUp", "ArrowLeft").endswith("Thu 30 Jan 2025")
    assert press(page, "End", "ArrowRight").endswith("Tue 30 Dec 2025")
    assert press(page, "Home", "ArrowLeft").endswith("Thu 9 Jan 2025")
    assert page.locator("#calendar td[tabindex='0']").count() == 1
    assert page.locator("#calendar .readout").inner_text().endswith("2025")


def test_arrow_keys_walk_through_the_hours(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(site.report("kate")).page
    peak = samples.t3()["hour_week"]["peak"]
    page.locator("#hours td[tabindex='0']").focus()
    assert focused(page).startswith(f"{peak['n']} events, {samples.WEEKDAYS[peak['weekday']]}")
    start = press(page, "Home")
    assert "00:00\u201301:00" in start
    assert "01:00\u201302:00" in press(page, "ArrowRight")
    assert "23:00\u201300:00" in press(page, "End")
    assert "Monday" in press(page, *["ArrowUp"] * 7)
    assert "Tuesday" in press(page, "ArrowDown")


def test_the_theme_is_kept(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(site.address + "index.html", color_scheme="light").page
    expect(page.get_by_label("Auto")).to_be_checked()
    page.get_by_label("Dark").check()
    page.goto(site.report("claus"))
    expect(page.get_by_label("Dark")).to_be_checked()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 20, 24)"
    page.get_by_label("Auto").check()
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(246, 244, 239)"


def test_the_skip_link_and_the_switcher_work_by_keyboard(
    visit: Callable[..., Watch], site: Site
) -> None:
    page = visit(site.report("kate")).page
    assert press(page, "Tab") == "Skip to the content"
    page.get_by_label("Another person").select_option("claus")
    page.get_by_label("Another person").press("Enter")
    expect(page.locator("h1")).to_have_text("Claus Weber")


def test_definitions_open_by_keyboard(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(site.report("kate")).page
    definition = page.locator("#headline details").nth(1).locator("p").last
    expect(definition).to_be_hidden()
    page.locator("#headline summary").nth(1).press("Enter")
    expect(definition).to_be_visible()


def test_a_sentence_leads_to_its_facts(visit: Callable[..., Watch], site: Site) -> None:
    watch = visit(site.report("kate"))
    page = watch.page
    page.locator("#narrative .prose a").nth(2).press("Enter")
    expect(page.locator("#facts")).to_have_attribute("open", "")
    assert focused(page) == "3"
    assert watch.is_clean()


def test_stale_data_is_said_in_words(visit: Callable[..., Watch], own_site: Site) -> None:
    report = {**samples.t1(), "data_through": "2025-12-27T10:00:00Z"}
    own_site.write("users.json", samples.users(samples.entry(report)))
    own_site.write("claus.json", report)
    stale = visit(own_site.report("claus")).page.locator(".stale")
    expect(stale).to_contain_text("Not up to date. The data ends 4 days before this page was built")


def downloaded(page: Page, section: str, tmp_path: Path) -> list[list[str]]:
    with page.expect_download() as download:
        page.locator(f"#{section}").get_by_role("button", name="Download CSV").click()
    target = tmp_path / download.value.suggested_filename
    download.value.save_as(target)
    with target.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_csv_holds_the_rows(visit: Callable[..., Watch], site: Site, tmp_path: Path) -> None:
    page = visit(site.report("kate")).page
    days = downloaded(page, "calendar", tmp_path)
    assert len(days) == 1 + 356
    assert sum(int(n) for _, n in days[1:]) == samples.t3()["evidence"]["n_events"]
    assert len(downloaded(page, "hours", tmp_path)) == 1 + 7 * 24


def test_no_cell_of_a_csv_is_run(
    visit: Callable[..., Watch], own_site: Site, tmp_path: Path
) -> None:
    report = samples.t3()
    sizes = range(len(GUARDED), 0, -1)
    report["sources"] = [
        {**report["sources"][0], "name": text, "n_events": n}
        for text, n in zip(GUARDED, sizes, strict=True)
    ]
    own_site.write("users.json", samples.users(samples.entry(report)))
    own_site.write("kate.json", report)
    _, *found = downloaded(visit(own_site.report("kate")).page, "sources", tmp_path)
    assert [row[:2] for row in found] == [
        [cell, str(n)] for cell, n in zip(GUARDED.values(), sizes, strict=True)
    ]


def test_long_lists_open(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(site.report("kate")).page
    rows = page.locator("#pages tbody tr:visible")
    expect(rows).to_have_count(10)
    page.get_by_role("button", name="Show all 14 pages").click()
    expect(rows).to_have_count(14)


def test_the_landing_page_finds_and_sorts(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(site.address + "index.html").page
    names = page.locator(".person h3")
    assert names.all_inner_texts() == [
        "Claus Weber",
        "Henrik Lund",
        "Kate Okonkwo",
        "Mia Østergård",
        "Noor",
        "Ravi Menon",
    ]
    page.get_by_label("Sort by").select_option("activity")
    assert names.first.inner_text() == "Kate Okonkwo"
    page.get_by_label("Find a person").fill("ra")
    expect(names).to_have_text(["Ravi Menon"])
    expect(page.locator("#found")).to_have_text("1 person")
    page.get_by_label("Find a person").fill("zzz")
    expect(page.locator("#found")).to_have_text("Nobody has a name like this.")


def test_withheld_people_have_no_link_and_empty_ones_have(
    visit: Callable[..., Watch], site: Site
) -> None:
    page = visit(site.address + "index.html").page
    withheld = page.locator(".person", has_text="Henrik Lund")
    expect(withheld).to_contain_text("has not agreed")
    assert withheld.locator("a").count() == 0
    page.locator(".person", has_text="Noor").locator("a").click()
    expect(page.locator("#empty")).to_contain_text("No events of Noor have arrived")


def test_an_empty_registry_says_what_to_do(visit: Callable[..., Watch], own_site: Site) -> None:
    own_site.write("users.json", {**samples.users(), "data_through": None})
    watch = visit(own_site.address + "index.html")
    expect(watch.page.locator("main")).to_contain_text("journey users add USER_ID")
    assert watch.is_clean()


def test_many_people_come_two_hundred_at_a_time(
    visit: Callable[..., Watch], own_site: Site
) -> None:
    one = samples.entry(samples.t1())
    crowd = [{**one, "slug": f"p{i:03}", "display_name": f"Person {i:03}"} for i in range(450)]
    own_site.write("users.json", samples.users(*crowd))
    page = visit(own_site.address + "index.html").page
    people = page.locator(".person")
    expect(people).to_have_count(200)
    more = page.get_by_role("button", name="Show more")
    more.click()
    expect(people).to_have_count(400)
    assert focused(page) == "Person 200"
    more.click()
    expect(people).to_have_count(450)
    expect(more).to_be_hidden()
