"""Tells from the delays of a file's events that its times are local ones written as if in UTC.

Belongs here: what delays say of a clock. Does not belong here: which fields hold them (the shapes).

An event that is sent at once arrives seconds after it happened. Where the quickest events of day
after day arrive a zone's offset too late, or too early, the times are that zone's. A delay that no
zone explains is a delay, and so is one that differs from event to event, as in a nightly batch.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

_SECOND = 10**6
_DAY = 86_400 * _SECOND
_STEP = 900 * _SECOND
"""Every offset of a zone is so many quarters of an hour."""
_ENOUGH, _PLENTY = 10, 1000
"""Events that tell the delay of a day: fewer are taken together with the next day's."""
_NEAR = range(-90 * _SECOND, 120 * _SECOND)
"""How far the quickest events may arrive from a whole step; clocks of clients run ahead, too."""
_WIDE = 600 * _SECOND
"""Between the quickest events and a quarter of all, where events are sent at once."""
_MOST = 0.9
"""Of the days that an offset must explain: a clock is changed within a day."""
_LIKELY = (
    "America/Los_Angeles", "America/New_York", "America/Chicago", "America/Denver",
    "America/Sao_Paulo", "Europe/London", "Europe/Berlin", "Europe/Helsinki", "Europe/Moscow",
    "Asia/Dubai", "Asia/Kolkata", "Asia/Bangkok", "Asia/Singapore", "Asia/Tokyo",
    "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip
"""Zones named first among those that have an offset."""


class _Shift(NamedTuple):
    noon: datetime
    offset: timedelta


class Lags:
    """How long after their times the events of a file were received."""

    def __init__(self) -> None:
        self._by_day: dict[int, list[int]] = defaultdict(list)

    def note(self, written: int, received_at: int) -> None:
        """An event's time as if in UTC, and the true one of its receipt, in microseconds."""
        noted = self._by_day[written // _DAY]
        if len(noted) < _PLENTY:
            noted.append(received_at - written)

    def local_time(self) -> str | None:
        """What to say where the times are local ones, with the zones that they may be of."""
        n_days = 0
        shifted: list[_Shift] = []
        held: list[int] = []
        for day in sorted(self._by_day):
            held += self._by_day[day]
            if len(held) >= _ENOUGH:
                n_days += 1
                if offset := _offset(sorted(held)):
                    noon = datetime.fromtimestamp(day * 86_400 + 43_200, UTC)
                    shifted.append(_Shift(noon, timedelta(microseconds=offset)))
                held = []
        if 2 * len(shifted) <= n_days:
            return None
        zones = _zones(shifted)
        if not zones:
            return None
        offsets = " and ".join(sorted({_shown(shift.offset) for shift in shifted}))
        others = f" (or {', '.join(zones[1:4])})" if zones[1:] else ""
        hours = abs(shifted[0].offset) / timedelta(hours=1)
        when = "after" if shifted[0].offset < timedelta() else "before"
        return (
            f"day after day its events were received {hours:g} hours {when} they say they "
            f"happened, as on a clock at {offsets}: --timezone {zones[0]}{others}."
        )


def _offset(lags: list[int]) -> int:
    """The offset from UTC that sorted lags show, in microseconds; 0 where they show none."""
    low = lags[len(lags) // 20]
    lag = round(low / _STEP) * _STEP
    is_dense = lags[-(-len(lags) // 4)] - low <= _WIDE
    return -lag if is_dense and low - lag in _NEAR else 0


def _zones(shifted: list[_Shift]) -> list[str]:
    """The zones that have nearly all the offsets at their days, likely ones first."""

    def fits(name: str) -> bool:
        zone = ZoneInfo(name)
        n = sum(shift.noon.replace(tzinfo=zone).utcoffset() == shift.offset for shift in shifted)
        return n >= _MOST * len(shifted)

    places = sorted(name for name in available_timezones() if "/" in name and name[:4] != "Etc/")
    return [name for name in dict.fromkeys((*_LIKELY, *places)) if fits(name)]


def _shown(offset: timedelta) -> str:
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    return f"UTC{'-' if offset < timedelta() else '+'}{hours:02}:{minutes:02}"
