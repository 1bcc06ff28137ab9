"""A head whose susceptibility is known everywhere, and the field that it makes in a magnet.

    field = d * chi,  local field = d * (chi in the brain),  background = field - local field

d is the field of a dipole. What a head of this kind looks like to a scanner, `scan` says.

| QSM reconstruction challenge 2.0: a realistic in silico head phantom for MRI data simulation and evaluation of
| susceptibility mapping procedures (Marques et al., 2021), table 1
| https://doi.org/10.1002/mrm.28716

Shapes are ellipsoids and tubes, so that a head can be drawn on any grid; it is drawn on a finer one than asked for, of
which a voxel is the mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool3d

from dealias.errors import UserError
from dealias.operators.dipole import Dipole, checked_direction, checked_lengths
from dealias.phantoms._deformation import deformed
from dealias.phantoms._gradient_echo import SIX_ECHOES, Scan, gradient_echo, sampled
from dealias.phantoms._head_volume import AIR, CALCIFICATION, HALF, NAMES, labelled

# parts per million, in the order of NAMES from the caudate; of the calcification chosen by us
CHI = (0.044, 0.1305, 0.038, 0.1, 0.152, 0.111, 0.02, -0.03, 0.02, 0.019, 0.19, 0.019, -2.1, 9.2, 0.0, -1.0)
DIFFERENCE = 0.2  # of a tissue's susceptibility from head to head, as a share


@dataclass(frozen=True)
class SusceptibilityHead:
    """What is true of a head, on the grid asked for.

    Arguments:
        chi: susceptibility (z, y, x) in parts per million, its mean over the brain zero; at the brain's edge that of
            its own share of a voxel.
        mask: the brain, its fluid and its vessels: what lies inside the skull.
        field: relative to B0, in parts per million, after shimming.
        local_field: what the brain's own susceptibility makes of it.
        labels: of the tissue that most of a voxel holds; `names` says which is which.
        fine_labels: likewise on the finer grid.
        fine_field: likewise, before the mean over a voxel.
        fine_local_field: likewise.
        voxel_size: millimetres along (z, y, x).
        direction: the unit vector of B0 along (z, y, x).
    """

    chi: Tensor
    mask: Tensor
    field: Tensor
    local_field: Tensor
    labels: Tensor
    fine_labels: Tensor
    fine_field: Tensor
    fine_local_field: Tensor
    voxel_size: tuple[float, float, float]
    direction: tuple[float, float, float]

    names = NAMES

    @property
    def background(self) -> Tensor:
        """The field that all else makes in the brain."""
        return self.field - self.local_field

    def sampled_local_field(self) -> Tensor:
        """Return the local field as the k-space of a scan shows it, where `local_field` is a mean over each voxel."""
        return sampled(self.fine_local_field.to(torch.complex64), self.chi.shape).real

    def scan(
        self,
        echo_times: Sequence[float] = SIX_ECHOES,
        field_strength: float = 7.0,
        *,
        coils: int = 1,
        snr: float = 100.0,
        seed: int = 0,
    ) -> Scan:
        """Return what a spoiled gradient echo of several echoes measures of the head.

        Arguments:
            echo_times: seconds.
            field_strength: tesla.
            coils: how many; each adds a phase of its own.
            snr: the largest magnitude of the image over the noise's standard deviation in each part.
            seed: of noise and coils.
        """
        return gradient_echo(self.fine_labels, self.fine_field, self.chi.shape, echo_times, field_strength).measured(
            coils, snr, seed
        )


def susceptibility(
    shape: Sequence[int] = (64, 64, 64),
    *,
    voxel_size: Sequence[float] | None = None,
    direction: Sequence[float] = (1.0, 0.0, 0.0),
    calcification: float = CHI[CALCIFICATION - 1],
    finer: int = 2,
    seed: int | None = None,
) -> SusceptibilityHead:
    """Return a head of known susceptibility, the same each time.

    Arguments:
        shape: of the volume (z, y, x); z counts to the top of the head, y to its back, x to its left.
        voxel_size: millimetres along (z, y, x); None makes the head fill the volume.
        direction: of B0 along (z, y, x).
        calcification: its susceptibility in parts per million.
        finer: how many times as fine the grid is on which it is drawn.
        seed: of a head that is turned, stretched and bent, and whose tissues differ; None is the one that all know.

    Raises:
        UserError: where no volume or no finer grid is asked for.
    """
    if len(shape) != 3 or min(shape) < 8 or finer < 1:
        raise UserError(f"a head cannot be drawn on {tuple(shape)}, {finer} times as fine; give 8 voxels or more")
    if voxel_size is None:
        voxel_size = (max(2.1 * h / n for h, n in zip(HALF, shape, strict=True)),) * 3
    voxel, b0 = checked_lengths(voxel_size), checked_direction(direction)
    axes = _axes(shape, voxel, finer)
    labels, brain = labelled(axes)
    values = torch.tensor([0.0, *CHI])
    values[CALCIFICATION] = calcification
    if seed is not None:
        generator = torch.Generator().manual_seed(seed)
        labels, brain = deformed(labels, brain, [d / finer for d in voxel], generator)
        values = values * (1 + DIFFERENCE * torch.randn(len(values), generator=generator))
    return of_labels(labels, brain, values, voxel, b0, finer=finer)


def of_labels(
    labels: Tensor,
    brain: Tensor,
    values: Tensor,
    voxel_size: tuple[float, float, float],
    direction: tuple[float, float, float],
    *,
    finer: int = 2,
) -> SusceptibilityHead:
    """Return a head, or whatever else, of labels on a finer grid.

    Arguments:
        labels: (z, y, x) of tissues as in `names`; of air somewhere, which goes on outside.
        brain: (z, y, x), where susceptibility is looked for.
        values: of each label, in parts per million.
        voxel_size: millimetres along (z, y, x), of the coarser grid.
        direction: the unit vector of B0 along (z, y, x).
        finer: how many times as fine the grid of the labels is.
    """
    chi = values[labels.long()]
    chi = chi - chi[brain].mean()
    operator = Dipole([d / finer for d in voxel_size], direction, doubled=True, averaged=True)
    local = operator(chi * brain)
    total = operator(chi - chi[labels == AIR][0])  # the air outside goes on for ever
    total = total - _shim(total, brain, _axes([n // finer for n in labels.shape], voxel_size, finer))
    coarse = means(brain, finer) > 0.5
    mean = torch.where(coarse, means(chi * brain, finer), means(chi, finer))
    share = torch.stack([means(labels == k, finer) for k in range(len(NAMES))])
    return SusceptibilityHead(
        mean - mean[coarse].mean(),
        coarse,
        means(total, finer),
        means(local, finer),
        share.argmax(0),
        labels,
        total,
        local,
        voxel_size,
        direction,
    )


def _axes(shape: Sequence[int], voxel_size: Sequence[float], finer: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return where the voxels of the finer grid lie, in millimetres from the middle of the head.

    The voxel n // 2 of an even size lies at the middle.
    """
    found = []
    for n, d in zip(shape, voxel_size, strict=True):
        axis = d / finer * (torch.arange(n * finer) - (n * finer - 1) / 2)
        found.append(axis + d / 2 if n % 2 == 0 else axis)
    return found[0], found[1], found[2]


def means(fine: Tensor, finer: int) -> Tensor:
    """Return the means over voxels (z, y, x) of a volume that is so many times as fine."""
    return avg_pool3d(fine[None].float(), finer)[0]


def _shim(field: Tensor, where: Tensor, axes: Sequence[Tensor]) -> Tensor:
    """Return the field of shim coils of first and second order nearest to a field in a region, everywhere."""
    z, y, x = torch.meshgrid(*(axis / HALF[1] for axis in axes), indexing="ij")
    terms = torch.stack([torch.ones_like(z), z, y, x, z * z - (y * y + x * x) / 2, y * y - x * x, z * y, y * x, z * x])
    inside = terms[:, where].double()
    weights = torch.linalg.solve(inside @ inside.T, inside @ field[where].double())
    return torch.einsum("t,tzyx->zyx", weights.float(), terms)
