from collections import Counter, defaultdict
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from synth_world import GAP_SECONDS, World, instant, visits_of


def _exit_rates(world: World) -> dict[tuple[str, str], tuple[int, int]]:
    """How often each step was seen and was a visit's last, cut visits left out."""
    seen, left = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    cut = {session["session_id"] for session in world.truth["shop"]["cut_sessions"]}
    for session_id, rows in world.sessions().items():
        steps = [(row["page"], row["event"]) for row in rows]
        seen.update(steps)
        if session_id not in cut:
            left[steps[-1]] += 1
    return {step: (n, left[step]) for step, n in seen.items()}


def test_visits_never_overlap_and_lie_more_than_half_an_hour_apart(world: World) -> None:
    for moments in world.moments().values():
        visits = visits_of(moments)
        for visit in visits:
            # One visit is one session of the shop or one of the magazine, never a mixture.
            assert len({moment.source for moment in visit}) == 1
            for before, after in pairwise(visit):
                assert 5 <= (after.at - before.at).total_seconds() <= 600
        for before, after in pairwise(visits):
            assert (after[0].at - before[-1].at).total_seconds() > GAP_SECONDS
        shopping = [visit[0].source for visit in visits if visit[0].source != "magazine"]
        assert len(shopping) == len(set(shopping))


def test_zones_are_real_and_mixed(world: World) -> None:
    zones = {user["tz"] for user in world.users}
    assert zones <= available_timezones()
    assert {"Asia/Kolkata", "America/St_Johns", "Pacific/Auckland", "Europe/Berlin"} <= zones


def test_everything_happens_in_the_local_year_and_in_waking_hours(world: World) -> None:
    moments = world.moments()
    for user in world.truth["users"]:
        local = [m.at.astimezone(ZoneInfo(user["tz"])) for m in moments[user["user_id"]]]
        first, last = user["active_hours"]
        assert {at.year for at in local} == {world.plan.year}
        assert all(first <= at.hour < last for at in local)
        hours = Counter(at.hour for at in local)
        assert user["events_by_hour"] == [hours[hour] for hour in range(24)]


def test_users_are_counted_as_they_are_in_the_files(world: World) -> None:
    distinct = Counter(record["USERID"] for record in world.distinct())
    records = Counter(record["USERID"] for record in world.magazine)
    shopped = Counter(row["user_id"] for row in world.shop)
    names = {user["user_id"]: (user["display_name"], user["tz"]) for user in world.users}
    for number, user in enumerate(world.truth["users"]):
        who = user["user_id"]
        topic = "power_user_events" if number else "robin_events"
        assert user["events"] == {topic: distinct[who], "shop_events": shopped[who]}
        assert user["duplicate_records"] == records[who] - distinct[who]
        assert names[who] == (user["display_name"], user["tz"])
    totals = sorted(sum(user["events"].values()) for user in world.truth["users"])
    assert totals[0] < world.plan.events / 4
    assert totals[-1] > 2 * world.plan.events


def test_topics_are_counted_as_they_are_in_the_files(world: World) -> None:
    for topic, records in (("robin_events", world.robin), ("power_user_events", world.power)):
        distinct = len({record["MESSAGEID"] for record in records})
        assert world.truth["topics"][topic] == {
            "records": len(records),
            "distinct_events": distinct,
            "duplicate_records": len(records) - distinct,
        }
    assert world.truth["topics"]["shop_events"]["records"] == len(world.shop)
    assert world.truth["shop"]["sessions"] == len(world.sessions())


def test_tags_by_month_are_those_of_the_files(world: World) -> None:
    zones = {user["user_id"]: ZoneInfo(user["tz"]) for user in world.users}
    found: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0] * 12))
    for record in world.distinct():
        if record["TAGS"] not in {None, "[]"}:
            topic = record["TAGS"][1:-1].split(", ")[0]
            month = instant(record["TIMESTAMP"]).astimezone(zones[record["USERID"]]).month
            found[record["USERID"]][topic][month - 1] += 1
    for user in world.truth["users"]:
        assert user["tagged_by_month"] == found[user["user_id"]]


def test_interests_change_over_the_year(world: World) -> None:
    halves = {"rising": [0, 0], "fading": [0, 0]}
    for user in world.truth["users"]:
        interests = user["interests"]
        tagged = user["tagged_by_month"]
        for topic, months in interests["seasonal"].items():
            outside = [n for m, n in enumerate(tagged.get(topic, []), 1) if m not in months]
            assert not any(outside)
        for trend, (first, second) in halves.items():
            months = tagged.get(interests[trend], [0] * 12)
            halves[trend] = [first + sum(months[:6]), second + sum(months[6:])]
    assert halves["rising"][1] > 2 * halves["rising"][0]
    assert halves["fading"][0] > 2 * halves["fading"][1]


def test_friction_shows_where_it_was_planted_and_nowhere_else(world: World) -> None:
    shop = world.truth["shop"]
    rates = _exit_rates(world)
    named = set[tuple[str, str]]()
    for planted in shop["friction"] + shop["natural_exits"]:
        step = planted["page"], planted["event"]
        named.add(step)
        assert (planted["n"], planted["exits"]) == rates[step]
    for planted in shop["friction"]:
        rate = planted["exits"] / planted["n"]
        assert planted["n"] >= 50
        assert rate == pytest.approx(planted["exit_rate"], abs=0.15)
        assert rate > 3 * shop["baseline_exit_rate"]
    others = [found for step, found in rates.items() if step not in named]
    seen, left = (sum(column) for column in zip(*others, strict=True))
    assert left / seen == pytest.approx(shop["baseline_exit_rate"], abs=0.01)


def test_at_most_one_visit_of_a_user_is_cut_and_it_says_so(world: World) -> None:
    sessions = world.sessions()
    cut = world.truth["shop"]["cut_sessions"]
    users = [sessions[session["session_id"]][0]["user_id"] for session in cut]
    assert len(users) == len(set(users))
    for session in cut:
        last = sessions[session["session_id"]][-1]
        assert (session["page"], session["event"]) == (last["page"], last["event"])
