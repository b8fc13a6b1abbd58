"""Who the synthetic users are: kinds of people, their hours, seasons and interests.

Here belongs what is typical of a kind. One person's id, zone and volume belong to `people`, the
articles behind a topic's name to `articles`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_WEEKEND = 5  # date.weekday() of Saturday


@dataclass(frozen=True)
class Persona:
    """A kind of person.

    Attributes:
        name: also part of the display name.
        avatar: an emoji.
        awake: local hours; every visit lies in [first, last).
        weekday_peaks: local hours with the most visits, Monday to Friday.
        weekend_peaks: the same on Saturday and Sunday.
        weekend: how busy a weekend day is against a weekday.
        busy_months: months with twice the visits.
        core: topics read all year.
        seasonal: topics read in some months only.
        rising: topic that grows from nothing in January.
        fading: topic that shrinks to nothing by December.
        gear: the shop's category that attracts them most.
        shop_share: part of their events that happens in the shop.
    """

    name: str
    avatar: str
    awake: tuple[int, int]
    weekday_peaks: tuple[int, ...]
    weekend_peaks: tuple[int, ...]
    weekend: float
    busy_months: tuple[int, ...]
    core: tuple[str, ...]
    seasonal: Mapping[str, tuple[int, ...]]
    rising: str
    fading: str
    gear: str
    shop_share: float

    def hour_weights(self, weekday: int) -> list[int]:
        """How likely a visit starts in each waking hour, for a day of the week (Monday is 0)."""
        peaks = self.weekend_peaks if weekday >= _WEEKEND else self.weekday_peaks
        nearest = [min(abs(hour - peak) for peak in peaks) for hour in range(*self.awake)]
        return [{0: 12, 1: 4}.get(distance, 1) for distance in nearest]

    def day_weight(self, month: int, weekday: int) -> float:
        """How likely a visit falls on a day."""
        return (2 if month in self.busy_months else 1) * (
            self.weekend if weekday >= _WEEKEND else 1
        )

    def interests(self, month: int) -> dict[str, int]:
        """The weight of each topic in a month."""
        weights = dict.fromkeys(self.core, 8)
        weights |= {topic: 12 for topic, months in self.seasonal.items() if month in months}
        return weights | {self.rising: 2 * (month - 1), self.fading: 2 * (12 - month)}


PERSONAS = (
    Persona(
        name="trail runner",
        avatar="🏃",
        awake=(5, 22),
        weekday_peaks=(6, 12),
        weekend_peaks=(8, 16),
        weekend=1.6,
        busy_months=(4, 5, 9, 10),
        core=("trail-shoes", "ultra-races", "recovery"),
        seasonal={"heat-training": (6, 7, 8), "winter-running": (12, 1, 2)},
        rising="strength",
        fading="marathon-training",
        gear="running",
        shop_share=0.33,
    ),
    Persona(
        name="gravel rider",
        avatar="🚴",
        awake=(6, 23),
        weekday_peaks=(7, 18, 21),
        weekend_peaks=(9,),
        weekend=2.0,
        busy_months=(5, 6, 7),
        core=("gravel-riding", "bike-repair"),
        seasonal={"road-climbs": (5, 6, 7), "indoor-riding": (11, 12, 1, 2)},
        rising="bikepacking",
        fading="nutrition",
        gear="cycling",
        shop_share=0.40,
    ),
    Persona(
        name="boulderer",
        avatar="🧗",
        awake=(8, 23),
        weekday_peaks=(13, 22),
        weekend_peaks=(11, 20),
        weekend=0.7,
        busy_months=(3, 4, 10, 11),
        core=("bouldering", "finger-strength"),
        seasonal={"sport-routes": (4, 5, 6), "indoor-walls": (11, 12, 1)},
        rising="alpine-climbing",
        fading="rope-care",
        gear="climbing",
        shop_share=0.28,
    ),
    Persona(
        name="skier",
        avatar="🎿",
        awake=(6, 22),
        weekday_peaks=(8, 20),
        weekend_peaks=(7, 18),
        weekend=1.3,
        busy_months=(11, 12, 1, 2),
        core=("ski-fitness", "weather-lore"),
        seasonal={"powder-skiing": (12, 1, 2, 3), "wild-swimming": (6, 7, 8)},
        rising="nordic-skiing",
        fading="ski-waxing",
        gear="snow",
        shop_share=0.38,
    ),
    Persona(
        name="kayaker",
        avatar="🛶",
        awake=(6, 21),
        weekday_peaks=(6, 19),
        weekend_peaks=(7, 13),
        weekend=2.4,
        busy_months=(6, 7, 8),
        core=("sea-kayaking", "weather-lore"),
        seasonal={"river-running": (4, 5, 6), "boat-building": (11, 12, 1)},
        rising="wild-swimming",
        fading="strength",
        gear="water",
        shop_share=0.30,
    ),
    Persona(
        name="backpacker",
        avatar="🎒",
        awake=(7, 22),
        weekday_peaks=(12, 20),
        weekend_peaks=(10, 21),
        weekend=1.1,
        busy_months=(5, 6, 9),
        core=("backpacking", "campfire-cooking", "ultralight-gear"),
        seasonal={"desert-hikes": (2, 3, 4), "hut-tours": (7, 8, 9)},
        rising="birdwatching",
        fading="bikepacking",
        gear="camping",
        shop_share=0.36,
    ),
    Persona(
        name="yogi",
        avatar="🧘",
        awake=(5, 21),
        weekday_peaks=(5, 17),
        weekend_peaks=(9,),
        weekend=0.5,
        busy_months=(1, 2, 9),
        core=("yoga", "recovery", "nutrition"),
        seasonal={"cold-plunges": (12, 1, 2), "garden-herbs": (5, 6, 7)},
        rising="breathing",
        fading="indoor-walls",
        gear="wellness",
        shop_share=0.25,
    ),
    Persona(
        name="birdwatcher",
        avatar="🐦",
        awake=(5, 20),
        weekday_peaks=(5, 14),
        weekend_peaks=(6, 10),
        weekend=1.8,
        busy_months=(4, 5, 9),
        core=("birdwatching", "weather-lore"),
        seasonal={"spring-migration": (3, 4, 5), "feeder-visits": (11, 12, 1)},
        rising="sea-kayaking",
        fading="hut-tours",
        gear="optics",
        shop_share=0.32,
    ),
)
