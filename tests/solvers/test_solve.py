"""One place takes the last iterate of conjugate gradients, says how far it came, and knows its gradient."""

import torch

from dealias.operators.cartesian import Cartesian
from dealias.solvers.conjugate_gradient import conjugate_gradient
from dealias.solvers.solve import solve
from problems import coil_maps

SHAPE = (5, 6)


def system():
    """A right-hand side, maps and a weight that ask for their gradients, and what makes a normal map of them."""
    generator = torch.Generator().manual_seed(0)
    b = torch.randn(2, *SHAPE, dtype=torch.complex128, generator=generator, requires_grad=True)
    maps = coil_maps(3, *SHAPE).to(torch.complex128).requires_grad_()
    weight = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    mask = torch.rand(1, *SHAPE, generator=generator) < 0.5

    def normal(x):
        return Cartesian(mask, maps).normal(x) + weight * x

    return (b, maps, weight), normal


def test_the_gradient_is_that_of_every_iteration_unrolled():
    """For the right-hand side, the weight and the maps."""
    (leaves, normal), steps = system(), 80
    wanted = torch.randn(2, *SHAPE, dtype=torch.complex128, generator=torch.Generator().manual_seed(1))
    (*_, unrolled) = conjugate_gradient(normal, leaves[0], steps)
    expected = torch.autograd.grad((unrolled - wanted).abs().square().sum(), leaves)
    implicit = solve(normal, leaves[0], steps).x
    found = torch.autograd.grad((implicit - wanted).abs().square().sum(), leaves)
    assert (implicit - unrolled).abs().max() < 1e-12
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours - theirs).abs().max() <= 1e-10 * theirs.abs().max()


def test_it_says_whether_it_converged():
    (b, _, _), normal = system()
    with torch.no_grad():
        early, late = solve(normal, b, 2), solve(normal, b, 60)
    assert early.residual.shape == (2, 1, 1) and not early.converged(1e-6) and late.converged(1e-12)
    exact = (b - normal(early.x)).abs().square().sum((-2, -1)).sqrt() / b.abs().square().sum((-2, -1)).sqrt()
    assert torch.allclose(early.residual.flatten(), exact.detach())


def test_of_nothing_comes_nothing_and_a_start_is_gone_on_from():
    (b, _, _), normal = system()
    with torch.no_grad():
        nothing = solve(normal, torch.zeros_like(b), 5)
        assert not nothing.x.any() and nothing.converged(0)
        x = solve(normal, b, 60).x
        assert torch.allclose(solve(normal, b, 1, start=x).x, x)


def test_no_gradient_is_asked_for_in_vain():
    (b, _, _), normal = system()
    with torch.no_grad():
        assert not solve(normal, b, 3).x.requires_grad
    fixed = b.detach()
    assert not solve(lambda x: 2 * x, fixed, 3).x.requires_grad
    assert torch.allclose(solve(lambda x: 2 * x, fixed, 3).x, fixed / 2)
