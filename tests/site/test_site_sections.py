"""What the sections of a report show that are drawn after the first view, and the report as a file.

Belongs here: comparisons, interests, publications, the journey, the card, about, the single file.
Does not belong here: texts (test_site_texts), what any page does (test_site_pages).
"""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import samples
from playwright.sync_api import Page, expect
from sample_journey import journey
from served import Site, Watch

from journey_dagster import report_export

pytestmark = pytest.mark.browser


@pytest.fixture
def shown(visit: Callable[..., Watch], own_site: Site) -> Callable[[samples.Json], Watch]:
    """The page of Kate with this report."""

    def start(report: samples.Json) -> Watch:
        own_site.write("users.json", samples.registry())
        own_site.write("kate.json", report)
        return visit(own_site.report("kate"))

    return start


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_big_numbers_stand_beside_the_days_before_and_all_others(
    visit: Callable[..., Watch], site: Site
) -> None:
    page = visit(site.report("kate")).page
    first = page.locator("#headline .tile").first
    beside = [plain(text) for text in first.locator(".beside").all_inner_texts()]
    assert beside == [
        "96 in the last 30 days of data, 64 in the 30 before: ▲ up 50 %",
        "More than 80 % of 412 others",
    ]
    first.locator("summary").press("Enter")
    expect(first.locator("details p")).to_have_count(3)
    expect(first.locator("details")).to_contain_text(samples.PREVIOUS["definition"])
    expect(first.locator("details")).to_contain_text(samples.COHORT["definition"])
    assert visit(site.report("mia")).page.locator(".beside").count() == 0


