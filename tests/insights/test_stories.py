"""From facts to published reports, with models that are honest, hostile or broken.

Belongs here: the whole way through the real SDKs, on a copy of the demo; what is published is read
from outside. Does not belong here: single sentences (test_grounding) and calls (test_asking).
"""

import json
import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import stamina
from payloads import SENTENCES, STRANGER, STRANGERS_SECRET
from pydantic import SecretStr
from wire_questions import ACCESS_KEY, KEY, SECRET_KEY, alone

from journey_dagster import answers, runs, users
from journey_dagster.everyone import make_reports
from journey_dagster.facts import MONTHS, WEEKDAYS
from journey_dagster.insights.asking import ATTEMPTS, Asked, Asker
from journey_dagster.insights.ledger import Ledger
from journey_dagster.insights.telling import Outcome
from journey_dagster.settings import InsightsSettings, Settings
from journey_dagster.standin import wire
from journey_dagster.standin.faults import FAULTS, ODDITIES
from journey_dagster.standin.faults import answers as says
from journey_dagster.standin.honest import honest, honest_text
from journey_dagster.standin.server import Server, standin
from journey_dagster.users import User
from journey_dagster.warehouse import connect

CANARY = "canary@example.org"
PARTS = ("narrative", "spotlight", "interests", "charts")
SERVICES = ("openai", "bedrock")
OWN_WORDS = re.compile(r"[\d<>\[\]{}`*_|@#=~\\/]|https?:|www\.")
DATES = re.compile(rf"\b({'|'.join((*WEEKDAYS, *MONTHS))})", re.IGNORECASE)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with standin(honest) as found:
        yield found


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Canaries for keys, and retries without their waits."""
    alone(monkeypatch)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield


def chosen(server: Server, service: str, **changes: object) -> InsightsSettings:
    server.requests.clear()
    server.asked.clear()
    return InsightsSettings.model_validate(
        {
            "enabled": True,
            "story_model": f"{service}:m",
            "structure_model": f"{service}:m",
            "prices": {"m": (1.0, 2.0)},
            "openai_api_key": SecretStr(KEY),
            "openai_base_url": server.openai_url,
            "bedrock_url": server.bedrock_url,
            "timeout_seconds": 2,
            "user_seconds": 4,
            **changes,
        }
    )


def registered(settings: Settings) -> list[User]:
    return users.load(settings.registry)


def ask(settings: Settings, insights: InsightsSettings, chosen_users: list[User]) -> Asked:
    ids = [user.user_id for user in chosen_users]
    with connect(settings.database) as con:
        answers.note_questions(con, ids, settings, insights)
    with closing(Ledger(settings.ledger)) as ledger:
        return Asker(insights, ledger, "run").ask_all(ledger.waiting(ids))


def publish(
    settings: Settings, insights: InsightsSettings, chosen_users: list[User]
) -> tuple[Outcome, dict[str, Any]]:
    with connect(settings.database) as con:
        outcome, found = make_reports(con, settings, insights, chosen_users, registered(settings))
    assert [one.reason for one in found if one.status == "withheld"] == []
    folder = settings.site / "data"
    return outcome, {
        user.user_id: json.loads((folder / f"{user.slug}.json").read_text())
        for user in chosen_users
    }


def told(report: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Every sentence of a model in a report, with the facts that it names."""
    written = [report[part] for part in PARTS if report[part]["source"] == "llm"]
    for part in written:
        for block in part.get("blocks", []):
            for sentence in block["sentences"]:
                yield sentence["text"], sentence["fact_ids"]
        for item in part.get("items", []):
            yield item["text"], item["fact_ids"]


def own_words(sentence: str, fact_ids: list[str], report: dict[str, Any]) -> str:
    """What of a sentence is in no fact that it names."""
    facts = {fact["id"]: fact for fact in report["facts"]}
    held = {text for name in fact_ids for text in shown(facts[name])}
    for text in sorted(held, key=len, reverse=True):
        sentence = sentence.replace(text, " ")
    return sentence


def shown(fact: dict[str, Any]) -> set[str]:
    n = fact["value"]
    numbers = {f"{n:,.0f} {unit}" for unit in ("events", "event", fact["unit"])} if n else set()
    return {fact["text"], *numbers}


def test_the_corpus_is_large_enough():
    assert len(set(SENTENCES)) >= 60


