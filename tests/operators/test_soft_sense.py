"""The sum of several sets is adjoint to its adjoint; one set is the textbook's encoding."""

import pytest
import torch

from dealias.operators.cartesian import Cartesian
from dealias.operators.soft_sense import SumOfSets
from dealias.testing import assert_adjoint, assert_close


@pytest.mark.parametrize("sets", [1, 2, 3])
@pytest.mark.parametrize("shape", [(9, 12), (9, 1), (1, 12), (1, 1)])
def test_adjoint_and_normal(sets, shape):
    generator = torch.Generator().manual_seed(sets)
    mask = torch.rand(2, 1, *shape, generator=generator) < 0.5
    maps = torch.randn(1, sets, 4, 9, 12, dtype=torch.complex128, generator=generator)
    x = torch.randn(2, sets, 9, 12, dtype=torch.complex128, generator=generator)
    y = torch.randn(2, 4, 9, 12, dtype=torch.complex128, generator=generator)
    operator = SumOfSets(mask, maps)
    assert_adjoint(operator, x, y)
    one = [Cartesian(mask, maps[:, s]) for s in range(sets)]
    assert_close(operator(x), sum(part(x[:, s]) for s, part in enumerate(one)), 1e-12, "the sum of the sets")
    spectra = torch.stack([part.spectrum(x[:, s]).expand(2, 9, 12) for s, part in enumerate(one)], 1)
    assert_close(operator.spectrum(x), spectra, 1e-12, "the spectrum of each set")
