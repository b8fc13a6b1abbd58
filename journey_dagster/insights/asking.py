"""Questions to answers: within time, within money, and the same whoever fails.

Belongs here: concurrency, deadlines, the one layer of retries, the breaker, reservations.
Does not belong here: a service's protocol (`openai`, `bedrock`), what answers say (`telling`).

Whatever goes wrong ends as a note beside the question, never as an exception: the user's report is
then told by template. A service that fails five times in a row, or that says nobody will get an
answer, is not asked again in this run.
"""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar

import stamina
import stamina.instrumentation

from journey_dagster.insights.generations import question
from journey_dagster.insights.ledger import Caps, Ledger, LedgerError, OverBudgetError, Waiting
from journey_dagster.insights.prices import (
    UnknownPriceError,
    micro_usd,
    most_tokens_in,
    price,
)
from journey_dagster.insights.question import Answer, Provider, ProviderError, Question
from journey_dagster.insights.reading import read_answer
from journey_dagster.settings import InsightsSettings

T = TypeVar("T")

ATTEMPTS = 3
TROUBLES = (ProviderError, OverBudgetError, UnknownPriceError, LedgerError)

IN_A_ROW = 5
"""Failures after which a service counts as down."""

REPAIR = "Your last answer was not JSON of the schema. Answer again, with that JSON alone."

stamina.instrumentation.set_on_retry_hooks(())  # what came of it is told in the end


@dataclass
class Asked:
    """What came of a run's questions."""

    n_answered: int = 0
    troubles: Counter[str] = field(default_factory=Counter[str])
    """Questions without an answer, by what happened."""
    tokens_in: int = 0
    tokens_out: int = 0