@pytest.mark.parametrize("service", SERVICES)
def test_an_honest_model_writes_the_reports(demo_home: Settings, server: Server, service: str):
    insights = chosen(server, service)
    server.behaviour = honest
    people = registered(demo_home)
    asked = ask(demo_home, insights, people)
    assert asked.troubles.total() == 0
    assert {one.service for one in server.asked} == {service}
    outcome, reports = publish(demo_home, insights, people)
    parts = [part for each in outcome.parts.values() for part in each]
    assert {part.status for part in parts} <= {"ok", "tier", "nothing"}
    assert sum(part.source == "llm" for part in parts) == asked.n_answered > len(people)
    for report in reports.values():
        for part in PARTS:
            assert (report[part]["source"] == "llm") == (report[part]["model"] == "m")
            assert (report[part]["status"] == "ok") == (report[part]["source"] == "llm")
        for sentence, fact_ids in told(report):
            rest = own_words(sentence, fact_ids, report)
            assert not re.search(r"\d", rest), (sentence, fact_ids)
            assert not DATES.search(rest), (sentence, fact_ids)


@pytest.mark.parametrize("service", SERVICES)
def test_a_second_run_over_the_same_facts_asks_nothing(
    demo_home: Settings, server: Server, service: str
):
    insights = chosen(server, service)
    server.behaviour = honest
    people = registered(demo_home)
    first = ask(demo_home, insights, people)
    _, before = publish(demo_home, insights, people)
    server.asked.clear()
    again = ask(demo_home, insights, people)
    _, after = publish(demo_home, insights, people)
    assert first.n_answered > 0
    assert (again.n_answered, again.troubles.total(), server.asked) == (0, 0, [])
    for user_id in before:
        assert {part: before[user_id][part] for part in PARTS} == {
            part: after[user_id][part] for part in PARTS
        }


def hostile(asked: wire.Asked, start: int) -> str:
    """The honest answer with payloads among its sentences."""
    answer = json.loads(honest_text(asked))
    payload = iter((SENTENCES * 3)[start:])
    for block in answer.get("blocks", [])[:1]:
        block["sentences"].append(next(payload))
    for place, one in enumerate(answer.get("interests", [])):
        if place == 0 and len(answer["interests"]) > 4:
            one["sentence"] = f"{next(payload)} {{{one['fact_id']}}}"
    answer.get("interests", []).append({"fact_id": "user_id", "sentence": next(payload)})
    for one in answer.get("charts", [])[:1]:
        one["takeaway"] = next(payload)
    return json.dumps(answer)


@pytest.mark.parametrize("service", SERVICES)
def test_a_hijacked_model_can_publish_only_plain_words(
    demo_home: Settings, server: Server, service: str
):
    """Model after model until each payload was said; answers are not all thrown away whole."""
    sent = 0

    def next_payloads(asked: wire.Asked) -> str:
        nonlocal sent
        sent += 1
        return hostile(asked, sent % len(SENTENCES))

    server.behaviour = says(next_payloads)
    people = registered(demo_home)
    reasons: list[str] = []
    n_printed = 0
    for number in range(20):
        model = f"{service}:m{number}"
        insights = chosen(
            server, service, story_model=model, structure_model=model,
            prices={f"m{number}": (1.0, 2.0)}, cap_user_usd=10, cap_run_usd=100, cap_day_usd=100,
        )  # fmt: skip
        ask(demo_home, insights, people)
        outcome, reports = publish(demo_home, insights, people)
        parts = [part for each in outcome.parts.values() for part in each]
        reasons += [reason for part in parts for reason in part.dropped]
        n_printed += sum(part.source == "llm" for part in parts)
        for user_id, report in reports.items():
            others = [other for other in people if other.user_id != user_id]
            _assert_only_plain_words(report, others)
        if sent > len(SENTENCES):
            break
    assert len(reasons) > len(SENTENCES)
    assert len(set(reasons)) > 8
    assert n_printed > 10