def test_interests_are_listed_with_their_numbers(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(site.report("kate")).page
    lists = page.locator("#topics .lists")
    assert lists.locator("h3").all_inner_texts() == ["Core", "Rising", "Fading"]
    expect(lists).to_contain_text("3 → 34 events")
    expect(lists).to_contain_text("21 → 0 events")
    topic = samples.t3()["user"]["suggested_avatar"]["topic"]
    expect(page.locator("#topics .suggested")).to_contain_text(
        f"for “running” in the topic “{topic}”"
    )


def test_no_avatar_is_suggested_where_none_fits(shown: Callable[..., Watch]) -> None:
    report = samples.t3()
    report["user"]["suggested_avatar"] = None
    assert shown(report).page.locator(".suggested").count() == 0


def test_publications_have_cards_with_months_and_authors_a_list(
    visit: Callable[..., Watch], site: Site
) -> None:
    page = visit(site.report("kate")).page
    known = [one for one in samples.t3()["sources"] if one["name"]]
    cards = page.locator("#sources .sources li")
    assert cards.count() == len(known)
    for one, node in zip(known, cards.all(), strict=True):
        text = plain(node.inner_text())
        assert text.startswith(one["name"])
        assert f"{one['n_events']:,} events" in text
        assert "9 Jan 2025 \u2013 30 Dec 2025" in text
        assert node.locator("rect").count() == len(one["by_month"])
    authors = page.locator("#authors tbody th").all_inner_texts()
    assert [name.strip() for name in authors] == [name for name, _ in samples.AUTHORS]
    expect(page.locator("#authors .coverage")).to_contain_text("31")


def numbers(page: Page, selector: str) -> list[int]:
    return [int(text.replace(",", "")) for text in page.locator(selector).all_inner_texts()]


def test_each_step_of_the_journey_holds_all_sessions(
    visit: Callable[..., Watch], site: Site
) -> None:
    page = visit(site.report("kate")).page
    part = samples.t3()["journey"]
    assert page.locator("#journey .place").count() == len(part["nodes"])
    assert page.locator("#journey .band").count() == len(part["links"])
    page.locator("#journey summary", has_text="Show data").click()
    rows = page.locator("#journey details table").first.locator("tbody tr")
    sums = dict.fromkeys(range(1, 6), 0)
    for row in rows.all():
        step, n, before, share = row.locator("td").all_inner_texts()
        sums[int(step)] += int(n.replace(",", ""))
        assert "%" in share
        assert ("%" in before) == (row.locator("th").inner_text() != "ended")
    assert set(sums.values()) == {part["n_sessions"]}
    expect(page.locator("#sessions dd").first).to_have_text(f"{part['n_sessions']}")


def test_the_journey_is_walked_by_keys_and_says_both_shares(
    visit: Callable[..., Watch], site: Site
) -> None:
    page = visit(site.report("kate")).page
    page.locator("#journey .place[tabindex='0']").focus()
    readout = page.locator("#journey .readout")
    expect(readout).to_contain_text("Step 1:")
    page.keyboard.press("ArrowRight")
    expect(readout).to_contain_text("of the step before")
    expect(readout).to_contain_text("of all")
    assert page.locator("#journey .band.lit").count() > 0


def test_few_sessions_are_a_list_of_paths(shown: Callable[..., Watch]) -> None:
    report = samples.t3()
    report["journey"] = journey(7)
    watch = shown(report)
    assert watch.page.locator("#journey svg").count() == 0
    assert sum(numbers(watch.page, "#journey tbody td:nth-of-type(1)")) == 7
    assert watch.is_clean()


def test_going_in_circles_does_not_stop_the_drawing(shown: Callable[..., Watch]) -> None:
    report = samples.t3()
    nodes = [
        {"step": step, "kind": "page", "page": "/a" if step % 2 else "/b", "n": 12}
        for step in range(1, 6)
    ]
    report["journey"] = {
        **report["journey"],
        "n_sessions": 12,
        "nodes": nodes,
        "links": [{"from": i, "to": i + 1, "n": 12} for i in range(4)],
        "paths": [{"pages": ["/a", "/b", "/a", "/b", "/a"], "is_longer": True, "n": 12}],
        "n_paths": 1,
    }
    watch = shown(report)
    assert watch.page.locator("#journey .place").count() == 5
    expect(watch.page.locator("#journey .takeaway")).to_contain_text("/a → /b → /a → /b → /a → …")
    assert watch.is_clean()


def test_a_card_is_drawn_and_saved_without_asking_for_anything(
    visit: Callable[..., Watch], site: Site, tmp_path: Path
) -> None:
    watch = visit(site.report("kate"))
    page = watch.page
    page.get_by_role("button", name="Make a card to share").click()
    card = page.locator("#about .share-card")
    expect(card).to_contain_text("Kate Okonkwo")
    expect(card).to_contain_text("Longest streak")
    texts = " ".join(card.locator("text").all_text_contents())
    assert "Denver" not in texts
    assert "kate" not in texts
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download PNG").click()
    assert download.value.suggested_filename == "kate-card.png"
    download.value.save_as(tmp_path / "card.png")
    content = (tmp_path / "card.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == (1200, 630)
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == []
    assert watch.is_clean()


def test_about_says_what_was_left_out_what_is_known_and_what_it_cost(
    visit: Callable[..., Watch], site: Site
) -> None:
    page = visit(site.report("kate")).page
    about = plain(page.locator("#about").inner_text())
    for text in ("“internal”", "97 %", "41 %", "$0.0123", "3f9a1c07", "contract version 1.0"):
        assert text in about
    assert "To have it corrected or removed" in about
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the data (JSON)").click()
    assert json.loads(download.value.path().read_bytes()) == samples.t3()
    template = plain(visit(site.report("mia")).page.locator("#about").inner_text())
    assert "a template" in template


@pytest.mark.parametrize("make", samples.REPORTS.values())
def test_a_report_opens_from_disk_with_one_request(
    visit: Callable[..., Watch], site: Site, tmp_path: Path, make: Callable[[], samples.Json]
) -> None:
    report = make()
    files = report_export.export(json.dumps(report).encode(), tmp_path / "taken")
    asked: list[str] = []
    watch = visit(f"{site.address}404.html")
    page = watch.page
    page.on("request", lambda request: asked.append(request.url))
    page.goto(files[0].path.as_uri())
    page.wait_for_selector("html:not(:has([aria-busy='true']))")
    assert [url for url in asked if not url.startswith("data:")] == [files[0].path.as_uri()]
    assert not watch.errors
    expect(page.locator("h1")).to_have_text(report["user"]["display_name"])
    assert page.get_by_text("Could not draw").count() == 0
    served = visit(site.report(report["user"]["slug"])).page
    ids = "list => list.map((s) => s.id)"
    sections = page.locator("main > section").evaluate_all(ids)
    assert sections == served.locator("main > section").evaluate_all(ids)
    assert page.locator("a[href$='.html'], a[href$='.json']").count() == 0


def test_tables_of_an_export_hold_the_rows_and_run_nothing(tmp_path: Path) -> None:
    report = samples.t3()
    report["sources"][0]["name"] = "=1+1"
    folder = tmp_path / "taken"
    rows = {
        file.path.stem: file.n_rows
        for file in report_export.export(json.dumps(report).encode(), folder)
        if file.n_rows is not None
    }
    assert rows["days"] == report["evidence"]["active_days"]
    assert rows["hours"] == 7 * 24
    assert rows["steps"] == len(report["journey"]["nodes"])
    assert rows["facts"] == len(report["facts"])
    assert "'=1+1," in (folder / "sources.csv").read_text(encoding="utf-8")
