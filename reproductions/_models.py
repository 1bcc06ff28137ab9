"""Models that a page needs, trained once: cached by the hash of their settings, so that a page fills run by run."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

import dealias
from _verdict import SEEDS
from dealias import cards
from dealias.training.session import export, train
from dealias.training.training import Training

CACHE = Path(__file__).parents[2] / "runs" / "reproductions"


class Models:
    """Trains, or remembers, models; what has not begun in time, or another run is training, is left for the next run.

    Arguments:
        minutes: after which this run begins no further training; 0 only remembers.
        common: settings of a `Training` that all share.
    """

    def __init__(self, minutes: float, **common: Any) -> None:
        self.end = time.monotonic() + 60 * minutes
        self.common = common

    def get(self, **settings: Any) -> dealias.Method | None:
        """Return the trained method of these settings, None where it is not trained yet."""
        folder, training = self._place(settings)
        file = folder / "weights.safetensors"
        if not file.exists():
            if time.monotonic() >= self.end:
                return None
            folder.parent.mkdir(parents=True, exist_ok=True)
            try:
                with FileLock(f"{folder}.lock", timeout=0):  # the system lets go of it when a run is killed
                    if not file.exists():  # another run may have finished it meanwhile
                        # a training that is cut short keeps its checkpoint, from which the next run goes on
                        train(str(folder), training)
            except Timeout:
                return None
        return dealias.load(file)

    def seeds(self, **settings: Any) -> list[dealias.Method]:
        """Return the trained method of these settings from each seed, without what is not trained yet."""
        methods = [self.get(**{**settings, "seed": seed}) for seed in SEEDS]
        return [method for method in methods if method is not None]

    def history(self, **settings: Any) -> dict[int, dealias.Method]:
        """Return the method after each number of updates at which its one training was validated; empty without it."""
        settings = {**settings, "keep": True}
        if self.get(**settings) is None:
            return {}
        folder, _ = self._place(settings)
        checkpoints = {int(file.stem.removeprefix("step=")): file for file in folder.glob("step=*.ckpt")}
        return {
            updates: dealias.load(export(file, file.with_suffix(".safetensors")))
            for updates, file in sorted(checkpoints.items())
        }

    def card(self, **settings: Any) -> dict[str, Any]:
        """Return the card of these settings' weights, which are trained."""
        return cards.read(self._place(settings)[0] / "weights.safetensors")

    def _place(self, settings: dict[str, Any]) -> tuple[Path, Training]:
        """Return the folder of a training, and what it is."""
        # only what a page states: a new setting of `dealias train` leaves the models that know nothing of it
        stated = {**self.common, **settings}
        digest = hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()[:12]
        return CACHE / digest, Training(**stated)
