"""What is borrowed from the tests with a broker: the broker itself, and records for it."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "kafka"))
