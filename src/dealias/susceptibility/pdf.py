"""Background removal by dipoles: the field of sources outside the mask that comes nearest to what was measured.

    min |W (field - d * chi)|^2 over chi outside the mask;  local field = field - d * chi

| A novel background field removal method for MRI using projection onto dipole fields (PDF) (Liu et al., 2011)
| https://doi.org/10.1002/nbm.1670
"""

import torch
from torch import Tensor

from dealias.operators.dipole import Dipole
from dealias.shapes import Region, Volume
from dealias.solvers.conjugate_gradient import conjugate_gradient


def project_onto_dipole_fields(
    field: Volume, mask: Region, dipole: Dipole, *, weight: Tensor | None = None, iterations: int = 60
) -> tuple[Volume, Region]:
    """Return the local field (z, y, x), and the mask in which it is known.

    Arguments:
        field: (z, y, x), of any unit.
        mask: (z, y, x), where it is known.
        dipole: the field of a source, for these voxels and this direction.
        weight: one over the noise of the field, in any unit; None is the mask.
        iterations: of conjugate gradients; more also fit what is local.
    """
    inside = mask.to(field)
    trust = inside if weight is None else inside * weight
    trust = (trust / trust.max().clamp_min(torch.finfo(field.dtype).tiny)).square()
    outside = 1 - inside

    def normal(chi: Tensor) -> Tensor:
        return outside * dipole.adjoint(trust * dipole.forward(outside * chi))

    right = outside * dipole.adjoint(trust * field * inside)
    chi = torch.zeros_like(field)
    for estimate in conjugate_gradient(normal, right, iterations, 3):
        chi = estimate
    return (field - dipole.forward(outside * chi)) * inside, mask
