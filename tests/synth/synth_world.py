"""Reads the files of a plan back, the way anyone else would."""

import csv
import gzip
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from journey_dagster.synth import Plan, Topics, write_topics

GAP_SECONDS = 30 * 60


class Moment(NamedTuple):
    at: datetime
    source: str


@dataclass(frozen=True)
class World:
    plan: Plan
    topics: Topics
    robin: list[dict[str, Any]]
    power: list[dict[str, Any]]
    shop: list[dict[str, str]]
    users: list[dict[str, str]]
    truth: dict[str, Any]

    @property
    def magazine(self) -> list[dict[str, Any]]:
        return self.robin + self.power

    def distinct(self) -> list[dict[str, Any]]:
        return list({record["MESSAGEID"]: record for record in self.magazine}.values())

    def moments(self) -> dict[str, list[Moment]]:
        """Every distinct event of a user, in the order of time."""
        found: dict[str, list[Moment]] = defaultdict(list)
        for record in self.distinct():
            found[record["USERID"]].append(Moment(instant(record["TIMESTAMP"]), "magazine"))
        for row in self.shop:
            found[row["user_id"]].append(Moment(instant(row["timestamp"]), row["session_id"]))
        return {user: sorted(moments) for user, moments in found.items()}

    def sessions(self) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in self.shop:
            found[row["session_id"]].append(row)
        return found


def instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def visits_of(moments: list[Moment]) -> list[list[Moment]]:
    visits = [moments[:1]]
    for before, after in pairwise(moments):
        if (after.at - before.at).total_seconds() > GAP_SECONDS:
            visits.append([])
        visits[-1].append(after)
    return visits


def content(record: dict[str, Any]) -> dict[str, Any]:
    """A record without what the broker added."""
    return {name: value for name, value in record.items() if not name.startswith("_kafka_")}


def make_world(plan: Plan, directory: Path) -> World:
    topics = write_topics(plan, directory)
    with gzip.open(topics.power_user_events, "rt", encoding="utf-8") as lines:
        power = [json.loads(line) for line in lines]
    with topics.shop_events.open(encoding="utf-8", newline="") as rows:
        shop = list(csv.DictReader(rows, strict=True))
    return World(
        plan=plan,
        topics=topics,
        robin=json.loads(topics.robin_events.read_text("utf-8")),
        power=power,
        shop=shop,
        users=json.loads(topics.users.read_text("utf-8")),
        truth=json.loads(topics.truth.read_text("utf-8")),
    )
