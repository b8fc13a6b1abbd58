"""The people: ids, names, zones, and how many events each of them leaves.

Here belongs what tells one user from another. What is typical of a kind belongs to `personas`;
when and what people read or buy belongs to `visits`, `magazine` and `shop`.
"""

from dataclasses import dataclass
from uuid import UUID

from journey_dagster.synth.personas import PERSONAS, Persona
from journey_dagster.synth.plan import Plan

# Half and three-quarter hours, both hemispheres, with and without daylight saving. All of them
# change their clocks before 04:00, when nobody here is awake.
ZONES = (
    "America/Denver",
    "Europe/Berlin",
    "Asia/Kolkata",
    "America/New_York",
    "Pacific/Auckland",
    "America/St_Johns",
    "America/Los_Angeles",
    "Asia/Tokyo",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Europe/London",
)
_SHARED_NAME_FROM = 8
_AVERAGE_WEIGHT = 2.5
_HEAVIEST = 12


@dataclass(frozen=True)
class Person:
    """One user of the magazine and the shop."""

    index: int
    user_id: str
    display_name: str
    tz: str
    persona: Persona
    magazine_events: int
    shop_events: int


def people(plan: Plan) -> list[Person]:
    """Everyone in the plan, in the order of their index."""
    made: list[Person] = []
    for index, events in enumerate(_events_per_user(plan)):
        rng = plan.stream(index, "person")
        kind = index
        if index == plan.users - 1 and plan.users >= _SHARED_NAME_FROM:
            kind = 1  # a namesake of user 1: same kind, same name, another user
        number, which = divmod(kind, len(PERSONAS))
        persona = PERSONAS[which]
        shop_events = int(events * persona.shop_share + rng.random())
        made.append(
            Person(
                index=index,
                user_id=str(UUID(int=rng.getrandbits(128), version=4)),
                display_name=f"Synthetic {persona.name} {number + 1:02d}",
                tz=ZONES[index % len(ZONES)],
                persona=persona,
                magazine_events=events - shop_events,
                shop_events=shop_events,
            )
        )
    return made


def _events_per_user(plan: Plan) -> list[int]:
    """At least one event each, heavy-tailed, and exactly users * events in total."""
    weights = [_weight(plan, index) for index in range(plan.users)]
    spare = plan.users * (plan.events - 1)
    total = sum(weights)
    counts: list[int] = []
    reached = 0.0
    given = 0
    for weight in weights:
        reached += weight
        # Rounding the running total, not each share, makes the shares add up.
        upto = round(spare * reached / total)
        counts.append(1 + upto - given)
        given = upto
    return counts


def _weight(plan: Plan, index: int) -> float:
    """A few people read very much, many read little."""
    if index == 0:
        return _AVERAGE_WEIGHT  # the one user of a whole topic is never a light one
    u = 1 - plan.stream(index, "volume").random()
    return min(1 / u, _HEAVIEST) - 0.9
