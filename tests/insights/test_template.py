"""Template stories: true to their facts, and silent where the data is thin."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey_dagster.facts import MONTHS, WEEKDAYS, Fact, clock_hour, quantity
from journey_dagster.insights.template import narrative

NUMBER = re.compile(r"\d[\d,]*")


def fact(name: str, value: float | None, text: str | None = None, unit: str = "events") -> Fact:
    return Fact(name, name, value, text, unit, 0.5, 1)


def facts(n: int, hour: int, weekday: int, title: str) -> dict[str, Fact]:
    found = [
        fact("n_events", n),
        fact("n_sessions", max(1, n // 3), unit="sessions"),
        fact("active_days", max(1, n // 5), unit="days"),
        fact("span_days", n, unit="days"),
        fact("n_pages", max(1, n // 2), unit="pages"),
        fact("first_date", None, "2025-01-02", "date"),
        fact("last_date", None, "2025-11-30", "date"),
        fact("busiest_date", max(1, n // 7), "2025-03-04", "date"),
        fact("longest_streak", n % 9, unit="days"),
        fact("median_session", n / 10, unit="minutes"),
        fact("peak_weekday", weekday, unit="weekday"),
        fact("peak_hour", hour, unit="hour"),
        fact("recent_events", n % 4),
        fact("top_page", max(1, n // 4), title),
        fact("top_source", max(1, n // 3), "Fernwell"),
        fact("top_topic", max(1, n // 6), "gravel"),
        fact("top_month", max(1, n // 2), "2025-06", "month"),
    ]
    return {item.fact_id: item for item in found}


@given(
    st.integers(1, 10**6),
    st.integers(0, 23),
    st.integers(0, 6),
    st.text(max_size=40),
    st.sampled_from(["T1", "T2", "T3"]),
)
def test_every_number_day_and_month_in_a_sentence_is_in_its_facts(n, hour, weekday, title, tier):
    known = facts(n, hour, weekday, title)
    for sentence in narrative(known, tier, 30):
        cited = [known[name] for name in sentence.fact_ids]
        held = " ".join(
            [f"{one.text} {one.amount} {100 * (one.coverage or 0):.0f}" for one in cited] + ["30"]
        )
        for word in (*WEEKDAYS, *MONTHS):
            assert word not in sentence.text.replace(title, "") or word in held
        for number in NUMBER.findall(sentence.text.replace(title, "")):
            assert number.rstrip(",") in held


def test_thin_data_is_not_made_a_story_of():
    known = facts(40, 9, 2, "A page")
    assert len(narrative(known, "T0", 30)) == 1
    words = " ".join(sentence.text for sentence in narrative(known, "T1", 30))
    assert "too little" in words
    assert not any(day in words for day in WEEKDAYS)
    assert "The page with most" not in " ".join(
        sentence.text for sentence in narrative(known, "T2", 30)
    )
    assert "The page with most" in " ".join(
        sentence.text for sentence in narrative(known, "T3", 30)
    )


def test_a_missing_fact_is_an_error_and_no_sentence():
    known = facts(40, 9, 2, "A page")
    del known["peak_hour"]
    with pytest.raises(KeyError):
        narrative(known, "T3", 30)


def test_words_for_numbers():
    assert quantity(1, "events") == "1 event"
    assert quantity(1234, "events") == "1,234 events"
    assert quantity(11.5, "minutes") == "12 minutes"
    assert clock_hour(23) == "23:00 to 00:00"
    assert fact("x", None, "2024-02-29", "date").text == "29 February 2024"


def test_stories_of_a_real_run_rest_on_facts_of_their_report(ran: Path):
    for path in (ran / "site/data").glob("synthetic*.json"):
        report = json.loads(path.read_text())
        known = {one["id"] for one in report["facts"]}
        sentences = [s for block in report["narrative"]["blocks"] for s in block["sentences"]]
        assert sentences
        for sentence in sentences:
            assert sentence["fact_ids"]
            assert set(sentence["fact_ids"]) <= known
