"""What people do with the friction page: sort, filter, share, open, take away."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import friction_samples
import pytest
from friction_samples import rows
from playwright.sync_api import Page, expect
from served import Watch

pytestmark = pytest.mark.browser


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def focused(page: Page) -> str:
    script = "document.activeElement.ariaLabel || document.activeElement.innerText"
    return plain(page.evaluate(script)).strip()


def table_of(page: Page, section: str, tmp_path: Path) -> tuple[str, list[list[str]]]:
    with page.expect_download() as download:
        page.locator(section).get_by_role("button", name="Download CSV").first.click()
    target = tmp_path / "file.csv"
    download.value.save_as(target)
    text = target.read_text(encoding="utf-8")
    return download.value.suggested_filename, list(csv.reader(io.StringIO(text, newline="")))


def test_headers_sort_and_say_so(visit: Callable[..., Watch], friction: str) -> None:
    page = visit(friction).page
    section = page.locator("#chokepoints")
    visits = section.locator("th", has_text="Visits")
    expect(section.locator("th", has_text="Rank")).to_have_attribute("aria-sort", "ascending")
    expect(visits).to_have_attribute("aria-sort", "none")
    visits.get_by_role("button").click()
    expect(visits).to_have_attribute("aria-sort", "descending")
    assert focused(page).startswith("Visits")
    column = [
        int(n.replace(",", "")) for n in section.locator("td[data-head^=Visits]").all_inner_texts()
    ]
    assert column == sorted(column, reverse=True)
    page.keyboard.press("Enter")
    expect(visits).to_have_attribute("aria-sort", "ascending")
    column = [
        int(n.replace(",", "")) for n in section.locator("td[data-head^=Visits]").all_inner_texts()
    ]
    assert column == sorted(column)


def test_the_least_number_of_visits_hides_and_counts(
    visit: Callable[..., Watch], friction: str
) -> None:
    page = visit(friction).page
    all_rows = rows(friction_samples.document(), "chokepoints")
    number = page.get_by_label("Least visits")
    expect(number).to_have_value("30")
    for least in (30, 1, 200):
        number.fill(str(least))
        few = sum(row["n_visits"] < least for row in all_rows)
        told = plain(page.locator("#chokepoints [role=status]").inner_text())
        assert told.startswith(f"{few} of {len(all_rows)} rows hidden: fewer than {least} visits")
        assert page.locator("#chokepoints tbody tr").count() == len(all_rows) - few


def test_a_link_shows_what_its_sender_saw(visit: Callable[..., Watch], friction: str) -> None:
    watch = visit(friction)
    page = watch.page
    page.get_by_label("Least visits").fill("5")
    page.get_by_label("Find a page or event").first.fill("e")
    page.locator("#chokepoints").get_by_role("button", name="Exit rate").click()
    page.get_by_label("Show natural exits").uncheck()
    page.get_by_role("radio", name="Centrality").check()
    page.get_by_role("tab", name="Graph").click()
    page.get_by_label("Find a page", exact=True).first.fill("/pay")
    page.locator("#steps g.box").nth(3).click()
    page.get_by_role("tab", name="Transition pairs").click()
    page.locator("#fragile select").select_option("from")
    page.get_by_label("Compare").select_option("visitors")
    page.get_by_label("Least n on each side").fill("3")
    page.get_by_label("Only what is beyond chance").check()
    page.get_by_role("radio", name="In that week or later").check()
    seen = page.locator("main").inner_text()
    again = visit(page.url)
    assert again.page.locator("main").inner_text() == seen
    assert again.page.url == page.url
    expect(again.page.get_by_label("Least visits")).to_have_value("5")
    assert watch.is_clean()
    assert again.is_clean()


@pytest.mark.parametrize(
    "query",
    ["min=abc", "min=-3", "chokepoints.sort=nothing", "view=x", "order=<img>", "node=/nowhere",
     "box=9%20/x", "ways=1e99", "flows=constructor", "reading=__proto__", "pairs=", "steps=%00",
     "compare=toString", "compare=visitors&visitors.min=1e99&visitors.sort=-x"],
)  # fmt: skip
def test_nonsense_in_the_address_does_no_harm(
    visit: Callable[..., Watch], friction: str, query: str
) -> None:
    watch = visit(f"{friction}?{query}")
    assert watch.is_clean(), watch
    assert watch.page.get_by_text("Could not draw").count() == 0
    assert watch.page.locator("main > section").count() == 11


def test_the_csv_is_what_is_shown(
    visit: Callable[..., Watch], friction: str, tmp_path: Path
) -> None:
    page = visit(f"{friction}?min=1").page
    page.get_by_label("Find a page or event").first.fill("view")
    page.locator("#chokepoints").get_by_role("button", name="Visits").click()
    name, (head, *lines) = table_of(page, "#chokepoints", tmp_path)
    assert re.fullmatch(r"shop-friction-chokepoints-\d{4}-\d{2}-\d{2}\.csv", name)
    assert head[:3] == ["friction_rank", "page", "event"]
    shown = page.locator("#chokepoints tbody th .page").all_inner_texts()
    assert [line[1].removeprefix("'") for line in lines] == shown
    assert {line[2] for line in lines} == {"View"}
    assert all(not re.match(r"[=+@\t\r]", cell) for line in lines for cell in line)


def test_the_comparison_is_chosen_and_taken_as_it_is_shown(
    visit: Callable[..., Watch], friction: str, tmp_path: Path
) -> None:
    page = visit(friction).page
    section = page.locator("#comparisons")
    choice = section.get_by_label("Compare")
    assert choice.locator("option").all_inner_texts() == [
        "The last 28 days against the 28 days before",
        "Returning visits against first visits",
    ]
    expect(choice).to_have_value("periods")
    expect(section.locator("thead")).to_contain_text("Before")
    choice.select_option("visitors")
    assert "compare=visitors" in page.url
    expect(section.locator("thead")).to_contain_text("Returning visits")
    compared = rows(friction_samples.document(), "visitors")
    kept = [row for row in compared if min(row["n_visits"], row["n_visits_against"]) >= 20]
    assert 0 < len(kept) < len(compared)
    section.get_by_label("Least n on each side").fill("20")
    hidden = f"{len(compared) - len(kept)} of {len(compared)} rows hidden: fewer than 20 visits"
    expect(section.get_by_role("status")).to_contain_text(hidden)
    assert "visitors.min=20" in page.url
    section.get_by_role("button", name="Difference in points").click()
    name, (head, *lines) = table_of(page, "#comparisons", tmp_path)
    assert name.startswith("shop-friction-visitors-")
    taken = [dict(zip(head, line, strict=True)) for line in lines]
    shown = section.locator("tbody th .page").all_inner_texts()
    assert [row["page"].removeprefix("'") for row in taken] == shown
    assert sorted(int(row["n_visits"]) for row in taken) == sorted(row["n_visits"] for row in kept)
    assert {"n_lost", "rate", "n_lost_against", "rate_against", "n_visits_against",
            "rate_difference", "difference_low", "difference_high"} <= set(head)  # fmt: skip
    choice.select_option("periods")
    assert "compare=" not in page.url


@pytest.mark.parametrize(
    "section", ["#transitions", "#steps", "#fragile", "#comparisons", "#funnels", "#retention"]
)
def test_every_table_can_be_taken(
    visit: Callable[..., Watch], friction: str, tmp_path: Path, section: str
) -> None:
    name, table = table_of(visit(friction).page, section, tmp_path)
    assert name.startswith("shop-friction-")
    assert len(table) > 1
    assert len({len(line) for line in table}) == 1


def test_a_table_can_be_copied_as_markdown(visit: Callable[..., Watch], friction: str) -> None:
    page = visit(friction, permissions=["clipboard-read", "clipboard-write"]).page
    page.locator("#chokepoints").get_by_role("button", name="Copy as Markdown").click()
    expect(page.locator("#chokepoints").get_by_role("button", name="Copied")).to_be_visible()
    head, rule, *lines = page.evaluate("navigator.clipboard.readText()").strip().split("\n")
    assert head.startswith("| Rank | Page and event | Visits (n) |")
    assert re.fullmatch(r"\|(---:?\|)+", rule)
    assert len(lines) == page.locator("#chokepoints tbody tr").count()
    assert len({line.count(" | ") for line in [head, *lines]}) == 1


def test_numbers_open_lists_that_are_as_long(visit: Callable[..., Watch], friction: str) -> None:
    watch = visit(friction)
    page = watch.page
    dialog = page.locator("dialog")
    for view in ("Paths", "Transition pairs", "Loops"):
        page.get_by_role("tab", name=view, exact=True).click()
        counts = page.locator("#chokepoints .count:visible, #fragile .count:visible")
        for count in counts.all()[:25]:
            n = int(count.inner_text().replace(",", ""))
            count.click()
            said = plain(dialog.locator(".takeaway").inner_text())
            listed = dialog.locator("tbody tr").count()
            assert listed == n or said.startswith(f"The first {listed} of {n} "), said
            assert listed > 0
            page.keyboard.press("Escape")
            expect(dialog).to_have_count(0)
    assert watch.is_clean()


def test_the_window_gives_the_focus_back(visit: Callable[..., Watch], friction: str) -> None:
    page = visit(friction).page
    count = page.locator("#chokepoints .count").first
    count.focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_be_visible()
    assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    page.get_by_role("button", name="Close").click()
    assert page.evaluate("document.activeElement.matches('.count')")


def test_only_who_is_public_is_linked(visit: Callable[..., Watch], friction: str) -> None:
    page = visit(friction).page
    people = {
        row["session_id"]: row["slug"] for row in rows(friction_samples.document(), "sessions")
    }
    for count in page.locator("#chokepoints .count[aria-label*='sessions: S']").all()[:4]:
        count.click()
        for line in page.locator("dialog tbody tr").all():
            slug = people[line.locator("code").inner_text()]
            assert line.get_by_role("link").count() == (slug is not None)
        page.keyboard.press("Escape")


def test_arrow_keys_walk_through_the_matrix(visit: Callable[..., Watch], friction: str) -> None:
    page = visit(friction).page
    cell = page.locator("table.matrix td[tabindex='0']")
    expect(cell).to_have_count(1)
    cell.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    read = plain(page.locator("#transitions .readout").inner_text())
    assert re.fullmatch(r"Of \d+ visits to .+, \d+ ended the session \(\d+(\.\d)? %\)", read)
    page.keyboard.press("ArrowRight")
    assert plain(page.locator("#transitions .readout").inner_text()) == read


def test_the_three_orders_of_the_matrix(visit: Callable[..., Watch], friction: str) -> None:
    page = visit(friction).page
    doc = friction_samples.document()
    names = page.locator("table.matrix tbody th")
    first, last = names.first.inner_text(), names.last.inner_text()
    assert (first, last) == ("(entry)", "(other)")
    ranked = [doc["pages"][row["page"]] for row in rows(doc, "chokepoints") if row["friction_rank"]]
    assert names.nth(1).inner_text() == ranked[0]
    for order, key in (("Visits", "n_visits"), ("Centrality", "betweenness")):
        page.get_by_role("radio", name=order, exact=True).check()
        top = max(doc["graph"]["nodes"], key=lambda node, key=key: node[key])
        assert names.nth(1).inner_text() == doc["pages"][top["page"]]
        assert (names.first.inner_text(), names.last.inner_text()) == (first, last)


def test_a_node_opens_by_keyboard(visit: Callable[..., Watch], friction: str) -> None:
    page = visit(f"{friction}?view=graph").page
    nodes = page.locator("svg.graph g.node")
    expect(page.locator("svg.graph g.node[tabindex='0']")).to_have_count(1)
    nodes.first.focus()
    before = focused(page)
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    assert focused(page).split(":")[0].startswith("/")
    page.keyboard.press("ArrowRight")
    assert focused(page) != before
    page.keyboard.press("Enter")
    name = focused(page).split(":")[0]
    details = page.locator("#transitions .details")
    expect(details.locator("h3")).to_have_text(name)
    expect(details).to_contain_text("Came from")
    expect(details).to_contain_text("Went on to")
    assert page.locator("g.node[aria-pressed='true']").count() == 1
    page.keyboard.press("Enter")
    expect(details).to_have_count(0)


def test_tabs_follow_the_arrow_keys(visit: Callable[..., Watch], friction: str) -> None:
    page = visit(friction).page
    page.get_by_role("tab", name="Matrix").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Graph")).to_be_focused()
    expect(page.get_by_role("tab", name="Graph")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Matrix")).to_be_focused()


@pytest.mark.parametrize(("section", "tab"), [("#transitions", "Graph"), ("#steps", "Diagram")])
def test_drawings_are_taken_away_as_files(
    visit: Callable[..., Watch], friction: str, tmp_path: Path, section: str, tab: str
) -> None:
    page = visit(friction).page
    page.get_by_role("tab", name=tab).click()
    with page.expect_download() as download:
        page.locator(section).get_by_role("button", name="Download SVG").click()
    target = tmp_path / "file.svg"
    download.value.save_as(target)
    assert re.fullmatch(
        r"shop-friction-(graph|steps)-[\d-]+\.svg", download.value.suggested_filename
    )
    root = ET.fromstring(target.read_text(encoding="utf-8"))  # noqa: S314  our own file
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("/item" in (text or "") for text in texts)
    assert not any("class" in node.attrib for node in root.iter())
    filled = [node for node in root.iter() if node.get("fill", "none") not in {"none", ""}]
    assert len(filled) > 10


def test_the_page_in_the_middle_can_be_chosen(
    visit: Callable[..., Watch], friction: str, tmp_path: Path
) -> None:
    page = visit(friction).page
    doc = friction_samples.document()
    page.get_by_role("tab", name="Around a page").click()
    page.get_by_label("Page in the middle").select_option("/item")
    anchor = next(a for a in doc["around"]["anchors"] if doc["pages"][a["page"]] == "/item")
    n = str(anchor["n_sessions"])
    expect(page.locator("td.middle")).to_have_text(f"{n} sessions")
    feet = page.locator("table.around tfoot td").all_inner_texts()
    assert [text for text in feet if text] == [n] * 6
    assert "around=%2Fitem" in page.url
    name, (head, *lines) = table_of(page, "#steps", tmp_path)
    assert name.startswith("shop-friction-around-")
    assert {sum(int(line[i]) for line in lines) for i in range(1, len(head))} == {int(n)}
