"""Money and memory: caps hold whatever happens, and what was paid for is there again."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey_dagster.insights.ledger import Caps, Ledger, OverBudgetError, Waiting, usd
from journey_dagster.insights.question import Answer

CAPS = Caps(user=100, run=250, day=300)


def about(user: str, key: str = "k", generation: str = "narrative") -> Waiting:
    return Waiting(user, generation, key, "openai:m", "{}")


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcd"),
            st.sampled_from(["run1", "run2"]),
            st.integers(0, 130),
            st.sampled_from(["settle", "fail", "unknown", "killed"]),
            st.floats(0, 1),
        ),
        max_size=40,
    )
)
@settings(max_examples=60, deadline=None)
def test_no_cap_is_ever_passed(steps):
    """A call costs at most what was set aside for it; some are never heard of again."""
    counted: dict[tuple[str, str], int] = defaultdict(int)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.sqlite"
        ledger = Ledger(file)
        for user, run, most, end, share in steps:
            room = min(
                CAPS.user - counted["user", user],
                CAPS.run - counted["run", run],
                CAPS.day - counted["day", ""],
            )
            if most > room:
                with pytest.raises(OverBudgetError, match=r"\$"):
                    ledger.reserve(about(user), run, most, CAPS)
                continue
            call = ledger.reserve(about(user), run, most, CAPS)
            spent = int(most * share)
            taken = most
            if end == "settle":
                ledger.settle(call, Answer("{}", 1, 1), spent)
                taken = spent
            elif end == "fail":
                ledger.fail(call, "down", spent)
                taken = spent
            elif end == "unknown":
                ledger.fail(call, "no answer in time", None)
            else:  # the process is gone, and another opens the file
                ledger.close()
                ledger = Ledger(file)
            for place in (("user", user), ("run", run), ("day", "")):
                counted[place] += taken
            assert ledger.most().day == counted["day", ""] <= CAPS.day
            assert ledger.taken(run) == counted["run", run] <= CAPS.run
            assert ledger.most().user <= CAPS.user
        ledger.close()


def test_threads_and_processes_share_one_cap(tmp_path):
    file = tmp_path / "ledger.sqlite"
    got: list[int] = []

    def spend() -> None:
        with closing(Ledger(file)) as ledger:
            for _ in range(20):
                try:
                    got.append(ledger.reserve(about("a"), "run", 7, CAPS))
                except OverBudgetError:
                    return

    threads = [threading.Thread(target=spend) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 100 // 7


KILLED = """
import sys, time
from pathlib import Path
from journey_dagster.insights.ledger import Caps, Ledger, Waiting
from journey_dagster.insights.question import Answer
ledger = Ledger(Path(sys.argv[1]))
caps = Caps(100, 250, 300)
for number in range(1000):
    question = Waiting("a", "narrative", f"k{number}", "openai:m", "{}")
    call = ledger.reserve(question, "run", 10, caps)
    print(number, flush=True)
    ledger.settle(call, Answer("{}", 1, 1), 1)
"""


@pytest.mark.parametrize("after", [0, 3, 11])
def test_a_kill_between_reserving_and_settling_forgets_no_money(tmp_path, after):
    file = tmp_path / "ledger.sqlite"
    command = [sys.executable, "-c", KILLED, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if int(line) >= after:
                os.kill(process.pid, signal.SIGKILL)
                break
        made = after + len(process.stdout.readlines()) + 1
    with closing(Ledger(file)) as ledger:
        answered = len(ledger.answers(["a"]))
        n_open = made - answered
        assert 0 <= n_open <= 1 or answered > after
        assert ledger.taken("run") >= answered + 10 * (made > answered)
        # What was answered before the kill is not asked again.
        questions = [about("a", f"k{number}", f"g{number}") for number in range(made)]
        ledger.put(["a"], questions)
        assert len(ledger.waiting(["a"])) == made - answered


def test_an_answer_is_found_again_by_its_question_and_user_alone(tmp_path):
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        ledger.put(["a", "b"], [about("a"), about("b"), about("a", "other", "recent")])
        call = ledger.reserve(about("a"), "run", 10, CAPS)
        assert ledger.answers(["a"]) == {}
        ledger.settle(call, Answer('{"x": 1}', 3, 4), 5)
        assert ledger.answers(["a", "b"])["a", "k"].text == '{"x": 1}'
        assert set(ledger.answers(["a", "b"])) == {("a", "k")}
        assert {(w.user_id, w.key) for w in ledger.waiting(["a", "b"])} == {
            ("b", "k"), ("a", "other"),
        }  # fmt: skip
        assert ledger.n_questions(["a", "b"]) == 3


def test_a_question_replaced_has_neither_answer_nor_trouble(tmp_path):
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        ledger.put(["a"], [about("a")])
        ledger.give_up(about("a"), "budget: none left")
        assert ledger.troubles(["a"]) == {("a", "narrative"): "budget: none left"}
        ledger.put(["a"], [about("a", "new")])
        assert ledger.troubles(["a"]) == {}
        assert [w.key for w in ledger.waiting(["a"])] == ["new"]
        ledger.put(["a"], [])
        assert ledger.waiting(["a"]) == []


def test_money_is_written_in_dollars():
    assert usd(1_234_567) == "$1.2346"
