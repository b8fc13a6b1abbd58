"""Questions and replies on the wire, whichever protocol they are in.

Belongs here: the types that all of the stand-in shares, and what both services refuse.
Does not belong here: either protocol's own words (`openai`, `bedrock`), what is answered.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, cast

Stop = Literal["end", "length", "filter", "refusal"]
"""Why an answer ends."""

Trouble = Literal[
    "busy", "quota", "key", "expired", "forbidden", "model", "request", "timeout", "conflict",
    "not ready", "model error", "broken", "unavailable",
]  # fmt: skip
"""Errors that services have words for."""

Pace = Literal["whole", "drip", "cut", "reset", "hang"]
"""How a reply leaves: at once, a byte now and then, half, not at all, never."""

Usage = tuple[object, object] | Literal["counted", "missing"]
"""Tokens in and out as the service states them."""


class Request(NamedTuple):
    """What came in, byte for byte."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What goes out."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    after: float = 0
    """Seconds before anything is said."""
    pace: Pace = "whole"
    every: float = 0.2
    """Seconds between the bytes of a drip."""


class Speech(Protocol):
    """A protocol's own words."""

    def says(self, asked: "Asked", text: str | None, stop: Stop, usage: Usage) -> Reply:
        """An answer, as this protocol words it."""
        ...

    def fails(self, trouble: Trouble, message: str) -> Reply:
        """An error, likewise."""
        ...


@dataclass(frozen=True)
class Asked:
    """A question as a service understands it."""

    service: Literal["openai", "bedrock"]
    model: str
    instructions: str
    facts: str
    """The user's message."""
    schema_name: str
    schema: Mapping[str, Any]
    max_tokens: int
    authorization: str
    speech: Speech

    @property
    def data(self) -> Mapping[str, Any]:
        """The user's message as JSON; nothing, if it is none."""
        try:
            found = json.loads(self.facts)
        except ValueError:
            return {}
        return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}

    def says(self, text: str | None, *, stop: Stop = "end", usage: Usage = "counted") -> Reply:
        """An answer in the protocol of the question.

        Args:
            text: of the model; None where there is not even an empty one.
            stop: why it ends.
            usage: tokens in and out as stated, counted, or not stated at all.
        """
        counted = (len(self.instructions + self.facts) // 4 + 1, len(text or "") // 4 + 1)
        return self.speech.says(self, text, stop, counted if usage == "counted" else usage)

    def fails(self, trouble: Trouble) -> Reply:
        """An error in the protocol of the question; like a careless service's, it repeats it.

        Args:
            trouble: what is wrong.
        """
        told = f"{trouble}: {self.authorization} asked {self.model}: {self.facts[:500]}"
        return self.speech.fails(trouble, told)


Behaviour = Callable[[Asked], Reply]
"""What a server does with a question."""


class UnfitError(Exception):
    """A request that the service would refuse; the message says why."""


def check_schema(schema: object) -> None:
    """See that both services would take a schema: closed objects, all of them required.

    Raises:
        UnfitError: one of them would not.
    """
    for node in _nodes(schema):
        if loose := node.keys() & _REFUSED:
            raise UnfitError(f"the schema has {sorted(loose)}")
        if node.get("type") == "object":
            if node.get("additionalProperties") is not False:
                raise UnfitError("the schema has an object that is not closed")
            if set(node.get("required", ())) != set(node.get("properties", ())):
                raise UnfitError("the schema has a property that is not required")


_REFUSED = {
    "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "maxItems", "uniqueItems", "patternProperties", "allOf", "oneOf", "not", "if",
    "default",
}  # fmt: skip
"""Keywords that Bedrock, OpenAI or both answer with an error."""


def _nodes(schema: object) -> Iterator[Mapping[str, Any]]:
    if not isinstance(schema, dict):
        raise UnfitError("the schema is no object")
    node = cast("dict[str, Any]", schema)
    yield node
    for inner in (*node.get("properties", {}).values(), *node.get("anyOf", ())):
        yield from _nodes(inner)
    if "items" in node:
        yield from _nodes(node["items"])
