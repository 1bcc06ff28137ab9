"""The four test sets of the study: 15 slices in 8 and in 4 bits, at full and at quarter size, as HDF5.

    python reproductions/study_sets.py -o FOLDER [--source knees.h5] [--slices 15] [--size 320 256] [--coils 8]

Magnitudes are rounded to so many bits, images and maps shrunk by the mean of 4 x 4 pixels, masks by their
nearest neighbour; k-space is not shrunk but computed anew, M F S x, so that data, maps and image agree. Each file
holds `imgs` (slice, y, x), `maps` and `ksp` (slice, coil, y, x) and `masks` (slice, y, x), k-space centred, as the
source does that the study was made of. Without --source the slices are simulated heads seen by simulated coils.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from dealias import coils, sampling
from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.files.atomic import atomic
from dealias.phantoms import head

BITS, SHRINKINGS = (8, 4), {"full": 1, "quarter": 4}
ACCELERATION = 4.0  # of simulated slices; the study does not print its own


@dataclass(frozen=True)
class Slices:
    """What a test set is made of.

    Arguments:
        images: (slice, y, x), of maximum magnitude one each.
        maps: (slice, coil, y, x).
        masks: (slice, y, x), centred.
    """

    images: Tensor
    maps: Tensor
    masks: Tensor

    @property
    def scan(self) -> Acquisition:
        """What a scanner would measure of them, without noise."""
        return Acquisition.simulate(self.images, self.masks[:, None], self.maps)


def read(path: Path, count: int) -> Slices:
    """Return the first slices of a file; its own k-space is left aside."""
    try:
        with h5py.File(path) as file:
            images, maps, masks = (torch.from_numpy(file[name][:count]) for name in ("imgs", "maps", "masks"))
    except (OSError, KeyError) as error:
        raise UserError(f"{path}: is no HDF5 file with imgs, maps and masks ({error})") from None
    size = images.abs().amax((-2, -1), keepdim=True)
    return Slices((images / size).to(torch.complex64), maps.to(torch.complex64), masks.bool())


def simulated(count: int, size: tuple[int, int], number: int) -> Slices:
    """Return heads, maps of so many coils, and Poisson discs."""
    generators = [torch.Generator().manual_seed(seed) for seed in range(count)]
    return Slices(
        torch.stack([head(size, seed=seed) for seed in range(count)]),
        torch.stack([coils.simulate(size, number, generator=each) for each in generators]),
        torch.stack([sampling.poisson(size, ACCELERATION, generator=each) for each in generators]),
    )


def in_bits(images: Tensor, bits: int) -> Tensor:
    """Return magnitudes in so many bits, 0 black and 1 white; the phase is dropped."""
    levels = 2**bits - 1
    return ((images.abs() * levels).round() / levels).to(torch.complex64)


def shrunk(slices: Slices, factor: int) -> Slices:
    """Return slices in so much fewer rows and columns; maps have unit root sum of squares again."""
    if factor == 1:
        return slices
    images, maps = (_means(values, factor) for values in (slices.images, slices.maps))
    seen = maps.abs().square().sum(-3, keepdim=True).sqrt()
    maps = maps / torch.where(seen > 0, seen, 1)
    return Slices(images, maps, slices.masks[:, ::factor, ::factor])


def _means(values: Tensor, factor: int) -> Tensor:
    """Return the means of squares of pixels, of real and imaginary parts each by itself."""
    real, imaginary = (avg_pool2d(part, factor) for part in (values.real, values.imag))
    return torch.complex(real, imaginary)


def test_sets(slices: Slices) -> dict[str, Slices]:
    """Return the four sets by their names, such as 4bits_quarter."""
    return {
        f"{bits}bits_{name}": shrunk(replace(slices, images=in_bits(slices.images, bits)), factor)
        for bits in BITS
        for name, factor in SHRINKINGS.items()
    }


def write(path: Path, slices: Slices) -> None:
    """Write a set, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic(path, overwrite=True) as temporary, h5py.File(temporary, "w") as file:
        file["imgs"], file["maps"] = slices.images.numpy(), slices.maps.numpy()
        file["masks"] = slices.masks.numpy().astype(np.uint8)
        file["ksp"] = slices.scan.centred_kspace.numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder of the four files")
    parser.add_argument("--source", type=Path, help="HDF5 with imgs, maps and masks; else slices are simulated")
    parser.add_argument("--slices", type=int, default=15)
    parser.add_argument("--size", type=int, nargs=2, default=(320, 256), help="rows and columns of simulated slices")
    parser.add_argument("--coils", type=int, default=8, help="of simulated slices")
    options = parser.parse_args()
    given = options.source
    slices = read(given, options.slices) if given else simulated(options.slices, (*options.size,), options.coils)
    for name, each in test_sets(slices).items():
        path = options.output / f"{name}.h5"
        write(path, each)
        count, number, rows, columns = each.maps.shape
        print(f"{path}: {count} slices, {number} coils, {rows} x {columns}")


if __name__ == "__main__":
    main()
