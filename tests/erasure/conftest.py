"""The homes of topics are those of the tests of topics."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "topics"))
