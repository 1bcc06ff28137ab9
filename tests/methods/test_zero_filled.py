"""Zero-filling is the adjoint of the data."""

import torch

from dealias.methods.zero_filled import ZeroFilled
from dealias.testing import assert_close
from problems import film

SMALL = {}


def test_is_the_adjoint():
    problem = film()
    assert_close(ZeroFilled()(problem), problem.operator.adjoint(problem.data), 1e-6, "A^H y")


def test_one_image():
    problem = film().normalised()[0]
    (image,) = ZeroFilled().estimates(problem)
    assert torch.equal(image, problem.zero_filled)
