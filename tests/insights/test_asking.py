"""Asking: in time, within the caps, never twice for an answer, and never an exception."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
import stamina

from journey_dagster.insights.asking import ATTEMPTS, IN_A_ROW, REPAIR, Asked, Asker, within
from journey_dagster.insights.ledger import Ledger, LedgerError, Waiting
from journey_dagster.insights.question import Answer, Provider, ProviderError, Question
from journey_dagster.settings import InsightsSettings

GOOD = json.dumps({"blocks": [{"type": "p", "sentences": ["Lately {recent_1}."]}]})
MODEL = "openai:m"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as found:
        yield found


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    """Retries without their waits; a wait that a service asks for is kept."""
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield


def chosen(**changes: object) -> InsightsSettings:
    about = {"enabled": True, "prices": {"m": (1.0, 2.0)}, "concurrency": 4, **changes}
    return InsightsSettings.model_validate(about)


def questions(n_users: int, model: str = MODEL) -> list[Waiting]:
    return [Waiting(f"u{n}", "recent", f"k{n}", model, "{}") for n in range(n_users)]


def ask(ledger: Ledger, provider: Provider, asked: Sequence[Waiting], **changes: object) -> Asked:
    ledger.put({one.user_id for one in asked}, asked)
    providers = {"openai": provider, "bedrock": provider}
    users = sorted({one.user_id for one in asked})
    return Asker(chosen(**changes), ledger, "run", providers).ask_all(ledger.waiting(users))


class Script:
    """A provider that does what is next in its list, and then the last for ever."""

    def __init__(self, *steps: str | Exception | Callable[[], str]) -> None:
        self.steps = list(steps)
        self.asked: list[Question] = []
        self._lock = threading.Lock()

    def __call__(self, question: Question, _seconds: float) -> Answer:
        with self._lock:
            self.asked.append(question)
            step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        return Answer(step() if callable(step) else step, 100, 50)


def busy(retry_after: float | None = None) -> ProviderError:
    return ProviderError("transient", "busy", retry_after=retry_after)


def test_answers_are_kept_and_never_asked_for_again(ledger):
    script = Script(GOOD)
    first = ask(ledger, script, questions(5))
    assert (first.n_answered, first.tokens_in, first.tokens_out) == (5, 500, 250)
    assert ledger.taken("run") == 5 * (100 * 1 + 50 * 2)
    again = ask(ledger, script, questions(5))
    assert (again.n_answered, len(script.asked)) == (0, 5)


@pytest.mark.parametrize("n", [1, 2])
def test_a_busy_service_is_asked_up_to_three_times(ledger, n):
    script = Script(*[busy()] * n, GOOD)
    assert ask(ledger, script, questions(1)).n_answered == 1
    assert len(script.asked) == n + 1


def test_after_three_attempts_the_template_tells_it(ledger):
    script = Script(busy())
    asked = ask(ledger, script, questions(1))
    assert (asked.n_answered, dict(asked.troubles)) == (0, {"transient": 1})
    assert len(script.asked) == ATTEMPTS
    assert ledger.troubles(["u0"]) == {("u0", "recent"): "transient: busy"}
    assert ledger.taken("run") == 0


@pytest.mark.parametrize("kind", ["terminal", "refused", "cut"])
def test_what_would_end_the_same_is_not_tried_again(ledger, kind):
    script = Script(ProviderError(kind, "no"))
    asked = ask(ledger, script, questions(1))
    assert dict(asked.troubles) == {kind: 1}
    assert len(script.asked) == 1


def test_a_bad_key_is_found_out_once_not_per_user(ledger):
    script = Script(ProviderError("terminal", "bad key"))
    asked = ask(ledger, script, questions(50), concurrency=16)
    assert len(script.asked) == 1
    assert dict(asked.troubles) == {"terminal": 50}
    assert all("bad key" in told for told in ledger.troubles([f"u{n}" for n in range(50)]).values())


def test_a_service_that_is_down_is_left_alone(ledger):
    script = Script(busy())
    asked = ask(ledger, script, questions(60), concurrency=2)
    assert asked.troubles.total() == 60
    assert len(script.asked) <= IN_A_ROW + 2
    assert ledger.taken("run") == 0


def test_one_success_in_between_keeps_a_service_going(ledger):
    script = Script(*([busy(), busy(), GOOD] * 10))
    assert ask(ledger, script, questions(10), concurrency=1).n_answered == 10


def test_the_service_says_when_to_come_back(ledger):
    script = Script(busy(retry_after=0.3), GOOD)
    start = time.monotonic()
    with stamina.set_testing(False):
        assert ask(ledger, script, questions(1)).n_answered == 1
    assert time.monotonic() - start >= 0.3


def test_nobody_waits_longer_than_the_user_has(ledger):
    script = Script(busy(retry_after=3600), GOOD)
    start = time.monotonic()
    assert ask(ledger, script, questions(1)).n_answered == 0
    assert time.monotonic() - start < 2
    assert len(script.asked) == 1


def test_an_answer_of_another_shape_is_asked_for_once_more(ledger):
    script = Script("I am sorry, here it is: [1, 2", GOOD)
    assert ask(ledger, script, questions(1)).n_answered == 1
    assert script.asked[1].instructions.endswith(REPAIR)
    assert ledger.taken("run") == 2 * 200  # both were paid for


@pytest.mark.parametrize(
    "text",
    ["", "no", "[]", "{}", '{"blocks": "p"}', '{"blocks": [], "more": 1}', '{"blocks": [{}]}',
     "x" * 100_000, '{"blocks":' * 5000],
)  # fmt: skip
def test_what_is_no_answer_is_paid_twice_at_most_and_kept_never(ledger, text):
    script = Script(text)
    asked = ask(ledger, script, questions(1))
    assert dict(asked.troubles) == {"invalid": 1}
    assert len(script.asked) == 2
    assert ledger.answers(["u0"]) == {}


@pytest.mark.parametrize(
    "text", [f"```json\n{GOOD}\n```", f"Here you are:\n{GOOD}\nEnjoy!", f"\ufeff{GOOD}"]
)
def test_words_around_an_answer_do_no_harm(ledger, text):
    assert ask(ledger, Script(text), questions(1)).n_answered == 1


def test_a_cap_refuses_before_the_call(ledger):
    script = Script(GOOD)
    asked = ask(ledger, script, questions(30), cap_run_usd=0.004, concurrency=1)
    assert asked.n_answered > 0
    assert asked.troubles["budget"] == 30 - asked.n_answered
    assert len(script.asked) == asked.n_answered
    assert ledger.taken("run") <= 4_000
    assert "of $0.0040 per run" in next(
        iter(ledger.troubles([f"u{n}" for n in range(30)]).values())
    )


def test_no_price_no_call(ledger):
    script = Script(GOOD)
    asked = ask(ledger, script, questions(2, "openai:nobody-knows"))
    assert (dict(asked.troubles), script.asked) == ({"price": 2}, [])
    assert "INSIGHTS_PRICES=nobody-knows=" in ledger.troubles(["u0"])["u0", "recent"]


def test_what_nobody_knows_the_cost_of_counts_as_spent(ledger):
    script = Script(ProviderError("transient", "broke off", tokens=None))
    ask(ledger, script, questions(1))
    assert ledger.taken("run") == ledger.most().user > 0


def test_a_service_that_states_more_than_can_be_is_not_asked_again(ledger):
    def greedy(_question: Question, _seconds: float) -> Answer:
        return Answer(GOOD, 10**9, 10**9)

    asked = ask(ledger, greedy, questions(20), concurrency=1)
    assert asked.n_answered == 1
    assert asked.troubles["terminal"] == 19
    assert ledger.taken("run") < 10_000


def test_a_service_that_never_ends_is_left_behind():
    start = time.monotonic()
    release = threading.Event()

    def drip(_question: Question, _seconds: float) -> Answer:
        release.wait(30)
        return Answer(GOOD, 1, 1)

    with pytest.raises(ProviderError) as caught:
        within(0.2, drip, questions_as_asked())
    release.set()
    assert (caught.value.kind, caught.value.tokens) == ("transient", None)
    assert time.monotonic() - start < 3


def test_an_accident_in_a_client_is_no_accident_of_the_run(ledger):
    asked = ask(ledger, Script(RuntimeError("secret prompt")), questions(1))
    assert asked.troubles.total() == 1
    assert "secret" not in ledger.troubles(["u0"])["u0", "recent"]


def test_all_attempts_together_fit_the_time_of_a_user(ledger):
    def hang(_question: Question, _seconds: float) -> Answer:
        time.sleep(30)
        return Answer(GOOD, 1, 1)

    asked = [Waiting("u0", name, name, MODEL, "{}") for name in ("narrative", "recent")]
    start = time.monotonic()
    done = ask(ledger, hang, asked, user_seconds=2, timeout_seconds=1)
    assert time.monotonic() - start < 6
    assert done.troubles.total() == 2


def test_one_users_trouble_is_only_theirs(ledger):
    def picky(question: Question, _seconds: float) -> Answer:
        if "poison" in question.facts:
            raise ProviderError("refused", "no")
        return Answer(GOOD, 1, 1)

    asked = [*questions(20), Waiting("p", "recent", "kp", MODEL, '{"facts": "poison"}')]
    done = ask(ledger, picky, asked)
    assert (done.n_answered, dict(done.troubles)) == (20, {"refused": 1})


def test_two_services_fail_apart(ledger):
    bad, good = Script(ProviderError("terminal", "no key")), Script(GOOD)
    asked = [Waiting(f"u{n}", "narrative", f"n{n}", "bedrock:m", "{}") for n in range(5)]
    asked += questions(5)
    ledger.put([f"u{n}" for n in range(5)], asked)
    asker = Asker(chosen(), ledger, "run", {"openai": good, "bedrock": bad})
    done = asker.ask_all(ledger.waiting([f"u{n}" for n in range(5)]))
    assert (done.n_answered, dict(done.troubles)) == (5, {"terminal": 5})


def questions_as_asked() -> Question:
    return Question("m", "", "{}", "recent", {}, 10)


@pytest.mark.parametrize("tokens", [2**63, 10**30])
def test_a_usage_that_no_file_holds_ends_nothing(ledger, tokens):
    def boast(_question: Question, _seconds: float) -> Answer:
        return Answer(GOOD, tokens, 1)

    assert ask(ledger, boast, questions(2), concurrency=1).n_answered == 1


def test_one_wrong_model_says_nothing_of_another(ledger):
    def one_of_two(question: Question, _seconds: float) -> Answer:
        if question.model == "bad":
            raise ProviderError("terminal", "no such model")
        return Answer(GOOD, 1, 1)

    asked = [
        *(Waiting(f"u{n}", "narrative", f"n{n}", "openai:bad", "{}") for n in range(5)),
        *questions(5),
    ]
    done = ask(ledger, one_of_two, asked, prices={"m": (1, 2), "bad": (1, 2)})
    assert (done.n_answered, dict(done.troubles)) == (5, {"terminal": 5})


def test_one_question_refused_is_not_the_service_refusing(ledger):
    script = Script(ProviderError("refused", "too long"), GOOD)
    done = ask(ledger, script, questions(6), concurrency=1)
    assert (done.n_answered, dict(done.troubles)) == (5, {"refused": 1})


def test_a_service_that_takes_no_question_is_left_alone(ledger):
    script = Script(ProviderError("refused", "HTTP 400"))
    assert ask(ledger, script, questions(30), concurrency=1).n_answered == 0
    assert len(script.asked) == IN_A_ROW


def test_a_broken_ledger_is_said_to_be_so(tmp_path):
    file = tmp_path / "ledger.sqlite"
    file.write_bytes(b"this is no database, and never was one" * 100)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite"):
        Ledger(file)
