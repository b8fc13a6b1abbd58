"""What everybody sees: every page, theme, width, tier and time zone."""

import re
from collections.abc import Callable

import pytest
from page_views import weights
from served import STATIC, Site, Watch

pytestmark = pytest.mark.browser

PAGES = (
    "index.html",
    "404.html",
    "status.html",
    "data.html",
    "report.html?user=kate",
    "report.html?user=claus",
    "u/kate/",
)
TIER_SECTIONS = {
    "noor": ["empty", "about"],
    "claus": ["headline", "narrative", "sessions", "recent", "about"],
    "mia": [
        "headline",
        "narrative",
        "calendar",
        "hours",
        "pages",
        "sources",
        "authors",
        "sessions",
        "journey",
        "recent",
        "about",
    ],
    "kate": [
        "headline",
        "narrative",
        "calendar",
        "hours",
        "topics",
        "interests",
        "charts",
        "pages",
        "sources",
        "authors",
        "sessions",
        "journey",
        "recent",
        "about",
    ],
}
KB = 1024


def overflow(watch: Watch) -> int:
    return watch.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_pages_are_quiet_and_fit(
    visit: Callable[..., Watch], site: Site, name: str, color_scheme: str, width: int
) -> None:
    watch = visit(site.address + name, width=width, color_scheme=color_scheme)
    watch.page.wait_for_load_state("load")
    assert watch.is_clean(), watch
    assert overflow(watch) <= 0
    assert watch.page.locator("h1").count() == 1
    assert watch.page.locator("main").count() == 1
    ground = watch.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(17, 20, 24)" if color_scheme == "dark" else "rgb(246, 244, 239)")


@pytest.mark.parametrize("name", ["index.html", "404.html", "report.html?user=kate"])
def test_pages_reflow_at_320_pixels(visit: Callable[..., Watch], site: Site, name: str) -> None:
    assert overflow(visit(site.address + name, width=320)) <= 0


@pytest.mark.parametrize(
    "name",
    [
        "index.html",
        "status.html",
        "data.html",
        "report.html?user=kate",
        "report.html?user=ravi",
    ],
)
def test_the_viewers_time_zone_changes_nothing(
    visit: Callable[..., Watch], site: Site, name: str
) -> None:
    texts = {
        visit(site.address + name, timezone_id=zone).page.locator("body").inner_text()
        for zone in ("America/New_York", "Asia/Kolkata", "Pacific/Auckland")
    }
    assert len(texts) == 1


@pytest.mark.parametrize("slug", TIER_SECTIONS)
def test_the_tier_decides_the_sections(visit: Callable[..., Watch], site: Site, slug: str) -> None:
    watch = visit(site.report(slug))
    ids = watch.page.locator("main > section").evaluate_all("list => list.map((s) => s.id)")
    assert ids == TIER_SECTIONS[slug]
    for section in ids:
        assert watch.page.locator(f"#{section} h2").count() == 1
    assert watch.page.get_by_text("Could not draw").count() == 0


def test_the_header_names_period_zone_and_freshness(
    visit: Callable[..., Watch], site: Site
) -> None:
    page = visit(site.report("kate")).page
    hero = page.locator(".hero").inner_text().replace("\u00a0", " ")
    assert "9 Jan \u2013 30 Dec 2025" in hero
    assert "Denver time (America/Denver)" in hero
    assert "Data to 31 Dec 2025, 22:10 UTC · built 1 Jan 2026, 04:15 UTC" in hero
    assert page.locator(".stale").count() == 0
    assert (
        page.title().replace("\u00a0", " ") == "Kate Okonkwo · 9 Jan \u2013 30 Dec 2025 · Journey"
    )


def test_the_calendar_says_each_day_and_the_hours_name_their_zone(
    visit: Callable[..., Watch], site: Site
) -> None:
    page = visit(site.report("ravi")).page
    assert page.locator("#calendar td.cell:not(.outside)").count() == 402
    first = page.locator("#calendar td.cell:not(.outside)").first.inner_text()
    assert first.replace("\u00a0", " ").endswith(", Mon 18 Nov 2024")
    assert page.locator("#calendar td.outside").count() > 0
    assert "Longest streak:" in page.locator("#calendar").inner_text()
    assert page.locator("#hours tbody td.cell").count() == 7 * 24
    assert "Kolkata time (Asia/Kolkata)" in page.locator("#hours figcaption").inner_text()


def test_unknown_sources_come_last_and_are_named(visit: Callable[..., Watch], site: Site) -> None:
    names = visit(site.report("kate")).page.locator("#sources tbody th").all_inner_texts()
    assert names[-1].strip() == "Unknown source"


def test_the_page_stays_within_its_budget(visit: Callable[..., Watch], site: Site) -> None:
    code, styles = weights(visit, site, "report.html?user=kate")
    assert 0 < code <= 30 * KB
    assert 0 < styles <= 12 * KB


def test_pages_ask_for_privacy_and_forbid_inline_code() -> None:
    for file in STATIC.glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in text, file
        assert '<meta name="robots" content="noindex">' in text, file
        assert '<meta name="referrer" content="no-referrer">' in text, file
        assert " style=" not in text, file
        assert "http" not in text.replace("http-equiv", ""), file
    for file in STATIC.rglob("*.js"):
        text = file.read_text(encoding="utf-8")
        assert "HTML" not in text, file
        assert text.startswith("// "), file


def test_print_is_light_and_without_controls(visit: Callable[..., Watch], site: Site) -> None:
    page = visit(site.report("kate"), color_scheme="dark").page
    page.emulate_media(media="print")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    assert page.locator("button:visible").count() == 0
    assert "report.html?user=kate" in page.locator("#print-source").inner_text()
    sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
    assert 2 <= len(sheets) <= 6
