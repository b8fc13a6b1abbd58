"""The texts of a report and who wrote them: narrative, spotlight, interests and charts."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import samples
from formulas import GUARDED
from page_views import unfold
from playwright.sync_api import Page, expect
from served import Site, Watch

pytestmark = pytest.mark.browser

REASONS = {
    "ok": " from 5 facts",
    "off": " from 5 facts",
    "tier": ": too little data for more",
    "nothing": ": there was nothing to ask a model about",
    "waiting": ": no model has been asked yet",
    "budget": ": the budget was spent",
    "price": ": what the model costs is not known",
    "transient": ": the model's service was not available",
    "terminal": ": the model's service was not available",
    "refused": ": the model declined to write it",
    "cut": ": the model's answer could not be used",
    "invalid": ": the model's answer could not be used",
    "ungrounded": ": the model said more than the facts hold",
}
SECTION = {
    "narrative": "narrative", "spotlight": "recent", "interests": "interests", "charts": "charts"
}  # fmt: skip
ATTACK = "<img src=x onerror=alert(1)>"


@pytest.fixture
def shown(visit: Callable[..., Watch], own_site: Site) -> Callable[[samples.Json], Watch]:
    """The page of Kate with this report."""

    def start(report: samples.Json) -> Watch:
        own_site.write("users.json", samples.registry())
        own_site.write("kate.json", report)
        return visit(own_site.report("kate"))

    return start


def drawn(page: Page) -> list[str]:
    return page.locator("#charts svg[role=img]").evaluate_all(
        "all => all.map((svg) => svg.getAttribute('aria-label'))"
    )


def test_all_parts_say_which_model_wrote_them(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(site.report("kate")).page
    n_facts = {"narrative": 5, "recent": 8, "interests": 5, "charts": 3}
    for section, n in n_facts.items():
        chip = page.locator(f"#{section} .chip").inner_text().replace("\u00a0", " ")
        assert chip == (
            f"Written by openai:example-model-1, 1 Jan 2026, from {n} facts · prompt 3f9a1c07"
        )
    expect(page.locator("#narrative .told > .muted")).to_have_text(
        "2 sentences left out: the facts did not hold them."
    )
    expect(page.locator("#interests .told > .muted")).to_have_text(
        "1 sentence left out: the facts did not hold it."
    )
    assert page.locator("#recent .told > .muted, #charts .told > .muted").count() == 0


@pytest.mark.parametrize("status", REASONS)
def test_template_text_says_why(shown: Callable[..., Watch], status: str) -> None:
    report = samples.t3()
    for part in SECTION:
        report[part].update(samples.origin(None, status), dropped_sentences=3)
    page = shown(report).page
    expect(page.locator("#narrative .chip")).to_have_text(f"Template text{REASONS[status]}")
    for section in SECTION.values():
        expect(page.locator(f"#{section} .chip")).to_contain_text("Template text")
    assert page.get_by_text("left out:").count() == 0


def test_the_spotlight_stands_over_the_latest_events(
    visit: Callable[..., Watch], site: Site
) -> None:
    watch = visit(site.report("claus"))
    page = watch.page
    expect(page.locator("#recent .chip")).to_have_text("Template text: too little data for more")
    first = samples.t1()["spotlight"]["blocks"][0]["sentences"][0]
    expect(page.locator("#recent .spotlight li").first).to_contain_text(first["text"])
    assert page.locator("#recent .spotlight ~ .day").count() > 0
    page.locator("#recent .spotlight a").first.press("Enter")
    expect(page.locator("#facts")).to_have_attribute("open", "")
    assert watch.is_clean()


def test_no_spotlight_leaves_the_list(shown: Callable[..., Watch]) -> None:
    report = samples.t3()
    report["spotlight"]["blocks"] = []
    page = shown(report).page
    assert page.locator("#recent .chip").count() == 0
    assert page.locator("#recent .day").count() > 0


def test_interests_stand_in_groups(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(site.report("kate")).page
    assert page.locator("#interests h3").all_inner_texts() == ["At the core", "Now and then", "New"]
    items = samples.t3()["interests"]["items"]
    found = page.locator("#interests li")
    assert found.count() == len(items)
    for item, node in zip(items, found.all(), strict=True):
        expect(node).to_contain_text(f"{item['topic']} {item['n']} events")
        expect(node).to_contain_text(item["text"])
        assert node.locator("a").count() == len(item["fact_ids"])


def test_nothing_that_stands_out_is_said(shown: Callable[..., Watch]) -> None:
    report = samples.t3()
    report["interests"]["items"] = []
    report["charts"]["items"] = []
    page = shown(report).page
    expect(page.locator("#interests .takeaway")).to_have_text("No topic stands out enough yet.")
    expect(page.locator("#charts .takeaway")).to_have_text("No chart was picked.")
    assert page.locator("#interests h3, #interests .chip, #charts .chip").count() == 0
    assert page.get_by_text("Could not draw").count() == 0


def test_a_fact_says_how_it_is_computed(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(site.report("kate")).page
    page.locator("#facts summary").click()
    for fact, row in zip(samples.t3()["facts"], page.locator("#facts tbody tr").all(), strict=True):
        expect(row).to_contain_text(fact["definition"])


def test_charts_are_drawn_with_their_tables(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(site.report("kate")).page
    items = samples.t3()["charts"]["items"]
    figures = page.locator("#charts figure")
    assert len(drawn(page)) == figures.count() == len(items) == 3
    assert page.locator("#charts .line[d^=M0]").count() == 1 + 4
    assert page.locator("#charts rect").count() == 24
    for item, figure in zip(items, figures.all(), strict=True):
        expect(figure.locator("figcaption")).to_contain_text(item["text"])
        assert figure.locator("figcaption a").count() == len(item["fact_ids"])
        data = item["config"]["data"]
        names = [one["label"] for one in data["datasets"]]
        assert figure.locator(".legend li").all_inner_texts() == names
        figure.locator("summary").click()
        assert figure.locator("thead th").all_inner_texts() == ["When", *names]
        cells = [cell.replace(",", "") for cell in figure.locator("td").all_inner_texts()]
        assert cells == [
            str(one["data"][i]) for i in range(len(data["labels"])) for one in data["datasets"]
        ]


def test_bars_of_several_series_stand_apart_on_one_scale(shown: Callable[..., Watch]) -> None:
    report = samples.t3()
    report["charts"]["items"] = report["charts"]["items"][1:2]
    report["charts"]["items"][0]["config"]["type"] = "bar"
    page = shown(report).page
    assert len(drawn(page)) == 4
    ends = page.locator("#charts .scale span:first-child").all_inner_texts()
    assert len(ends) == 4
    assert len(set(ends)) == 1


@pytest.mark.parametrize("numbers", [[0], [7], [0, 0, 0], [99, 1], [100, 250, 0], [1_000_001, 3]])
def test_a_scale_holds_its_numbers(shown: Callable[..., Watch], numbers: list[int]) -> None:
    report = samples.t3()
    for item in report["charts"]["items"]:
        item["config"]["data"] = {
            "labels": [f"2025-{i + 1:02}" for i in range(len(numbers))],
            "datasets": [{"label": "Events by month", "data": numbers}],
        }
    watch = shown(report)
    assert len(drawn(watch.page)) == 3
    end = int(watch.page.locator(".scale span").first.inner_text().replace(",", ""))
    assert max(1, *numbers, 0) <= end <= max(2 * max(numbers), 1)
    assert watch.is_clean()


def test_the_csv_of_a_chart_is_guarded(shown: Callable[..., Watch], tmp_path: Path) -> None:
    report = samples.t3()
    texts = list(GUARDED)
    report["charts"]["items"][0]["config"]["data"] = {
        "labels": texts,
        "datasets": [{"label": "=1+1", "data": list(range(len(texts)))}],
    }
    page = shown(report).page
    with page.expect_download() as download:
        page.locator("#charts").get_by_role("button", name="Download CSV").first.click()
    assert download.value.suggested_filename == "kate-chart-1.csv"
    target = tmp_path / "chart.csv"
    download.value.save_as(target)
    with target.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["when", "'=1+1"]
    assert rows == [[cell, str(i)] for i, cell in enumerate(GUARDED.values())]


BROKEN = [
    {"type": "pie"},
    {"data": {"labels": ["2025-01"], "datasets": []}},
    {"data": {"labels": ["2025-01", "2025-02"], "datasets": [{"label": "x", "data": [1]}]}},
    {"data": {"labels": ["2025-01"], "datasets": [{"label": "x", "data": ["9"]}]}},
    {"data": {"labels": ["2025-01"], "datasets": [{"label": "x", "data": [-1]}]}},
    {"data": {"labels": ["2025-01"], "datasets": [{"label": "x", "data": [1]}] * 5}},
]


@pytest.mark.parametrize("change", BROKEN)
def test_a_broken_chart_leaves_its_table_and_the_others(
    shown: Callable[..., Watch], change: samples.Json
) -> None:
    report = samples.t3()
    report["charts"]["items"][1]["config"].update(change)
    watch = shown(report)
    figures = watch.page.locator("#charts figure")
    expect(figures.nth(1)).to_contain_text("Could not draw this chart.")
    expect(figures.nth(1).locator("table")).to_be_visible()
    assert watch.page.get_by_text("Could not draw").count() == 1
    assert len(drawn(watch.page)) == figures.count() - 1 == 2
    assert [error for error in watch.errors if "chart 2: the drawing failed" in error]
    assert watch.page.locator("main > section").count() == 14


@pytest.mark.parametrize("config", [None, {}, {"data": None}, {"data": {"labels": 3}}])
def test_a_chart_of_nothing_leaves_the_others(
    shown: Callable[..., Watch], config: samples.Value
) -> None:
    report = samples.t3()
    report["charts"]["items"][0]["config"] = config
    watch = shown(report)
    expect(watch.page.locator("#charts figure").first).to_contain_text("Could not draw this chart.")
    assert len(drawn(watch.page)) == 2


UNSEEN = {"source", "status", "type", "kind", "series", "options"}
"""What a page branches on or leaves to others."""


def strings(value: samples.Value) -> Iterator[tuple[samples.Value, samples.Value]]:
    """Where the strings stand that a part shows: the object or list, and the key or index."""
    for place, child in value.items() if isinstance(value, dict) else enumerate(value):
        if place in UNSEEN:
            continue
        if isinstance(child, dict | list):
            yield from strings(child)
        elif isinstance(child, str):
            yield value, place


@pytest.mark.parametrize("part", SECTION)
def test_hostile_text_of_a_part_stays_text(shown: Callable[..., Watch], part: str) -> None:
    report = json.loads(json.dumps(samples.t3()))  # no list stands in two places
    attacks = []
    for holder, place in [
        *strings(report[part]),
        *((one, "definition") for one in report["facts"]),
    ]:
        attacks.append(f"{ATTACK} {len(attacks)};")
        holder[place] = attacks[-1]
    watch = shown(report)
    unfold(watch.page)
    text = watch.page.locator("main").text_content()
    assert [attack for attack in attacks if attack not in text] == []
    assert watch.page.locator("main img, main script, [onerror]").count() == 0
    assert watch.is_clean(), watch
