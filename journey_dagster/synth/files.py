"""The files: topics as they would be exported, the registry of users, funnels, and the truth.

Here belongs what is written where, and nothing about its content.

The same plan gives the same bytes everywhere. Only the compression inside the gzip file is the
business of the machine's zlib; another zlib can pack the same lines into other bytes.
"""

import csv
import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from gzip import GzipFile
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from journey_dagster.synth.delivery import TopicLog
from journey_dagster.synth.people import Person, people
from journey_dagster.synth.person_year import PersonYear, person_year
from journey_dagster.synth.plan import Plan
from journey_dagster.synth.shop_map import FUNNELS
from journey_dagster.synth.truth import POWER_USER_EVENTS, ROBIN_EVENTS, SHOP_EVENTS, Truth
from journey_dagster.synth.visits import iso

_SHOP_COLUMNS = ("user_id", "timestamp", "page", "event", "session_id")
# Twice as fast as the usual 9, and a tenth larger.
_COMPRESSION = 4


@dataclass(frozen=True)
class Topics:
    """What was written.

    Attributes:
        robin_events: one user's page views without keys, a JSON array.
        power_user_events: everyone else's page views by key, gzipped NDJSON.
        shop_events: everyone's steps in the shop, CSV.
        users: the registry, a JSON array.
        funnels: funnels of the shop, a JSON array; every plan has the same.
        truth: what was planted, a JSON object.
        n_users: distinct users.
        n_events: distinct events over all topics.
        n_records: records over all topics, duplicates included.
    """

    robin_events: Path
    power_user_events: Path
    shop_events: Path
    users: Path
    funnels: Path
    truth: Path
    n_users: int
    n_events: int
    n_records: int


def write_topics(plan: Plan, directory: Path) -> Topics:
    """Write all files of a plan into a directory, which is made if need be.

    Raises:
        ValueError: one user's events do not fit into a year.
    """
    directory.mkdir(parents=True, exist_ok=True)
    robin_path = directory / f"{ROBIN_EVENTS}.json"
    power_path = directory / f"{POWER_USER_EVENTS}.ndjson.gz"
    shop_path = directory / f"{SHOP_EVENTS}.csv"
    users_path, truth_path = directory / "users.json", directory / "truth.json"
    funnels_path = directory / "funnels.json"
    robin, *others = everyone = people(plan)
    truth = Truth(plan)
    with _text(shop_path) as shop, _gzipped(power_path) as power:
        rows = csv.writer(shop, lineterminator="\n")
        rows.writerow(_SHOP_COLUMNS)

        year = person_year(plan, robin, named=False)
        lines = TopicLog().unkeyed(plan.stream(robin.index, "partitions"), year.deliveries)
        with _text(robin_path) as array:
            _ = array.write("[\n" + ",\n".join(lines) + "\n]\n")
        rows.writerows(_shop_rows(year))
        truth.add(year, ROBIN_EVENTS)

        log = TopicLog()
        for person in others:
            year = person_year(plan, person, named=True)
            lines = log.keyed(person.user_id, year.deliveries)
            _ = power.write("".join(f"{line}\n" for line in lines))
            rows.writerows(_shop_rows(year))
            truth.add(year, POWER_USER_EVENTS)
    _write_json(users_path, [_registration(person) for person in everyone])
    _write_json(funnels_path, FUNNELS)
    _write_json(truth_path, truth.facts())
    return Topics(
        robin_events=robin_path,
        power_user_events=power_path,
        shop_events=shop_path,
        users=users_path,
        funnels=funnels_path,
        truth=truth_path,
        n_users=plan.users,
        n_events=truth.n_events,
        n_records=truth.n_records,
    )


def _shop_rows(year: PersonYear) -> Iterator[tuple[str, ...]]:
    for session in year.shopping:
        for at, step in zip(session.visit.times, session.walk.steps, strict=True):
            yield year.person.user_id, iso(at), step.page, step.event, session.session_id


def _registration(person: Person) -> dict[str, str]:
    return {
        "user_id": person.user_id,
        "display_name": person.display_name,
        "tz": person.tz,
        "avatar": person.persona.avatar,
    }


def _write_json(path: Path, content: object) -> None:
    with _text(path) as file:
        _ = file.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _text(path: Path) -> TextIO:
    """A text file with the same line ends on every machine."""
    return path.open("w", encoding="utf-8", newline="\n")


@contextmanager
def _gzipped(path: Path) -> Generator[TextIO]:
    """A gzip file that names neither itself nor the hour it was written."""
    with (
        path.open("wb") as raw,
        GzipFile("", "wb", compresslevel=_COMPRESSION, fileobj=raw, mtime=0) as packed,
        TextIOWrapper(packed, encoding="utf-8", newline="\n") as text,
    ):
        yield text
