"""Signs that a scan is not what it says; each a number that stays small on good scans, whatever the method.

    spike    max_k |y_k|^2 / mean of |y|^2 around k         a sample that stands out of its neighbours
    shift    distance of the largest |y_k| from zero        k-space that is not centred
    line     max_l |log(e_l / median of e around l)|        a line too strong or too weak, e its energy
    foreign  ||r||^2 / ||y||^2,  r = y - A x*               what no image explains: maps of another scan, motion
    torn     max_l e_l / median of e around l, e that of r  lines that contradict the others
    moved    `neighbours.movement`                          one coil whose lines side by side saw another place

x* is what some conjugate gradients make of the data of several coils; one coil leaves no r. Samples count beyond the
steep centre; for `foreign` those near it, where the image is far above the noise.

| Residual analysis (Cox and Snell, 1968): what a model leaves is to look like noise
| https://doi.org/10.1111/j.2517-6161.1968.tb00724.x
"""

import numpy as np
import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.coils.whiten import uneven_noise
from dealias.error_bar.neighbours import movement
from dealias.folds import line_axis, radii
from dealias.solvers.solve import solve

CENTRE = 3  # frequencies on each side of zero, where k-space is too steep to compare neighbours
NEAR = 1 / 6  # radius up to which the image is above the noise; 1/2 is the edge
WINDOW = 4  # samples on each side of one that are its neighbours
NEIGHBOURS = 6  # the least
LINES = 7  # that are compared
STEPS = 10  # of conjugate gradients
SHARE = 0.05  # of a line's energy that no image explains, below which it contradicts nothing
LIMITS = {"spike": 40.0, "shift": 3.0, "line": 2.3, "foreign": 0.05, "torn": 4.0, "moved": 12.0}
PEAK = 100  # times the mean energy, that the largest sample has where k-space has a centre
MEANING = {
    "spike": "a sample of k-space has {:.0f} times the energy of those around it, as spikes have, which make stripes; "
    "leave it out of the mask",
    "shift": "the largest sample lies {:.0f} beside the centre of k-space; shift it there if nothing else is meant",
    "line": "a line of k-space is far stronger or weaker than those around it; if it is corrupt, leave it out of the "
    "mask",
    "foreign": "{:.0%} of what the coils saw fits no image: the coil maps are of another scan, or the body moved; let "
    "ESPIRiT estimate them, which --maps auto does where the file has none",
    "moved": "lines of k-space that lie side by side saw the body at different places, as where it moved; leave those "
    "lines out of the mask",
    "torn": "some lines of k-space contradict the others, as where the body moved; leave them out of the mask",
}


def suspicions(scan: Acquisition) -> list[str]:
    """Return what is suspicious about a scan, one sentence for each sign that is above its limit."""
    places = list(np.ndindex(*scan.shape[: -len(scan.axes)]))
    found = [signs(scan[place]) for place in places]
    sentences = []
    for name, limit in LIMITS.items():
        values = [one[name] for one in found if one.get(name, 0) > limit]
        if values:
            where = f"in {len(values)} of {len(places)} slices " if len(places) > 1 else ""
            sentences.append(where + MEANING[name].format(max(values)))
    return sentences


def signs(scan: Acquisition) -> dict[str, float]:
    """Return the signs by name of a problem without batch axes; those that it cannot show are left out."""
    scan = scan.scaled(1 / size(scan))
    energy, sampled = scan.kspace.abs().double().square().sum(-3), scan.mask.squeeze(-3).expand(scan.shape)
    if not energy.any():
        return {}
    found = {"spike": _spike(energy, sampled)}
    if sampled[..., 0, 0].all() and energy.max() > PEAK * energy[sampled].mean():
        found["shift"] = _shift(energy)
    strength = _lines(energy, sampled)
    if strength is not None:
        found["line"] = float(strength.log().abs().max())
    if scan.coils == 1 and len(scan.shape) == 2:
        moved = _moved(scan.kspace[0], sampled)
        if moved is not None:
            found["moved"] = moved
    if scan.coils > 1 and scan.maps is not None and not uneven_noise(scan):  # that is told already
        x = solve(scan.operator.normal, scan.zero_filled, STEPS, scan.coupled).x
        rest = (scan.kspace - scan.operator(x)).abs().double().square().sum(-3)
        near = _beyond(energy) & (radii(energy.shape[-2], energy.shape[-1], device=energy.device) < NEAR)
        found["foreign"] = float((rest * near).sum() / (energy * near).sum().clamp_min(torch.finfo(rest.dtype).tiny))
        torn = _lines(rest, sampled, SHARE * energy)
        if torn is not None:
            found["torn"] = float(torn.max())
    return found


