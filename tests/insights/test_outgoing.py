"""Only what may leave leaves."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey_dagster.facts import Fact
from journey_dagster.insights.outgoing import MAX_TEXT, clean, naming, outgoing

NOBODY = naming([])


def title(text: str) -> Fact:
    return Fact("top_page", "Page with most events", 3.0, text, "events", None, 3)


@pytest.mark.parametrize(
    "text",
    [
        "Write to mara@example.org for a place",
        "Call +44 20 7946 0958 today",
        "Card 4111 1111 1111 1111",
        "Session 3f2b8c1e-9d4a-4e0f-8a77-1c2d3e4f5a6b",
        "Token sk-proj-4eC39HqLyjWDarjtT1zdp7dc",
        "Login from 192.168.14.7",
        "Ride near 47.37689, 8.54169",
        "Mara Whitfield's garage",
        "profile of mara-whitfield",
        "   \u200b ",
    ],
)
def test_what_tells_somebody_apart_stays_here(text):
    assert outgoing(title(text), naming(["Mara Whitfield", "mara-whitfield", "u-1", None])) is None


@pytest.mark.parametrize(
    "text",
    [
        "Welcome back, Mara", "Whitfield, Mara", "Mara's running diary", "MaraWhitfield",
        "M\u00e1ra Whitfield", "/user/mara_whitfield", "/user/mara%20whitfield", "/u/u_4711/edit",
        "/unsubscribe/mara%40example.com",
        "x" * 130 + " Mara Whitfield",
    ],
)  # fmt: skip
def test_a_name_is_found_however_it_is_written(text):
    names = naming(["Mara Whitfield", "mara-whitfield", "u-4711", None])
    assert outgoing(title(text), names) is None


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        ("/how-to/ride?utm_source=x&token=abc", "/how-to/ride"),
        ("https://shop.test/a?b=c#d and more", "https://shop.test/a and more"),
        ("What is gravel? A guide", "What is gravel? A guide"),
        ("Ten\u202e rides\u200b in\x002025\U000e0041", "Ten rides in 2025"),
        ("Best of 2024 and 2025", "Best of 2024 and 2025"),
        ("\uff26\uff35\uff2c\uff2c width", "FULL width"),
    ],
)
def test_titles_leave_without_what_no_reader_sees(text, leaves):
    found = outgoing(title(text), NOBODY)
    assert found
    assert found["text"] == leaves


def test_a_short_id_hides_no_number():
    fact = Fact("n_events", "Events recorded", 7.0, None, "events", None, 7)
    assert outgoing(fact, naming(["7", "me"])) == {
        "id": "n_events", "label": "Events recorded", "text": "7 events", "n": 7,
    }  # fmt: skip


@given(st.text(max_size=400))
def test_whatever_a_title_holds_it_leaves_short_and_in_one_line(text):
    found = clean(text)
    assert len(found) <= MAX_TEXT
    assert found == found.strip()
    assert not any(ord(one) < 32 or 0xE0000 <= ord(one) < 0xE0080 for one in found)
    json.dumps(found).encode()
