"""The contract that a method inherits by existing: its file is enough, `SMALL` of its test builds it small."""

from dataclasses import replace
from importlib import import_module
from inspect import signature
from math import isfinite

import pytest
import torch

import dealias
from dealias import cards, find
from dealias.errors import UserError
from dealias.problem import FILM
from dealias.testing import assert_close, assert_method
from dealias.training.example import Example
from learning import learned
from problems import film, inpainting, volume

# options that change what a method computes keep the contract too
SHIPPED = {"block": "unet", "start": "wavelet", "noise_input": True}
UNET = {"block": "unet", "ball": 0.0}
VARIANTS = {
    "crnn_motion": ("crnn", {"motion": True}),
    "modl_shipped": ("modl", SHIPPED),
    "basis_unet": ("basis_pursuit", UNET),
    **{f"{name}_sparse": (name, {"start": "wavelet"}) for name in ("varnet", "e2e_varnet", "variational_network")},
}
METHODS = [*find.names("methods"), *VARIANTS]

# only where the mathematics grants it; the reason why a method is missing
NO_DATA_CONSISTENCY = {
    "rim": "an untrained network; `consistency_steps` is tested in its own file",
    "wavelet": "regularised: it trades the data for sparsity",
    "total_variation": "as wavelet",
    "image_l1": "as wavelet",
    "kt_focuss": "as wavelet",
    "kt_slr": "as wavelet",
    "low_rank_sparse": "as wavelet",
    "complex_rim": "as rim",
    "unet": "it never sees the data again",
    "stacked": "as the methods that it stacks",
    "tuned": "as the method that it tunes",
    "modl": "its data weigh 1 / lambda, which is learned",
    "varnet": "an untrained network has the last word",
    "e2e_varnet": "as varnet",
    "variational_network": "as varnet",
    "basis_pursuit": "alternating directions near the data, and never end there",
    "score_prior": "a sample of what noisy data allow",
    "diffpir": "as score_prior",
}
SAMPLE_THE_POSTERIOR = ("score_prior", "diffpir")
# by the beginning of their names
NO_GRADIENT = {
    "e2e_varnet": ("cascades.0.step",),  # of data that are still as they were measured
    "generator_prior": ("prior.encoder", "prior.log_deviation"),  # what only its training needs
}
NO_REAL_PROBLEMS = {"complex_rim": "complex numbers are its point; it says so", "e2e_varnet": "as is k-space"}


def without_variant(name):
    """The name of the method of a variant."""
    return VARIANTS[name][0] if name in VARIANTS else name


def kind(name):
    """The class of a method or of a variant of it."""
    return find.method(without_variant(name))


def make(name, **others):
    """The method as its test file builds it, always with the same parameters."""
    torch.manual_seed(0)
    name, variant = VARIANTS.get(name, (name, {}))
    small = getattr(import_module(f"methods.test_{name}"), "SMALL", {})
    return find.method(name)(**{**small, **variant, **others})


def for_method(name, problem=film, **others):
    """A problem with two batch axes; for a method that sees all of a film, a film."""
    if kind(name).joint:
        others = {"batch": (2, 2, 3), "axes": FILM, **others}
    return problem(**others)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("coils", [1, 3])
def test_contract_in_mri(name, coils):
    assert_method(lambda: make(name), for_method(name, coils=coils))


@pytest.mark.parametrize("name", METHODS)
def test_contract_on_a_film(name):
    assert_method(lambda: make(name), film(batch=(2, 2, 3), coils=2, axes=("time", "y", "x")))


@pytest.mark.parametrize("name", [m for m in METHODS if without_variant(m) not in NO_REAL_PROBLEMS])
def test_contract_outside_mri(name):
    others = {"channels": 1} if "channels" in signature(kind(name)).parameters else {}
    assert_method(lambda: make(name, **others), for_method(name, inpainting))


@pytest.mark.parametrize("name", [m for m in METHODS if without_variant(m) not in NO_REAL_PROBLEMS])
def test_contract_on_a_volume(name):
    """What its operator couples along three axes is one problem; a method of films refuses it in one line."""
    others = {"channels": 1} if "channels" in signature(kind(name)).parameters else {}
    if not kind(name).joint:
        assert_method(lambda: make(name, **others), volume())
        return
    with pytest.raises(UserError, match="needs a film of two frames or more, and this is 'z y x'"):
        make(name, **others)(volume())
    with pytest.raises(UserError, match="needs a film"):
        dealias.reconstruct(make(name, **others), film(batch=(3,)))


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("axis", [-2, -1])
def test_whole_lines_may_be_told_by_one_number_each(name, axis):
    problem = for_method(name)
    lines = problem.mask.any(axis, keepdim=True)
    lines[..., ::2, :] = lines[..., ::2] = False
    short = replace(problem, kspace=problem.kspace * lines, mask=lines)
    long = replace(short, mask=lines.expand(*lines.shape[:-2], *problem.shape[-2:]))
    method = make(name).eval()
    with torch.no_grad():
        assert_close(method(short), method(long), 1e-5, "the mask at full size gives another image")


