"""Many tridiagonal systems at once, against dense matrices."""

import pytest
import torch

from dealias.solvers.tridiagonal import Tridiagonal
from dealias.testing import assert_close


@pytest.mark.parametrize("frames", [1, 2, 3, 11])
@pytest.mark.parametrize("kind", [torch.complex128, torch.float64])
def test_solves_every_system(frames, kind, generator):
    coupling = 0.7
    diagonal = 2 * coupling + torch.rand(2, frames, 3, 4, dtype=torch.float64, generator=generator)
    b = torch.randn(2, frames, 3, 4, dtype=kind, generator=generator)
    beside = torch.ones(frames - 1, dtype=torch.float64)
    matrix = torch.diag_embed(diagonal.movedim(1, -1)) - coupling * (beside.diag(1) + beside.diag(-1))
    wanted = torch.linalg.solve(matrix.to(kind), b.movedim(1, -1).unsqueeze(-1)).squeeze(-1).movedim(-1, 1)
    system = Tridiagonal(diagonal, coupling)
    assert_close(system.solve_(b.clone()), wanted, 1e-12, "the solution")
    assert_close(system.solve_(2 * b), 2 * wanted, 1e-12, "another right-hand side")


def test_a_diagonal_shared_by_the_batch(generator):
    diagonal = 3 + torch.rand(1, 4, 1, 5, dtype=torch.float64, generator=generator)
    b = torch.randn(2, 4, 3, 5, dtype=torch.complex128, generator=generator)
    wanted = Tridiagonal(diagonal.expand(b.shape).contiguous(), 1.0).solve_(b.clone())
    assert_close(Tridiagonal(diagonal, 1.0).solve_(b), wanted, 1e-12, "shared")
