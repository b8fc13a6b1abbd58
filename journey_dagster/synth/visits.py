"""When people come: visits over a calendar year, in local waking hours, never overlapping.

Here belongs time and nothing else. How many steps a visit has is decided before, by `magazine`
and `shop`; what the steps are is filled in there as well.

The concept: a visit takes its own length plus a break out of its day's waking hours. What remains
of the day is slack, and visits are placed in the slack, so no two can ever meet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate, chain
from random import Random
from zoneinfo import ZoneInfo

from journey_dagster.synth.personas import Persona

_HOUR = 3_600_000
_BREAK = 31 * 60_000  # a session ends after 30 minutes
_SHORTEST_PAUSE, _USUAL_PAUSE, _LONGEST_PAUSE = 5_000, 120_000, 600_000
_LONG_PAUSES = 0.1


@dataclass(frozen=True, slots=True)
class Day:
    """A local calendar day; times are milliseconds since 1970 in UTC."""

    date: date
    midnight: int

    def hour(self, at: int) -> int:
        """The local hour of a time in this day's waking hours."""
        return (at - self.midnight) // _HOUR


@dataclass(frozen=True, slots=True)
class Visit:
    """The times of one visit's steps, ascending."""

    day: Day
    times: list[int]


@cache
def days_of(year: int, tz: str) -> tuple[Day, ...]:
    """The days of a year in a zone.

    Counted back from noon, because clocks change at night: the "midnight" of a day on which they
    do is the one that makes its waking hours right.
    """
    zone = ZoneInfo(tz)
    noon = datetime(year, 1, 1, 12, tzinfo=zone)
    days: list[Day] = []
    while noon.year == year:
        days.append(Day(noon.date(), int(noon.timestamp()) * 1000 - 12 * _HOUR))
        noon += timedelta(days=1)  # wall-clock arithmetic: noon stays noon
    return tuple(days)


def iso(at: int) -> str:
    """A time as ISO-8601 in UTC, with milliseconds and `Z`."""
    seconds, ms = divmod(at, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{ms:03d}Z"


def schedule(
    rng: Random, persona: Persona, days: Sequence[Day], sizes: Sequence[int]
) -> list[Visit]:
    """Give each visit of so many steps its times; the answer is in the order of `sizes`.

    Raises:
        ValueError: the visits do not fit into the year.
    """
    paces = [_pace(rng, size) for size in sizes]
    needs = [pace[-1] + _BREAK for pace in paces]
    opens, closes = (hour * _HOUR for hour in persona.awake)
    visits: dict[int, Visit] = {}
    for day, chosen in zip(
        days, _spread(rng, persona, days, needs, room=closes - opens), strict=True
    ):
        slack = closes - opens - sum(needs[i] for i in chosen)
        start = day.midnight + opens
        for i, moment in zip(chosen, _moments(rng, persona, day, len(chosen)), strict=True):
            at = start + int(moment * slack)
            visits[i] = Visit(day, [at + offset for offset in paces[i]])
            start += needs[i]
    return [visits[i] for i in range(len(sizes))]


def _pace(rng: Random, size: int) -> list[int]:
    """Offsets of the steps from the first one: mostly short pauses, some long ones."""
    pauses = [0]
    for _ in range(size - 1):
        longest = _LONGEST_PAUSE if rng.random() < _LONG_PAUSES else _USUAL_PAUSE
        pauses.append(rng.randrange(_SHORTEST_PAUSE, longest))
    return list(accumulate(pauses))


def _spread(
    rng: Random, persona: Persona, days: Sequence[Day], needs: Sequence[int], room: int
) -> list[list[int]]:
    """The visits of each day; a full day passes a visit on to the next."""
    weights = [persona.day_weight(day.date.month, day.date.weekday()) for day in days]
    picked = rng.choices(range(len(days)), weights, k=len(needs))
    # Shuffled, so that within a day no topic always comes first.
    order = list(range(len(needs)))
    rng.shuffle(order)
    chosen: list[list[int]] = [[] for _ in days]
    rooms = [room] * len(days)
    for i in order:
        first = picked[i]
        for number in chain(range(first, len(days)), range(first)):
            if rooms[number] >= needs[i]:
                rooms[number] -= needs[i]
                chosen[number].append(i)
                break
        else:
            raise ValueError("one user's events do not fit into a year: plan fewer, or more users")
    return chosen


def _moments(rng: Random, persona: Persona, day: Day, n: int) -> list[float]:
    """When in the waking hours visits start, as fractions, ascending."""
    weights = persona.hour_weights(day.date.weekday())
    hours = rng.choices(range(len(weights)), weights, k=n)
    return sorted((hour + rng.random()) / len(weights) for hour in hours)