def size(scan: Acquisition) -> Tensor:
    """Return the power of two next to the largest magnitude; single precision holds no squares beyond 1e-19 to 1e19."""
    largest = scan.kspace.abs().max()
    return torch.where(largest > 0, largest, 1).log2().round().exp2()[None, None]


def _moved(kspace: Tensor, sampled: Tensor) -> float | None:
    """Return how sure it is that the body moved between lines; None where no lines, or too few, were sampled."""
    axis = line_axis(sampled)
    return None if axis is None else movement(kspace.movedim(axis, 1), sampled.any(-3 - axis))


def _spike(energy: Tensor, sampled: Tensor) -> float:
    """Return the energy of the sample that stands out most, over the mean of those around it."""
    around, count = _around(energy), _around(sampled.double())
    mean = around / count.clamp_min(1)
    known = sampled & (count >= NEIGHBOURS) & _beyond(energy) & (mean > 0)
    return float(torch.where(known, energy / torch.where(known, mean, 1), 0).max())


def _shift(energy: Tensor) -> float:
    """Return how many samples the largest lies beside the centre of k-space, along the axis where that is more."""
    total = torch.fft.fftshift(energy.reshape(-1, *energy.shape[-2:]).sum(0))
    rows, columns = total.shape
    y, x = divmod(int(total.argmax()), columns)
    return float(max(abs(y - rows // 2), abs(x - columns // 2)))


def _lines(energy: Tensor, sampled: Tensor, least: Tensor | None = None) -> Tensor | None:
    """Return each line's energy over the median of those around it; None where no lines, or too few, were sampled.

    Films whose frames have other lines are not asked: where one is missing, energies of others would be compared.

    Arguments:
        least: energies; lines that hold less in the sum count as one.
    """
    patterns = sampled.reshape(-1, *sampled.shape[-2:])
    axis = line_axis(patterns[0])
    if axis is None or not (patterns == patterns[0]).all():
        return None
    along = energy.reshape(-1, *energy.shape[-2:]).sum(0).sum(-3 - axis)
    far = torch.fft.fftfreq(len(along), 1 / len(along), device=energy.device).abs() > CENTRE
    place = torch.fft.fftshift(patterns[0].any(-3 - axis) & far)
    values = torch.fft.fftshift(along)[place]
    if len(values) < LINES:
        return None
    found = []
    for number, value in enumerate(values):
        first = min(max(number - LINES // 2, 0), len(values) - LINES)
        others = torch.cat((values[first:number], values[number + 1 : first + LINES]))
        found.append(_ratio(value, others.median()))
    ratios = torch.stack(found)
    if least is None:
        return ratios
    sums = least.reshape(-1, *least.shape[-2:]).sum(0).sum(-3 - axis)
    return torch.where(values > torch.fft.fftshift(sums)[place], ratios, 1)


def _ratio(value: Tensor, usual: Tensor) -> Tensor:
    """Return one number over another; one where zeros lie among zeros, such as those that a scanner appended."""
    tiny = torch.finfo(value.dtype).tiny
    return (
        value.clamp_min(usual * 1e-12).clamp_min(tiny) / usual.clamp_min(tiny) if usual > 0 else torch.ones_like(value)
    )


def _beyond(energy: Tensor) -> Tensor:
    y, x = (torch.fft.fftfreq(n, 1 / n, device=energy.device).abs() > CENTRE for n in energy.shape[-2:])
    return y[:, None] | x


def _around(value: Tensor) -> Tensor:
    """Return the sum over a square window around each sample, itself left out."""
    total = value
    for axis in (-2, -1):
        total = torch.stack([total.roll(step, axis) for step in range(-WINDOW, WINDOW + 1)]).sum(0)
    return total - value
