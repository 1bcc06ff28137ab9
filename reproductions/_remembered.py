"""Numbers that took long, written down: a page that is made again computes only what is new."""

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

import _models
from dealias.cards import fingerprint, path_of
from dealias.files.atomic import atomic
from dealias.method import Method

Numbers = dict[str, Any]


def remembered(compute: Callable[[], Numbers], method: Method, **settings: Any) -> Numbers:
    """Return what a computation gives, or gave: JSON, known by the method's arguments and weights and by the settings.

    Other code of a method is not seen: remove `../runs/reproductions/numbers` after it has changed.
    """
    found = _written(compute, {"method": fingerprint(method), **settings})
    assert found is not None
    return found


class InTime:
    """Computes, or remembers, tensors of numbers; what has not begun in time is left for the next run.

    Arguments:
        minutes: after which nothing further is begun; 0 only remembers.
        common: what all depend on, as JSON can say it.
    """

    def __init__(self, minutes: float, **common: Any) -> None:
        self.end = time.monotonic() + 60 * minutes
        self.common = common

    @property
    def left(self) -> float:
        """How many seconds are left."""
        return max(0.0, self.end - time.monotonic())

    def get(self, compute: Callable[[], Tensor], **key: Any) -> Tensor | None:
        """Return what was computed under this key, now or before; None where it is left."""
        begin = (lambda: {"numbers": compute().tolist()}) if self.left else None
        found = _written(begin, {**self.common, **key})
        return None if found is None else torch.tensor(found["numbers"])


def digest(weights: str) -> str:
    """Return what tells shipped weights from others of that name."""
    path = path_of(weights)
    assert path is not None
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _written(compute: Callable[[], Numbers] | None, key: Numbers) -> Numbers | None:
    """Return what was written under this key, by now; None where nothing was and nothing may be computed."""
    stated = json.dumps(key, sort_keys=True)
    file = _models.CACHE / "numbers" / f"{hashlib.sha256(stated.encode()).hexdigest()[:16]}.json"
    if not file.exists():
        if compute is None:
            return None
        found = compute()
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic(file, overwrite=True) as path:
            path.write_text(json.dumps({**key, **found}))
    read: Numbers = json.loads(file.read_text())
    return read
