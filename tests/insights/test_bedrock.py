"""boto3's Converse against every fault: the right kind of error, in time, without a secret."""

import gc
import json
import logging
import time

import pytest
from wire_questions import (
    ACCESS_KEY,
    AT_ONCE,
    CANARIES,
    FACTS,
    KEY,
    alone,
    check,
    keyed,
    question,
    trouble,
)

from journey_dagster.insights.bedrock import SHAPE, bedrock_provider
from journey_dagster.insights.prices import most_tokens_in
from journey_dagster.insights.question import MAX_ANSWER
from journey_dagster.settings import InsightsSettings
from journey_dagster.standin.faults import FAULTS, ODDITIES, answers, in_turn, leaves, raw
from journey_dagster.standin.honest import honest
from journey_dagster.standin.server import Server, standin

MODEL = "us.anthropic.claude-haiku-4-5-20251001-v1:0"


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
    with pytest.MonkeyPatch.context() as patch:
        keyed(patch)
        yield bedrock_provider(InsightsSettings(bedrock_url=running.bedrock_url))


def test_a_question_is_sent_as_it_is(server, provider):
    answer = provider(question(model=MODEL), 5)
    assert json.loads(answer.text)["blocks"]
    assert answer.tokens_in > 0
    assert answer.tokens_out > 0
    body = json.loads(server.requests[0].body)
    told, shape = (each["text"] for each in body["system"])
    assert told == "Answer with JSON."
    assert shape.startswith(SHAPE)
    assert json.loads(shape.removeprefix(SHAPE)) == {"title": "narrative", **question().schema}
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert json.loads(body["messages"][0]["content"][0]["text"])["facts"] == FACTS
    assert "outputConfig" not in body  # Bedrock compiles a schema for minutes, once a day
    assert body["inferenceConfig"] == {"maxTokens": 900}
    assert server.asked[0].model == MODEL
    assert ACCESS_KEY in server.requests[0].headers["authorization"]


@pytest.mark.parametrize("name", AT_ONCE)
def test_a_fault_is_told_in_time_and_without_secrets(server, provider, name):
    server.behaviour = FAULTS[name]
    check(name, trouble(provider))
    assert len(server.requests) == 1, "the SDK tried again"


def test_a_drip_is_not_noticed_by_the_client(server, provider):
    server.behaviour = leaves("drip", every=0.003)
    assert json.loads(provider(question(), 1).text)["blocks"]


def test_usage_that_cannot_be_counts_as_the_most(server, provider):
    server.behaviour = ODDITIES["no usage"]
    assert provider(question(), 5)[1:] == (most_tokens_in(question()), 900)
    server.behaviour = lambda asked: asked.says("{}", usage=(-1, 0))
    assert provider(question(), 5)[1:] == (most_tokens_in(question()), 900)
    server.behaviour = ODDITIES["absurd usage"]
    assert trouble(provider).tokens is None
    server.behaviour = ODDITIES["fabricated usage"]
    assert provider(question(), 5)[1:] == (10**12, 10**12)


def test_an_answer_may_be_so_long_and_no_longer(server, provider):
    server.behaviour = answers("a" * MAX_ANSWER, "a" * (MAX_ANSWER + 1))
    assert len(provider(question(), 5).text) == MAX_ANSWER
    assert trouble(provider).kind == "cut"


@pytest.mark.parametrize(
    ("stop", "kind"),
    [
        ("model_context_window_exceeded", "cut"),
        ("malformed_model_output", "transient"),
        ("tool_use", "transient"),
        ("brand_new", "transient"),
    ],
)
def test_other_ends_of_an_answer(server, provider, stop, kind):
    reply = {"output": {"message": {"content": [{"text": "{}"}]}}, "stopReason": stop}
    server.behaviour = raw(json.dumps(reply).encode())
    assert trouble(provider).kind == kind


def test_parts_that_are_no_text_are_left_out(server, provider):
    parts = [
        {"reasoningContent": {"reasoningText": {"text": "hm"}}},
        {"text": '{"a"'},
        {"text": ":1}"},
    ]
    reply = {"output": {"message": {"content": parts}}, "stopReason": "end_turn"}
    server.behaviour = raw(json.dumps(reply).encode())
    assert provider(question(), 5).text == '{"a":1}'


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 502, 504])
@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"[]", b"null", b"7"])
def test_errors_of_no_protocol(server, provider, status, body):
    server.behaviour = raw(body, "text/html", status)
    kind = trouble(provider).kind
    assert kind == ("transient" if status == 429 or status >= 500 else kind)


def test_after_a_failure_the_next_question_is_answered(server, provider):
    server.behaviour = in_turn(FAULTS["reset"], FAULTS["cut connection"], honest)
    assert [trouble(provider).kind for _ in range(2)] == ["transient"] * 2
    assert provider(question(), 5).text


def test_a_token_is_not_sent_in_clear(server, monkeypatch):
    alone(monkeypatch)
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", KEY)
    error = trouble(bedrock_provider(InsightsSettings(bedrock_url=server.bedrock_url)))
    assert error.kind == "terminal"
    assert server.requests == []


def test_without_a_key_the_first_question_says_so_at_once(server, monkeypatch):
    alone(monkeypatch)
    asking = bedrock_provider(InsightsSettings(bedrock_url=server.bedrock_url))
    since = time.monotonic()
    error = trouble(asking)
    assert error.kind == "terminal"
    assert "AWS_BEARER_TOKEN_BEDROCK" in str(error)
    assert time.monotonic() - since < 2
    assert server.requests == []


@pytest.mark.parametrize(
    ("name", "value"), [("AWS_PROFILE", "canary-nobody"), ("AWS_ACCESS_KEY_ID", ACCESS_KEY)]
)
def test_half_a_key_is_none(server, monkeypatch, name, value):
    alone(monkeypatch)
    monkeypatch.setenv(name, value)
    error = trouble(bedrock_provider(InsightsSettings(bedrock_url=server.bedrock_url)))
    assert error.kind == "terminal"
    assert "AWS_PROFILE" in str(error)


def test_a_region_that_is_none_is_terminal(monkeypatch):
    alone(monkeypatch)
    error = trouble(bedrock_provider(InsightsSettings(aws_region="not a region")))
    assert error.kind == "terminal"
    assert "settings" in str(error)


def test_nobody_there(monkeypatch):
    keyed(monkeypatch)
    error = trouble(bedrock_provider(InsightsSettings(bedrock_url="http://127.0.0.1:9")))
    assert error.kind == "transient"
    assert error.tokens == (0, 0)


def test_nothing_of_a_question_is_logged(server, provider, caplog):
    with caplog.at_level(logging.DEBUG):
        provider(question(), 5)
        server.behaviour = FAULTS["wrong key"]
        trouble(provider)
    assert not [canary for canary in CANARIES if canary in caplog.text]


def test_a_provider_that_is_let_go_closes_its_connections(server, monkeypatch):
    keyed(monkeypatch)
    asking = bedrock_provider(InsightsSettings(bedrock_url=server.bedrock_url))
    asking(question(), 1)
    asking(question(), 2.5)
    del asking
    gc.collect()  # a socket left open is a warning, and an error here
