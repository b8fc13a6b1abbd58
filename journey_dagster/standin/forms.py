"""Forms of sentences, by the facts that they are true of.

Belongs here: plain English with a place for a fact. Does not belong here: choosing facts
(`honest`), sentences of our own reports (`insights.template`).

`@` stands for the fact's id. A form holds no number and no date, and calls something the most only
where the fact is that.
"""

import re
from collections.abc import Mapping
from typing import Any

_FORMS: tuple[tuple[str, str], ...] = (
    ("n_events", "You can look back on {@}."),
    ("n_sessions", "You came by for {@}."),
    ("active_days", "You were active on {@}."),
    ("span_days", "Your story spans {@}."),
    ("first_date", "Your first active day was {@}."),
    ("last_date", "Your last active day was {@}."),
    ("busiest_date", "Your busiest day was {@}, with {@.amount}."),
    ("top_month", "Your busiest month was {@}, with {@.amount}."),
    ("peak_weekday", "The busiest hour of your week is on a {@}."),
    ("peak_hour", "The busiest hour of your week is {@}."),
    ("top_weekday", "Your most active weekday is {@}."),
    ("top_daypart", "Your most active part of the day is the {@}."),
    ("longest_streak", "Your longest streak is {@} in a row."),
    ("longest_streak_start", "Your longest streak began on {@}."),
    ("longest_session", "Your longest session took {@}."),
    ("top_page", "The page with most of your events is {@}, with {@.amount}."),
    ("top_source", "The publication with most of your events is {@}, with {@.amount}."),
    ("top_topic", "The topic with most of your events is {@}, with {@.amount}."),
    ("n_pages", "You opened {@}."),
    ("n_sources", "You read from {@}."),
    ("n_topics", "Your reading covers {@}."),
    ("n_authors", "You read {@}."),
    ("n_revisited", "You came back to {@}."),
    ("revisited_page", "You came back to {@} on {@.amount}."),
    ("first_page", "Your first page was {@}."),
    ("first_topic", "Your first topic was {@}."),
    ("current_streak", "Your current streak is {@}."),
    ("median_session", "A typical session lasts {@}."),
    ("median_steps", "A typical session has {@}."),
    ("weekend_share", "Your weekends hold {@} of your events."),
    ("cohort_events", "You have more events than {@} of other users."),
    ("cohort_active_days", "You have more active days than {@} of other users."),
    ("cohort_sessions", "You have more sessions than {@} of other users."),
    ("recent_events", "Your latest days hold {@}."),
    (r"recent_\d+", "You recently opened {@}."),
    (r"core_\d+", "You keep coming back to {@}, with {@.amount}."),
    (r"casual_\d+", "You look at {@} from time to time."),
    (r"emerging_\d+", "You have begun to read about {@}."),
    (r"rising_\d+", "Your interest in {@} is rising."),
    (r"fading_\d+", "Your interest in {@} is fading."),
    (r"seasonal_\d+", "Your interest in {@} has its season."),
    (r"top_page_\d+", "Another of your pages is {@}, with {@.amount}."),
    (r"top_topic_\d+", "Another of your topics is {@}, with {@.amount}."),
    (r"top_source_\d+", "Another of your publications is {@}, with {@.amount}."),
    (r"top_author_\d+", "Among your authors is {@}, with {@.amount}."),
)
"""Ids as regular expressions, in the order in which a story tells them."""


def form(fact: Mapping[str, Any]) -> tuple[int, str] | None:
    """The place of a fact in a story and its sentence; None where there are no words for it.

    Args:
        fact: as a question holds it.
    """
    for place, (ids, words) in enumerate(_FORMS):
        if re.fullmatch(ids, fact["id"]) and ("amount" in fact or "@.amount" not in words):
            return place, words.replace("@", fact["id"])
    return None
