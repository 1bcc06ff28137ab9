"""What a training minimises."""

import math
from dataclasses import replace
from inspect import getdoc

import pytest
import torch

import dealias
from dealias import coils, find, sampling
from dealias.errors import UserError
from dealias.evaluation import metrics
from dealias.phantoms import head
from dealias.susceptibility.problem import Susceptibility
from dealias.training import losses
from dealias.training.example import Example
from dealias.training.training import Training


def example(target=None, held=None, kspace=None):
    """An example whose problem is fully sampled, 2 problems of 3 x 3."""
    problem = dealias.Acquisition.centred(torch.ones(2, 1, 3, 3, dtype=torch.complex64) if kspace is None else kspace)
    return Example(problem, target, held)


def test_errors_of_images_by_hand():
    """Two problems with two estimates each, whose squared errors are 4 and 16, then 1 and 9."""
    known = example(torch.full((2, 3, 3), 1 + 1j))
    estimates = [known.truth + torch.tensor(errors)[:, None, None] for errors in ([2j, -4j], [1 + 0j, 3 + 0j])]
    assert math.isclose(float(losses.squared_error(estimates, known)), 7.5)
    assert math.isclose(float(losses.last_squared_error(estimates, known)), 5)
    wanted = (math.log(4) + math.log(16) + math.log(1) + math.log(9)) / 4
    assert math.isclose(float(losses.log_squared_error(estimates, known)), wanted, rel_tol=1e-6)
    assert math.isfinite(float(losses.log_squared_error([known.truth], known)))
    turned = [torch.tensor(sizes)[:, None, None].expand(2, 3, 3) for sizes in ([5j, -2], [1, -4j])]
    assert math.isclose(float(losses.magnitude_error(turned, example(torch.full((2, 3, 3), 2j)))), 1.5)


def test_an_error_without_zero_point_by_hand():
    """Of a field that is known in two of four voxels, whatever the map is elsewhere, and whatever its mean."""
    known = torch.tensor([True, True, False, False]).reshape(1, 1, 4)
    problem = Susceptibility.of(torch.zeros(1, 1, 4), known)
    truth = Example(problem, torch.tensor([1.0, -1.0, 0.0, 0.0]).reshape(1, 1, 4))
    estimates = [
        torch.tensor([7.5, 6.5, 99.0, 5.0]).reshape(1, 1, 4),
        torch.tensor([0.0, 0.0, 3.0, 0.0]).reshape(1, 1, 4),
    ]
    assert math.isclose(float(losses.referenced_error(estimates, truth)), math.log(0.25) / 2, rel_tol=1e-5)


def test_errors_in_kspace_by_hand():
    """Of two problems, of energies 1 to 9, one keeps its residual of 1/4 of its energy, the other is without any."""
    x = torch.tensor([1.0, 3.0])[:, None, None].expand(2, 3, 3) + 0j
    scan = dealias.Acquisition.simulate(x, torch.ones(3, 3))
    estimates = [9 * x, torch.stack((1.5 * x[0], x[1]))]
    assert float(losses.measured(estimates, Example(scan))) == pytest.approx(1 / 8)
    middle = torch.zeros(3, 3, dtype=torch.bool)
    middle[1, 1] = True
    held = Example(scan.sampled(~middle), None, scan.sampled(middle))
    assert float(losses.held_out(estimates, held)) == pytest.approx(1 / 8)
    assert float(losses.measured(estimates, held)) == pytest.approx(0, abs=1e-6), "nothing was measured there"


def test_ssim_is_that_of_the_last_magnitude():
    target = torch.stack([head((24, 20), seed=seed) for seed in range(2)])
    other = target.abs() + 0.1 * torch.rand(2, 24, 20)
    known = example(target, kspace=torch.ones(2, 1, 24, 20, dtype=torch.complex64))
    wanted = 1 - float(metrics.ssim(other, target.abs()).mean())
    assert float(losses.ssim([target, 1j * other], known)) == pytest.approx(wanted) and wanted > 0.01
    assert float(losses.ssim([target * 1j], known)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", find.names("training/losses"))
def test_every_loss_is_known_by_its_name_and_gives_a_finite_gradient(name):
    target = head((16, 16), seed=0)[None]
    scan = dealias.Acquisition.simulate(target, torch.ones(16, 16), noise_std=0.01)
    known = Example(scan, target).holding(0.4, torch.Generator().manual_seed(0))
    known = known.normalised(find.method("zero_filled")())
    estimate = target.clone().requires_grad_()
    find.loss(name)([estimate], known).backward()
    assert torch.isfinite(torch.view_as_real(estimate.grad)).all()
    assert name in (getdoc(Training) or ""), "the option says which there are"


@pytest.mark.parametrize("held", [0.0, 0.3])
def test_sure_is_the_error_in_the_mean(held):
    """Of a sparse image, which is no linear function of the data, over draws of the noise."""
    image, maps = head((32, 30), seed=1), coils.simulate((32, 30), 4)
    mask = sampling.gaussian((32, 30), 2.5, centre=0.06)
    method = find.method("wavelet")(iterations=6).eval()
    guesses, errors = [], []
    for seed in range(12):
        generator = torch.Generator().manual_seed(seed)
        scan = dealias.Acquisition.simulate(image, mask, maps, 0.03, generator=generator)
        example = replace(Example(scan, image), number=seed)
        example = (example.holding(held, torch.Generator().manual_seed(9)) if held else example).normalised(method)
        guesses.append(float(losses.sure(method.estimates(example.problem), example)))
        *_, last = method.estimates(example.problem)
        seen = [example.problem, *([example.held] if held else [])]
        energy = sum(float(part.data.abs().square().sum()) for part in seen)
        wrong = sum(float(part.operator(last - example.truth).abs().square().sum()) for part in seen)
        errors.append(wrong / energy)
        assert losses.sure(method.estimates(example.problem), example) == guesses[-1], "same number, same draw"
    guess, error = (sum(values) / len(values) for values in (guesses, errors))
    residual = float(losses.measured([last], example))
    assert guess == pytest.approx(error, rel=0.12)
    assert residual > 2 * error or held, "the residual alone tells something else"
    untold = replace(example, problem=replace(example.problem, noise_std=None))
    assert math.isfinite(float(losses.sure(method.estimates(untold.problem), untold)))


def test_without_noise_sure_is_the_residual():
    """Of two problems, of energies 1 to 9, the mean."""
    images = torch.stack([head((24, 20), seed=1), 3 * head((24, 20), seed=2)])
    scan = dealias.Acquisition.simulate(images, sampling.gaussian((24, 20), 2.5, centre=0.06))
    method = find.method("wavelet")(iterations=3, regularisation=0.1).eval()
    known = replace(Example(replace(scan, noise_std=torch.zeros(1, 1, 1, 1)), images), method=method)
    residual = losses.measured(method.estimates(known.problem), known)
    assert residual > 1e-4
    torch.testing.assert_close(losses.sure(method.estimates(known.problem), known), residual)


def test_what_a_loss_needs():
    x = torch.ones(2, 3, 3, dtype=torch.complex64)
    for name in ("squared_error", "last_squared_error", "log_squared_error", "magnitude_error", "ssim"):
        with pytest.raises(UserError, match="no image to compare with; take held_out"):
            find.loss(name)([x], example())
    with pytest.raises(UserError, match="--held 0.4"):
        losses.held_out([x], example(x))
    with pytest.raises(UserError, match="loss 'l1' is unknown"):
        find.loss("l1")
    with pytest.raises(UserError, match="not a loss"):
        find.loss("math.pi")
    assert find.loss("dealias.training.losses.ssim") is losses.ssim
