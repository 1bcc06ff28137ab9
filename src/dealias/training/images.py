"""The images that a training sees: those of the user, denoised copies of them, phantoms and photographs."""

from collections.abc import Sequence
from itertools import product

import torch

from dealias.errors import UserError
from dealias.files.images import images as read
from dealias.operators.wavelet import Wavelet, noise_deviation
from dealias.phantoms import head
from dealias.shapes import Image
from dealias.solvers.shrinkage import soft_threshold
from dealias.training.augment import shrunk

# of scikit-image's own, those in the public domain or under CC0
PHOTOGRAPHS = "astronaut brick camera chelsea coffee grass gravel hubble_deep_field retina rocket".split()


def gather(
    sources: Sequence[str], *, denoised: bool = False, phantoms: int = 0, photographs: bool = False
) -> dict[str, list[Image]]:
    """Return the images (y, x) of all sources, each of maximum magnitude 1, by what they are.

    Arguments:
        sources: files or folders.
        denoised: add a denoised copy of each image. A network that only sees noisy references learns that
            fine detail is noise, and smooths clean images.
        phantoms: how many simulated heads to add.
        photographs: add tiles of photographs, cleaner, sharper and of more kinds than any body.
    """
    found = {f"images of {source}": list(read(source)) for source in sources}
    kinds = {
        **found,
        "denoised copies": [clean(image) for images in found.values() for image in images] if denoised else [],
        "simulated heads": [head((256, 256), seed=seed) for seed in range(phantoms)],
        "tiles of photographs": tiles() if photographs else [],
    }
    return {kind: images for kind, images in kinds.items() if images}


def tiles(size: int = 256) -> list[Image]:
    """Return square tiles of photographs, grey, at full and at half their size.

    | Assessment of the generalization of learned image reconstruction and the potential for transfer learning
    | (Knoll et al., 2019): networks trained on photographs reconstruct bodies | https://doi.org/10.1002/mrm.27355

    Raises:
        UserError: where scikit-image, which holds them, is missing.
    """
    try:
        from skimage import data
    except ImportError:
        raise UserError("photographs need scikit-image; pip install -e '.[train]' in the clone") from None
    found = []
    for name in PHOTOGRAPHS:
        pixels = torch.from_numpy(getattr(data, name)()).float()
        grey = (pixels if pixels.ndim == 2 else pixels[..., :3].mean(-1)).to(torch.complex64)
        for image in (grey, shrunk(grey, 0.5)):
            rows, columns = (max(n - n % size, min(n, size)) for n in image.shape)
            parts = [part for band in image[:rows, :columns].split(size) for part in band.split(size, -1)]
            found += [part / part.abs().max() for part in parts]
    return found


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
