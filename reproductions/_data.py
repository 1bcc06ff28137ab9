"""The images of a page: real ones where ../shared/data is, simulated heads elsewhere."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import dealias
from dealias import find
from dealias.files.images import images as read
from dealias.phantoms import head
from dealias.training.augment import shrunk

SHARED = Path(__file__).parents[2] / "shared" / "data"
HEADS = Path(__file__).parents[2] / "runs" / "reproductions"
VIEWS = ("axial", "coronal", "sagittal")


def sources(name: str) -> list[str]:
    """Return what `dealias train` takes as data for a file of ../shared/data; simulated heads where it is missing."""
    path = SHARED / f"{name}.npz"
    if path.exists():
        return [str(path)]
    made = HEADS / f"{name}.npy"
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        first = 100 * sum(map(ord, name))  # other heads under another name
        np.save(made, torch.stack([head((96, 96), seed=first + k) for k in range(6)]).numpy())
    return [str(made)]


def spread(images: Sequence[Tensor], count: int) -> list[Tensor]:
    """Return so many of the images, evenly spread."""
    return [images[i] for i in torch.linspace(0, len(images) - 1, count).round().long().tolist()]


def held_back(count: int) -> list[Tensor]:
    """Return slices (y, x) of the subject that chooses, evenly spread."""
    return spread(read(sources("siat_brain_val")[0]), count)


def view(name: str, direction: str) -> list[Tensor]:
    """Return the slices (y, x) of a file that were taken axially, coronally or sagittally; a third of the heads."""
    file = sources(name)[0]
    images = read(file)
    if file.endswith(".npz"):
        directions = np.load(file)["view"].tolist()
    else:
        directions = [VIEWS[i % 3] for i in range(len(images))]
    return [image for image, seen in zip(images, directions, strict=True) if seen == direction]


def finer(image: Tensor, pixel: float) -> Tensor:
    """Return an image with pixels of this fraction of their size: its k-space with zeros around it."""
    shape = [round(n / pixel) for n in image.shape]
    kspace = image.new_zeros(shape)
    place = tuple(
        slice(new // 2 - old // 2, new // 2 + (old + 1) // 2) for new, old in zip(shape, image.shape, strict=True)
    )
    kspace[place] = torch.fft.fftshift(torch.fft.fft2(image))
    image = torch.fft.ifft2(torch.fft.ifftshift(kspace))
    return image / image.abs().max()


def kept(name: str, part: str, images: Sequence[Tensor]) -> list[str]:
    """Return what `dealias train` takes as data for images of one size that were made from a file's, written once."""
    file = Path(sources(name)[0])
    made = HEADS / f"{file.stem}_{part}_{file.suffix[1:]}.npy"  # real ones and heads never meet under one name
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        np.save(made, torch.stack([*images]).numpy())
    return [str(made)]


def foreign() -> dict[str, Tensor]:
    """Return one image (y, x) of each body or scanner that no training saw."""
    found = {}
    for name in ("kellman_fatwater", "ukat_b0_256", "ukat_r2star_philips", "ukat_t1_philips"):
        arrays = np.load(sources(name)[0])
        if isinstance(arrays, np.ndarray):  # simulated heads
            found[name] = torch.from_numpy(arrays[0])
            continue
        # the first stack of images, real and imaginary parts last; the others are times and tags
        stack = next(arrays[key] for key in arrays if arrays[key].ndim >= 4 and arrays[key].shape[-1] == 2)
        images = stack.reshape(-1, *stack.shape[-3:]).astype(np.float32)
        found[name] = torch.view_as_complex(torch.from_numpy(images[len(images) // 2]))
    return found


def knees() -> dict[str, Tensor]:
    """Return the middle square of each knee whose k-space was measured; none where the data are missing."""
    return single_coil("larson_knee", "rad229_knee")


def abroad(size: int) -> dict[str, Tensor]:
    """Return a heart, abdomens, knees and a head with its neck that no training saw, no longer than so many pixels."""
    found = {**foreign(), **knees(), **single_coil("larson_t1sag")}
    return {name: resized(image, size) for name, image in found.items()}


def resized(image: Tensor, size: int) -> Tensor:
    """Return an image (y, x) of maximum one whose longer side is no longer than `size` pixels."""
    image = shrunk(image, size / max(image.shape)) if size < max(image.shape) else image
    return image / image.abs().max()


def single_coil(*names: str) -> dict[str, Tensor]:
    """Return the middle square of images whose k-space one coil measured; none where the data are missing."""
    path = SHARED / "sc_kspace.npz"
    found = {}
    for name in names if path.exists() else ():
        image = dealias.Acquisition.centred(np.load(path)[name]).zero_filled
        side = min(image.shape)
        found[name] = image[tuple(slice((n - side) // 2, (n + side) // 2) for n in image.shape)]
    return found


def scans(
    images: Sequence[Tensor],
    acceleration: float,
    *,
    patterns: int = 1,
    noise_std: float = 0.001,
    coils: int = 1,
    kind: str = "gaussian",
    **density: float,
) -> list[tuple[dealias.Acquisition, Tensor]]:
    """Return a simulated scan of each image with each pattern, beside its image of maximum one.

    Arguments:
        kind: of the patterns, a function of `dealias.sampling`: "gaussian" points, "cartesian" lines.
        density: what else that function takes, where it is not its own: width, centre.
    """
    pairs = []
    for number, image in enumerate(images):
        image = image / image.abs().max()
        for pattern in range(patterns):
            generator = torch.Generator().manual_seed(1000 * pattern + number)
            mask = find.mask(kind)((*image.shape,), acceleration, generator=generator, **density)
            maps = dealias.coils.simulate((*image.shape,), coils, generator=generator) if coils > 1 else None
            scan = dealias.Acquisition.simulate(image, mask, maps, noise_std, generator=generator)
            pairs.append((scan, image))
    return pairs