class Service:
    """A service as this run knows it: whether it is worth asking."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._lock = threading.Lock()
        self._failures = 0
        self._has_answered = False
        self._closed: str | None = None
        self._first = threading.Lock()
        self._is_known = False

    def ask(self, asked: Question, seconds: float) -> Answer:
        """Ask, unless nobody would get an answer.

        Raises:
            ProviderError: there is no answer.
        """
        until = time.monotonic() + seconds
        with self._one_first(seconds):
            self.check_open()
            try:
                answer = within(until - time.monotonic(), self._provider, asked)
            except ProviderError as error:
                self._note(error)
                raise
        with self._lock:
            self._failures, self._has_answered = 0, True
        return answer

    def check_open(self) -> None:
        """Raise what closed it, if anything did.

        Raises:
            ProviderError: nobody is asked any more.
        """
        if self._closed:
            raise ProviderError("terminal", self._closed)

    def close(self, trouble: str) -> None:
        """Ask it no more in this run."""
        with self._lock:
            self._closed = self._closed or trouble

    def _note(self, error: ProviderError) -> None:
        with self._lock:
            # One question may be refused for itself; if all are, the service takes none.
            counts = error.kind == "transient" or (
                error.kind == "refused" and not self._has_answered
            )
            self._failures = self._failures + 1 if counts else 0
            down = self._failures >= IN_A_ROW
        if error.kind == "terminal" or down:
            self.close(f"unavailable: {error}")

    @contextmanager
    def _one_first(self, seconds: float) -> Generator[None]:
        """Until a call came back all others wait: a bad key is found out once, not per user."""
        if self._is_known or not self._first.acquire(timeout=max(seconds, 0)):
            yield
            return
        if self._is_known:
            self._first.release()
            yield
            return
        try:
            yield
        finally:
            self._is_known = True
            self._first.release()


class Asker:
    """Asks for one run."""

    def __init__(
        self,
        settings: InsightsSettings,
        ledger: Ledger,
        run_id: str,
        providers: Mapping[str, Provider] | None = None,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._run_id = run_id
        self._providers = dict(providers or {})
        self._services: dict[str, Service] = {}
        self._is_stopping = False
        self._caps = Caps(
            *(round(cap * 1_000_000) for cap in (
                settings.cap_user_usd, settings.cap_run_usd, settings.cap_day_usd
            ))
        )  # fmt: skip
        self._chance = random.Random()  # noqa: S311  so that not all come back at once
        self._asked = Asked()
        self._lock = threading.Lock()

    def ask_all(self, questions: Sequence[Waiting]) -> Asked:
        """Put an answer, or what went wrong, beside each of these questions."""
        by_user: dict[str, list[Waiting]] = defaultdict(list)
        for asked in questions:
            self._service(asked.model)  # setting one up takes seconds, and none of a user's
            by_user[asked.user_id].append(asked)
        pool = ThreadPoolExecutor(self._settings.concurrency, thread_name_prefix="insights")
        try:
            for _ in pool.map(self._ask_about_user, by_user.values()):
                pass
        finally:
            self._is_stopping = True
            pool.shutdown(cancel_futures=True)
        return self._asked

    def ask_one(self, asked: Waiting) -> str | None:
        """Put an answer into the ledger, or return what went wrong."""
        self._service(asked.model)
        try:
            self._answer(asked, time.monotonic() + self._settings.user_seconds)
        except TROUBLES as error:
            return str(error)
        return None

    def _ask_about_user(self, questions: Sequence[Waiting]) -> None:
        deadline = time.monotonic() + self._settings.user_seconds
        for asked in questions:
            try:
                answer = self._answer(asked, deadline)
            except TROUBLES as error:
                with suppress(LedgerError):
                    self._ledger.give_up(asked, f"{error.kind}: {error}")
                with self._lock:
                    self._asked.troubles[error.kind] += 1
            else:
                with self._lock:
                    self._asked.n_answered += 1
                    self._asked.tokens_in += answer.tokens_in
                    self._asked.tokens_out += answer.tokens_out

    def _answer(self, asked: Waiting, deadline: float) -> Answer:
        """Ask until there is an answer, at most three times."""
        told = question(asked)
        repairs = 0

        def pause(error: Exception) -> bool | float:
            """Seconds to the next attempt, or False where there is none."""
            nonlocal told, repairs
            if not isinstance(error, ProviderError):
                return False
            if error.kind == "invalid" and repairs == 0:
                repairs += 1
                told = replace(told, instructions=f"{told.instructions}\n{REPAIR}")
                return 0.0
            if error.kind != "transient":
                return False
            wait = error.retry_after if error.retry_after is not None else self._backoff()
            return wait if time.monotonic() + wait < deadline else False

        for attempt in stamina.retry_context(
            on=pause,
            attempts=ATTEMPTS,
            timeout=max(deadline - time.monotonic(), 0.001),
        ):
            with attempt:
                return self._attempt(asked, told, deadline)
        raise AssertionError  # the last attempt returns or raises

    def _backoff(self) -> float:
        return self._chance.uniform(0.2, 2)

    def _service(self, model: str) -> Service:
        """One for each model: what is wrong with one says nothing of another."""
        with self._lock:
            if model not in self._services:
                name = model.partition(":")[0]
                if name not in self._providers:
                    self._providers[name] = _set_up(name, self._settings)
                self._services[model] = Service(self._providers[name])
            return self._services[model]

    def _attempt(self, asked: Waiting, told: Question, deadline: float) -> Answer:
        """One call, paid from money set aside."""
        if self._is_stopping:
            raise ProviderError("terminal", "the run was stopped")
        service = self._service(asked.model)
        service.check_open()  # before money is set aside, which is written down twice
        costs = price(told.model, self._settings)
        seconds = min(self._settings.timeout_seconds, deadline - time.monotonic())
        if seconds <= 0:
            raise ProviderError("terminal", "no time left for this user")
        most_in = most_tokens_in(told)
        most = micro_usd(costs, most_in, told.max_tokens)
        call_id = self._ledger.reserve(asked, self._run_id, most, self._caps)
        try:
            answer = service.ask(told, seconds)
        except ProviderError as error:
            spent = None if error.tokens is None else min(micro_usd(costs, *error.tokens), most)
            self._ledger.fail(call_id, str(error), spent)
            raise
        stated = micro_usd(costs, answer.tokens_in, answer.tokens_out)
        if stated > most:
            service.close("unavailable: it states more tokens than there can be")
        spent = min(stated, most)
        answer = Answer(
            answer.text,
            min(answer.tokens_in, most_in),
            min(answer.tokens_out, told.max_tokens),
        )
        text = read_answer(answer.text, told.schema_name)
        if text is None:
            self._ledger.fail(call_id, "the answer is not of its schema", spent)
            raise ProviderError("invalid", "the answer is not of its schema")
        self._ledger.settle(call_id, answer._replace(text=text), spent)
        return answer


def _set_up(service: str, settings: InsightsSettings) -> Provider:
    """A service, ready to be asked; one that cannot be set up says so when it is."""
    try:
        if service == "bedrock":
            from journey_dagster.insights.bedrock import bedrock_provider  # noqa: PLC0415

            return bedrock_provider(settings)
        from journey_dagster.insights.openai import openai_provider  # noqa: PLC0415

        return openai_provider(settings)
    except Exception as error:  # noqa: BLE001  an address, a proxy, a certificate
        told = f"{service} cannot be asked with these settings: {type(error).__name__}"

    def unfit(_question: Question, _seconds: float) -> Answer:
        raise ProviderError("terminal", told)

    return unfit


def within(seconds: float, provider: Provider, asked: Question) -> Answer:
    """Ask in a thread that is left behind when time is up.

    A service that sends a byte now and then never runs into a client's own timeout.

    Raises:
        ProviderError: it gave no answer, or none in time.
    """
    found: list[Answer] = []
    trouble: list[ProviderError] = []

    def run() -> None:
        try:
            found.append(provider(asked, seconds))
        except ProviderError as error:
            trouble.append(error)
        except Exception as error:  # noqa: BLE001  whatever a client does, the report is told
            name = type(error).__name__
            trouble.append(ProviderError("transient", f"{name} in the client", tokens=None))

    thread = threading.Thread(target=run, daemon=True, name="insights-call")
    thread.start()
    thread.join(seconds + 0.5)
    if found:
        return found[0]
    if trouble:
        raise trouble[0]
    raise ProviderError("transient", f"no answer within {seconds:.0f} s", tokens=None)
