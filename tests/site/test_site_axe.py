"""Nothing that axe-core knows keeps a reader out, on any page, in any state, on phone and desk.

Belongs here: the states a page can be in; all of axe's rules apply to all of them. Does not belong
here: what axe cannot judge, such as keys, words and shaded cells (the other tests beside this one).
"""

from collections.abc import Callable

import pytest
import samples
from axe_playwright_python.sync_playwright import Axe
from page_views import unfold
from playwright.sync_api import Page
from served import Site, Watch

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("width", [390, 1280])]

AXE = Axe()
SLUGS = [make()["user"]["slug"] for make in samples.REPORTS.values()]
STRANGERS = ["katee", "", "hidden"]


def findings(page: Page) -> list[str]:
    """What is wrong with the page as it is, everything unfolded, in both themes."""
    unfold(page)
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [
            f"{scheme}: {broken['impact']}: {broken['help']}: {node['html']}"
            for broken in AXE.run(page).response["violations"]
            for node in broken["nodes"]
        ]
    return found


@pytest.mark.parametrize(
    "name",
    [
        "index.html",
        "404.html",
        "status.html",
        "data.html",
        *(f"report.html?user={slug}" for slug in [*SLUGS, *STRANGERS]),
        "u/kate/",
    ],
)
def test_pages(visit: Callable[..., Watch], site: Site, name: str, width: int) -> None:
    assert findings(visit(site.address + name, width=width).page) == []


@pytest.mark.parametrize(
    "name", ["index.html", "friction.html", "status.html", "data.html", "report.html?user=kate"]
)
@pytest.mark.parametrize("content", [None, '{"schema_version": "1.0", ', {"schema_version": "2.0"}])
def test_data_that_cannot_be_shown(
    visit: Callable[..., Watch], own_site: Site, name: str, content: object, width: int
) -> None:
    for file in ("users.json", "friction.json", "status.json", "dictionary.json", "kate.json"):
        if content is not None:
            own_site.write(file, content)
    page = visit(own_site.address + name, width=width).page
    assert page.locator("[data-error]").count() == 1
    assert findings(page) == []


@pytest.mark.parametrize(
    "choices",
    [
        "",
        "view=graph&node=%2Fitem&steps=around&flows=sessions",
        "box=2%20%2Fitem&flows=pairs",
        "steps=paths&flows=loops",
        "chokepoints.q=nowhere&flows=recurring",
    ],
)
def test_the_friction_page(
    visit: Callable[..., Watch], friction: str, choices: str, width: int
) -> None:
    assert findings(visit(f"{friction}?{choices}", width=width).page) == []


def test_the_list_behind_a_number(visit: Callable[..., Watch], friction: str, width: int) -> None:
    page = visit(friction, width=width).page
    page.locator("#chokepoints .count:visible").first.click()
    assert page.locator("dialog table").count() == 1
    assert findings(page) == []
