"""Numbers that a page computes once: cached by what made them, so that a page fills run by run."""

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

import _models
from dealias.cards import path_of
from dealias.files.atomic import atomic


class Numbers:
    """Computes, or remembers, tensors of numbers; what has not begun in time is left for the next run.

    Arguments:
        name: of the page.
        minutes: after which nothing further is begun; 0 only remembers.
        common: what all depend on, as JSON can say it.
    """

    def __init__(self, name: str, minutes: float, **common: Any) -> None:
        self.name = name
        self.end = time.monotonic() + 60 * minutes
        self.common = common

    @property
    def left(self) -> float:
        """How many seconds are left."""
        return max(0.0, self.end - time.monotonic())

    def get(self, compute: Callable[[], Tensor], **key: Any) -> Tensor | None:
        """Return what was computed under this key, now or before; None where it is left."""
        text = json.dumps({**self.common, **key}, sort_keys=True)
        file = _models.CACHE / f"{self.name}_{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
        if not file.exists():
            if not self.left:
                return None
            numbers = compute().tolist()
            file.parent.mkdir(parents=True, exist_ok=True)
            with atomic(file, overwrite=True) as temporary:
                temporary.write_text(json.dumps({"of": text, "numbers": numbers}))
        return torch.tensor(json.loads(file.read_text())["numbers"])


def digest(weights: str) -> str:
    """Return what tells shipped weights from others of that name."""
    path = path_of(weights)
    assert path is not None
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
