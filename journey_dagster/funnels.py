"""The funnels that people define: the file `funnels.json`, held to its rules.

Belongs here: the file's shape, what is wrong with one, its steps as rows of `raw.funnels`.
Does not belong here: who gets how far (`sql/marts/funnel_steps.sql`), a funnel asked for once
(`sql/macros/main/funnel.sql`).

A funnel is a name, a window in hours and steps in their order. A step is a page, or an object with
a page, an event or both, each one text or a list of which any will do:

    [{"name": "Checkout", "window_hours": 24,
      "steps": ["/cart", {"name": "Paid", "page": "/checkout/payment", "event": "Form Submit"}]}]
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa

LONGEST_WINDOW_HOURS = 24 * 366 * 10
FEWEST_STEPS = 2

_SCHEMA = pa.schema(
    {
        "funnel": pa.string(),
        "window_hours": pa.float64(),
        "step_no": pa.int32(),
        "step": pa.string(),
        "pages": pa.list_(pa.string()),
        "events": pa.list_(pa.string()),
    }
)


class FunnelsError(Exception):
    """The file is wrong; the message says where in one line."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step: what has to happen, and where."""

    page: str | list[str] | None = None
    event: str | list[str] | None = None
    name: str | None = None
    """None: it is called by its events and pages."""


class Funnel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Steps that belong together, and the time there is for them."""

    name: str
    window_hours: float
    """From the first step to the last."""
    steps: list[str | Step]
    """A text is a page."""


def load(path: Path) -> list[Funnel]:
    """The funnels in the order of the file; none if there is no file.

    Raises:
        FunnelsError: not a list of funnels, or one that cannot be counted.
    """
    if not path.exists():
        return []
    try:
        found = msgspec.json.decode(path.read_bytes(), type=list[Funnel])
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise FunnelsError(
            f'{path}: {error}. It should be a list of funnels, {{"name": "...", "window_hours": '
            '24, "steps": ["/a/page", {"page": "...", "event": "..."}]}'
        ) from error
    twice = next((name for name, n in Counter(each.name for each in found).items() if n > 1), None)
    if twice is not None:
        raise FunnelsError(f"{path}: funnel {twice!r} stands twice. Rename or remove one")
    for funnel in found:
        for problem in _problems(funnel):
            raise FunnelsError(f"{path}: funnel {funnel.name!r} {problem}")
    return found


def _problems(funnel: Funnel) -> Iterator[str]:
    if not funnel.name.strip():
        yield "has no name"
    if not 0 < funnel.window_hours <= LONGEST_WINDOW_HOURS:
        yield (
            f"has a window of {funnel.window_hours:g} hours; it must be more than 0 and at most "
            f"{LONGEST_WINDOW_HOURS}"
        )
    if len(funnel.steps) < FEWEST_STEPS:
        yield f"has {len(funnel.steps)} steps; it takes at least {FEWEST_STEPS}"
    for step_no, step in enumerate(map(_whole, funnel.steps), 1):
        if step.page is None and step.event is None:
            yield f"names neither page nor event in step {step_no}"
        for what, told in (("page", step.page), ("event", step.event)):
            if told is not None and not all(text.strip() for text in _texts(told) or [""]):
                yield f"has an empty {what} in step {step_no}"
        if step.name is not None and not step.name.strip():
            yield f"has an empty name in step {step_no}"


def table(funnels: Sequence[Funnel]) -> pa.Table:
    """The steps as `raw.funnels` holds them: one row a step, texts as lists of one."""
    rows = [
        {
            "funnel": funnel.name,
            "window_hours": funnel.window_hours,
            "step_no": step_no,
            "step": step.name,
            "pages": _texts(step.page),
            "events": _texts(step.event),
        }
        for funnel in funnels
        for step_no, step in enumerate(map(_whole, funnel.steps), 1)
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def _whole(step: str | Step) -> Step:
    return Step(page=step) if isinstance(step, str) else step


def _texts(told: str | list[str] | None) -> list[str] | None:
    return [told] if isinstance(told, str) else told
