"""What becomes of answers that look well and are not."""

import json
from collections.abc import Iterable

import pytest

from journey_dagster.facts import Fact
from journey_dagster.insights.generations import waiting
from journey_dagster.insights.reading import read_answer
from journey_dagster.insights.strangers import Strangers
from journey_dagster.insights.subjects import Subject
from journey_dagster.insights.telling import Told, grounded

NOBODY = Strangers.named([])


def fact(name: str, text: str, unit: str = "events", value: float | None = 9) -> Fact:
    return Fact(name, name, value, text, unit, None, 9)


def subject(*facts: Fact) -> Subject:
    return Subject("u", "T3", {one.fact_id: one for one in facts}, ["u"])


GRAVEL = [fact("core_1", "gravel"), fact("casual_1", "maps"), fact("top_topic", "gravel")]


def interests(*told: tuple[str, str]) -> Told:
    answer = {"interests": [{"fact_id": name, "sentence": words} for name, words in told]}
    return grounded(subject(*GRAVEL), "interests", json.dumps(answer), NOBODY)


def charts(takeaway: str, series: Iterable[str], *facts: Fact) -> Told:
    answer = {"charts": [{"type": "line", "takeaway": takeaway, "series": list(series)}]}
    return grounded(subject(*facts), "charts", json.dumps(answer), NOBODY)


def test_an_interest_by_name_stands_first_among_its_facts():
    told = interests(
        ("casual_1", "You look at maps now and then."),
        ("core_1", "You keep coming back to gravel."),
    )
    assert told.status == "ok", told
    assert [(one.block_type, one.fact_ids[0]) for one in told.sentences] == [
        ("core", "core_1"), ("casual", "casual_1"),
    ]  # fmt: skip


def test_a_sentence_on_another_interest_is_none_on_this():
    told = interests(("casual_1", "You keep coming back to {core_1}."))
    assert "no_fact" in told.dropped


def test_interests_left_out_count_as_dropped():
    told = interests(("core_1", "You keep coming back to {core_1}."))
    assert (told.dropped, told.status) == (["unanswered"], "ungrounded")


TOPICS = [
    fact("top_topic", "gravel"),
    fact("top_topic_2", "maps"),
    fact("topic_peak_1", "2025-06", "month"),
    fact("topic_peak_2", "2025-11", "month"),
    fact("top_month", "2025-06", "month"),
]


@pytest.mark.parametrize(
    ("takeaway", "series"),
    [
        ("Your busiest month was {top_month}.", ["events_by_hour"]),
        ("{top_topic_2} peaked in {topic_peak_2}.", ["topic_1_by_month"]),
        ("Your busiest month was {top_month}.", ["topic_1_by_month"]),
    ],
)
def test_a_takeaway_on_something_else_is_dropped(takeaway, series):
    assert charts(takeaway, series, *TOPICS).sentences == []


def test_a_takeaway_on_what_is_drawn_is_kept():
    told = charts("Your busiest month was {top_month}.", ["events_by_month"], *TOPICS)
    assert told.status == "ok", told


def test_labels_of_series_leave_as_clean_as_facts():
    hidden = fact("top_topic", "/search?q=my-secret&token=abc" + "x" * 200)
    asked = list(
        waiting(
            subject(hidden, fact("n_events", "9")),
            {"story_model": [], "structure_model": ["openai:m"]},
        )
    )
    assert asked
    assert "secret" not in "".join(one.facts for one in asked)


@pytest.mark.parametrize(
    "text", ['{"blocks": [], "\\ud800": 1}', '{"blocks": [{"type": "\\ud800", "sentences": []}]}']
)
def test_half_a_character_is_no_answer_and_no_accident(text):
    assert read_answer(text, "narrative") is None


def test_nobody_reads_four_thousand_sentences():
    answer = {"blocks": [{"type": "p", "sentences": ["You have {n_events}."] * 4000}] * 200}
    told = grounded(subject(fact("n_events", "9 events")), "narrative", json.dumps(answer), NOBODY)
    assert len(told.sentences) <= 12
