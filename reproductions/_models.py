"""Models that a page needs, trained once: cached by the hash of their settings, so that a page fills run by run."""

import hashlib
import inspect
import json
import time
from pathlib import Path
from typing import Any

import dealias
from dealias.commands.train import run
from dealias.training.session import train

CACHE = Path(__file__).parents[2] / "runs" / "reproductions"


class Models:
    """Trains, or remembers, models; what does not fit into the time is left for the next run.

    Arguments:
        minutes: for all trainings of this run together; 0 only remembers.
        common: settings of `dealias train` that all share.
    """

    def __init__(self, minutes: float, **common: Any) -> None:
        self.end = time.monotonic() + 60 * minutes
        self.common = common

    def get(self, **settings: Any) -> dealias.Method | None:
        """Return the trained method of these settings, None where it is not trained yet."""
        defaults = {
            name: parameter.default for name, parameter in inspect.signature(run).parameters.items() if name != "output"
        }
        chosen = {**defaults, **self.common, **settings}
        digest = hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:12]
        folder = CACHE / digest
        file = folder / "weights.safetensors"
        if not file.exists():
            left = self.end - time.monotonic()
            if left <= 0:
                return None
            # a training that is cut short keeps its checkpoint, from which the next run goes on
            train(str(folder), **chosen)
        return dealias.load(file)
