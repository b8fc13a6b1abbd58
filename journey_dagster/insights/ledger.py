"""What models are to be asked, were asked, cost and answered: one SQLite file beside the warehouse.

Belongs here: questions that wait, reservations against the caps, settling, answers to use again.
Does not belong here: prices and retries (`asking`), what is asked (`generations`).

Money is reserved before a call and settled with its answer in one transaction. A call that was
killed in between keeps its reservation, since nobody knows whether it was billed. So what is
spent stays below the caps, and an answer that arrived is never paid for twice. The warehouse is not
used for this because it stays closed while models are asked.
"""

import sqlite3
import threading
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from journey_dagster.insights.question import Answer

_TABLES = """
create table if not exists questions (
    user_id text not null,
    generation text not null,
    key text not null,            -- hash of all that the answer depends on
    model text not null,          -- service:model
    facts text not null,          -- what leaves, as JSON
    trouble text,                 -- why the last try ended without an answer
    primary key (user_id, generation)
) without rowid;
create table if not exists calls (
    call_id integer primary key,
    user_id text not null,
    generation text not null,
    key text not null,
    model text not null,
    run_id text not null,
    day text not null,            -- of the reservation, in UTC
    reserved integer not null,    -- micro-dollars, the most that the call can cost
    spent integer,                -- micro-dollars; null while it is not known
    tokens_in integer,
    tokens_out integer,
    answer text,
    trouble text,
    started_at text not null,
    ended_at text
);
create index if not exists calls_by_user on calls (user_id, key);
create index if not exists calls_by_day on calls (day, user_id);
create index if not exists calls_by_run on calls (run_id);
"""

WAIT = 10
"""Seconds to wait for another process that writes."""

_TAKEN = "select coalesce(sum(coalesce(spent, reserved)), 0) from calls where"


class OverBudgetError(Exception):
    """The call could cost more than a cap leaves; the message names the cap."""

    kind = "budget"


class LedgerError(Exception):
    """The ledger cannot be read or written, so no cap would hold; the message says which file."""

    kind = "ledger"


@dataclass(frozen=True)
class Caps:
    """The most that may be spent, in micro-dollars."""

    user: int
    """On one user in a day."""
    run: int
    day: int


class Waiting(NamedTuple):
    """A question about a user."""

    user_id: str
    generation: str
    key: str
    model: str
    """As SERVICE:MODEL."""
    facts: str


class Paid(NamedTuple):
    """An answer that is there."""

    text: str
    tokens_in: int
    tokens_out: int
    micro_usd: int
    ended_at: str
    run_id: str


