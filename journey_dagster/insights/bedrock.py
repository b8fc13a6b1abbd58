"""AWS Bedrock, through boto3 and its Converse API.

Belongs here: a question as `converse`, its reply, what each failure means.
Does not belong here: retries, deadlines of a whole call, money (`asking`).

Keys come as AWS's own tools take them: AWS_BEARER_TOKEN_BEDROCK, AWS_PROFILE, or a pair of keys.
"""

import json
import logging
import math
import os
import threading
import weakref
from collections.abc import Mapping
from typing import Any, Protocol, cast

import botocore.session
import msgspec
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    LoginError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.parsers import ResponseParserError

from journey_dagster.insights.question import Provider, ProviderError, Question
from journey_dagster.insights.replies import TIMED_OUT, Outcome, answer, provider, retry_after, used
from journey_dagster.settings import InsightsSettings

_NO_KEY = (
    CredentialRetrievalError,
    LoginError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
_BUSY = {408, 409, 424, 429}

SET_KEY = (
    "set AWS_BEARER_TOKEN_BEDROCK, AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)
_WRONG_KEY = f"AWS does not take the key: {SET_KEY}"
_TERMINAL = {
    "AccessDeniedException": "AWS does not let this key use the model: see model access in Bedrock",
    "ResourceNotFoundException": "Bedrock has no such model in this region: check INSIGHTS_*",
    "ServiceQuotaExceededException": "the account has no quota left for the model",
    "UnrecognizedClientException": _WRONG_KEY,
    "InvalidSignatureException": _WRONG_KEY,
    "IncompleteSignatureException": _WRONG_KEY,
    "ExpiredTokenException": f"the key of AWS has expired: {SET_KEY}",
}


SHAPE = "Answer with one JSON object of this JSON Schema, and nothing before or after it:"


class _Client(Protocol):
    def converse(self, **asked: object) -> Mapping[str, object]: ...

    def close(self) -> None: ...


class _Part(msgspec.Struct):
    text: str = ""


class _Message(msgspec.Struct):
    content: list[_Part]


class _Output(msgspec.Struct):
    message: _Message


class _Reply(msgspec.Struct):
    """What of a reply is read; its usage may be anything."""

    output: _Output
    stopReason: str  # noqa: N815  AWS's name
    usage: Any = None


class _Clients:
    """Clients by the seconds they wait: botocore takes a timeout for a client, not for a call."""

    def __init__(self, settings: InsightsSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._session: botocore.session.Session | None = None
        self._made: dict[int, _Client] = {}

    def waiting(self, seconds: float) -> _Client:
        """A client for this long, in whole seconds so that there are few.

        Raises:
            BotoCoreError: the region, the profile or a file of AWS's tools is wrong.
        """
        rounded = math.ceil(seconds)
        with self._lock:
            if rounded not in self._made:
                self._made[rounded] = self._make(rounded)
            return self._made[rounded]

    def _make(self, seconds: int) -> _Client:
        if self._session is None:
            self._session = _session()
        made = self._session.create_client(
            "bedrock-runtime",
            region_name=self._settings.aws_region,
            endpoint_url=self._settings.bedrock_url,
            config=Config(
                retries={"total_max_attempts": 1},
                connect_timeout=min(seconds, 5),
                read_timeout=seconds,
                max_pool_connections=self._settings.concurrency,
            ),
        )
        return cast("_Client", made)

    def close(self) -> None:
        """Close them all."""
        for client in self._made.values():
            client.close()


def _session() -> botocore.session.Session:
    session = botocore.session.get_session()
    # A machine without a key is told at once, and no address inside a network is tried.
    session.get_component("credential_provider").remove("iam-role")
    return session


def has_key() -> bool:
    """Whether there is a key to ask with, valid or not.

    Raises:
        BotoCoreError: the profile or a file of AWS's tools is wrong.
    """
    found = cast("object", _session().get_credentials())
    return found is not None or bool(os.environ.get("AWS_BEARER_TOKEN_BEDROCK"))


def address(settings: InsightsSettings) -> str:
    """Where Bedrock is asked.

    Raises:
        BotoCoreError: the region is none.
    """
    made: Any = _session().create_client(
        "bedrock-runtime", region_name=settings.aws_region, endpoint_url=settings.bedrock_url
    )
    return made.meta.endpoint_url


def bedrock_provider(settings: InsightsSettings) -> Provider:
    """Asks Bedrock; without a key it says so when asked.

    Args:
        settings: region, address, questions at once.
    """
    # Whoever turns on debug output of everything would write questions into it.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    clients = _Clients(settings)

    def ask(question: Question, seconds: float) -> Outcome:
        try:
            reply = _converse(clients.waiting(seconds), question)
        except ClientError as error:
            return _refused(error)
        except BotoCoreError as error:
            return _failure(error, seconds)
        except (ResponseParserError, AttributeError, TypeError, ValueError):
            return _other_protocol()  # botocore trips over what it did not expect
        return _read(question, reply)

    asking = provider(ask)
    weakref.finalize(asking, clients.close)
    return asking


def _converse(client: _Client, question: Question) -> Mapping[str, object]:
    return client.converse(
        modelId=question.model,
        system=[{"text": question.instructions}, {"text": _shape(question)}],
        messages=[{"role": "user", "content": [{"text": question.facts}]}],
        inferenceConfig={"maxTokens": question.max_tokens},
    )


def _shape(question: Question) -> str:
    """The schema in words of the question, not in Bedrock's own field for it.

    Bedrock compiles a schema that it meets for the first time in a day, which may take minutes:
    longer than a nightly run has for a user. It also takes schemas for some models alone.
    """
    schema = {"title": question.schema_name, **question.schema}
    return f"{SHAPE}\n{json.dumps(schema)}"


def _read(question: Question, reply: Mapping[str, object]) -> Outcome:
    try:
        found = msgspec.convert(reply, _Reply)
    except msgspec.ValidationError:
        return _other_protocol()
    tokens = used(question, found.usage, "inputTokens", "outputTokens")
    match found.stopReason:
        case "end_turn" | "stop_sequence":
            text = "".join(part.text for part in found.output.message.content)
            return answer(text, tokens)
        case "max_tokens" | "model_context_window_exceeded":
            return ProviderError("cut", "the answer was longer than allowed", tokens=tokens)
        case "guardrail_intervened" | "content_filtered" | "refusal":
            return ProviderError(
                "refused", "the model, or a filter, will not answer", tokens=tokens
            )
        case _:
            return ProviderError("transient", "the answer did not come to its end", tokens=tokens)


def _other_protocol() -> ProviderError:
    return ProviderError(
        "transient", "Bedrock answers in something else than its protocol", tokens=None
    )


def _failure(error: BotoCoreError, seconds: float) -> ProviderError:
    """What it means that there was no reply."""
    name = type(error).__name__
    match error:
        case ReadTimeoutError():
            message = f"Bedrock gave no answer within {seconds:.0f} s"
            return ProviderError("transient", message, tokens=None)
        case NoConnectionError():
            return ProviderError("transient", "Bedrock could not be reached")
        case HTTPClientError():
            return ProviderError("transient", "Bedrock broke off", tokens=None)
        case _ if isinstance(error, _NO_KEY):
            return ProviderError("terminal", f"no key of AWS ({name}): {SET_KEY}")
        case _:
            return ProviderError("terminal", f"Bedrock cannot be asked with these settings: {name}")


def _refused(error: ClientError) -> ProviderError:
    """What an error means. Nothing of the service's own words is repeated."""
    reply = cast("Mapping[str, Any]", error.response)
    about = reply.get("ResponseMetadata", {})
    status: int = about.get("HTTPStatusCode", 0)
    if reply.get("Error", {}).get("Code") == "ValidationException":
        told = "Bedrock does not take the question, or the model in this region"
        return ProviderError("refused", told)  # this one may be too long, and others are not
    if message := _TERMINAL.get(reply.get("Error", {}).get("Code", "")):
        return ProviderError("terminal", message)
    if status in _BUSY or status >= 500:  # noqa: PLR2004
        wait = retry_after(about.get("HTTPHeaders", {}).get("retry-after"))
        return ProviderError(
            "transient",
            f"Bedrock is busy or broken: HTTP {status}",
            retry_after=wait,
            tokens=None if status in TIMED_OUT else (0, 0),
        )
    return ProviderError("terminal", f"Bedrock does not take the question: HTTP {status}")
