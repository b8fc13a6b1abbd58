"""Numbers of the friction page add up where they are shown, and no share stands without its n.

Belongs here: sums and shares as a reader finds them on the page. Does not belong here: how they
are counted (`sql/`), and whether the page's data add up (`test_friction_page`).
"""

import re
from collections.abc import Callable

import friction_samples
import pytest
from served import Watch

pytestmark = pytest.mark.browser

# Lines of the page with a per cent and no other number, less what is no rate: a column's head, the
# setting of a slider, a word explained.
BARE = r"""all => all.flatMap((main) => {
  const lines = "tr, p, li, h3, figcaption, summary, dl > div, svg g";
  const found = [];
  const texts = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data, parentElement: parent } = texts.currentNode;
    if (!/\d\s?%/.test(data) || parent.closest("thead, output, dl.terms")) continue;
    const line = parent.closest(lines) ?? parent;
    const text = line.innerText ?? line.textContent;
    const rest = text.replace(/\[.*?\]/g, "").replace(/[\d.,]+\s?%/g, "");
    if (!/\d/.test(rest)) found.push(text);
  }
  return found;
})"""


def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_no_share_stands_without_its_number(visit: Callable[..., Watch], friction: str) -> None:
    page = visit(friction).page
    page.locator("details").evaluate_all("all => { for (const one of all) one.open = true; }")
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert page.locator("main").evaluate_all(BARE) == []
    known = page.locator("table.triangle td.share", has_text=re.compile(r"\d"))
    told = known.evaluate_all("all => all.map((cell) => cell.title)")
    assert len(told) > 5
    assert all(re.match(r"[\d,]+ of [\d,]+", title) for title in told)


def test_what_comes_into_a_box_goes_out_of_it(visit: Callable[..., Watch], friction: str) -> None:
    page = visit(friction).page
    boxes = page.locator("#steps g.box")
    assert boxes.count() > 10
    for box in boxes.all():
        box.dispatch_event("click")
        n = number(re.match(r"Step \d+: ([\d,]+) ", box.get_attribute("aria-label"))[1])
        sides = page.locator("#steps .sides table")
        assert sides.count() > 0
        for side in sides.all():
            counts = side.locator("tbody td:nth-child(2)").all_inner_texts()
            assert sum(map(number, counts)) == n


def test_rows_of_the_matrix_add_up_and_all_sessions_begin_and_end(
    visit: Callable[..., Watch], friction: str
) -> None:
    page = visit(friction).page
    n_sessions = friction_samples.document()["dataset"]["n_sessions"]
    said = re.compile(r"Of ([\d,]+) .*, ([\d,]+) (?:began|ended|went|stayed)")
    sums, n_ended = [], 0
    for row in page.locator("table.matrix tbody tr").all():
        told = row.locator("td .vh").all_text_contents()
        pairs = [tuple(map(number, said.match(text).groups())) for text in told]
        sums.append(sum(n for _, n in pairs))
        assert {whole for whole, _ in pairs} == {sums[-1]}
        assert number(row.locator("td.num").inner_text()) == sums[-1]
        n_ended += sum(n for text, (_, n) in zip(told, pairs, strict=True) if " ended " in text)
    assert sums[0] == n_ended == n_sessions
