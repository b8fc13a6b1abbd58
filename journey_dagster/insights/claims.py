"""Words that are true only beside the right fact, and facts that need the right words.

Belongs here: the table of claims with the facts that bear them out, the roles of facts, and which
number belongs to which name. Does not belong here: what is never allowed (`vocabulary`).

A claim is looked for in its own clause first: "running is rising while cycling is fading" makes
two claims of two facts. What is borne out is a claim of this user, about this fact; what English
could still say falsely with true facts in the right places is not seen here.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from journey_dagster.facts import Fact
from journey_dagster.insights.spelling import MARK, Reading
from journey_dagster.insights.vocabulary import any_of

Test = Callable[[Reading, Mapping[str, Fact], str], bool]
"""Whether a reading bears a claim out, among all facts and the words of the sentence."""


class Claim(NamedTuple):
    """Words, and whether a fact bears them out."""

    said: re.Pattern[str]
    borne_by: Test


def _id(pattern: str) -> Test:
    wanted = re.compile(rf"(?:{pattern})")
    return lambda reading, _facts, _words: wanted.match(reading.fact.fact_id) is not None


def _moved(ids: str, sign: int) -> Test:
    """The id says so, or it is a number of two periods that moved that way."""
    by_id = _id(ids)

    def test(reading: Reading, facts: Mapping[str, Fact], words: str) -> bool:
        if reading.fact.fact_id not in {"recent_events", "previous_events"}:
            return by_id(reading, facts, words)
        recent, previous = (facts.get(name) for name in ("recent_events", "previous_events"))
        if not recent or not previous or recent.value is None or previous.value is None:
            return False
        return sign * (recent.value - previous.value) > 0

    return test


def _at(part: str, first: int, last: int) -> Test:
    """An hour within this span, which may pass midnight, or that part of the day."""

    def test(reading: Reading, _facts: Mapping[str, Fact], _words: str) -> bool:
        fact = reading.fact
        if fact.unit == "hour" and fact.value is not None:
            return (fact.value - first) % 24 <= (last - first) % 24
        return fact.unit == "daypart" and fact.value_text == part

    return test


def _on(first: int, last: int, *ids: str) -> Test:
    """A weekday of these, or a fact of that id."""

    def test(reading: Reading, _facts: Mapping[str, Fact], _words: str) -> bool:
        fact = reading.fact
        day = fact.unit == "weekday" and fact.value is not None and first <= fact.value <= last
        return day or fact.fact_id in ids

    return test


def _unit(units: str, ids: str = "(?!)") -> Test:
    by_id = _id(ids)
    return lambda reading, facts, words: (
        reading.fact.unit in units.split() or by_id(reading, facts, words)
    )


_TOPICAL: Final = (
    r"(?:(?:top|first)_topic|n_topics|topic_peak|(?:core|casual|emerging|rising|fading|seasonal)_)"
)
_PAGED: Final = r"(?:top_page|first_page|revisited_page|n_pages|n_revisited|recent_\d|median_steps)"
_FIRST_OF: Final = r"(?:top_(?:page|topic|source|author)(?:_1)?$|core_1$)"
_BUSY: Final = (
    r"(?:busiest_|peak_|top_(?:month|weekday|daypart)|topic_peak_|longest_session|seasonal_)"
)
_SECOND: Final = re.compile(
    r"(?<![a-z])(?:among|one of|also|another|follow\w*|alongside|favou?rites|next to|(?:topic|page"
    r"|author|publication|source|interest|title|article|read|writer|subject|theme)s)(?![a-z])"
)
"""Words that make a superlative of several, so that no fact need be the first."""


def _holds_most(reading: Reading, facts: Mapping[str, Fact], _words: str) -> bool:
    """More than half of all events, or a length that most sessions keep to."""
    fact, events = reading.fact, facts.get("n_events")
    if re.match("p90_|median_", fact.fact_id):
        return True
    held = fact.n if fact.unit in {"weekday", "hour"} else fact.value
    whole = 100.0 if fact.unit == "%" else events and events.value
    is_part = fact.fact_id.startswith(("top_", "core_", "weekend_"))
    return bool(is_part and held and whole and held * 2 > whole)


def _leads(reading: Reading, facts: Mapping[str, Fact], words: str) -> bool:
    """The first of its kind, or a later one where several are spoken of."""
    ids = f"{_FIRST_OF}|{_BUSY}|longest_|p90_"
    several = "|top_|core_" if _SECOND.search(words) else ""
    return _id(ids + several)(reading, facts, words)


CLAIMS: Final = (
    # how much
    Claim(
        any_of("(?<!with )(?<!the )most of, mostly, mainly, chiefly, nearly all, almost all"),
        _holds_most,
    ),
    Claim(
        any_of(
            "favou?rite, favou?red, beloved, top, lead(?:s|ing)?, led, tops, topped, topping",
            r"(?:with|the) most of, most(?! recent| of), topmost, dominat\w*, primar\w*",
            "above all, best, largest, greatest, main, highest, more than any other, biggest",
            "strongest, go-to, signature, reigns?, unrivalled",
        ),
        _leads,
    ),
    Claim(any_of("longest, record, marathon"), _id("longest_")),
    Claim(
        any_of(
            "busiest, peaks?, peaked, peaking, high point, its high, height, liveliest",
            "heaviest, prime",
        ),
        _id(f"{_BUSY}|{_FIRST_OF}"),
    ),
    Claim(
        any_of("(?:busiest|most active|biggest|fullest|favou?rite) (?:week)?days?"),
        _id("top_weekday|busiest_date"),
    ),
    Claim(any_of("(?:busiest|most active|biggest|top|favou?rite) month"), _id("top_month")),
    Claim(any_of("core"), _id("core_")),
    Claim(any_of("heart of, backbone, mainstay, cornerstone, staple"), _id("core_|top_")),
    Claim(any_of(r"casual\w*, occasional\w*, now and then, dips? into, dabbl\w*"), _id("casual_")),
    Claim(any_of("half"), _id("median_")),
    Claim(any_of("nine (?:out )?of ten"), _id("p90_")),
    Claim(
        any_of(r"typical\w*, usual\w*, normal\w*, middling, median, tends?"),
        _id("median_|p90_|peak_|top_|core_"),
    ),
    # how it went
    Claim(
        any_of(
            r"ris(?:e|es|ing|en), rose, grow\w*, grew, climb\w*, increas\w*, surg\w*, soar\w*",
            r"gain\w*, pick\w* up, upward\w*, uptick, ramp\w*, more and more, more often",
            r"on the up, taken off, taking off, took off, heat\w* up, momentum, stronger",
            r"strengthen\w*, expand\w*, boom\w*, deepen\w*, (?:is|are|was|been) up",
            r"come\w* back strong\w*, comeback, rebound\w*, up from, accelerat\w*, building",
            r"busier, livelier, jump\w*, swell\w*, warm\w* to",
        ),
        _moved("rising_|emerging_", 1),
    ),
    Claim(
        any_of(
            r"fad(?:e|es|ed|ing), declin\w*, drop\w*, fall, falls, fallen, falling, fell",
            r"shrink\w*, shrank, less, fewer, wan(?:e|es|ed|ing), cooled, cooling, cools",
            r"slip\w*, dwindl\w*, (?:is|are|was|been) down, away from, down from, down to",
            r"decreas\w*, tail\w* off, taper\w*, reced\w*, quiet\w*, slow\w*",
            r"los(?:e|es|ing|t), winding down, wound down, weaken\w*, back seat, ebb\w*",
            r"stopped, quit, abandon\w*, gave up, vanish\w*, gone, disappear\w*, drift\w*",
            r"eas\w* off, cold",
        ),
        _moved("fading_", -1),
    ),
    # when
    Claim(
        any_of(
            "mornings?, early(?! (?:days|on)), early bird, early riser, early hours", "daybreak"
        ),
        _at("morning", 4, 11),
    ),
    Claim(any_of("afternoons?"), _at("afternoon", 12, 17)),
    Claim(any_of("evenings?, after work"), _at("evening", 17, 22)),
    Claim(any_of("nights?, nocturnal, late-night, night-time, late hours"), _at("night", 21, 4)),
    Claim(any_of("late in the day, end of the day"), _at("evening", 17, 23)),
    Claim(any_of("weekends?"), _on(5, 6, "weekend_share")),
    Claim(
        any_of(
            "(?<!busiest )(?<!favourite )(?<!top )(?<!active )weekdays?, working week", "workdays?"
        ),
        _on(0, 4),
    ),
    Claim(
        any_of(
            r"first, began, begin\w*, begun, start\w*, debut, earliest, joined, discover\w*",
            r"kick\w* off",
        ),
        _id(r"first_|new_|emerging_|longest_streak"),
    ),
    Claim(
        any_of("new, newly, newer, newest, newcomer, fresh, emerging, budding"),
        _id(r"new_|emerging_|recent_\d"),
    ),
    Claim(
        any_of(
            r"latest, last, recent\w*, lately, of late, these days, newest, fresh\w*",
            "right now, at the moment, currently, now(?! and)",
        ),
        _id("recent_|previous_events|last_|current_|rising_|emerging_|fading_"),
    ),
    Claim(
        any_of(r"before, previous\w*, earlier, prior, preceding, beforehand"),
        _id("previous_|recent_|rising_|fading_"),
    ),
    Claim(
        any_of(
            "current, ongoing, counting, still alive, still (?:going|running)",
            r"(?:are|'re|\u2019re) on an?",
        ),
        _id("current_|recent_"),
    ),
    Claim(any_of(r"seasonal\w*, seasons?"), _id("seasonal_")),
    Claim(any_of(r"final\w*, ended on"), _id("last_|fading_")),
    Claim(
        any_of(r"streaks?, in a row, consecutive\w*, unbroken, straight, back to back, on end"),
        _id("longest_streak|current_streak"),
    ),
    Claim(any_of("a span of, timeline"), _id("span_|first_date|last_date")),
    # beside whom
    Claim(
        any_of(
            "(?<!any )others?, other (?:users?|readers?|people), fellow, community, everyone",
            r"peers?, crowd, users?, readers, people, ahead, outpac\w*, anyone",
        ),
        _id("cohort_"),
    ),
    Claim(
        any_of(r"than(?! any other), compar\w*, against"),
        _id("cohort_|recent_events|previous_events|rising_|fading_"),
    ),
    # of what kind
    Claim(any_of("sessions?, sittings?"), _unit("sessions", r".*session|median_steps")),
    Claim(any_of("authors?, writers?, columnists?, written by, bylines?"), _id(r".*author")),
    Claim(
        any_of("publications?, sources?, sites?, outlets?, magazines?, publishers?, apps?"),
        _id(r".*source|n_publications"),
    ),
    Claim(
        any_of("topics?, subjects?, themes?, interests?, passions?, hobb(?:y|ies)"), _id(_TOPICAL)
    ),
    Claim(
        any_of("pages?, articles?, story, stories, titles?, posts?, guides?, pieces?, reads"),
        _id(_PAGED),
    ),
    Claim(any_of("months?"), _unit("month months")),
    Claim(any_of("hours?, clock"), _unit("hour daypart")),
    Claim(any_of("steps?"), _unit("steps", "median_steps")),
    Claim(
        any_of("events?"),
        _unit("events", "busiest_date|top_|topic_peak|weekend_share|cohort_events"),
    ),
)

SUPERLATIVE: Final = (
    r"busiest|most[ -](?:active|read|visited|viewed|seen)|favou?rite|top|leading|biggest|fullest"
)
NOUNS: Final = {
    "top_topic": "topic|subject|interest|theme",
    "top_page": "page|article|story|title|read",
    "top_source": "publication|source|site|outlet|magazine|app",
    "top_author": "author|writer",
    "busiest_date": "day",
    "top_month": "month",
}
"""What the first of a kind is called when its name is left out."""

_BUSY_WORDS: Final = r"busiest|most|peak\w*|high point|top\w*|record|biggest|height|best|fullest"
_NOW: Final = r"recent\w*|lately|of late|last|latest|these days|right now|now"


def _roles(*table: tuple[str, str]) -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    return tuple((re.compile(ids), re.compile(rf"\b(?:{said})\b")) for ids, said in table)


ROLES: Final = _roles(
    ("recent_events", rf"{_NOW}|from|than"),
    ("previous_events", r"before|previous\w*|earlier|prior|preceding|from|than|after"),
    ("median_", r"median|half|typical\w*|usual\w*|middle|ordinar\w*|normal\w*|tends?"),
    ("p90_", r"long\w*|most|nearly all|stretch\w*|nine"),
    (
        "longest_streak$",
        r"streak|row|consecutive|straight|run|stretch|unbroken|longest|on end|record",
    ),
    ("longest_session", r"longest|record|marathon"),
    ("current_streak", r"streak|row|current\w*|running|consecutive|run|ongoing|straight"),
    (
        "first_date",
        r"first|beg[aiu]n\w*|start\w*|since|from|between|joined|earliest|back|open\w*|arriv\w*",
    ),
    ("last_date", r"last|until|till|to|latest|recent\w*|through|and"),
    ("busiest_date|top_month", _BUSY_WORDS),
    ("topic_peak_", rf"{_BUSY_WORDS}|summit|highs?"),
    ("longest_streak_start", r"start\w*|beg[aiu]n\w*|from|since|kicked"),
    ("n_revisited", r"revisit\w*|return\w*|back|again|more than once|reopened"),
    ("revisited_page", r"revisit\w*|return\w*|back|again|came|reopened|on"),
    (
        "span_days",
        r"around|span\w*|over|across|period|stretch\w*|from|between|cover\w*|window|during|in|within",
    ),
    ("cohort_", r"than|ahead of|beyond|outpac\w*|topp\w*"),
    ("cohort_", "others?|fellow|readers|users|people"),
    ("weekend_share", r"weekends?"),
    ("peak_weekday", r"hours?|peak\w*|moment|clock|around|at|from"),
)
"""Facts that mean nothing, or something else, without a word that says what they are."""
AMOUNT_ROLES: Final = _roles(
    (
        "rising_|fading_",
        rf"{_NOW}|from|up|ris\w*|grow\w*|grew|climb\w*|new|fad\w*|down|drop\w*|fell|slip\w*|cool\w*",
    ),
    ("seasonal_", "season\\w*"),
)
"""The same for the numbers of facts that are names."""

_EXACT: Final = (
    rf"(?<!{MARK} )over|above|under|below|beyond|nearly|almost|more than|less than|fewer than"
    r"|at least|at most|up to|exceeding|past|short of|upwards of|no more than|close to|as many as"
    r"|the other|another|extra"
)
MISPLACED: Final = tuple(
    (re.compile(rf"\b(?:{said})(?: an?| the| your| some)? $"), re.compile(ids))
    for said, ids in (
        (_EXACT, r"(?!active_days|span_days|.*streak|cohort_|previous_events|p90_|median_)"),
        (r"under|below|almost|nearly|more than|less than|fewer than|at least", r"(?!cohort_|p|m)"),
        (r"from|than", "recent_events|last_date"),
        (
            r"(?<!compared )to|until|till|through|by",
            "first_date|previous_events|longest_streak_start",
        ),
        (r"since|starting|began|beginning|started on|first", "last_date|busiest_date"),
        (r"before|after|until|by|past", "peak_hour"),
        ("by", r"rising_|fading_|recent_events|previous_events"),
        (r"back to|return\w* to|revisit\w*", "n_pages"),
        (r"fewer than|less than|behind", "cohort_"),
    )
)
"""Words before a fact that turn it into another."""
