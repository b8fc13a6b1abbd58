"""Synthetic events of a site, as one Parquet file: what `bench/journeys.py` measures on.

A user starts sessions at any time of a hundred days; who is busy follows a zipf law. A session is a
walk over the site's links: every page has a few of them, some taken far more often than others. The
file is sorted by time, as events arrive, and made stretch by stretch, so any size fits in memory.
The same numbers give the same file.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

EVENTS_A_USER = 50
EVENTS_A_SESSION = 8
LINKS = 12
"""Links of a page."""
NAMES = ("page_view", "click", "scroll", "search", "add_to_cart", "purchase")
DAYS = 100
STRETCH = 2_000_000
"""Events made at a time, about."""
BEGIN = 1_767_225_600_000_000
"""2026-01-01 00:00 UTC, in microseconds."""

SCHEMA = pa.schema(
    [
        ("user_id", pa.string()),
        ("occurred_at", pa.timestamp("us")),
        ("page", pa.string()),
        ("event", pa.string()),
    ]
)

Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Time in microseconds, number of the user, number of the page, number of the event's name."""


def write(path: Path, n_events: int, pages: int, seed: int = 1) -> None:
    """Write so many events, unless the file is there."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    users = pa.array(
        [f"synthetic-{n * 0x9E3779B97F4A7C15 % 2**64:016x}" for n in range(_users(n_events))]
    )
    addresses = pa.array([f"/section-{n % 37}/page-{n}" for n in range(pages)])
    names = pa.array(NAMES)
    part = path.with_suffix(".part")
    with pq.ParquetWriter(part, SCHEMA, compression="zstd") as file:
        for us, user, page, name in _stretches(n_events, pages, seed):
            texts = (
                users.take(user),
                pa.array(us, pa.timestamp("us")),
                addresses.take(page),
                names.take(name),
            )
            file.write_table(pa.table(list(texts), schema=SCHEMA), row_group_size=250_000)
    part.replace(path)


def _users(n_events: int) -> int:
    return max(n_events // EVENTS_A_USER, 100)


def _stretches(n_events: int, pages: int, seed: int) -> Iterator[Columns]:
    """Events by time; what a session does after its stretch has ended waits for the next."""
    rng = np.random.default_rng(seed)
    busy = _zipf(_users(n_events), exponent=0.8, shift=20)
    links = rng.choice(pages, (pages, LINKS), p=np.diff(_zipf(pages, 1.0, 5), prepend=0))
    n_stretches = max(n_events // STRETCH, 1)
    length = DAYS * 86_400_000_000 // n_stretches
    n_sessions = int(n_events / EVENTS_A_SESSION * 1.02 / n_stretches) + 50
    waiting: Columns | None = None
    left = n_events
    for n in range(n_stretches):
        user = np.searchsorted(busy, rng.random(n_sessions)).astype(np.int32)
        start = BEGIN + n * length + (rng.random(n_sessions) * length).astype(np.int64)
        made = _walked(rng, user, start, links)
        all_ = made if waiting is None else _joined(waiting, made)
        order = np.argsort(all_[0], kind="stable")
        last = n == n_stretches - 1
        ready = left if last else np.searchsorted(all_[0][order], BEGIN + (n + 1) * length)
        now, later = order[: min(ready, left)], order[ready:]
        waiting = _picked(all_, later)
        left -= len(now)
        yield _picked(all_, now)


def _walked(
    rng: np.random.Generator, user: np.ndarray, us: np.ndarray, links: np.ndarray
) -> Columns:
    """One session of each user given, from the time given; all walk at once, step by step."""
    n_steps = rng.geometric(1 / EVENTS_A_SESSION, len(user))
    page = links[0, rng.integers(0, LINKS, len(user))]
    taken = _zipf(LINKS, exponent=1.0, shift=1)
    done: list[Columns] = []
    step = 1
    while len(user):
        name = np.minimum(rng.geometric(0.5, len(user)) - 1, len(NAMES) - 1)
        done.append((us, user, page.astype(np.int16), name.astype(np.int8)))
        on = n_steps > step
        user, us, n_steps, page = user[on], us[on], n_steps[on], page[on]
        us = us + (rng.exponential(60e6, len(user))).astype(np.int64) + 1
        page = links[page, np.searchsorted(taken, rng.random(len(user)))]
        step += 1
    return _joined(*done)


def _zipf(n: int, exponent: float, shift: int) -> np.ndarray:
    """The sums of the shares of n things, of which the first are frequent."""
    weight = 1 / (np.arange(n) + shift) ** exponent
    return np.cumsum(weight) / weight.sum()


def _joined(*parts: Columns) -> Columns:
    us, user, page, name = (np.concatenate(column) for column in zip(*parts, strict=True))
    return us, user, page, name


def _picked(columns: Columns, rows: np.ndarray) -> Columns:
    us, user, page, name = (column[rows] for column in columns)
    return us, user, page, name
