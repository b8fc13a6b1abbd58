"""What everybody sees of the friction page: themes, widths, sums, words, and what is not there."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import friction_samples
import pytest
from friction_samples import rows
from page_views import weights
from playwright.sync_api import expect
from served import STATIC, Site, Watch
from test_site_colours import contrast, themes

from journey_dagster.site.bundle import bundle
from journey_dagster.site.single import single_file

pytestmark = pytest.mark.browser

SECTIONS = [
    "summary",
    "chokepoints",
    "transitions",
    "steps",
    "fragile",
    "comparisons",
    "funnels",
    "retention",
    "advanced",
    "glossary",
    "about",
]
KB = 1024


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def overflow(watch: Watch) -> int:
    return watch.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_the_page_is_quiet_and_fits(
    visit: Callable[..., Watch], friction: str, color_scheme: str, width: int
) -> None:
    watch = visit(friction, width=width, color_scheme=color_scheme)
    for tab in watch.page.get_by_role("tab").all():
        tab.click()
        assert overflow(watch) <= 0
    assert watch.is_clean(), watch
    assert watch.page.locator("h1").count() == 1
    ids = watch.page.locator("main > section").evaluate_all("list => list.map((s) => s.id)")
    assert ids == SECTIONS
    assert watch.page.get_by_text("Could not draw").count() == 0


def test_the_viewers_time_zone_changes_nothing(visit: Callable[..., Watch], friction: str) -> None:
    texts = {
        visit(friction, timezone_id=zone).page.locator("body").inner_text()
        for zone in ("America/New_York", "Asia/Kolkata", "Pacific/Auckland")
    }
    assert len(texts) == 1


def test_all_figures_count_the_same_sessions(visit: Callable[..., Watch], friction: str) -> None:
    doc = friction_samples.document()
    n = doc["dataset"]["n_sessions"]
    page = visit(friction).page
    assert f"{n} sessions of" in plain(page.locator(".hero").inner_text())
    entry = page.locator("#transitions tr.edge").first
    assert entry.locator("td.num").inner_text() == str(n)
    page.locator("#steps summary").click()
    columns = Counter()
    for line in page.locator("#steps .how tbody tr").all():
        cells = line.locator("td, th").all_inner_texts()
        columns[cells[0]] += int(cells[2])
    assert set(columns.values()) == {n}
    assert f"all {n} sessions" in plain(page.locator("#steps figcaption").inner_text())
    about = page.locator("#about dl").inner_text()
    assert f"Sessions\n{n}\n" in about


def test_steps_tell_both_shares_and_unroll_loops(
    visit: Callable[..., Watch], friction: str
) -> None:
    page = visit(friction).page
    labels = page.locator("#steps g.box").evaluate_all("l => l.map((g) => g.ariaLabel)")
    told = [plain(label) for label in labels if "are on" in label]
    assert all(
        re.search(r"\d % of those at the step before, .*\d % of all$", label) for label in told
    )
    assert sum("/item" in label for label in told) > 1
    assert "of step 2 · " in plain(page.locator("#steps svg").inner_html())


def test_the_matrix_comes_before_the_graph_and_the_graph_is_small(
    visit: Callable[..., Watch], friction: str
) -> None:
    page = visit(friction).page
    expect(page.locator("table.matrix")).to_be_visible()
    assert page.locator("svg.graph").count() == 0
    page.get_by_role("tab", name="Graph").click()
    expect(page.locator("table.matrix")).to_be_hidden()
    nodes = page.locator("svg.graph g.node")
    assert 5 < nodes.count() <= 40
    assert (
        nodes.locator("text.signs").count() == page.locator("g.node:not([data-mark='0'])").count()
    )


def test_each_rate_stands_with_its_denominator(visit: Callable[..., Watch], friction: str) -> None:
    page = visit(friction).page
    doc = friction_samples.document()
    least = 30
    shown = [row for row in rows(doc, "chokepoints") if row["n_visits"] >= least]
    lines = page.locator("#chokepoints tbody tr")
    assert lines.count() == len(shown)
    for row, line in zip(shown, lines.all(), strict=True):
        text = plain(line.inner_text())
        assert re.search(r"\d % \[[\d.]+\u2013[\d.]+ %\]", text)
        assert str(row["n_visits"]) in text
        assert line.locator("svg.interval line.whisker").count() == 3
    page.get_by_role("tab", name="Paths", exact=True).click()
    for line in page.locator("#fragile tbody tr").all():
        assert len(re.findall(r"\d of \d", line.inner_text())) == 2


def test_what_cannot_be_estimated_says_why(visit: Callable[..., Watch], friction: str) -> None:
    page = visit(friction).page
    page.locator("#advanced summary").click()
    row = page.locator("#advanced tr", has_text="Power law exponent")
    expect(row).to_contain_text("not estimable")
    expect(row).to_contain_text("fewer than 50 fit no law")
    assert not re.search(r"\d\.\d", row.locator("td").first.inner_text())


@pytest.mark.parametrize(
    ("which", "said", "verdicts"),
    [
        (
            "periods",
            "1 Nov 2025 \u2013 30 Nov 2025 against 1 Oct 2025 \u2013 31 Oct 2025: ",
            "▲ rose|▼ fell",
        ),
        ("visitors", "the first session that the data has of a user", "▲ higher|▼ lower"),
    ],
)
def test_two_sides_are_compared_in_points_with_n(
    visit: Callable[..., Watch], friction: str, which: str, said: str, verdicts: str
) -> None:
    section = visit(f"{friction}?compare={which}").page.locator("#comparisons")
    lead = plain(section.locator(".takeaway").inner_text())
    doc = friction_samples.document()
    n, total = (doc["counts"][name][which] for name in ("n_significant", "n_compared"))
    assert said in lead
    assert re.search(rf"\b{n} (exit rates? )?of {total}\b", lead)
    found = {row["is_significant"] for row in rows(doc, which)}
    assert found == {True, False}
    for line in section.locator("tbody tr").all():
        told = plain(line.inner_text())
        assert re.search(r"[+\u2212±]\d+\.\d points", told)
        assert re.search(r"\[[+\u2212±]\d+\.\d to [+\u2212±]\d+\.\d\]", told)
        assert len(re.findall(r"\d+ of \d+", told)) == 2
        assert line.locator("svg.interval line.whisker").count() == 3
        assert re.search(rf"within chance|{verdicts}", told)


def test_an_unfinished_week_is_hatched_and_in_no_average(
    visit: Callable[..., Watch], friction: str
) -> None:
    page = visit(friction).page
    triangle = page.locator("table.triangle")
    assert triangle.locator("td.unfinished").count() == 2
    assert all(
        "unfinished" in text for text in triangle.locator("td.unfinished").all_text_contents()
    )
    background = "getComputedStyle(e).backgroundImage"
    assert "gradient" in triangle.locator("td.unfinished").first.evaluate(f"e => {background}")
    average = triangle.locator("tfoot td.share").nth(1)
    assert average.inner_text() == "45"  # 9 of 20: the cohort whose week is not over is left out
    assert triangle.locator("thead th").count() == 2 + 3  # weeks beyond the twelfth are not drawn


def test_funnels_show_both_shares_and_who_is_in_progress(
    visit: Callable[..., Watch], friction: str
) -> None:
    section = visit(friction).page.locator("#funnels")
    assert "checkout\nwithin 24 h" in plain(section.inner_text())
    cells = section.locator("tbody tr").nth(1).locator("td").all_inner_texts()
    told = plain(" ".join(cells)).replace("\n", " ")
    assert re.fullmatch(r"30 79 % \[.+ %\] 30 of 38 79 % \[.+ %\] 30 of 38 2 . 33", told)


def test_small_samples_never_lead(visit: Callable[..., Watch], friction: str) -> None:
    page = visit(f"{friction}?min=1").page
    heads = page.locator("#chokepoints tbody th")
    texts = heads.all_inner_texts()
    rare = next(i for i, text in enumerate(texts) if text.startswith("/once"))
    assert "Few visits" in texts[rare]
    page.locator("#chokepoints").get_by_role("button", name="Exit rate").click()
    assert not heads.first.inner_text().startswith("/once")
    first = page.locator("#chokepoints tbody tr").first.inner_text()
    assert "Chokepoint" in first or "Natural exit" in first


def test_natural_exits_are_marked_and_not_ranked(
    visit: Callable[..., Watch], friction: str
) -> None:
    page = visit(friction).page
    natural = page.locator("#chokepoints tbody tr", has_text="Natural exit")
    expect(natural).to_have_count(1)
    assert natural.locator("td").first.inner_text().strip() == "\u2013"
    page.get_by_label("Show natural exits").uncheck()
    expect(natural).to_have_count(0)
    expect(page.locator("#chokepoints [role=status]")).to_contain_text("1 natural exit hidden")


def test_the_page_stays_within_its_budget(visit: Callable[..., Watch], own_site: Site) -> None:
    own_site.write("friction.json", friction_samples.document())
    code, styles = weights(visit, own_site, "friction.html")
    assert 0 < code <= 30 * KB
    assert 0 < styles <= 12 * KB


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_on_shaded_cells_can_be_read(theme: str) -> None:
    css = (STATIC / "css" / "friction.css").read_text(encoding="utf-8")
    (strongest,) = {int(part) for part in re.findall(r"var\(--part\) \* (\d+)%", css)}
    colours = themes()[theme]
    for hue in ("accent", "streak"):
        assert contrast(colours["ink"], mixed(colours[hue], colours["card"], strongest)) >= 4.5


def mixed(one: str, other: str, part: int) -> str:
    pairs = [(int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round((a * part + b * (100 - part)) / 100):02x}" for a, b in pairs)


def test_print_is_light_and_shows_the_tables(visit: Callable[..., Watch], friction: str) -> None:
    page = visit(friction, color_scheme="dark").page
    page.emulate_media(media="print")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    expect(page.locator("#chokepoints table")).to_be_visible()
    expect(page.get_by_label("Find a page or event").first).to_be_hidden()
    assert "friction.html" in page.locator("#print-source").inner_text()
    sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
    assert 2 <= len(sheets) <= 12


def test_print_cuts_nothing_off(visit: Callable[..., Watch], friction: str) -> None:
    page = visit(friction, width=703).page  # A4 within its margins
    page.emulate_media(media="print")
    for tab in page.locator("[role=tab]").all():
        tab.evaluate("tab => tab.click()")
        assert page.evaluate("document.documentElement.scrollWidth") <= 703


def test_motion_is_reduced_on_request(visit: Callable[..., Watch], friction: str) -> None:
    page = visit(friction, reduced_motion="reduce").page
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter((e) => "
        "getComputedStyle(e).animationName !== 'none').length"
    )
    assert moving == 0


def test_every_page_leads_to_friction(visit: Callable[..., Watch], site: Site) -> None:
    for name in ("index.html", "report.html?user=kate"):
        link = visit(site.address + name).page.get_by_role("link", name="Friction", exact=True)
        expect(link).to_have_attribute("href", "friction.html")


def test_one_file_opens_from_disk_with_one_request(
    visit: Callable[..., Watch], site: Site, tmp_path: Path
) -> None:
    file = tmp_path / "friction.html"
    data = friction_samples.document_bytes()
    file.write_text(single_file("friction.html", {"data/friction.json": data}), encoding="utf-8")
    asked: list[str] = []
    watch = visit(f"{site.address}404.html")
    watch.page.on("request", lambda request: asked.append(request.url))
    watch.page.goto(file.as_uri())
    watch.page.wait_for_selector("html:not(:has([aria-busy='true']))")
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
    assert not watch.errors
    ids = watch.page.locator("main > section").evaluate_all("list => list.map((s) => s.id)")
    assert ids == SECTIONS
    assert watch.page.locator("a[href$='.html'], a[href$='.csv'], a[href$='.json']").count() == 0
    watch.page.get_by_label("Find a page or event").first.fill("cart")
    watch.page.get_by_role("tab", name="Graph").click()
    watch.page.reload()
    expect(watch.page.locator("svg.graph")).to_be_visible()
    expect(watch.page.get_by_label("Find a page or event").first).to_have_value("cart")
    assert not watch.errors


def test_data_cannot_end_the_script_that_carries_it() -> None:
    text = single_file("friction.html", {"data/friction.json": b'{"a": "</script><b>"}'})
    assert "</script><b>" not in text
    assert "\\u003c/script>" in text


@pytest.mark.parametrize(
    ("module", "complaint"),
    [
        ("export default 1;\n", "is not understood"),
        ('import * as a from "./b.js";\n', "is not understood"),
        ('import { a } from "./a.js";\n', "imports"),
        ('import { a } from "../../secret.js";\n', "outside"),
    ],
)
def test_modules_that_are_not_understood_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, complaint: str
) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "a.js").write_text(module)
    monkeypatch.setattr("journey_dagster.site.bundle.STATIC", tmp_path)
    with pytest.raises(ValueError, match=complaint):
        bundle("js/a.js")
