"""The stand-in: two protocols, honest answers, and as many clients as there are."""

import http.client
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from wire_questions import ACCESS_KEY, BLOCK, FACTS, KEY, SERIES, closed, keyed, question

from journey_dagster.facts import MONTHS, WEEKDAYS
from journey_dagster.insights.bedrock import bedrock_provider
from journey_dagster.insights.openai import openai_provider
from journey_dagster.insights.question import Provider, ProviderError
from journey_dagster.settings import InsightsSettings
from journey_dagster.standin.faults import answers, in_turn, slow
from journey_dagster.standin.forms import _FORMS
from journey_dagster.standin.honest import honest
from journey_dagster.standin.server import Server, standin
from journey_dagster.standin.wire import UnfitError, check_schema


@pytest.fixture
def server():
    with standin(honest) as server:
        yield server


def providers(server: Server) -> dict[str, Provider]:
    settings = InsightsSettings(
        openai_api_key=KEY,
        openai_base_url=server.openai_url,
        bedrock_url=server.bedrock_url,
        concurrency=64,
    )
    return {"openai": openai_provider(settings), "bedrock": bedrock_provider(settings)}


@pytest.fixture(params=["openai", "bedrock"])
def provider(request, server: Server, monkeypatch):
    keyed(monkeypatch)
    return providers(server)[request.param]


def told(provider: Provider, name: str) -> dict[str, list[dict[str, object]]]:
    return json.loads(provider(question(name), 5).text)


def test_honest_stories_name_their_facts_and_hold_nothing_else(provider):
    blocks = told(provider, "narrative")["blocks"]
    sentences = [one for block in blocks for one in block["sentences"]]
    assert sentences[0] == "You can look back on {n_events}."
    assert "The page with most of your events is {top_page}, with {top_page.amount}." in sentences
    assert {block["type"] for block in blocks} == {"p"}
    named = {re.split(r"[.]", name)[0] for name in re.findall(r"{([^}]+)}", " ".join(sentences))}
    assert named == {"n_events", "top_month", "top_daypart", "top_page", "core_1"}
    points = told(provider, "recent")["blocks"]
    assert {block["type"] for block in points} == {"li"}


def test_honest_interests_and_charts(provider):
    assert told(provider, "interests")["interests"] == [
        {
            "fact_id": "core_1",
            "sentence": "You keep coming back to {core_1}, with {core_1.amount}.",
        }
    ]
    charts = told(provider, "charts")["charts"]
    assert [(chart["type"], chart["series"]) for chart in charts] == [
        ("line", ["by_month", "topic_by_month"]),
        ("bar", ["by_hour"]),
    ]
    assert all(chart.keys() == {"type", "takeaway", "series"} for chart in charts)


def test_the_same_question_has_the_same_answer(provider):
    assert provider(question(), 5) == provider(question(), 5)


def test_a_question_without_facts_has_an_empty_answer(provider):
    nothing = replace(question(), facts="not json")
    assert json.loads(provider(nothing, 5).text) == {"blocks": []}


@pytest.mark.parametrize("words", [words for _, words in _FORMS])
def test_a_form_holds_no_number_day_or_month(words):
    said = re.sub(r"{[^}]*}", "", words)
    assert not re.search(r"\d", said)
    assert not set(re.findall(r"\w+", said)) & {*WEEKDAYS, *MONTHS}


def test_answers_are_exactly_those_given(server, provider):
    server.behaviour = answers("<script>", lambda asked: asked.facts[:10], "…")
    given = ["<script>", question().facts[:10], "…", "<script>"]
    assert [provider(question(), 5).text for _ in given] == given


def test_behaviours_take_turns(server, provider):
    server.behaviour = in_turn(answers("first"), answers("then"))
    assert [provider(question(), 5).text for _ in range(3)] == ["first", "then", "then"]


def test_all_that_comes_in_is_remembered(server, provider):
    provider(question(), 5)
    assert len(server.requests) == 1
    assert server.requests[0].method == "POST"
    assert json.loads(server.asked[0].facts) == {"facts": FACTS, "series": SERIES}
    assert {KEY, ACCESS_KEY} & set(re.split(r"[ =/]", server.asked[0].authorization))


def test_many_are_answered_at_once(server, provider):
    provider(question(), 5)
    server.behaviour = slow(0.3)
    with ThreadPoolExecutor(64) as pool:
        since = time.monotonic()
        found = list(pool.map(lambda _: provider(question(), 20), range(64)))
        took = time.monotonic() - since
    assert len(found) == 64
    assert 0.3 <= took < 64 * 0.3 / 4


def test_a_connection_is_kept(server):
    body = json.dumps({"hello": "world"})
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    for path, status in (
        ("/v1/chat/completions", 400),
        ("/model/m/converse", 400),
        ("/elsewhere", 404),
    ):
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        reply.read()
        assert reply.status == status
        assert not reply.will_close
        assert connection.sock is not None
    connection.close()


def test_it_ends_though_clients_hold_on():
    since = time.monotonic()
    with standin(slow(60)) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("POST", "/elsewhere", "{}")
        connection.getresponse().read()
    connection.close()
    assert time.monotonic() - since < 5


def test_what_a_behaviour_raises_is_told():
    def fail(_asked: object) -> None:
        raise LookupError("no such answer")

    def ask() -> None:
        with standin(fail) as server, pytest.raises(ProviderError):
            providers(server)["openai"](question(), 5)

    with pytest.raises(LookupError, match="no such answer"):
        ask()


@pytest.mark.parametrize(
    "schema",
    [
        [],
        {"type": "object", "properties": {}},
        closed(a=BLOCK) | {"required": []},
        closed(a={"type": "array", "items": {"type": "object"}}),
        closed(a={"type": "string", "maxLength": 3}),
        closed(a={"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 1}]}),
    ],
)
def test_schemas_that_a_service_refuses(schema):
    with pytest.raises(UnfitError):
        check_schema(schema)
