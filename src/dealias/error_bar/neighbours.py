"""Whether lines of k-space that lie side by side saw the body at one place: how one coil tells that it moved.

    g = sum_l n log (1 - r_l(0)^2) / (1 - max_s r_l(s)^2),  r_l(s) = |sum_x p_l(x)^* y_l(x + s)| / (|p_l| |y_l|)

y_l(x) is a line along its readout, p_l(x) what the lines near it foretell for a body of any texture that lies where
the low frequencies show it: p_l = C_lm C_mm^-1 y_m,  C_lm(x) = sum_{y in body} exp(-2 pi i (l - m) y / N). Along the
readout the body lies for y_l where it does for its neighbours; n frequencies hold the line's energy, so that a term of
g is the logarithm of how much likelier a shift s is than none. What moves along the lines' axis only is not seen.

| Intrinsic detection of motion in segmented sequences (Mendes and Parker, 2011): adjacent sets of lines are correlated
| https://doi.org/10.1002/mrm.22681
"""

import torch
from torch import Tensor

NEAR = 6  # lines on each side that foretell one
BODY = 0.1  # of the maximum of the image of the low frequencies
NOISE = 0.01  # of a line's energy, so that nothing is foretold exactly


def movement(kspace: Tensor, lines: Tensor) -> float | None:
    """Return g of one coil's k-space; None where no two lines have both of their neighbours.

    Arguments:
        kspace: (readout, line), in FFT order.
        lines: which were sampled.
    """
    count = len(lines)
    numbers = torch.fft.fftfreq(count, 1 / count).round().long()
    inner = lines & lines.roll(1) & lines.roll(-1) & (numbers.to(lines.device).abs() > 2)  # zero's are alike anyway
    if inner.sum() < 2 or not kspace.any():
        return None
    profiles = torch.fft.ifft(kspace / kspace.abs().max(), dim=0)
    agreement = torch.fft.fft(_body(profiles, lines), dim=1)  # C by the difference of lines
    agreement = agreement / agreement[:, :1].real.clamp_min(1)
    found = [_gain(profiles, agreement, _near(line, lines), line) for line in inner.nonzero().flatten().tolist()]
    return float(sum(found))


def _near(line: int, lines: Tensor) -> Tensor:
    """Return the numbers of the lines that were sampled near one."""
    steps = torch.tensor([*range(-NEAR, 0), *range(1, NEAR + 1)], device=lines.device)
    others = (line + steps) % len(lines)
    return others[lines[others]]


def _body(profiles: Tensor, lines: Tensor) -> Tensor:
    """Return where the image of the lines around zero that were all sampled is bright (readout, y), one or zero."""
    both = lines & lines.flip(0).roll(1)  # a line and its mirror
    half = int(both[: len(lines) // 2].long().cumprod(0).sum())
    number = torch.fft.fftfreq(len(lines), 1 / len(lines), device=lines.device)
    window = torch.where(number.abs() < half, 1 + torch.cos(torch.pi * number / max(half, 1)), 0)
    low = torch.fft.ifft(profiles * window, dim=1).abs()
    return (low > BODY * low.max()).to(low)


def _gain(profiles: Tensor, agreement: Tensor, near: Tensor, line: int) -> float:
    """Return how much likelier a shift of one line is than none."""
    between = agreement[:, (near[:, None] - near) % len(agreement[0])]
    noise = NOISE * torch.eye(len(near), device=near.device)
    to_line = agreement[:, (line - near) % len(agreement[0])]
    weights = torch.linalg.solve((between + noise).mT, to_line[..., None])[..., 0]
    seen = agreement[:, 0].real > 0
    told, own = (torch.fft.fft(each * seen) for each in ((weights * profiles[:, near]).sum(-1), profiles[:, line]))
    both = (told * own).abs().double()
    size = (told.norm() * own.norm()).double()
    if not size > 0:
        return 0.0
    likeness = (torch.fft.ifft(told.conj() * own) * len(own)).abs().double() / size
    alike = likeness.square().clamp_max(1 - 1e-6)
    wide = both.sum().square() / both.square().sum()
    return float(wide * ((1 - alike[0]) / (1 - alike.max())).log())
