"""The command line: stdout is data, stderr is narration.

Belongs here: the program, its exit codes and its errors. Does not belong here: anything it does;
each command is a few lines around a function of the library.

Exit codes: 0 done, 1 failed, 2 the command or its input is wrong, 3 try again, 4 a check failed.
"""

import sys

import duckdb
import pydantic
import typer

from journey_dagster.cli import analysts, ask, export, look, make, people, take
from journey_dagster.erasure import steps
from journey_dagster.folders import FolderError
from journey_dagster.insights.ledger import LedgerError
from journey_dagster.insights.prices import UnknownPriceError
from journey_dagster.limits import StoppedError
from journey_dagster.publishing.errors import (
    LeakError,
    OvertakenError,
    PublishError,
    TargetError,
)
from journey_dagster.runs import to_stderr
from journey_dagster.settings import Settings
from journey_dagster.topics import TopicError
from journey_dagster.topics.broker import BrokerError
from journey_dagster.topics.kafka import GapError
from journey_dagster.users import RegistryError
from journey_dagster.warehouse import WarehouseBusyError, WarehouseError

app = typer.Typer(
    name="journey",
    help="User journeys from raw event topics to published reports.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def before() -> None:
    """Finish what a kill interrupted, if somebody was being forgotten."""
    steps.resume(Settings(), to_stderr)


for module in (make, take, people, look, analysts, ask, export):
    module.commands(app)

_MISTAKES = (
    FolderError,
    PublishError,
    RegistryError,
    TopicError,
    UnknownPriceError,
    WarehouseError,
)


def main() -> None:
    """Run the program; a mistake of its user ends in one line, not in a traceback."""
    try:
        app()
    except (WarehouseBusyError, BrokerError, OvertakenError) as error:
        sys.exit(_told(error, 3))
    except (GapError, LeakError) as error:
        sys.exit(_told(error, 4))
    except _MISTAKES as error:
        sys.exit(_told(error, 2))
    except (OSError, duckdb.Error, LedgerError, StoppedError, TargetError) as error:
        sys.exit(_told(error, 1))
    except pydantic.ValidationError as error:
        prefix = error.title.removesuffix("Settings").upper() or "JOURNEY"
        for problem in error.errors():
            name = "_".join(map(str, problem["loc"])).upper().removeprefix(f"{prefix}_")
            print(f"error: {prefix}_{name}: {problem['msg']}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped; what was taken in stays, run it again", file=sys.stderr)  # noqa: T201
        sys.exit(130)


def _told(error: Exception, code: int) -> int:
    print(f"error: {error}", file=sys.stderr)  # noqa: T201
    return code
