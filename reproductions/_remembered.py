"""Numbers that took long, written down: a page that is made again computes only what is new."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import _models
from dealias.cards import fingerprint
from dealias.files.atomic import atomic
from dealias.method import Method

Numbers = dict[str, Any]


def remembered(compute: Callable[[], Numbers], method: Method, **settings: Any) -> Numbers:
    """Return what a computation gives, or gave: JSON, known by the method's arguments and weights and by the settings.

    Other code of a method is not seen: remove `../runs/reproductions/numbers` after it has changed.
    """
    stated = json.dumps({"method": fingerprint(method), **settings}, sort_keys=True)
    file = _models.CACHE / "numbers" / f"{hashlib.sha256(stated.encode()).hexdigest()[:16]}.json"
    if not file.exists():
        found = compute()
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic(file, overwrite=True) as path:
            path.write_text(json.dumps({**settings, **found}))
    return json.loads(file.read_text())
