"""How much of an error the magnitude sees: what lies across the image's phase it does not.

    share = 1/2 + h/2 sum_k e(k) [k, -k unseen] / sum_k e(k),   e(k) the energy of the error at frequency k

Of an image that is real up to a smooth phase, h = 1, the missing frequencies k and -k are each other's conjugates: what
lacks both lacks a part along the phase alone. What lacks k, but was told of -k, lacks as much along as across it. Where
the phase is as rich as the magnitude, h = 0. Samples that were hidden in pairs show h: the wrong part W of an image
made without them lies along the phase by

    sum Re(W e^-i phi)^2 = (1/2 + h q/2) sum |W|^2,   q = sum_k |w(k)|^2 [k, -k hidden] / sum_k |w(k)|^2

| Homodyne detection in magnetic resonance imaging (Noll, Nishimura and Macovski, 1991)
| https://doi.org/10.1109/42.79473

Where too few were hidden in pairs, as of lines, what was measured in pairs tells it instead. Where the image is dark,
both parts are seen: W itself, scaled to these energies, is added to the image and taken off.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dealias.error_bar.smoothing import smooth

PIXELS = 1.0  # standard deviation of the mean over neighbours whose phase is the image's
FEW = 0.1  # share of the energy in pairs, below which they do not tell h


@dataclass(frozen=True)
class Part:
    """A part of k-space.

    Arguments:
        image: of that alone ([time,] y, x).
        energy: at each frequency, of all coils, in FFT order; zero elsewhere.
        noise: how much of its energy is noise.
    """

    image: Tensor
    energy: Tensor
    noise: Tensor


def magnitude_share(image: Tensor, error: Tensor, unseen: Tensor, wrong: Sequence[Part], measured: Part) -> Tensor:
    """Return the energy of the magnitude's error, over that of the complex error; a half where nothing is wrong.

    Arguments:
        image: of one problem ([time,] y, x).
        error: energy at each frequency that is expected, in FFT order, its mean that of the pixels.
        unseen: which frequencies nobody measured.
        wrong: what images without them get wrong of hidden samples.
        measured: what was measured in pairs of opposite frequencies.
    """
    half, total = error.new_tensor(0.5), error.sum()
    known = [part for part in wrong if part.energy.any()]
    if not known or not total > 0:
        return half
    low = smooth(image, PIXELS)
    phase = torch.polar(torch.ones_like(low.real), low.angle())
    symmetry = _symmetry(phase, known)
    if symmetry is None:
        symmetry = _symmetry(phase, [measured])
    pairs = (error * in_pairs(unseen)).sum() / total
    along = half if symmetry is None else half + half * symmetry * pairs
    return torch.stack([_seen(image, phase, part.image, total / error.numel(), along) for part in known]).mean()


def in_pairs(where: Tensor) -> Tensor:
    """Return the frequencies whose opposite is among them too (..., y, x), in FFT order."""
    return where & where.flip((-2, -1)).roll((1, 1), (-2, -1))


def _symmetry(phase: Tensor, parts: Sequence[Part]) -> Tensor | None:
    """Return h, from minus one to one; None where too little lies in pairs."""
    turned = [(part.image * phase.conj()).to(torch.complex128) for part in parts]
    excess = torch.stack([(each.real.square() - each.imag.square()).sum() for each in turned]).sum()
    whole = torch.stack([part.energy.sum() for part in parts]).sum()
    paired = torch.stack([(part.energy * in_pairs(part.energy > 0)).sum() for part in parts]).sum()
    signal = torch.stack(
        [each.abs().square().sum() - part.noise for each, part in zip(turned, parts, strict=True)]
    ).sum()
    if not paired > FEW * whole or not signal > 0:
        return None
    return (excess / (signal * paired / whole)).clamp(-1, 1)


def _seen(image: Tensor, phase: Tensor, wrong: Tensor, energy: Tensor, along: Tensor) -> Tensor:
    """Return which share of its energy the magnitude sees of an error such as `wrong`, of so much along the phase."""
    turned = (wrong * phase.conj()).to(torch.complex128)
    tiny = torch.finfo(torch.float64).tiny
    real, imaginary = (
        part * (share * energy / part.square().mean().clamp_min(tiny)).sqrt()
        for part, share in ((turned.real, along), (turned.imag, 1 - along))
    )
    error, size = torch.complex(real, imaginary) * phase, image.abs()
    changes = [((image + sign * error).abs() - size).double().square().mean() for sign in (1, -1)]
    return (changes[0] + changes[1]) / (2 * energy)
