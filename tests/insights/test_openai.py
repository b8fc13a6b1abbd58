"""OpenAI's SDK against every fault: the right kind of error, in time, without a secret."""

import gc
import gzip
import json
import logging
from dataclasses import replace

import pytest
import wire_questions
from wire_questions import AT_ONCE, CANARIES, FACTS, KEY, KINDS, check, question, trouble

from journey_dagster.insights import openai as module
from journey_dagster.insights.openai import openai_provider
from journey_dagster.insights.prices import most_tokens_in
from journey_dagster.insights.question import MAX_ANSWER
from journey_dagster.insights.replies import retry_after
from journey_dagster.settings import InsightsSettings
from journey_dagster.standin.faults import FAULTS, ODDITIES, answers, in_turn, leaves, raw
from journey_dagster.standin.honest import honest
from journey_dagster.standin.server import Server, standin
from journey_dagster.standin.wire import Reply


@pytest.fixture(scope="module")
def running():
    with standin(honest) as server:
        yield server


@pytest.fixture
def server(running: Server):
    running.behaviour = honest
    running.requests.clear()
    running.asked.clear()
    return running


@pytest.fixture(scope="module")
def provider(running: Server):
    return openai_provider(InsightsSettings(openai_api_key=KEY, openai_base_url=running.openai_url))


def test_a_question_is_sent_as_it_is(server, provider):
    answer = provider(question(), 5)
    assert json.loads(answer.text)["blocks"]
    assert answer.tokens_in > 0
    assert answer.tokens_out > 0
    body = json.loads(server.requests[0].body)
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert json.loads(body["messages"][1]["content"])["facts"] == FACTS
    assert body["response_format"]["json_schema"]["strict"] is True
    assert body["response_format"]["json_schema"]["schema"] == question().schema
    assert body["max_completion_tokens"] == 900
    assert not body.keys() & {"temperature", "store", "reasoning_effort", "max_tokens"}
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("host", "model", "effort", "store"),
    [
        ("api.openai.com", "gpt-5-nano", "minimal", False),
        ("api.openai.com", "gpt-5-nano-2025-08-07", "minimal", False),
        ("eu.api.openai.com", "gpt-5-mini", "minimal", False),
        ("api.openai.com", "gpt-5.1", None, False),
        ("api.openai.com", "gpt-4.1-nano", None, False),
        ("openrouter.ai", "gpt-5-nano", None, None),
        ("api.openai.com.example.org", "gpt-5-nano", None, None),
    ],
)
def test_what_only_openai_knows_goes_to_openai_alone(server, host, model, effort, store):
    client = module.openai.OpenAI(api_key=KEY, base_url=server.openai_url, max_retries=0)
    with client:
        module._body(client, host, question(model=model), 5)
    body = json.loads(server.requests[0].body)
    assert body.get("reasoning_effort") == effort
    assert body.get("store") is store


def test_every_fault_is_expected():
    assert set(KINDS) == set(FAULTS)


@pytest.mark.parametrize("name", AT_ONCE)
def test_a_fault_is_told_in_time_and_without_secrets(server, provider, name):
    server.behaviour = FAULTS[name]
    check(name, trouble(provider))
    assert len(server.requests) == 1, "the SDK tried again"


def test_a_drip_is_not_noticed_by_the_client(server, provider):
    server.behaviour = leaves("drip", every=0.002)
    assert json.loads(provider(question(), 0.5).text)["blocks"]


@pytest.mark.parametrize("name", ["broken json", "fenced json", "prose around json", "not json"])
def test_what_is_said_is_handed_on_as_it_is(server, provider, name):
    server.behaviour = ODDITIES[name]
    assert provider(question(), 5).text


def test_usage_that_cannot_be_counts_as_the_most(server, provider):
    for name in ("no usage", "absurd usage"):
        server.behaviour = ODDITIES[name]
        answer = provider(question(), 5)
        assert answer[1:] == (most_tokens_in(question()), 900)
    server.behaviour = ODDITIES["fabricated usage"]
    assert provider(question(), 5)[1:] == (10**12, 10**12)


def test_an_answer_may_be_so_long_and_no_longer(server, provider):
    server.behaviour = answers("a" * MAX_ANSWER, "a" * (MAX_ANSWER + 1))
    assert len(provider(question(), 5).text) == MAX_ANSWER
    assert trouble(provider).kind == "cut"


def test_a_packed_body_is_not_unpacked(server, provider):
    packed = gzip.compress(b"a" * 10_000_000)
    server.behaviour = lambda _asked: Reply(200, packed, {"Content-Encoding": "gzip"})
    assert trouble(provider).kind == "transient"
    assert server.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("code", ["content_filter", "invalid_prompt"])
def test_a_question_that_a_filter_refuses_is_refused(server, provider, code):
    body = json.dumps({"error": {"code": code, "message": KEY}}).encode()
    server.behaviour = raw(body, status=400)
    assert trouble(provider).kind == "refused"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (402, b"{}", "terminal"),
        (413, b"", "terminal"),
        (429, b"null", "transient"),
        (500, b'{"error": "down"}', "transient"),
        (503, b'{"error": {"code": 7, "type": []}}', "transient"),
        (529, b"[]", "transient"),
    ],
)
def test_other_errors(server, provider, status, body, kind):
    server.behaviour = raw(body, status=status)
    assert trouble(provider).kind == kind


def test_after_a_failure_the_next_question_is_answered(server, provider):
    server.behaviour = in_turn(FAULTS["reset"], FAULTS["cut connection"], honest)
    assert [trouble(provider).kind for _ in range(2)] == ["transient"] * 2
    assert provider(question(), 5).text


def test_nobody_there():
    provider = openai_provider(
        InsightsSettings(openai_api_key=KEY, openai_base_url="http://127.0.0.1:9/v1")
    )
    error = trouble(provider)
    assert error.kind == "transient"
    assert error.tokens == (0, 0)


def test_without_a_key_the_first_question_says_so(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    error = trouble(openai_provider(InsightsSettings(_env_file=None)))
    assert error.kind == "terminal"
    assert "OPENAI_API_KEY" in str(error)


def test_an_accident_in_the_sdk_tells_nothing(provider, monkeypatch):
    def fail(*_args: object) -> None:
        raise RuntimeError(f"cannot send {KEY} {wire_questions.TITLE}")

    monkeypatch.setattr(module, "_body", fail)
    assert str(trouble(provider)) == "RuntimeError in the client"


def test_nothing_of_a_question_is_logged(server, provider, caplog):
    with caplog.at_level(logging.DEBUG):
        provider(question(), 5)
        server.behaviour = FAULTS["wrong key"]
        trouble(provider)
    assert not [canary for canary in CANARIES if canary in caplog.text]


def test_a_provider_that_is_let_go_closes_its_connections(server):
    settings = InsightsSettings(openai_api_key=KEY, openai_base_url=server.openai_url)
    openai_provider(settings)(question(), 5)
    gc.collect()  # a socket left open is a warning, and an error here


def test_a_strange_schema_is_refused_before_it_costs(server, provider):
    open_one = replace(question(), schema={"type": "object", "properties": {}})
    assert trouble(provider, open_one).kind == "refused"
    assert server.asked == []


@pytest.mark.parametrize("header", [None, "", "-3", "soon", "1e9", "inf", "٣", "Mon, 99 Foo 2020"])
def test_a_wait_that_makes_no_sense_is_none(header):
    assert retry_after(header) is None


def test_a_wait_until_a_date_in_the_past_is_over():
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after(" 2.5 ") == 2.5
