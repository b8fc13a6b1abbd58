"""What a raw segment's footer says of all its records.

Belongs here: that, and nothing else; writing and reading it is `segments`' own.
"""

from datetime import datetime

import msgspec

from journey_dagster.topics.files import Layout


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where the records of a segment came from, and how to read them."""

    source: str
    """The folder of its source: the shape of a file, or kafka."""
    topic: str
    landed_at: datetime
    layout: Layout
    file: str | None = None
    """Name of the file they came from, without its folder."""
    reading: int = 1
    """A topic that is read again from its beginning is read a second time, and so on."""
    cluster_id: str | None = None
    topic_id: str | None = None
    """The broker's own ids: a topic made anew under an old name is another topic."""
    gap: str | None = None
    """Why the offsets it covers hold no records, where a broker had lost them."""
    n_erased: int = 0
    """Records that were there and are left out for good (`suppression`)."""
