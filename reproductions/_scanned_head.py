"""A head of known susceptibility in a scanner, what the stages of `dealias qsm` make of it, and how good that is.

The head lies obliquely and its noise is another one than where constants were chosen.
"""

import torch

from dealias.phantoms.susceptibility import susceptibility
from dealias.susceptibility.echoes import Echoes
from dealias.susceptibility.mask import eroded
from dealias.susceptibility.scores import detrended_nrmse, hfen, nrmse, slope, xsim
from dealias.susceptibility.stages import combine, field_of, invert, local_field_of
from dealias.susceptibility.volumes import affine_of

NUCLEI, CALCIFICATION = range(1, 7), 16  # labels of the phantom
OBLIQUE, SEED = (0.94, 0.34, 0.05), 1
SCORES = ["NRMSE %", "in tissue %", "detrended %", "HFEN %", "slope of nuclei", "XSIM"]
ABOUT = (
    "Scores are of what lies two voxels inside of the mask found, those in tissue farther than a voxel from the "
    "calcification. Constants were chosen on this head with B0 along z and other noise; here it lies obliquely."
)


class Scanned:
    """A head, the common mask of all comparisons, and the maps that are made of its scan."""

    def __init__(self, size):
        self.head = susceptibility((size,) * 3, direction=OBLIQUE)
        self.scan = self.head.scan(seed=SEED)
        self.first = self.map(self.scan.images)
        inner = eroded(self.first["mask"], 2.01 * max(self.head.voxel_size), self.head.voxel_size)
        self.common = inner & self.head.mask & self.first["local_mask"]
        self.tissue = self.common & ~around(self.head.labels == CALCIFICATION, 3)

    def echoes(self, images):
        """Return images as the stages take them."""
        head, scan = self.head, self.scan
        affine = affine_of(head.chi.shape, head.voxel_size, head.direction)
        return Echoes(images, scan.echo_times, scan.field_strength, head.voxel_size, head.direction, affine)

    def field(self, images, mask=None):
        """Return the field of images (echo, coil, z, y, x), its noise, and the mask of the brain."""
        echoes = self.echoes(images)
        return field_of(*combine(echoes, bipolar=False), echoes, mask)

    def map(self, images, mask=None):
        """Return what every stage makes of images (echo, coil, z, y, x)."""
        field, noise, mask = self.field(images, mask)
        local, inner = local_field_of(field, noise, mask, self.echoes(None), background="v_sharp", radius=12.0)
        chi = self.inverted(local, noise, inner)
        return {"field": field, "noise": noise, "mask": mask, "local": local, "local_mask": inner, "chi": chi}

    def inverted(self, local, noise, mask):
        """Return the map of a local field as the pipeline makes it; without noise all voxels weigh alike."""
        noise = torch.zeros_like(local) if noise is None else noise
        return invert(local, noise, mask, self.echoes(None), inversion="total_variation", regularisation=None)

    def scores(self, chi):
        """Return the scores of a map in the common mask, as words."""
        head, where = self.head, self.common
        nuclei = [(head.labels == k) & where for k in NUCLEI]
        found, truth = (torch.stack([volume[k].mean() for k in nuclei if k.any()]) for volume in (chi, head.chi))
        errors = [100 * score(chi, head.chi, where) for score in (nrmse, detrended_nrmse, hfen)]
        errors.insert(1, 100 * nrmse(chi, head.chi, self.tissue))
        return [f"{e:.1f}" for e in errors] + [f"{slope(found, truth):.2f}", f"{xsim(chi, head.chi, where):.3f}"]

    def phase_error(self, images):
        """Return the root mean square of the echoes' phase error in radians, weighted by magnitude."""
        truth = self.scan.images
        weight = truth.abs() * self.common
        return float((weight * (images * truth.conj()).angle().square()).sum() / weight.sum()) ** 0.5


def around(place, width):
    """Return what lies in a cube of so many voxels around any voxel of a place."""
    return torch.nn.functional.max_pool3d(place[None].float(), width, 1, width // 2)[0] > 0