def _assert_only_plain_words(report: dict[str, Any], others: list[User]) -> None:
    for sentence, fact_ids in told(report):
        rest = own_words(sentence, fact_ids, report)
        assert not OWN_WORDS.search(rest), (sentence, fact_ids)
        assert not DATES.search(rest), (sentence, fact_ids)
        assert STRANGERS_SECRET not in sentence
        assert STRANGER.lower() not in rest.lower()
        for other in others:
            assert other.user_id not in rest
            assert (other.display_name or other.slug) not in rest


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("name", [*FAULTS, *ODDITIES])
def test_whatever_fails_reports_are_published_in_time(
    demo_home: Settings, server: Server, service: str, name: str
):
    insights = chosen(server, service, timeout_seconds=0.5, user_seconds=1)
    server.behaviour = {**FAULTS, **ODDITIES}[name]
    people = registered(demo_home)[:3]
    start = time.monotonic()
    asked = ask(demo_home, insights, people)
    assert time.monotonic() - start < len(people) * insights.user_seconds + 10
    assert asked.n_answered + asked.troubles.total() > 0
    _, reports = publish(demo_home, insights, people)
    for report in reports.values():
        for part in PARTS:
            if report[part]["source"] == "template":
                assert report[part]["status"] != "ok"
        assert report["narrative"]["blocks"]
    if name in FAULTS:
        assert asked.n_answered == 0
        assert {report["narrative"]["source"] for report in reports.values()} == {"template"}
    with closing(Ledger(demo_home.ledger)) as ledger:
        assert ledger.most().user <= 1_000_000 * insights.cap_user_usd


def test_one_users_words_never_leave_with_anothers(demo_home: Settings, server: Server):
    insights = chosen(server, "openai")
    server.behaviour = honest
    people = registered(demo_home)
    with connect(demo_home.database) as con:
        con.execute(
            "update marts.user_facts set value_text = $title where fact_id in ('top_page_2', "
            "'first_page')", {"title": f"Write to {CANARY} for more"}
        )  # fmt: skip
    ask(demo_home, insights, people)
    assert CANARY.encode() not in demo_home.ledger.read_bytes()
    with connect(demo_home.database, read_only=True) as con:
        titles = dict(
            con.execute(
                "select user_id, list(distinct value_text) from marts.user_facts "
                "where value_text is not null group by all"
            ).fetchall()
        )
    bodies = [request.body.decode() for request in server.requests]
    asked_about = [json.loads(json.loads(body)["messages"][1]["content"]) for body in bodies]
    for body, data in zip(bodies, asked_about, strict=True):
        assert CANARY not in body
        for person in people:
            assert person.user_id not in body
            assert person.slug not in body
            assert (person.display_name or person.slug) not in body
        texts = {fact["text"] for fact in data["facts"]}
        named = {text for text in texts if any(text in mine for mine in titles.values())}
        owners = [user for user, mine in titles.items() if named <= set(mine)]
        assert owners, "no single user has all these titles"
        assert set(data) <= {"facts", "series"}
        for fact in data["facts"]:
            assert set(fact) <= {"id", "label", "text", "amount", "n"}


def test_a_run_is_green_without_a_service_and_says_so(
    demo_home: Settings, server: Server, tmp_path: Path
):
    """Through Dagster; and no key, prompt or header of a request is in any byte of the home."""
    insights = chosen(server, "openai", structure_model="bedrock:m")
    server.behaviour = FAULTS["wrong key"]
    with connect(demo_home.database, read_only=True) as con:
        (slug,) = con.execute(
            "select min(slug) from core.users join marts.user_summary using (user_id) "
            "where evidence_tier = 'T3' and slug is not null"
        ).fetchall()[0]
    lines: list[str] = []
    summary = runs.run(demo_home, lines.append, [slug], insights)
    assert summary.succeeded, summary
    assert not summary.failed_checks
    assert any("models_answered" in warning for warning in summary.warnings)
    report = json.loads((demo_home.site / "data" / f"{slug}.json").read_text())
    assert (report["narrative"]["source"], report["narrative"]["status"]) == (
        "template", "terminal",
    )  # fmt: skip
    server.behaviour = honest
    assert runs.run(demo_home, lines.append, [slug], insights).succeeded
    report = json.loads((demo_home.site / "data" / f"{slug}.json").read_text())
    assert report["narrative"]["source"] == "llm"
    for path in demo_home.home.parent.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            for canary in (KEY, ACCESS_KEY, SECRET_KEY):
                assert canary.encode() not in held, path
    assert not any(KEY in line for line in lines)
    assert tmp_path in demo_home.home.parents


def test_a_broken_ledger_costs_nobody_a_report(demo_home: Settings, server: Server):
    demo_home.ledger.write_bytes(b"this is no database, and never was one" * 100)
    people = registered(demo_home)[:2]
    off = InsightsSettings()
    _, reports = publish(demo_home, off, people)
    assert {report["narrative"]["status"] for report in reports.values()} == {"off"}
    _, reports = publish(demo_home, chosen(server, "openai"), registered(demo_home))
    assert "ledger" in {report["narrative"]["status"] for report in reports.values()}
