"""What the doctor says of one thing.

Belongs here: the shape of a finding. Does not belong here: finding anything, printing (`terminal`).
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    what: str
    state: Literal["well", "note", "wrong"]
    told: str
    cure: str | None = None
    """A command, or what to change; None where all is well."""
