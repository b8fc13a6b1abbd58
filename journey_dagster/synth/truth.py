"""What was planted, so that what is found can be judged.

Here belongs the record of each user, topic and of the shop, counted while they are written. How
it was planted belongs to `personas` and `shop_map`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import final

from journey_dagster.synth.person_year import PersonYear
from journey_dagster.synth.plan import Plan
from journey_dagster.synth.shop_map import (
    BASELINE_EXIT_RATE,
    NATURAL_EXIT_RATES,
    PLANTED_EXIT_RATES,
    Step,
)

ROBIN_EVENTS, POWER_USER_EVENTS, SHOP_EVENTS = "robin_events", "power_user_events", "shop_events"

Facts = dict[str, object]


@final
class Truth:
    """The truth of a plan, growing by one user's year at a time."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._users: list[Facts] = []
        self._distinct = Counter[str]()
        self._records = Counter[str]()
        self._shop = _ShopTruth()

    def add(self, year: PersonYear, topic: str) -> None:
        """Count a year whose page views went to a topic."""
        shopped = sum(len(visit.walk.steps) for visit in year.shopping)
        self._distinct.update({topic: len(year.views), SHOP_EVENTS: shopped})
        self._records.update({topic: len(year.deliveries), SHOP_EVENTS: shopped})
        self._users.append(_user(year, {topic: len(year.views), SHOP_EVENTS: shopped}))
        self._shop.add(year)

    @property
    def n_events(self) -> int:
        """Distinct events over all topics."""
        return self._distinct.total()

    @property
    def n_records(self) -> int:
        """Records over all topics, duplicates included."""
        return self._records.total()

    def facts(self) -> Facts:
        """All of it, as it goes into `truth.json`."""
        return {
            "plan": asdict(self._plan),
            "topics": {
                topic: {
                    "records": self._records[topic],
                    "distinct_events": self._distinct[topic],
                    "duplicate_records": self._records[topic] - self._distinct[topic],
                }
                for topic in (ROBIN_EVENTS, POWER_USER_EVENTS, SHOP_EVENTS)
            },
            "shop": self._shop.facts(),
            "users": self._users,
        }


@final
class _ShopTruth:
    """Where visits to the shop ended, against where they were meant to."""

    def __init__(self) -> None:
        self._sessions = 0
        self._seen = Counter[Step]()
        self._left = Counter[Step]()
        self._cut: list[Facts] = []

    def add(self, year: PersonYear) -> None:
        for session in year.shopping:
            self._sessions += 1
            steps = session.walk.steps
            self._seen.update(steps)
            if session.walk.is_cut:
                page, event = steps[-1]
                self._cut.append({"session_id": session.session_id, "page": page, "event": event})
            else:
                self._left[steps[-1]] += 1

    def facts(self) -> Facts:
        return {
            "sessions": self._sessions,
            "baseline_exit_rate": BASELINE_EXIT_RATE,
            "friction": self._rates(PLANTED_EXIT_RATES),
            "natural_exits": self._rates(NATURAL_EXIT_RATES),
            # These end where a user's events ran out; nobody left. Not in the exits above.
            "cut_sessions": self._cut,
        }

    def _rates(self, planted: Mapping[Step, float]) -> list[Facts]:
        return [
            {
                "page": step.page,
                "event": step.event,
                "exit_rate": rate,
                "n": self._seen[step],
                "exits": self._left[step],
            }
            for step, rate in planted.items()
        ]


def _user(year: PersonYear, events: Mapping[str, int]) -> Facts:
    person, persona = year.person, year.person.persona
    hours = Counter(visit.visit.day.hour(at) for visit in year.shopping for at in visit.visit.times)
    hours.update(view.hour for view in year.views)
    tagged = Counter((view.tagged, view.month) for view in year.views if view.tagged)
    return {
        "user_id": person.user_id,
        "display_name": person.display_name,
        "persona": persona.name,
        "tz": person.tz,
        "events": events,
        "duplicate_records": len(year.deliveries) - len(year.views),
        "active_hours": persona.awake,
        "events_by_hour": [hours[hour] for hour in range(24)],
        "interests": {
            "core": persona.core,
            "seasonal": persona.seasonal,
            "rising": persona.rising,
            "fading": persona.fading,
        },
        "tagged_by_month": {
            topic: [tagged[topic, month] for month in range(1, 13)]
            for topic in sorted({topic for topic, _ in tagged})
        },
    }
