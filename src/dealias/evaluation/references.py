"""What methods are compared on: images, or scans that were measured in full and can be undersampled in hindsight."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from dealias.acquisition import Acquisition, acceleration, shares
from dealias.coils import espirit
from dealias.errors import UserError
from dealias.files.crop import crop
from dealias.files.formats import fastmri
from dealias.files.formats.fastmri import sampled_in_full, targets
from dealias.files.images import contents, stored_images
from dealias.files.recognition import about, check_exists, files_below, recognise
from dealias.files.stack import Stack
from dealias.shapes import Image, Maps


@dataclass(frozen=True)
class Reference:
    """One image ([time,] y, x) that a reconstruction should equal.

    Arguments:
        file: where it is from.
        slice: its number in the file.
        image: of largest magnitude 1 where the file holds images, on the file's scale where it was measured.
        volume: the largest magnitude of all the file's images on that scale: fastMRI's data range; nan where nobody
            wanted it.
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
        begin = check_exists(begin)
    if not begin.is_dir():
        return [(begin, begin.name)]
    found = {*files_below(begin, "read"), *files_below(begin, "images")}
    if not found:
        raise UserError(f"{begin}: holds no file of a known format; give images or fully sampled k-space")
    return [(path, path.relative_to(begin).as_posix()) for path in sorted(found)]


def references(
    path: Path,
    name: str,
    *,
    maps: Maps | Literal["auto"] | None = "auto",
    key: str | None = None,
    axes: str | None = None,
    volume: bool = True,
) -> Iterator[Reference]:
    """Yield the images of a file; of k-space, those of all its samples, coils combined, read some slices at a time.

    Slices without signal are passed over.

    Arguments:
        name: what results call the file.
        maps: of measured coils; "auto" are the file's own, else ESPIRiT's from all samples.
        key: as in `dealias.open`.
        axes: likewise; of images some of "slice time y x" in their order, which makes films of them.
        volume: whether the largest magnitude of all is wanted, for which k-space is read once more.

    Raises:
        UserError: where the file holds neither images nor fully sampled k-space.
    """
    stack: Stack[Any] = Stack.of(path, {"key": key, "axes": axes}, partial(contents, path))
    found = stack.first()
    if isinstance(found, Acquisition):
        del found
        with about(path):
            yield from _of_scans(stack, name, maps, volume)
        return
    largest = float(found.abs().max())
    for number, image in enumerate(found if axes else found.reshape(-1, *found.shape[-2:])):
        size = image.abs().max()
        if size > 0:
            yield Reference(name, number, image / size, largest / float(size))


def whole(path: Path, *, key: str | None = None, axes: str | None = None) -> Tensor:
    """Return all images of a file (..., y, x), on its scale; of k-space as `references` does.

    Raises:
        UserError: where the file holds neither images nor fully sampled k-space.
    """
    scans: Stack[Any] = Stack.of(path, {"key": key, "axes": axes}, partial(contents, path))
    try:
        found = scans.first()
    except UserError as complaint:
        try:
            found = stored_images(path)  # key and axes may be those of the scan alone
        except UserError:
            raise complaint from None
    if not isinstance(found, Acquisition):
        return found
    with about(path):
        _check_full(scans)
        images = [crop(_combined(scan, "auto").zero_filled, scan.header.matrix) for scan in scans]
        return images[0] if len(images) == 1 else torch.cat(images)


def true_images(path: Path) -> Tensor:
    """Return the true images of a file (..., y, x): the targets that lie beside fastMRI's k-space, else `whole`."""
    with about(path):
        path = check_exists(path)
        beside = targets(path) if recognise(path) is fastmri else None
    return whole(path) if beside is None else beside


def _check_full(scans: Stack[Acquisition]) -> None:
    """Raise where not all of k-space is there."""
    masks = scans.ahead(lambda scan: (scan.centred_mask, shares(scan.mask, scan.axes).flatten()))
    if not sampled_in_full(torch.cat([mask for mask, _ in masks])):
        found = acceleration(torch.cat([share for _, share in masks]))
        raise UserError(f"is {found:.2g}x undersampled; a comparison needs all of k-space")


def _combined(full: Acquisition, maps: Maps | Literal["auto"] | None) -> Acquisition:
    """Return a fully sampled scan with the maps that make one image of its coils."""
    if not isinstance(maps, str):
        return full.with_maps(maps)
    return full.with_maps(espirit(full)) if full.coils > 1 and full.maps is None else full


def _of_scans(
    scans: Stack[Acquisition], name: str, maps: Maps | Literal["auto"] | None, volume: bool
) -> Iterator[Reference]:
    def combined(part: tuple[Any, Acquisition]) -> Acquisition:
        place, full = part
        full, _ = full.without_linear_phase()  # masks are drawn around the middle
        if isinstance(maps, Tensor) and maps.ndim > 3 and len(maps) == scans.slices:
            return _combined(full, maps[place])
        return _combined(full, maps)

    def images(full: Acquisition) -> Tensor:
        shown = crop(full.zero_filled, full.header.matrix)
        return shown[None] if shown.ndim == len(full.axes) else shown

    _check_full(scans)
    found = scans.with_places().map(combined).kept()
    largest = max(found.ahead(lambda full: float(images(full).abs().max()))) if volume else math.nan
    number = 0
    for full in found:
        alone = len(full.shape) == len(full.axes)
        for place, image in enumerate(images(full)):
            if image.any():
                yield Reference(name, number + place, image, largest, full if alone else full[place])
        number += 1 if alone else len(full.kspace)
