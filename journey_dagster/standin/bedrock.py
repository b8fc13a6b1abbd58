"""Converse, as Bedrock serves it.

Belongs here: requests and replies of `POST /model/{modelId}/converse`. Does not belong here:
answers.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

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

PATH = re.compile(r"/model/([^/]+)/converse")

_TROUBLES: Mapping[Trouble, tuple[int, str]] = {
    "busy": (429, "ThrottlingException"),
    "quota": (400, "ServiceQuotaExceededException"),
    "key": (403, "UnrecognizedClientException"),
    "expired": (403, "ExpiredTokenException"),
    "forbidden": (403, "AccessDeniedException"),
    "model": (404, "ResourceNotFoundException"),
    "request": (400, "ValidationException"),
    "timeout": (408, "ModelTimeoutException"),
    "conflict": (409, "ConflictException"),
    "not ready": (429, "ModelNotReadyException"),
    "model error": (424, "ModelErrorException"),
    "broken": (500, "InternalServerException"),
    "unavailable": (503, "ServiceUnavailableException"),
}
_STOPS: Mapping[Stop, str] = {
    "end": "end_turn",
    "length": "max_tokens",
    "filter": "content_filtered",
    "refusal": "guardrail_intervened",
}


def read(request: Request) -> Asked:
    """The question of a request.

    Raises:
        UnfitError: Bedrock would refuse it.
    """
    try:
        body = json.loads(request.body)
        wanted = json.loads(body["system"][1]["text"].partition("\n")[2])
        name = wanted.pop("title")
        asked = Asked(
            service="bedrock",
            model=unquote(request.path.split("/")[2]),
            instructions=body["system"][0]["text"],
            facts=body["messages"][0]["content"][0]["text"],
            schema_name=name,
            schema=wanted,
            max_tokens=body["inferenceConfig"]["maxTokens"],
            authorization=request.headers.get("authorization", ""),
            speech=Words(),
        )
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise UnfitError(f"{type(error).__name__} {error}") from error
    check_schema(asked.schema)
    return asked


class Words:
    """Bedrock's replies."""

    def says(self, asked: Asked, text: str | None, stop: Stop, usage: Usage) -> Reply:
        """A message and why it ends."""
        del asked
        content = [] if text is None else [{"text": text}]
        reply: dict[str, Any] = {
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": _STOPS[stop],
            "metrics": {"latencyMs": 1},
        }
        if usage not in {"missing", "counted"}:
            into, out = usage
            reply["usage"] = {"inputTokens": into, "outputTokens": out, "totalTokens": 0}
        return Reply(200, json.dumps(reply).encode())

    def fails(self, trouble: Trouble, message: str) -> Reply:
        """An error of AWS, named in a header."""
        status, name = _TROUBLES[trouble]
        return Reply(
            status,
            json.dumps({"message": message}).encode(),
            {"x-amzn-ErrorType": f"{name}:http://internal.amazon.com/coral/com.amazon.bedrock/"},
        )
