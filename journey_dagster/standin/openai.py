"""Chat completions, as OpenAI serves them.

Belongs here: requests and replies of `POST /v1/chat/completions`. Does not belong here: answers.
"""

import json
from collections.abc import Mapping
from typing import Any

from journey_dagster.standin.wire import (
    Asked,
    Reply,
    Request,
    Stop,
    Trouble,
    UnfitError,
    Usage,
    check_schema,
)

PATH = "/v1/chat/completions"

_TROUBLES: Mapping[Trouble, tuple[int, str]] = {
    "busy": (429, "rate_limit_exceeded"),
    "quota": (429, "insufficient_quota"),
    "key": (401, "invalid_api_key"),
    "expired": (401, "invalid_api_key"),
    "forbidden": (403, "model_not_allowed"),
    "model": (404, "model_not_found"),
    "request": (400, "invalid_request_error"),
    "timeout": (408, "timeout"),
    "conflict": (409, "conflict"),
    "not ready": (503, "server_error"),
    "model error": (500, "server_error"),
    "broken": (500, "server_error"),
    "unavailable": (503, "server_error"),
}
_FINISH: Mapping[Stop, str] = {"end": "stop", "length": "length", "filter": "content_filter"}


def read(request: Request) -> Asked:
    """The question of a request.

    Raises:
        UnfitError: OpenAI would refuse it.
    """
    try:
        body = json.loads(request.body)
        wanted = body["response_format"]["json_schema"]
        told = {message["role"]: message["content"] for message in body["messages"]}
        asked = Asked(
            service="openai",
            model=body["model"],
            instructions=told["system"],
            facts=told["user"],
            schema_name=wanted["name"],
            schema=wanted["schema"],
            max_tokens=body["max_completion_tokens"],
            authorization=request.headers.get("authorization", ""),
            speech=Words(),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UnfitError(f"{type(error).__name__} {error}") from error
    if "temperature" in body or not wanted.get("strict") or body.get("stream"):
        raise UnfitError("this model takes no temperature; strict and unstreamed answers alone")
    check_schema(asked.schema)
    return asked


class Words:
    """OpenAI's replies."""

    def says(self, asked: Asked, text: str | None, stop: Stop, usage: Usage) -> Reply:
        """A chat completion."""
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        if stop == "refusal":
            message |= {"content": None, "refusal": text}
        reply: dict[str, Any] = {
            "id": "chatcmpl-standin",
            "object": "chat.completion",
            "created": 0,
            "model": asked.model,
            "choices": [
                {
                    "index": 0,
                    "message": message,
                    "logprobs": None,
                    "finish_reason": _FINISH.get(stop, "stop"),
                }
            ],
        }
        if usage not in {"missing", "counted"}:
            into, out = usage
            reply["usage"] = {"prompt_tokens": into, "completion_tokens": out}
        return Reply(200, json.dumps(reply).encode())

    def fails(self, trouble: Trouble, message: str) -> Reply:
        """An error object."""
        status, code = _TROUBLES[trouble]
        error = {"message": message, "type": code, "param": None, "code": code}
        return Reply(status, json.dumps({"error": error}).encode())
