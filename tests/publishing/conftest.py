"""The samples of reports are the pages' tests' own."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "site"))