@pytest.mark.parametrize("name", METHODS)
def test_of_nothing_comes_nothing(name):
    problem = for_method(name)
    one = (0,) * (len(problem.shape) - len(problem.axes))
    kspace = problem.kspace.clone()
    kspace[one] = 0
    method = make(name).eval()
    with torch.no_grad():
        image = method(replace(problem, kspace=kspace))
    assert not image[one].any() and image[(1, *one[1:])].abs().max() > 0
    assert not dealias.reconstruct(method, replace(problem, kspace=0 * kspace)).any()


@pytest.mark.parametrize("name", METHODS)
def test_a_saved_card_gives_the_same_image(name, tmp_path):
    method = make(name).eval()
    cards.save(tmp_path / "card.safetensors", method)
    again = dealias.load(str(tmp_path / "card.safetensors"))
    problem = for_method(name)
    with torch.no_grad():
        assert torch.equal(again(problem), method(problem))


@pytest.mark.parametrize("name", METHODS)
def test_the_driver_agrees_with_the_method(name):
    method, problem = make(name).eval(), for_method(name)
    with torch.no_grad():
        wanted = method(problem)
    assert_close(dealias.reconstruct(method, problem, batch=3), wanted, 1e-5, "batches of 3")
    estimates = list(dealias.iterate(method, problem))
    assert len(estimates) == method.iterations
    assert_close(estimates[-1], wanted, 1e-5, "the last of iterate")
    assert not estimates[-1].requires_grad


@pytest.mark.parametrize("name", [m for m in METHODS if without_variant(m) not in NO_DATA_CONSISTENCY])
@pytest.mark.parametrize("shape", [(16, 20), (17, 21)])
def test_fully_sampled_data_come_back(name, shape):
    shape = (3, *shape) if kind(name).joint else shape
    image = torch.randn(*shape, dtype=torch.complex64)
    full = dealias.Acquisition.simulate(image, torch.ones(shape[-2:]), axes=FILM[-len(shape) :])
    assert_close(dealias.reconstruct(make(name), full), image, 1e-4, "fully sampled, noiseless")


@pytest.mark.parametrize("name", METHODS)
def test_a_gradient_reaches_every_parameter(name):
    method = make(name).train()
    if next(method.parameters(), None) is None:
        pytest.skip("no parameters")
    method(for_method(name)).abs().square().sum().backward()
    for key, value in method.named_parameters():
        if not key.startswith(NO_GRADIENT.get(without_variant(name), ())):
            assert value.grad is not None, key
            assert torch.isfinite(value.grad).all(), key
            assert value.grad.abs().sum() > 0, key


@pytest.mark.parametrize("name", METHODS)
def test_two_updates_by_every_loss(name):
    method = make(name)
    if method.trained or next(method.parameters(), None) is None:
        pytest.skip("nothing to learn")
    problem = for_method(name)[0]
    example = Example(problem, problem.zero_filled.flip(-1)).holding(0.4, torch.Generator().manual_seed(0))
    for loss in find.names("training/losses"):
        before, after = learned(make(name).train(), example, find.loss(loss), 2, 1e-3)
        assert isfinite(after) and after != before, f"{loss}: {before} is {after} after two updates"


@pytest.mark.parametrize("name", SAMPLE_THE_POSTERIOR)
def test_samples_of_a_posterior(name):
    scan = for_method(name)
    drawn = dealias.draw(make(name), scan, 2, seed=3)
    assert drawn.shape == (2, *scan.shape) and not torch.equal(drawn[0], drawn[1])
    assert torch.equal(dealias.draw(make(name), scan, 2, seed=3), drawn)


@pytest.mark.parametrize("name", sorted(set(METHODS) - set(SAMPLE_THE_POSTERIOR)))
def test_no_samples_of_a_posterior_that_is_not_there(name):
    with pytest.raises(UserError, match="samples"):
        dealias.draw(make(name), for_method(name), 2)
