"""An emoji that a person's topics suggest, with its reason.

Belongs here: the words that stand for an emoji, and how a topic is matched with them.
Does not belong here: the avatar that the registry states (`users`), which topics there are.

A topic fits when one of its whole words is in the table: "patriot" holds no triathlon. The topics
decide, the one with most events first, not the order of the table; no word fits, no emoji.
"""

import re
from collections.abc import Sequence
from typing import Any

LEAST_EVENTS = 3
"""Below that a topic is a chance."""

_WORDS = {
    "🏃": "run running runner runners jog jogging marathon marathons ultrarunning",
    "🚴": "bike bikes biking bicycle bicycles bikepacking cycling cyclist cyclists gravel mtb",
    "🥾": "hike hikes hiking hiker trek trekking backpacking thru-hiking",
    "⛷️": "ski skis skiing skier skiers snowboard snowboarding",
    "🧗": "climb climbing climber climbers bouldering mountaineering",
    "🏊": "swim swimming swimmer",
    "🏄": "surf surfing surfer",
    "🛶": "canoe canoeing kayak kayaking paddle paddling paddler rafting",
    "🎣": "fish fishing angling anglers",
    "⛺": "camp camping camps campsites tent tents",
    "🧘": "yoga meditation mindfulness pilates",
    "🏋️": "strength weightlifting gym crossfit",
    "🐦": "bird birds birding birdwatching",
    "🗺️": "map maps atlas cartography navigation",
    "🍳": "cook cooking recipe recipes food baking",
    "☕": "coffee espresso",
    "🌱": "garden gardens gardening plants",
    "📷": "photo photos photography camera cameras",
    "🎵": "music song songs guitar piano",
    "📚": "book books reading literature",
    "🎬": "film films movie movies cinema",
    "🎮": "game games gaming",
    "🔭": "astronomy telescope telescopes stars",
    "✈️": "travel travels travelling flight flights",
    "💻": "code coding programming software computers",
    "🐕": "dog dogs",
    "🐈": "cat cats",
}
_EMOJI = {word: emoji for emoji, words in _WORDS.items() for word in words.split()}


def suggested(topics: Sequence[tuple[str, int]]) -> dict[str, Any] | None:
    """The emoji of the first topic that has a word for one.

    Args:
        topics: topics and their events, most events first.

    Returns:
        The emoji, the word, and the topic it stands in with its events; None when nothing fits.
    """
    for topic, n_events in topics:
        if n_events < LEAST_EVENTS:
            break
        for word in re.findall(r"\w+(?:-\w+)*", topic.casefold()):
            for part in (word, *word.split("-")):
                if part in _EMOJI:
                    return {
                        "emoji": _EMOJI[part],
                        "word": part,
                        "topic": topic,
                        "n_events": n_events,
                    }
    return None
