"""What the pages share with benchmarks/: how times are measured, and scans of several measured coils."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from _machine import describe, is_busy, refuse_if_busy  # noqa: E402
from _row import medians  # noqa: E402
from error_bars import KINDS  # noqa: E402
from measured_coils import cases  # noqa: E402
from measured_coils import scans as measured_scans  # noqa: E402

__all__ = ["KINDS", "cases", "describe", "is_busy", "measured_scans", "medians", "refuse_if_busy"]
