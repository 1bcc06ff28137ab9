"""How times are measured: by the machinery of benchmarks/."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from _machine import describe, is_busy, refuse_if_busy  # noqa: E402
from _row import medians  # noqa: E402

__all__ = ["describe", "is_busy", "medians", "refuse_if_busy"]
