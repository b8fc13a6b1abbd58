"""Numbers, dates and names read the same in Python, in the page and by the standard."""

import shutil
from collections.abc import Callable
from datetime import date
from html import unescape

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from playwright.sync_api import JSHandle
from served import STATIC, Site, Watch

from journey_dagster.avatars import _WORDS
from journey_dagster.site.person import _period, _quantity, _when

pytestmark = pytest.mark.browser

DAYS = st.dates(min_value=date(1999, 1, 1), max_value=date(2035, 1, 1))
QUANTITIES = st.one_of(
    st.tuples(st.none() | st.integers(0, 10**7), st.sampled_from(["events", "days", "pages"])),
    st.tuples(st.none() | st.integers(0, 60_000).map(lambda n: n / 10), st.just("minutes")),
)
NUMBERS = st.integers(-(10**12), 10**12) | st.floats(-1e9, 1e9)
NAMES = [
    "Ada Østergård", "Re\u0301mi Nguye\u0302\u0303n", "\u0928\u092e\u0938\u094d\u0924\u0947",
    "\U0001f469\u200d\U0001f680\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea\U0001f1f3\U0001f1f4x",
    *_WORDS,
]  # fmt: skip
INTL = """(_, [digits, all]) => {
  const how = { maximumFractionDigits: digits, signDisplay: "negative" };
  return all.map((one) => new Intl.NumberFormat("en-GB", how).format(one));
}"""


@pytest.fixture
def words(visit: Callable[..., Watch], own_site: Site) -> JSHandle:
    """The module that writes numbers and dates, as it stands."""
    shutil.copytree(STATIC / "js", own_site.folder / "modules")
    page = visit(f"{own_site.address}index.html").page
    return page.evaluate_handle(f"import('{own_site.address}modules/fmt.js')")


def test_python_writes_as_the_page_does(words: JSHandle) -> None:
    @given(st.lists(QUANTITIES, max_size=40), st.lists(st.tuples(DAYS, DAYS), max_size=20))
    @how(max_examples=15, deadline=None)
    def holds(quantities: list[tuple[float | None, str]], spans: list[tuple[date, date]]) -> None:
        theirs = words.evaluate("(f, all) => all.map((one) => f.quantity(...one))", quantities)
        assert [[unescape(text) for text in _quantity(*q)] for q in quantities] == theirs
        periods = [{"start": min(s).isoformat(), "end": max(s).isoformat()} for s in spans]
        shown = words.evaluate("(f, all) => all.map(f.period)", periods)
        assert list(map(_period, periods)) == shown

    holds()
    period = {"start": "2025-01-01", "end": "2025-01-02", "days": 2}
    for tz, known in [
        ("Asia/Kolkata", True),
        ("America/North_Dakota/Center", True),
        ("UTC", False),
    ]:
        user = {"tz": tz, "tz_is_known": known}
        assert words.evaluate("(f, user) => f.zone(user)", user) in unescape(_when(user, period))


def test_the_page_writes_as_the_standard_does(words: JSHandle) -> None:
    @given(st.lists(NUMBERS, max_size=50))
    @how(max_examples=15, deadline=None)
    def holds(numbers: list[float]) -> None:
        tenths = [round(n, 1) for n in numbers]
        for digits, name, asked in ((0, "int", numbers), (1, "decimal", tenths)):
            mine = words.evaluate(f"(f, all) => all.map(f.{name})", asked)
            assert mine == words.evaluate(INTL, [digits, asked])

    holds()


def test_a_mark_is_what_readers_take_for_two_letters(words: JSHandle) -> None:
    avatars = [{"avatar": name, "display_name": ""} for name in NAMES]
    standard = words.evaluate(
        "(_, all) => all.map((one) => [...new Intl.Segmenter('en').segment(one)].slice(0, 2)"
        ".map(({ segment }) => segment).join(''))",
        NAMES,
    )
    assert words.evaluate("(f, all) => all.map(f.avatar)", avatars) == standard
