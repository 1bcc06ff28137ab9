"""The images that a training sees: those of the user, denoised copies of them, and phantoms."""

from collections.abc import Sequence
from itertools import product

import torch

from dealias.files.images import images as read
from dealias.operators.wavelet import Wavelet, noise_deviation
from dealias.phantoms import head
from dealias.shapes import Image
from dealias.solvers.shrinkage import soft_threshold


def gather(sources: Sequence[str], *, denoised: bool = False, phantoms: int = 0) -> list[Image]:
    """Return the images (y, x) of all sources, each of maximum magnitude 1.

    Arguments:
        sources: files or folders.
        denoised: add a denoised copy of each image. A network that only sees noisy references learns that
            fine detail is noise, and smooths clean images.
        phantoms: how many simulated heads to add.
    """
    found = [image for source in sources for image in read(source)]
    copies = [clean(image) for image in found] if denoised else []
    return [*found, *copies, *(head((256, 256), seed=seed) for seed in range(phantoms))]


def clean(image: Image, shifts: int = 4) -> Image:
    """Return an image without most of its noise, and of maximum magnitude 1.

    Wavelet shrinkage at twice the noise, averaged over cyclic shifts against blocking.

    | Translation-Invariant De-Noising (Coifman and Donoho, 1995), section 2
    """
    wavelet = Wavelet()
    noise = noise_deviation(wavelet.forward(image))
    total = torch.zeros_like(image)
    for shift in product(range(shifts), repeat=2):
        coefficients = wavelet.forward(image.roll(shift, (-2, -1)))
        smooth = wavelet.adjoint(soft_threshold(coefficients, 2 * noise))
        total += smooth.roll((-shift[0], -shift[1]), (-2, -1))
    return total / total.abs().max()
