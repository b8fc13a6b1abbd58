"""A run that is killed while it asks: what was answered is kept, and paid for once."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest
from pydantic import SecretStr

from journey_dagster.insights.asking import Asker
from journey_dagster.insights.ledger import Ledger, Waiting
from journey_dagster.settings import InsightsSettings
from journey_dagster.standin.faults import slow
from journey_dagster.standin.server import standin

AT_ONCE = 4
USERS = [f"synthetic-{number}" for number in range(60)]
CAP = 0.02

ASKING = """
import sys
from pathlib import Path
from journey_dagster.insights.asking import Asker
from journey_dagster.insights.ledger import Ledger
from journey_dagster.settings import InsightsSettings
settings = InsightsSettings()
ledger = Ledger(Path(sys.argv[1]))
users = sys.argv[2].split(",")
Asker(settings, ledger, "killed").ask_all(ledger.waiting(users))
"""


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_run_pays_again_only_for_what_was_under_way(tmp_path, seed):
    file = tmp_path / "ledger.sqlite"
    chance = random.Random(seed)  # noqa: S311  where to kill
    with standin(slow(0.05)) as server:
        environment = {
            **os.environ,
            "OPENAI_API_KEY": "none",
            "OPENAI_BASE_URL": server.openai_url,
            "INSIGHTS_PRICES": "m=1/2",
            "INSIGHTS_CONCURRENCY": str(AT_ONCE),
            "INSIGHTS_CAP_USER_USD": str(CAP),
        }
        settings = InsightsSettings(
            prices={"m": (1, 2)},
            concurrency=AT_ONCE,
            cap_user_usd=CAP,
            openai_api_key=SecretStr("none"),
            openai_base_url=server.openai_url,
        )
        facts = '{"facts": [{"id": "recent_1", "label": "Title", "text": "A page", "n": 1}]}'
        questions = [Waiting(user, "recent", f"k{user}", "openai:m", facts) for user in USERS]
        with closing(Ledger(file)) as ledger:
            ledger.put(USERS, questions)
        command = [sys.executable, "-c", ASKING, str(file), ",".join(USERS)]
        after = chance.randrange(1, 50)
        with subprocess.Popen(command, env=environment) as process:
            deadline = time.monotonic() + 60
            while len(server.asked) < after and time.monotonic() < deadline:
                time.sleep(0.005)
            time.sleep(chance.random() * 0.05)
            os.kill(process.pid, signal.SIGKILL)
        n_before = len(server.asked)
        assert n_before >= after
        with closing(Ledger(file)) as ledger:
            n_kept = len(ledger.answers(USERS))
            assert n_before - AT_ONCE <= n_kept <= n_before
            done = Asker(settings, ledger, "again").ask_all(ledger.waiting(USERS))
            assert done.n_answered == len(USERS) - n_kept
            assert len(ledger.answers(USERS)) == len(USERS)
            assert len(server.asked) <= len(USERS) + AT_ONCE
            assert ledger.most().user <= CAP * 1_000_000
            assert Asker(settings, ledger, "third").ask_all(ledger.waiting(USERS)).n_answered == 0
