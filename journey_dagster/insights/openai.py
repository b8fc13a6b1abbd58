"""OpenAI, and whoever speaks its protocol, through the official SDK.

Belongs here: a question as chat completion, its reply, what each failure means.
Does not belong here: retries, deadlines of a whole call, money (`asking`).

The SDK is given no say in retries and redirects, and does not read replies: it takes HTML for an
answer and believes any type. It costs seconds to import: import this module where you ask.
"""

import logging
import re
import weakref
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlsplit

import httpx2
import msgspec
import openai

from journey_dagster.insights.question import Kind, Provider, ProviderError, Question
from journey_dagster.insights.replies import TIMED_OUT, Outcome, answer, provider, retry_after, used
from journey_dagster.settings import InsightsSettings

MAX_BODY = 1024 * 1024
"""Bytes of a reply that are read."""

ADDRESS = "https://api.openai.com/v1"

_NO_QUOTA = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
_TERMINAL = {
    401: "does not take the key: check OPENAI_API_KEY",
    403: "does not let this key use {model}",
    404: "knows no model {model}: check INSIGHTS_STORY_MODEL and INSIGHTS_STRUCTURE_MODEL",
}
_REFUSALS = {"content_filter", "content_policy_violation", "invalid_prompt"}
_BUSY = {408, 409, 429}

_TAKES_MINIMAL = re.compile(r"gpt-5(-mini|-nano)?(-\d{4}-\d\d-\d\d)?")
"""Models that can be told not to think; those after them refuse the word, and need not be told."""


class _Message(msgspec.Struct):
    content: Any = None
    refusal: Any = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Reply(msgspec.Struct):
    """What of a reply is read; its usage may be anything."""

    choices: list[_Choice]
    usage: Any = None


class _UnreadableError(Exception):
    """A body that is not read to its end; the message says why."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind: Kind = kind


def openai_provider(settings: InsightsSettings) -> Provider:
    """Asks OpenAI, or the service at `OPENAI_BASE_URL`; without a key it says so when asked.

    Args:
        settings: key, address, questions at once.
    """
    key = settings.openai_api_key
    if key is None:
        return provider(
            lambda _question, _seconds: ProviderError("terminal", "OPENAI_API_KEY is not set")
        )
    # Whoever turns on debug output of everything would write questions into it.
    logging.getLogger("openai").setLevel(logging.WARNING)
    address = settings.openai_base_url or ADDRESS
    client = openai.OpenAI(
        api_key=key.get_secret_value(),
        base_url=address,
        max_retries=0,
        default_headers={"Accept-Encoding": "identity"},
        http_client=openai.DefaultHttpxClient(
            follow_redirects=False, event_hooks={"response": [_bound]}
        ),
    )
    host = urlsplit(address).hostname or address

    def ask(question: Question, seconds: float) -> Outcome:
        try:
            body = _body(client, host, question, seconds)
        except openai.APITimeoutError as error:
            return _out_of_reach(error, f"{host} gave no answer within {seconds:.0f} s")
        except openai.APIConnectionError as error:
            return _out_of_reach(error, f"{host} could not be reached, or broke off")
        except openai.APIStatusError as error:
            return _failure(error, host, question)
        except _UnreadableError as error:
            return ProviderError(error.kind, f"{host} {error}", tokens=None)
        return _read(question, host, body)

    asking = provider(ask)
    weakref.finalize(asking, client.close)
    return asking


def _body(client: openai.OpenAI, host: str, question: Question, seconds: float) -> bytes:
    is_openai = host == "api.openai.com" or host.endswith(".api.openai.com")
    is_thinking = is_openai and _TAKES_MINIMAL.fullmatch(question.model)
    return client.chat.completions.with_raw_response.create(
        model=question.model,
        messages=[
            {"role": "system", "content": question.instructions},
            {"role": "user", "content": question.facts},
        ],
        response_format={
            "type": "json_schema",
            "json_schema": {
                "name": question.schema_name,
                "strict": True,
                "schema": dict(question.schema),
            },
        },
        max_completion_tokens=question.max_tokens,
        reasoning_effort="minimal" if is_thinking else openai.omit,
        store=False if is_openai else openai.omit,  # a new account's are kept unless one says so
        timeout=httpx2.Timeout(seconds, connect=min(seconds, 5)),
    ).content


class _Bounded(httpx2.SyncByteStream):
    """A body of which no more is read than an answer can have."""

    def __init__(self, stream: httpx2.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if size > MAX_BODY:
                raise _UnreadableError("cut", "answers with more than is ever read")
            yield chunk

    def close(self) -> None:
        self._stream.close()


def _bound(response: httpx2.Response) -> None:
    if response.headers.get("content-encoding", "identity") != "identity":
        # A small body may be a large one, packed.
        raise _UnreadableError("transient", "answers in an encoding that it was not asked for")
    response.stream = _Bounded(cast("httpx2.SyncByteStream", response.stream))


def _read(question: Question, host: str, body: bytes) -> Outcome:
    try:
        reply = msgspec.json.decode(body, type=_Reply)
        choice = reply.choices[0]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, IndexError):
        return ProviderError(
            "transient", f"{host} answers in something else than OpenAI's protocol", tokens=None
        )
    tokens = used(question, reply.usage, "prompt_tokens", "completion_tokens")
    if choice.message.refusal:
        return ProviderError("refused", f"{question.model} will not answer", tokens=tokens)
    match choice.finish_reason:
        case "stop":
            return answer(choice.message.content, tokens)
        case "length":
            return ProviderError("cut", "the answer was longer than allowed", tokens=tokens)
        case "content_filter":
            return ProviderError("refused", f"a filter of {host} cut the answer", tokens=tokens)
        case _:
            return ProviderError("transient", "the answer did not come to its end", tokens=tokens)


def _out_of_reach(error: openai.APIConnectionError, message: str) -> ProviderError:
    never_sent = isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout)
    return ProviderError("transient", message, tokens=(0, 0) if never_sent else None)


def _failure(error: openai.APIStatusError, host: str, question: Question) -> ProviderError:
    """What a status means. Nothing of the body is repeated: it may repeat the key."""
    status = error.status_code
    words = {error.code, error.type}
    if status == 402 or words & _NO_QUOTA:  # noqa: PLR2004
        return ProviderError("terminal", f"{host} has no quota left for this key: see its billing")
    if words & _REFUSALS:
        return ProviderError("refused", f"a filter of {host} will not have the question")
    if status in _BUSY or status >= 500:  # noqa: PLR2004
        wait = retry_after(error.response.headers.get("retry-after"))
        return ProviderError(
            "transient",
            f"{host} is busy or broken: HTTP {status}",
            retry_after=wait,
            tokens=None if status in TIMED_OUT else (0, 0),
        )
    if status == 400:  # noqa: PLR2004  this question may be too long, and others are not
        return ProviderError("refused", f"{host} does not take the question: HTTP 400")
    message = _TERMINAL.get(status, "does not take the question: HTTP {status}")
    told = message.format(model=question.model, status=status)
    return ProviderError("terminal", f"{host} {told}")
