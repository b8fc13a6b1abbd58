"""What is asked for, and the random streams that follow from it.

Here belong the plan and its limits. What the numbers turn into belongs to the other modules.
"""

from dataclasses import dataclass
from random import Random

_YEARS = (2000, 2100)
_EVENTS_A_YEAR_HOLDS = 10_000


@dataclass(frozen=True)
class Plan:
    """The size, seed and calendar year of a synthetic world.

    Attributes:
        users: distinct users over all topics.
        events: distinct events per user, on average; the total is exactly users * events.
        seed: another seed gives other people and other events.
        year: the calendar year, in each user's own zone.
    """

    users: int = 24
    events: int = 400
    seed: int = 7
    year: int = 2025

    def __post_init__(self) -> None:
        """Refuse what cannot be made.

        Raises:
            ValueError: a count or the year is out of its range.
        """
        if self.users < 1:
            raise ValueError(f"users must be at least 1, not {self.users}")
        # More would not fit into the waking hours of the busiest user.
        if not 1 <= self.events <= _EVENTS_A_YEAR_HOLDS:
            limit = f"from 1 to {_EVENTS_A_YEAR_HOLDS}"
            raise ValueError(f"events (per user) must be {limit}, not {self.events}")
        first, last = _YEARS
        if not first <= self.year <= last:
            raise ValueError(f"year must be from {first} to {last}, not {self.year}")

    def stream(self, user: int, purpose: str) -> Random:
        """The random numbers of one user for one purpose.

        Seeded by text, which Python hashes the same way everywhere. Callers keep to arithmetic
        that IEEE 754 fixes: no logarithm or power, whose last bit is the machine's own.
        """
        return Random(f"{self.seed}/{user}/{purpose}")  # noqa: S311 - reproducible, not secret
