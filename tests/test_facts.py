"""Facts as a reader sees them."""

import pytest

from journey_dagster.facts import Fact


@pytest.mark.parametrize(
    ("value", "value_text", "unit", "text", "amount"),
    [
        (34, None, "events", "34 events", "34 events"),
        (34, "gravel", "events", "gravel", "34 events"),
        (1, "Night rides", "days", "Night rides", "1 day"),
        (0, None, "events", "0 events", "0 events"),
        (2.5, None, "steps", "3 steps", "3 steps"),
        (82, None, "%", "82 %", "82 %"),
        (40, "evening", "daypart", "evening", "40 events"),
        (None, "06-08", "months", "June to August", ""),
        (None, "12-02", "months", "December to February", ""),
        (12, "2024-02", "month", "February 2024", "12 events"),
        (None, "2024-02-29", "date", "29 February 2024", ""),
        (None, "A title", "title", "A title", ""),
        (6, None, "weekday", "Sunday", "7 events"),
        (23, None, "hour", "23:00 to 00:00", "7 events"),
        (12, None, "publications", "12 publications", "12 publications"),
    ],
)
def test_a_fact_reads_by_its_unit(value, value_text, unit, text, amount):
    fact = Fact("id", "Label", value, value_text, unit, None, 7)
    assert (fact.text, fact.amount) == (text, amount)
