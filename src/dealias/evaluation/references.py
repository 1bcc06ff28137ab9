"""What methods are compared on: images, or scans that were measured in full and can be undersampled in hindsight."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from dealias.acquisition import Acquisition
from dealias.coils import espirit
from dealias.errors import UserError
from dealias.files.centring_check import central_share
from dealias.files.crop import crop
from dealias.files.formats.fastmri import sampled_in_full
from dealias.files.open import open
from dealias.files.recognition import about, check_exists, recognise
from dealias.files.to_acquisition import alone
from dealias.shapes import Image, Maps

AXES = ("slice", "time", "y", "x")  # of images, as we order them


@dataclass(frozen=True)
class Reference:
    """One image ([time,] y, x) that a reconstruction should equal.

    Arguments:
        file: where it is from.
        slice: its number in the file.
        image: of largest magnitude 1 where the file holds images, on the file's scale where it was measured.
        volume: the largest magnitude of all the file's images on that scale: fastMRI's data range.
        full: what was measured of it, fully sampled; None where a scan is to be simulated.
    """

    file: str
    slice: int
    image: Image
    volume: float
    full: Acquisition | None = None


def files(source: str | Path) -> list[tuple[Path, str]]:
    """Return each file with its name: the file itself, or those below a folder that are of a known format.

    Raises:
        UserError: where there is none.
    """
    begin = Path(source)
    with about(begin):
        check_exists(begin)
    if not begin.is_dir():
        return [(begin, begin.name)]
    found = sorted(path for path in begin.rglob("*") if path.is_file() and not path.name.startswith("."))
    known = [(path, path.relative_to(begin).as_posix()) for path in found if path.stat().st_size and _readable(path)]
    if not known:
        raise UserError(f"{begin}: holds no file of a known format; give images or fully sampled k-space")
    return known


def references(
    path: Path,
    name: str,
    *,
    maps: Maps | Literal["auto"] | None = "auto",
    key: str | None = None,
    axes: str | None = None,
) -> Iterator[Reference]:
    """Yield the images of a file; of k-space, those of all its samples, coils combined.

    Slices without signal are passed over.

    Arguments:
        name: what results call the file.
        maps: of measured coils; "auto" are the file's own, else ESPIRiT's from all samples.
        key: as in `dealias.open`.
        axes: likewise; of images some of "slice time y x" in their order, which makes films of them.

    Raises:
        UserError: where the file holds neither images nor fully sampled k-space.
    """
    names = (axes or "").replace(",", " ").split()
    sure = key is not None or not {*names} <= {*AXES}
    found = contents(path, partial(open, key=key, axes=axes), sure=sure)
    if isinstance(found, Acquisition):
        with about(path):
            yield from _of_scan(found, name, maps)
        return
    with about(path):
        stack = _arranged(found, names)
    largest = float(found.abs().max())
    for number, image in enumerate(stack):
        size = image.abs().max()
        if size > 0:
            yield Reference(name, number, image / size, largest / float(size))


def _arranged(images: Tensor, names: Sequence[str]) -> Tensor:
    """Return images (n, y, x), films (n, time, y, x) where the names of their axes say so."""
    if not names:
        return images.reshape(-1, *images.shape[-2:])
    images = alone(images, len(names))
    if images.ndim != len(names) or len({*names}) < len(names) or not {"y", "x"} <= {*names}:
        text = f"its images have {images.ndim} axes {tuple(images.shape)}, --axes names '{' '.join(names)}'"
        raise UserError(f"{text}; name each once, such as 'slice time y x'")
    order = sorted(range(len(names)), key=lambda axis: AXES.index(names[axis]))
    images = images.permute(order)
    return images if "slice" in names else images[None]


def whole(path: Path, read: Callable[[Path], Acquisition] = open) -> Tensor:
    """Return all images of a file (..., y, x), on its scale; of k-space as `references` does.

    Arguments:
        read: how k-space is read.

    Raises:
        UserError: where the file holds neither images nor fully sampled k-space.
    """
    with about(path):
        check_exists(path)
    found = contents(path, read)
    if not isinstance(found, Acquisition):
        return found
    with about(path):
        return crop(_combined(found, "auto").zero_filled, found.header.matrix)


def _combined(full: Acquisition, maps: Maps | Literal["auto"] | None) -> Acquisition:
    """Return a fully sampled scan with the maps that make one image of its coils."""
    if not sampled_in_full(full.centred_mask):
        raise UserError(f"is {full.acceleration:.2g}x undersampled; a comparison needs all of k-space")
    if not isinstance(maps, str):
        return full.with_maps(maps)
    return full.with_maps(espirit(full)) if full.coils > 1 and full.maps is None else full


def _of_scan(full: Acquisition, name: str, maps: Maps | Literal["auto"] | None) -> Iterator[Reference]:
    full = _combined(full, maps)
    shown = crop(full.zero_filled, full.header.matrix)
    volume = float(shown.abs().max())
    if shown.ndim == len(full.axes):
        stack = [(shown, full)]
    else:
        stack = [(image, full[number]) for number, image in enumerate(shown)]
    for number, (image, scan) in enumerate(stack):
        if image.any():
            yield Reference(name, number, image, volume, scan)


def contents(path: Path, read: Callable[[Path], Acquisition] = open, *, sure: bool = False) -> Acquisition | Tensor:
    """Return the k-space of a file, or its images (..., y, x).

    Complex images of an array file can be taken for k-space. Energy tells them apart: that of k-space lies closer to
    its centre than that of the image.

    Arguments:
        sure: whether it is known to be k-space.
    """
    try:
        scan = read(path)
    except UserError as complaint:
        if sure:
            raise
        try:
            return _images(path)
        except UserError as other:
            raise UserError(f"{complaint}; as images: {other}") from None
    if not sure and central_share(scan.coil_images) > central_share(scan.centred_kspace):
        return _images(path)
    return scan


def _readable(path: Path) -> bool:
    module = recognise(path)
    return hasattr(module, "read") or hasattr(module, "images")


def _images(path: Path) -> Tensor:
    module = recognise(path)
    if module is None or not hasattr(module, "images"):
        raise UserError("is no file of images")
    stack: Tensor = module.images(path)
    if not torch.isfinite(stack).all():
        raise UserError("holds NaN or infinite values; mend the file or leave it out")
    return stack
