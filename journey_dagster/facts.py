"""A fact of a user, and how it reads.

Belongs here: the record of `marts.user_facts` and its rendering as words and numbers.
Does not belong here: which facts there are (`sql/marts/fact_definitions.sql`), how they are
computed (`sql/marts/user_facts.sql`), sentences (`insights`).
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
"""Constants, so that no machine's language changes a report."""


@dataclass(frozen=True)
class Fact:
    """One row of `marts.user_facts` without its user."""

    fact_id: str
    label: str
    value: float | None
    value_text: str | None
    unit: str
    coverage: float | None
    n: int
    definition: str = ""

    @property
    def text(self) -> str:
        """The fact as a reader sees it, such as `Monday`, `3 March 2025` or `12 days`."""
        match self.unit:
            case "hour":
                return "" if self.value is None else clock_hour(int(self.value))
            case "weekday":
                return "" if self.value is None else WEEKDAYS[int(self.value)]
            case "date":
                return day(date.fromisoformat(self.value_text or ""))
            case "month":
                year, month = (self.value_text or "").split("-")
                return f"{MONTHS[int(month) - 1]} {year}"
            case "months":
                first, last = (
                    MONTHS[int(month) - 1] for month in (self.value_text or "").split("-")
                )
                return f"{first} to {last}"
            case _:
                return self.value_text or self.amount

    @property
    def amount(self) -> str:
        """The number with its unit, such as `1,234 events`; empty where the fact is a name alone.

        Of an hour, a day, a month or a name it is the events there.
        """
        match self.unit:
            case "hour" | "weekday":
                return quantity(self.n, "events")
            case _ if self.value is None:
                return ""
            case "%":
                return f"{math.floor(self.value + 0.5)} %"
            case "date" | "month" | "daypart":
                return quantity(self.value, "events")
            case _:
                return quantity(self.value, self.unit)


def quantity(value: float, unit: str) -> str:
    """A number and a plural unit, in the singular for one; whole, as pages and tiles show it."""
    number = f"{math.floor(value + 0.5):,}"
    return f"{number} {unit.removesuffix('s') if number == '1' else unit}"


def day(value: date) -> str:
    """A date in words."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def clock_hour(hour: int) -> str:
    """An hour of the clock as the span it is."""
    return f"{hour:02d}:00 to {(hour + 1) % 24:02d}:00"


def read_facts(
    con: duckdb.DuckDBPyConnection, ids: Sequence[str]
) -> Mapping[str, Mapping[str, Fact]]:
    """User id to fact id to fact, of the users asked for."""
    found: dict[str, dict[str, Fact]] = defaultdict(dict)
    rows = con.execute(
        "select user_id, fact_id, label, value, value_text, unit, coverage, n, definition "
        "from marts.user_facts where user_id = any($users)",
        {"users": list(ids)},
    ).fetchall()
    for user_id, *fact in rows:
        found[user_id][fact[0]] = Fact(*fact)
    return found
