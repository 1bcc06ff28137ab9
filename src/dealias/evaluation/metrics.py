"""Image quality: one number per slice, over the last two axes; batched and differentiable.

Magnitudes are compared, or with `phase` the complex images. Both images are first divided by the maximum of the
reference, or by the data range that is given, so that no metric but `mse` depends on scale.
"""

from typing import Literal

import torch
from torch import Tensor

from dealias.errors import UserError
from dealias.numpy_bridge import numpy_too
from dealias.shapes import Image

PIXELS = (-2, -1)


@numpy_too
def mse(image: Image, reference: Image, *, phase: bool = False) -> Tensor:
    """Return the mean of |a - b|^2 over the pixels, in the square of their unit."""
    a, b = _compared(image, reference, phase)
    return _square(a - b).mean(PIXELS)


@numpy_too
def nmse(image: Image, reference: Image, *, phase: bool = False) -> Tensor:
    """Return ||a - b||^2 / ||b||^2, b being the reference."""
    return nrmse(image, reference, phase=phase).square()


@numpy_too
def nrmse(image: Image, reference: Image, *, phase: bool = False) -> Tensor:
    """Return ||a - b|| / ||b||, b being the reference."""
    a, b, _ = _normalised(image, reference, phase)
    return _relative_error(a, b)


@numpy_too
def psnr(image: Image, reference: Image, *, phase: bool = False, data_range: Tensor | float | None = None) -> Tensor:
    """Return the peak signal-to-noise ratio in decibels.

    Arguments:
        data_range: the peak; None is the maximum of the reference. FastMRI takes that of the volume.
    """
    a, b, peak = _normalised(image, reference, phase, data_range)
    error = _square(a - b).mean(PIXELS)
    peak = torch.where(error == 0, 1, peak)  # an empty slice, empty as it should be, is perfect too
    return 10 * (peak.square() / error).log10()


@numpy_too
def ssim(
    image: Image,
    reference: Image,
    window: Literal["uniform", "gaussian"] = "uniform",
    *,
    data_range: Tensor | float | None = None,
) -> Tensor:
    """Return the structural similarity of magnitudes, k1 = 0.01, k2 = 0.03.

    | Image Quality Assessment: From Error Visibility to Structural Similarity
    | (Wang et al., 2004), equation 13
    | https://doi.org/10.1109/TIP.2003.819861

    Arguments:
        window: "uniform" is 7 x 7 with sample covariances, as scikit-image and fastMRI have it; "gaussian" is
            11 x 11 of standard deviation 1.5, as in the paper. Only windows inside the image count.
        data_range: None is the maximum of the reference. FastMRI takes that of the volume.

    Raises:
        UserError: where the image is smaller than the window.
    """
    a, b, _ = _normalised(image, reference, data_range=data_range)
    weights, unbiased = _window(window, b)
    size = len(weights)
    if min(b.shape[-2:]) < size:
        found = f"{b.shape[-2]} x {b.shape[-1]}"
        raise UserError(f"SSIM needs images of {size} x {size} pixels or more, not {found}; use PSNR")
    kernel = weights[:, None] * weights
    moments = torch.stack([a, b, a * a, b * b, a * b], -3)
    mean_a, mean_b, aa, bb, ab = _correlated(moments, kernel, padding=0).unbind(-3)
    variances = unbiased * (aa - mean_a.square() + bb - mean_b.square())
    covariance = unbiased * (ab - mean_a * mean_b)
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_a * mean_b + c1) / (mean_a.square() + mean_b.square() + c1)
    structure = (2 * covariance + c2) / (variances + c2)
    return (luminance * structure).mean(PIXELS)


@numpy_too
def hfen(image: Image, reference: Image, *, phase: bool = False) -> Tensor:
    """Return the high-frequency error norm ||LoG(a) - LoG(b)|| / ||LoG(b)||, zero being perfect.

    LoG is a 15 x 15 Laplacian of a Gaussian of standard deviation 1.5 pixels, its sum zero; outside is zero.

    | MR Image Reconstruction From Highly Undersampled k-Space Data by Dictionary Learning
    | (Ravishankar and Bresler, 2011), section IV-A
    | https://doi.org/10.1109/TMI.2010.2090538
    """
    a, b, _ = _normalised(image, reference, phase)
    kernel = _laplacian_of_gaussian(b.real)
    return _relative_error(*(_correlated(x, kernel, padding=len(kernel) // 2) for x in (a, b)))


def _compared(image: Image, reference: Image, phase: bool) -> tuple[Tensor, Tensor]:
    if image.shape != reference.shape:
        shapes = f"{tuple(image.shape)} and the reference {tuple(reference.shape)}"
        raise UserError(f"the image has shape {shapes}; compare images of one shape")
    if not phase:
        image, reference = image.abs(), reference.abs()
    dtype = torch.promote_types(image.dtype, reference.dtype)
    return image.to(dtype), reference.to(dtype)


def _normalised(
    image: Image, reference: Image, phase: bool = False, data_range: Tensor | float | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Return both images divided by the peak, and the peak divided by itself: 1, or 0 where it is 0."""
    a, b = _compared(image, reference, phase)
    if data_range is None:
        peak = b.abs().amax(PIXELS)
    else:
        peak = torch.as_tensor(data_range).to(b.real).expand(b.shape[:-2])
        if not (torch.isfinite(peak) & (peak > 0)).all():
            raise UserError("the data range must be more than zero; give the maximum of the volume, or none")
    size = torch.where(peak == 0, 1, peak)
    return a / size[..., None, None], b / size[..., None, None], peak / size


def _square(x: Tensor) -> Tensor:
    """Return |x|^2, whose gradient is finite at zero."""
    return torch.view_as_real(x).square().sum(-1) if x.is_complex() else x.square()


def _relative_error(a: Tensor, b: Tensor) -> Tensor:
    error, size = (torch.linalg.vector_norm(x, dim=PIXELS) for x in (a - b, b))
    return error / size.clamp_min(torch.finfo(size.dtype).tiny)


def _window(name: str, like: Tensor) -> tuple[Tensor, float]:
    """Return the weights along one axis, and what makes their variances unbiased."""
    if name == "uniform":
        return like.new_full((7,), 1 / 7), 49 / 48
    if name == "gaussian":
        offsets = torch.arange(-5, 6, dtype=like.dtype, device=like.device)
        return (-offsets.square() / (2 * 1.5**2)).softmax(0), 1.0
    raise UserError(f"the SSIM window '{name}' is unknown; choose uniform or gaussian")


def _laplacian_of_gaussian(like: Tensor) -> Tensor:
    offsets = torch.arange(-7, 8, dtype=like.dtype, device=like.device)
    square, variance = offsets.square()[:, None] + offsets.square(), 1.5**2
    gaussian = (-square / (2 * variance)).exp()
    kernel = gaussian / gaussian.sum() * (square - 2 * variance) / variance**2
    return kernel - kernel.mean()


def _correlated(images: Tensor, kernel: Tensor, padding: int) -> Tensor:
    """Return images (*batch, y, x) under a symmetric kernel, never in a lower precision than their own."""
    if images.is_complex():
        return torch.complex(*(_correlated(part, kernel, padding) for part in (images.real, images.imag)))
    planes = images.reshape(-1, 1, *images.shape[-2:])
    with torch.autocast(images.device.type, enabled=False):
        found = torch.nn.functional.conv2d(planes, kernel[None, None], padding=padding)
    return found.reshape(*images.shape[:-2], *found.shape[-2:])
