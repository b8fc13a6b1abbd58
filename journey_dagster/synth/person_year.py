"""One user's year: everything they read and bought, and when.

Here belongs where time and content of one person meet. Files belong to `files`, what the
year proves belongs to `truth`.
"""

from dataclasses import dataclass

from journey_dagster.synth.delivery import Delivery, deliver
from journey_dagster.synth.magazine import Record, View, page_views, sittings
from journey_dagster.synth.people import Person
from journey_dagster.synth.plan import Plan
from journey_dagster.synth.shop import Walk, walks
from journey_dagster.synth.visits import Visit, days_of, schedule


@dataclass(frozen=True, slots=True)
class ShopVisit:
    """A walk with its times; its id is unique over all users."""

    session_id: str
    visit: Visit
    walk: Walk


@dataclass(frozen=True, slots=True)
class PersonYear:
    """A person's year: views and shopping in the order of time, deliveries as they arrived."""

    person: Person
    views: list[View]
    deliveries: list[Delivery]
    shopping: list[ShopVisit]


def person_year(plan: Plan, person: Person, *, named: bool) -> PersonYear:
    """Make a person's year; `named` records carry the display name."""
    index = person.index
    walked = walks(plan.stream(index, "shop"), person.persona, person.shop_events)
    sizes = sittings(plan.stream(index, "sittings"), person.magazine_events)
    # Scheduled together: people do not read and shop at the same time.
    visits = schedule(
        plan.stream(index, "visits"),
        person.persona,
        days_of(plan.year, person.tz),
        [*(len(walk.steps) for walk in walked), *sizes],
    )
    shop_visits, readings = visits[: len(walked)], visits[len(walked) :]
    shopping = sorted(zip(shop_visits, walked, strict=True), key=lambda pair: pair[0].times[0])
    readings.sort(key=lambda visit: visit.times[0])
    identity: Record = {"USERID": person.user_id}
    if named:
        identity["USERNAME"] = person.display_name
    views = list(page_views(plan.stream(index, "magazine"), person, identity, readings))
    return PersonYear(
        person=person,
        views=views,
        deliveries=deliver(plan.stream(index, "delivery"), views),
        shopping=[
            ShopVisit(f"visit-{index:05d}-{number:05d}", visit, walk)
            for number, (visit, walk) in enumerate(shopping)
        ],
    )