class Ledger:
    """The file, for one process; several processes may have it open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._con = sqlite3.connect(
                path, timeout=WAIT, isolation_level=None, check_same_thread=False
            )
            path.chmod(0o600)  # titles that a user read are for nobody else on the machine
            # What is written survives a kill and a power cut; readers do not wait for writers.
            self._con.execute("pragma journal_mode = wal")
            self._con.execute("pragma synchronous = full")
            self._con.execute("pragma secure_delete = on")
            self._con.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._con.close()

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(f"{self._path} cannot be used ({error})") from error

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection]:
        """One transaction at a time, among processes too: what is read stays true to its end."""
        with self._lock, self._told():
            self._con.execute("begin immediate")
            try:
                yield self._con
            except BaseException:
                self._con.execute("rollback")
                raise
            self._con.execute("commit")

    # ---- questions -------------------------------------------------------------------------------

    def put(self, user_ids: Iterable[str], questions: Iterable[Waiting]) -> None:
        """Let these be all questions about these users."""
        with self._writing() as con:
            con.executemany("delete from questions where user_id = ?", [(u,) for u in user_ids])
            con.executemany("insert into questions values (?, ?, ?, ?, ?, null)", questions)

    def forget(self, user_ids: Sequence[str]) -> int:
        """Remove what was asked and answered about users; what it cost stays, as nobody's.

        All questions go, since the facts of others may hold a title that only these users had; the
        next run asks them again, of answers that are there.

        Returns:
            Questions and answers about these users that were removed.
        """
        with self._writing() as con:
            n_removed = 0
            for user_id in user_ids:
                gone = con.execute("delete from questions where user_id = ?", (user_id,))
                emptied = con.execute(
                    "update calls set user_id = '', generation = '', key = '', answer = null, "
                    "trouble = null where user_id = ?",
                    (user_id,),
                )
                n_removed += gone.rowcount + emptied.rowcount
            con.execute("delete from questions")
        with self._lock, self._told():
            self._con.execute("vacuum")
            self._con.execute("pragma wal_checkpoint(truncate)")
        return n_removed

    def n_questions(self, user_ids: Sequence[str]) -> int:
        """How many questions there are about these users, answered or not."""
        counts = self._read("select count(*) from questions where user_id = ?", user_ids)
        return sum(row[0] for row in counts)

    def waiting(self, user_ids: Sequence[str]) -> list[Waiting]:
        """The questions about these users that have no answer yet."""
        rows = self._read(
            "select user_id, generation, key, model, facts from questions "
            "where user_id = ? and not exists (select 1 from calls where calls.user_id = "
            "questions.user_id and calls.key = questions.key and answer is not null)",
            user_ids,
        )
        return [Waiting(*row) for row in rows]

    def give_up(self, question: Waiting, trouble: str) -> None:
        """Note why a question has no answer."""
        with self._writing() as con:
            con.execute(
                "update questions set trouble = ? where user_id = ? and generation = ?",
                (trouble, question.user_id, question.generation),
            )

    def troubles(self, user_ids: Sequence[str]) -> dict[tuple[str, str], str]:
        """Why questions have no answer, by user and generation."""
        rows = self._read(
            "select user_id, generation, trouble from questions "
            "where user_id = ? and trouble is not null",
            user_ids,
        )
        return {(user_id, generation): trouble for user_id, generation, trouble in rows}

    # ---- answers ---------------------------------------------------------------------------------

    def answers(self, user_ids: Sequence[str]) -> dict[tuple[str, str], Paid]:
        """The latest answer to each question that was ever asked about these users.

        Returns:
            By user and key of the question.
        """
        rows = self._read(
            "select user_id, key, answer, tokens_in, tokens_out, spent, ended_at, run_id "
            "from calls where user_id = ? and answer is not null order by call_id",
            user_ids,
        )
        return {(user_id, key): Paid(*rest) for user_id, key, *rest in rows}

    # ---- money -----------------------------------------------------------------------------------

    def reserve(self, question: Waiting, run_id: str, micro_usd: int, caps: Caps) -> int:
        """Set money aside for a call.

        Returns:
            The call's number, for `settle` or `fail`.

        Raises:
            OverBudgetError: a cap would not hold if the call cost that much.
        """
        now = datetime.now(UTC)
        day = now.date().isoformat()
        with self._writing() as con:
            for cap, name, where, values in (
                (caps.user, "user and day", "day = ? and user_id = ?", (day, question.user_id)),
                (caps.run, "run", "run_id = ?", (run_id,)),
                (caps.day, "day", "day = ?", (day,)),
            ):
                taken = con.execute(f"{_TAKEN} {where}", values).fetchone()[0]
                if taken + micro_usd > cap:
                    raise OverBudgetError(
                        f"{usd(taken)} of {usd(cap)} per {name} are taken, "
                        f"and the call may cost {usd(micro_usd)}"
                    )
            cursor = con.execute(
                "insert into calls (user_id, generation, key, model, run_id, day, reserved, "
                "started_at) values (?, ?, ?, ?, ?, ?, ?, ?)",
                (*question[:4], run_id, day, micro_usd, now.isoformat()),
            )
            return cursor.lastrowid or 0

    def settle(self, call_id: int, answer: Answer, micro_usd: int) -> None:
        """Put down what an answer cost, with the answer."""
        with self._writing() as con:
            con.execute(
                "update calls set spent = ?, tokens_in = ?, tokens_out = ?, answer = ?, "
                "ended_at = ? where call_id = ?",
                (micro_usd, answer.tokens_in, answer.tokens_out, answer.text, _now(), call_id),
            )

    def fail(self, call_id: int, trouble: str, micro_usd: int | None) -> None:
        """Put down that a call brought no answer.

        Args:
            call_id: of the reservation.
            trouble: what happened.
            micro_usd: what it cost all the same; None where nobody knows, and all that was set
                aside counts as spent.
        """
        with self._writing() as con:
            con.execute(
                "update calls set spent = coalesce(?, reserved), trouble = ?, ended_at = ? "
                "where call_id = ?",
                (micro_usd, trouble, _now(), call_id),
            )

    def taken(self, run_id: str) -> int:
        """Micro-dollars that a run has spent or set aside."""
        return self._read(f"{_TAKEN} run_id = ?", [run_id])[0][0]

    def most(self) -> Caps:
        """The most that a user, a run and all runs have taken today (UTC)."""
        taken = "select coalesce(sum(coalesce(spent, reserved)), 0) as taken from calls"
        today = datetime.now(UTC).date().isoformat()
        found = [
            self._read(f"select max(taken) from ({taken} where day = ? group by {by})", [today])
            for by in ("user_id", "run_id", "day")
        ]
        return Caps(*(rows[0][0] or 0 for rows in found))

    def _read(self, sql: str, values: Iterable[str]) -> list[tuple[Any, ...]]:
        """The rows for each value in turn: no list is too long for that."""
        with self._lock, self._told():
            return [row for value in values for row in self._con.execute(sql, (value,))]


class Spent(NamedTuple):
    """Money that went to models, in micro-dollars, what is set aside for calls included."""

    total: int
    today: int
    """Since midnight, UTC."""
    n_calls: int


def spent(path: Path) -> Spent:
    """What a ledger says, for whoever only looks; nothing where there is none.

    Raises:
        LedgerError: it cannot be read.
    """
    if not path.is_file():
        return Spent(0, 0, 0)
    query = (
        "select coalesce(sum(coalesce(spent, reserved)), 0), "
        "coalesce(sum(coalesce(spent, reserved)) filter (where day = ?), 0), count(*) from calls"
    )
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=WAIT)) as con:
            return Spent(*con.execute(query, (datetime.now(UTC).date().isoformat(),)).fetchone())
    except sqlite3.Error as error:
        raise LedgerError(f"{path} cannot be read ({error})") from error


def usd(micro: int) -> str:
    """Micro-dollars as people write them."""
    return f"${micro / 1_000_000:.4f}"


def _now() -> str:
    return datetime.now(UTC).isoformat()
