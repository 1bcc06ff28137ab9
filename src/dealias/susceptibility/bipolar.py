"""Echoes read in turn forwards and backwards: their phases differ by a ramp along the readout.

    phi_1 + phi_3 - 2 phi_2 = -2 (a + g.r)  for equally spaced echoes, of which the even ones have a + g.r too much

| Computationally efficient combination of multi-channel phase data from multi-echo acquisitions (ASPIRE)
| (Eckstein et al., 2018), on bipolar acquisitions
| https://doi.org/10.1002/mrm.26963
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.shapes import Region

EQUAL = 0.02  # of the spacing


def ramp(
    echoes: Tensor, echo_times: Sequence[float], mask: Region, readout: Sequence[int] = (0, 1, 2)
) -> tuple[float, ...]:
    """Return the phase that even echoes have too much, in radians from end to end along (z, y, x).

    Zero where fewer than three echoes, or echoes at unequal distances, cannot tell.

    Arguments:
        echoes: complex (echo, z, y, x) or (echo, coil, z, y, x).
        mask: (z, y, x), True where there is signal.
        readout: the axes of (z, y, x) to look along, zero along others: what aliases along an undersampled axis
            looks like a ramp of its own.
    """
    product = _product(echoes, echo_times, mask)
    if product is None:
        return (0.0, 0.0, 0.0)
    slopes = []
    for axis in range(3):
        if axis not in readout:
            slopes.append(0.0)
            continue
        count = product.shape[axis]
        here, there = product.narrow(axis, 0, count - 1), product.narrow(axis, 1, count - 1)
        slopes.append(-float((here.conj() * there).sum().angle()) / 2 * count)
    return tuple(slopes)


def without_ramp(
    echoes: Tensor, echo_times: Sequence[float], mask: Region, readout: Sequence[int] = (0, 1, 2)
) -> Tensor:
    """Return the echoes with the ramp removed from the even ones; arguments as in `ramp`.

    Raises:
        UserError: where echoes cannot tell.
    """
    product = _product(echoes, echo_times, mask)
    if product is None:
        raise UserError("a bipolar readout is corrected from three or more echoes at equal distances; give those")
    phase = torch.zeros(echoes.shape[-3:])
    for axis, slope in enumerate(ramp(echoes, echo_times, mask, readout)):
        place = [1, 1, 1]
        place[axis] = -1
        count = echoes.shape[axis - 3]
        phase = phase + slope * ((torch.arange(count) - count // 2) / count).reshape(place)
    rest = -float((product * torch.polar(torch.ones_like(phase), 2 * phase)).sum().angle()) / 2
    turned = echoes.clone()
    turned[1::2] *= torch.polar(torch.ones_like(phase), -(phase + rest)).to(echoes)
    return turned


def _product(echoes: Tensor, echo_times: Sequence[float], mask: Region) -> Tensor | None:
    """Return a complex volume whose phase is that of the first three echoes' second difference."""
    if len(echo_times) < 3:
        return None
    first, second = echo_times[1] - echo_times[0], echo_times[2] - echo_times[1]
    if abs(first - second) > EQUAL * first:
        return None
    parts = echoes if echoes.ndim == 5 else echoes[:, None]
    steps = [(parts[n].conj() * parts[n + 1]).sum(0) for n in (0, 1)]
    product = steps[1] * steps[0].conj() * mask
    size = product.abs()
    return product / torch.where(size > 0, size, 1).sqrt()
