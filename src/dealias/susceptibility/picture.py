"""A picture of susceptibility and what it was made of: three planes through the middle of the brain."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure
from torch import Tensor

from dealias.files.atomic import atomic
from dealias.shapes import Region, Volume

INCHES = 2.6
PLANES = ("axial", "coronal", "sagittal")


def planes(
    path: Path, volumes: Mapping[str, tuple[Volume, float, float]], mask: Region, voxel_size: Sequence[float]
) -> None:
    """Write a PNG with a row for each volume (z, y, x) and a column for each plane.

    Arguments:
        volumes: by name, each with the values that are black and white.
        mask: through whose middle the planes go.
        voxel_size: millimetres along (z, y, x).
    """
    centre = [int(places.float().mean().round()) for places in mask.nonzero().unbind(1)]
    figure = Figure(figsize=(3 * INCHES, len(volumes) * INCHES), facecolor="black", layout="constrained")
    axes = figure.subplots(len(volumes), 3, squeeze=False)
    for row, (name, (volume, black, white)) in zip(axes, volumes.items(), strict=True):
        for axis, (panel, plane) in enumerate(zip(row, PLANES, strict=True)):
            rest = [a for a in range(3) if a != axis]
            shown: Tensor = volume.select(axis, centre[axis])
            aspect = voxel_size[rest[0]] / voxel_size[rest[1]]
            origin = "upper" if axis == 0 else "lower"  # the head's top is up
            panel.imshow(shown.numpy(force=True), cmap="gray", vmin=black, vmax=white, aspect=aspect, origin=origin)
            panel.set_axis_off()
            panel.set_title(f"{name}, {plane}" if axis == 0 else plane, color="white", fontsize=8)
    with atomic(path, overwrite=True) as place:
        figure.savefig(place, dpi=100, format="png")
