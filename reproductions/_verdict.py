"""Whether a claim holds: by more than chance, or it is open.

Chance is the spread of what was repeated: trainings from other seeds; masks or subjects where no page trains. An
effect smaller than its standard deviation over repetitions decides nothing.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

SEEDS = (0, 1, 2)  # of every short training


def verdict(gains: Sequence[Tensor | None], least: float = 0.0, repetitions: int = len(SEEDS)) -> bool | None:
    """Return whether each gain exceeds `least`: False where one falls short, None where one is too near to tell.

    Arguments:
        gains: of each case, one for each repetition (repetition,); None for what is not known yet.
        repetitions: fewer decide nothing.
    """
    known = [gain for gain in gains if gain is not None]
    if not gains or len(known) < len(gains) or any(len(gain) < max(2, repetitions) for gain in known):
        return None
    above = [_side(gain.double() - least) for gain in known]
    if False in above:
        return False
    return None if None in above else True


def paired(one: Tensor, other: Tensor, *, once: Sequence[bool] = (False, False)) -> Tensor:
    """Return one minus the other for each seed (seed, ...) that both learned from.

    Arguments:
        once: which of them has a single value for every seed, since nothing was trained.
    """
    seeds = min((len(values) for values, single in zip((one, other), once, strict=True) if not single), default=1)
    return (one - other if any(once) else one[:seeds] - other[:seeds])[:seeds]


def both(*verdicts: bool | None) -> bool | None:
    """Return whether all hold: False where one does not, None where one is open."""
    if False in verdicts:
        return False
    return None if None in verdicts else True


def worded(value: Tensor, form: str = "+.2f") -> str:
    """Return the mean of repetitions (repetition,) with their standard deviation; of one, its value."""
    mean = format(float(value.mean()), form)
    return mean if len(value) < 2 else f"{mean} ± {format(float(value.std()), form.replace('+', ''))}"


def listed(gains: Mapping[str, Tensor | None], form: str = "+.2f", unit: str = " dB") -> str | None:
    """Return each gain in words by its name, None where one is not known yet."""
    if any(gain is None for gain in gains.values()):
        return None
    return ", ".join(f"{name}: {worded(gain, form)}{unit}" for name, gain in gains.items() if gain is not None)


def stacked(values: Sequence[Tensor]) -> Tensor | None:
    """Return what each repetition gave in one tensor (repetition, ...), None where there is none."""
    return torch.stack([*values]) if values else None


def _side(excess: Tensor) -> bool | None:
    mean, spread = float(excess.mean()), float(excess.std())
    if not mean - mean == 0 or abs(mean) <= spread:  # not a number decides nothing
        return None
    return mean > 0
