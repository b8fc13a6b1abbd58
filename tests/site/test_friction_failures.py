"""What goes wrong on the friction page stays where it is, and hostile text stays text."""

from collections.abc import Callable

import friction_samples
import pytest
from playwright.sync_api import expect
from served import Site, Watch
from test_site_failures import ATTACKS, hostile, inert

pytestmark = pytest.mark.browser

# What the page branches on keeps its value; everything else is hostile.
KEPT = {
    "schema_version", "generated_at", "data_through", "start", "end", "columns", "section",
    "sessions", "reason", "degenerate_reason", "period",
}  # fmt: skip
SECTIONS = 11


def spoilt(attack: str) -> dict:
    """The document with an attack wherever a text is free."""
    doc = friction_samples.document()
    kept = {name: doc[name] for name in ("sessions", "tables")}
    bad = hostile(doc, attack, KEPT)
    bad["pages"] = [f"/{i}{attack}" for i in range(len(doc["pages"]))]
    bad["tables"] = kept["tables"]
    for name in ("chokepoints", "pairs", "periods", "visitors"):
        table = bad["tables"][name]
        for i, column in enumerate(table["columns"]):
            if column.endswith("event"):
                table["rows"] = [[*row[:i], attack, *row[i + 1 :]] for row in table["rows"]]
    for row in bad["tables"]["funnels"]["rows"]:
        row[0] = row[2] = attack
    for row in bad["tables"]["metrics"]["rows"]:
        row[0] = row[2] = row[5] = attack
    return bad


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_names_stay_text(visit: Callable[..., Watch], own_site: Site, attack: str) -> None:
    own_site.write("friction.json", spoilt(attack))
    watch = visit(f"{own_site.address}friction.html?view=graph")
    for tab in watch.page.get_by_role("tab").all():
        tab.click()
    watch.page.locator(".count:visible").first.click()
    assert inert(watch), watch
    assert watch.is_clean(), watch
    assert attack in watch.page.locator("main").text_content()
    assert watch.page.get_by_text("Could not draw").count() == 0


@pytest.mark.parametrize(
    ("path", "section"),
    [
        (("tables", "chokepoints"), "chokepoints"),
        (("matrix",), "transitions"),
        (("steps",), "steps"),
        (("tables", "loops"), "fragile"),
        (("tables", "periods"), "comparisons"),
        (("tables", "funnels"), "funnels"),
        (("tables", "retention"), "retention"),
        (("tables", "metrics"), "advanced"),
        (("glossary",), "glossary"),
    ],
)
def test_a_broken_section_leaves_the_rest(
    visit: Callable[..., Watch], own_site: Site, path: tuple[str, ...], section: str
) -> None:
    doc = friction_samples.document()
    at = doc
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = {"reason": None, "rows": [[0]], "columns": None, "n_rows": 1, "boxes": 3}
    own_site.write("friction.json", doc)
    watch = visit(f"{own_site.address}friction.html?flows=loops")
    page = watch.page
    assert page.locator("main > section").count() == SECTIONS
    expect(page.locator(f"#{section}")).to_contain_text("Could not draw")
    fine = page.locator("main > section").filter(has_not_text="Could not draw")
    assert fine.count() >= SECTIONS - 6
    assert watch.errors


def test_a_section_without_data_says_why(visit: Callable[..., Watch], own_site: Site) -> None:
    doc = friction_samples.document()
    reason = "marts.sankey is not built yet."
    doc["steps"] = {"reason": reason, "n_steps": 0, "boxes": [], "bands": []}
    for table in doc["tables"].values():
        table |= {"rows": [], "n_rows": 0, "reason": "not built yet."}
    own_site.write("friction.json", doc)
    watch = visit(f"{own_site.address}friction.html")
    expect(watch.page.locator("#steps")).to_contain_text(f"Nothing to show: {reason}")
    for section in ("chokepoints", "fragile", "comparisons", "funnels", "retention", "advanced"):
        expect(watch.page.locator(f"#{section}")).to_contain_text("Nothing to show: not built yet.")
    assert watch.is_clean(), watch


@pytest.mark.parametrize(
    ("which", "reason"),
    [
        (
            "periods",
            "The data begins on 2025-10-01, and nothing lies before the last 28 whole days",
        ),
        ("visitors", "Nobody has come for a second session yet"),
    ],
)
def test_a_comparison_that_cannot_be_made_says_why(
    visit: Callable[..., Watch], own_site: Site, which: str, reason: str
) -> None:
    own_site.write("friction.json", friction_samples.of_one_session_each())
    watch = visit(f"{own_site.address}friction.html?compare={which}")
    section = watch.page.locator("#comparisons")
    expect(section).to_contain_text(f"Nothing to show: {reason}.")
    assert section.locator("table").count() == 0
    section.get_by_label("Compare").select_option("visitors" if which == "periods" else "periods")
    expect(section).to_contain_text("Nothing to show: ")
    expect(section).not_to_contain_text(reason)
    assert watch.is_clean(), watch


def test_a_period_that_the_data_does_not_fill_is_told(
    visit: Callable[..., Watch], own_site: Site
) -> None:
    doc = friction_samples.document()
    doc["dataset"]["period"]["start"] = "2025-10-09"
    own_site.write("friction.json", doc)
    section = visit(f"{own_site.address}friction.html").page.locator("#comparisons")
    expect(section.locator(".takeaway")).to_contain_text("(the data begins on 9\u00a0Oct 2025)")


def test_a_page_of_an_empty_warehouse_is_whole(visit: Callable[..., Watch], own_site: Site) -> None:
    own_site.write("friction.json", friction_samples.empty())
    watch = visit(f"{own_site.address}friction.html")
    expect(watch.page.locator(".hero")).to_contain_text("No data yet")
    assert watch.page.locator("main > section").count() == SECTIONS
    assert watch.page.get_by_text("Could not draw").count() == 0
    assert watch.is_clean(), watch


@pytest.mark.parametrize(
    ("content", "title", "file"),
    [
        (None, "The data of this page is missing", "data/friction.json"),
        ('{"schema_version": "1.0", ', "The data of this page is damaged", "data/friction.json"),
        ({"schema_version": "2.0"}, "The data is newer than this page", "data/friction.json"),
        ({"schema_version": "1.0"}, "The data of this page is damaged", "its data file"),
    ],
)
def test_missing_damaged_and_newer_data_have_their_own_words(
    visit: Callable[..., Watch], own_site: Site, content: object, title: str, file: str
) -> None:
    if content is not None:
        own_site.write("friction.json", content)
    page = visit(f"{own_site.address}friction.html").page
    expect(page.locator("h1")).to_have_text(title)
    expect(page.locator("main")).to_contain_text(file)
