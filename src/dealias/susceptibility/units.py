"""What a field in parts per million means for the phase of protons.

    phase = 2 pi g B0 TE field,  g = 42.577 MHz/T

| CODATA recommended values of the fundamental physical constants: 2018 (Tiesinga et al., 2021), table XXXI
| https://doi.org/10.1103/RevModPhys.93.025010
"""

import math
from collections.abc import Sequence

from dealias.errors import UserError

MEGAHERTZ_PER_TESLA = 42.577


def hertz(field_strength: float) -> float:
    """Return how many hertz one part per million is at a field strength in tesla."""
    return MEGAHERTZ_PER_TESLA * field_strength


def radians(field_strength: float, time: float) -> float:
    """Return the phase that one part per million makes in a time in seconds."""
    return 2 * math.pi * hertz(field_strength) * time


def checked_times(echo_times: Sequence[float]) -> tuple[float, ...]:
    """Return echo times in seconds.

    Raises:
        UserError: where there are fewer than two, they do not grow, or they are milliseconds.
    """
    times = tuple(float(t) for t in echo_times)
    shown = ", ".join(f"{t:g}" for t in times)
    if len(times) < 2:
        raise UserError(f"there is one echo ({shown or 'without its time'}); a field map needs two or more")
    if not all(math.isfinite(t) and t > 0 for t in times):
        raise UserError(f"the echo times {shown} are impossible; give seconds, such as 0.004 0.008 0.012")
    if any(late <= early for early, late in zip(times, times[1:], strict=False)):
        raise UserError(f"the echo times {shown} do not grow; give one per echo, in the order of the echoes")
    if times[-1] > 0.5:
        raise UserError(f"the echo times {shown} look like milliseconds; give seconds, such as 0.004 0.008 0.012")
    if times[-1] < 5e-4:
        raise UserError(f"the echo times {shown} are too short for any field; give seconds, such as 0.004 0.008 0.012")
    return times


def checked_strength(field_strength: float) -> float:
    """Return a field strength in tesla.

    Raises:
        UserError: where no magnet has it.
    """
    strength = float(field_strength)
    if not 0.01 <= strength <= 30:
        raise UserError(f"a field strength of {strength:g} T is impossible; give tesla, such as 3")
    return strength
