"""What every operator and every method must satisfy; for our tests, and for authors of methods elsewhere."""

from collections.abc import Callable
from dataclasses import fields

import torch
from torch import Tensor

from dealias.linear_operator import LinearOperator
from dealias.method import Method
from dealias.problem import Problem


def assert_adjoint(operator: LinearOperator, x: Tensor, y: Tensor, tolerance: float = 1e-12) -> None:
    """Fail unless <A x, y> = <x, A^H y>, and the normal operator and `.H` agree with forward and adjoint.

    Arguments:
        x: any image, in double precision: single precision does not see a missing conjugate.
        y: any data.
    """
    forward, adjoint = operator(x), operator.H(y)
    assert forward.shape == y.shape, f"A x has shape {tuple(forward.shape)}, the data {tuple(y.shape)}"
    assert adjoint.shape == x.shape, f"A^H y has shape {tuple(adjoint.shape)}, the image {tuple(x.shape)}"
    left, right = torch.vdot(y.flatten(), forward.flatten()), torch.vdot(adjoint.flatten(), x.flatten())
    size = forward.norm() * y.norm() + torch.finfo(x.real.dtype).tiny
    assert abs(left - right) <= tolerance * size, f"<y, A x> = {left}, <A^H y, x> = {right}"
    normal = operator.adjoint(forward)
    assert_close(operator.normal(x), normal, tolerance, "the normal operator is not adjoint(forward)")


def assert_method(make: Callable[[], Method], problem: Problem) -> None:
    """Fail unless a method keeps the contract of DESIGN on a problem with two batch axes or more.

    Arguments:
        make: builds the method, small; the same one each time.
        problem: in single precision, with at least two batch axes before those of one problem.
    """
    method = make().eval()
    with torch.no_grad():
        image = method(problem)
        _assert_estimates(method, problem)
        _assert_slices_do_not_know_each_other(method, problem, image)
        _assert_scale(method, problem, image)
        assert_close(make().eval()(problem), image, 0.0, "the same seed gave another image")


def assert_close(value: Tensor, wanted: Tensor, tolerance: float, message: str) -> None:
    """Fail with a message unless two tensors agree to a tolerance relative to the largest wanted value."""
    assert value.shape == wanted.shape, f"{message}: shape {tuple(value.shape)}, not {tuple(wanted.shape)}"
    error, size = (value - wanted).abs().max(), wanted.abs().max()
    assert error <= tolerance * size, f"{message}: {float(error):.3g} of {float(size):.3g}"


def _assert_estimates(method: Method, problem: Problem) -> None:
    before = {field.name: getattr(problem, field.name) for field in fields(problem)}  # type: ignore[arg-type]
    kept = {name: value.clone() for name, value in before.items() if isinstance(value, Tensor)}
    normalised, _ = method.normalised(problem)
    estimates = list(method.estimates(normalised))
    assert len(estimates) == method.iterations, f"{len(estimates)} estimates, {method.iterations} promised"
    like = normalised.zero_filled
    for x in estimates:
        assert (x.shape, x.dtype, x.device) == (like.shape, like.dtype, like.device), f"{x.shape} {x.dtype}"
    for name, value in kept.items():
        assert torch.equal(before[name], value), f"the method changed the problem's {name}"


def _assert_slices_do_not_know_each_other(method: Method, problem: Problem, image: Tensor) -> None:
    lead = image.ndim - max(method.together(problem), len(problem.axes))
    assert lead >= 2, "give a problem with two batch axes"
    one = (0,) * lead
    last = tuple(n - 1 for n in image.shape[:lead])
    for place in (one, last):
        assert_close(method(problem[place]), image[place], 1e-5, "a slice alone differs from it in a batch")
    assert_close(method(problem[one[1:]]), image[one[1:]], 1e-5, "fewer batch axes give another image")


def _assert_scale(method: Method, problem: Problem, image: Tensor) -> None:
    one = image.new_ones((1,) * image.ndim)
    for power in (20, -20):
        scaled = method(problem.scaled(one * 2.0**power))
        assert torch.equal(scaled, image * 2.0**power), f"data times 2**{power} do not give the image times that"
    for factor in (1e6, 1e-6):
        assert_close(method(problem.scaled(one * factor)), image * factor, 1e-5, f"data times {factor:g}")
    if image.is_complex():
        turn = torch.polar(torch.tensor(1.0), torch.tensor(0.7)).to(image)
        assert_close(method(problem.scaled(one * turn)), image * turn, 1e-4, "turning the data's phase")
