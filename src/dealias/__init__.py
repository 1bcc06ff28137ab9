"""dealias: images from accelerated MRI, for the people who rely on them.

A `Method` turns a `Problem`, in MRI an `Acquisition`, into a sequence of ever better images. Names are imported
when they are first used, so that `import dealias` costs nothing.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "Acquisition": "acquisition",
    "Header": "header",
    "LinearOperator": "linear_operator",
    "Method": "method",
    "Prior": "prior",
    "Problem": "problem",
    "SoftSense": "soft_sense",
    "UserError": "errors",
    "adapt": "training.adapt",
    "draw": "driver",
    "espirit": "coils.espirit",
    "iterate": "driver",
    "load": "cards",
    "open": "files.open",
    "reconstruct": "driver",
    "uncertainty": "error_bar.uncertainty",
    "write": "files.write",
}
_ROOMS = ("coils", "phantoms", "sampling", "testing")

__all__ = [*_HOMES, *_ROOMS]  # noqa: PLE0604 - strings all the same


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"dealias.{_HOMES[name]}"), name)
    if name in _ROOMS:
        return import_module(f"dealias.{name}")
    raise AttributeError(f"module 'dealias' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
