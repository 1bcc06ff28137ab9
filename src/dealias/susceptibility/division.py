"""Susceptibility from the local field by dividing through the dipole kernel, where that is not too small.

    chi = F^-1 F field / D where |D| > t, sign(D) / t below

| Magnetic susceptibility mapping of brain tissue in vivo using MRI phase data (Shmueli et al., 2009)
| https://doi.org/10.1002/mrm.22135
| Toward online reconstruction of quantitative susceptibility maps: superfast dipole inversion (Schweser et al., 2013):
| the correction | https://doi.org/10.1002/mrm.24405
| Fast image reconstruction with L2-regularization (Bilgic et al., 2014): the closed form with a penalty
| https://doi.org/10.1002/jmri.24365
"""

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.operators.dipole import Dipole
from dealias.shapes import Volume

AXES = (-3, -2, -1)


def thresholded_division(field: Volume, dipole: Dipole, *, threshold: float = 0.15, corrected: bool = True) -> Volume:
    """Return the susceptibility (z, y, x) in the field's unit.

    Arguments:
        field: (z, y, x), zero outside its mask.
        threshold: t; larger ones trade streaks for contrast.
        corrected: divide by the mean of D times its inverse, by which values are too small otherwise.
    """
    if not threshold > 0:
        raise UserError(f"a threshold of {threshold:g} is impossible; give more than 0, such as 0.15")
    kernel = dipole.kernel(field)
    sign = torch.where(kernel < 0, -1.0, 1.0).to(kernel)
    inverse = torch.where(kernel.abs() > threshold, 1 / torch.where(kernel == 0, 1, kernel), sign / threshold)
    inverse[..., 0, 0, 0] = 0
    if corrected:
        inverse = inverse / (kernel * inverse).mean()
    return _filtered(field, inverse)


def ridge_division(field: Volume, dipole: Dipole, *, regularisation: float = 0.01, gradient: bool = False) -> Volume:
    """Return argmin |D chi - field|^2 + lambda |L chi|^2, L the identity or the gradient.

    Arguments:
        field: (z, y, x), zero outside its mask.
        regularisation: lambda; of the gradient in units of a voxel.
        gradient: whether differences of neighbours are kept small rather than values.
    """
    if not regularisation > 0:
        raise UserError(f"a regularisation of {regularisation:g} is impossible; give more than 0, such as 0.01")
    kernel = dipole.kernel(field)
    penalty = torch.ones_like(kernel)
    if gradient:
        penalty = torch.zeros_like(kernel)
        for axis in range(3):
            n = field.shape[axis - 3]
            place = [1, 1, 1]
            place[axis] = n
            penalty = penalty + (2 - 2 * torch.cos(2 * torch.pi * torch.fft.fftfreq(n))).reshape(place).to(kernel)
    below = kernel.square() + regularisation * penalty
    return _filtered(field, torch.where(below > 0, kernel / torch.where(below > 0, below, 1), 0))


def _filtered(field: Tensor, kernel: Tensor) -> Tensor:
    half = kernel[..., : field.shape[-1] // 2 + 1]
    return torch.fft.irfftn(torch.fft.rfftn(field, dim=AXES) * half, s=field.shape[-3:], dim=AXES)
