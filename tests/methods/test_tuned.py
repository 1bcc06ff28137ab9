"""Tuned methods: a scan chooses the argument that predicts its hidden samples best, and says so."""

import math

import pytest
import torch

import dealias
from dealias import find
from dealias.acquisition import Acquisition
from dealias.decisions import decisions
from dealias.errors import UserError
from dealias.evaluation.metrics import psnr
from dealias.methods.tuned import Tuned, chosen
from dealias.methods.wavelet import Wavelet
from dealias.phantoms import head
from problems import coil_maps, film

SMALL = {"of": "wavelet:iterations=3"}


def scan(noise=0.03, coils=4):
    image = torch.stack([head((64, 72), seed=seed) for seed in (5, 6)])
    generator = torch.Generator().manual_seed(2)
    mask = dealias.sampling.gaussian((64, 72), 2.5, centre=0.1, generator=generator)
    return Acquisition.simulate(image, mask, coil_maps(coils, 64, 72), noise, generator=generator), image


def test_it_finds_a_better_regularisation_than_a_bad_one():
    measured, image = scan()
    bad = dealias.load("wavelet", regularisation=0.0)
    with decisions() as found:
        tuned = dealias.reconstruct(dealias.load("tuned", of="wavelet:regularisation=0.0"), measured)
    assert len(found) == 2 and all(one.keys() == {"regularisation"} for one in found)
    gain = psnr(tuned, image) - psnr(dealias.reconstruct(bad, measured), image)
    assert gain.min() > 1, "hidden samples see noise that is fitted"
    for place, one in enumerate(found):
        again = dealias.load("wavelet", regularisation=one["regularisation"])
        assert torch.allclose(dealias.reconstruct(again, measured[place]), tuned[place], atol=1e-5)


def test_the_choice_is_that_of_the_least_hidden_error():
    """Every value tried by hand."""
    problem = scan()[0][0].normalised()[0]
    method = dealias.load("wavelet", iterations=3)
    [(seen, hidden)] = problem.folds(1, 0.1, 0)
    errors = {}
    for value in Wavelet.knobs["regularisation"]:
        image = Wavelet(iterations=3, regularisation=value)(seen)
        errors[value] = float((hidden.operator.forward(image) - hidden.kspace).norm())
    assert chosen(method, problem, Wavelet.knobs)["regularisation"] == min(errors, key=errors.get) is not None


def test_where_nothing_can_be_hidden_the_method_is_by_itself():
    middle = torch.zeros(19, 24)
    middle[8:11, 11:14] = 1
    centre = film(batch=(), coils=3).sampled(middle)
    with decisions() as found:
        image = Tuned(**SMALL)(centre)
    assert torch.allclose(image, Wavelet(iterations=3)(centre), atol=1e-5)
    assert math.isnan(found[0]["regularisation"])


@pytest.mark.parametrize("name", [name for name in find.names("methods") if find.method(name).knobs])
def test_knobs_are_arguments_that_take_these_values(name):
    method = dealias.load(name)
    state = torch.random.get_rng_state()
    for argument, values in method.knobs.items():
        assert argument in method.arguments and len({*values}) == len(values) > 1
        for value in values:
            other = method.with_arguments(**{argument: value})
            assert getattr(other, argument) == value and other.arguments == {**method.arguments, argument: value}
            assert all(
                a is b or a.data_ptr() == b.data_ptr()
                for a, b in zip(other.state_dict().values(), method.state_dict().values(), strict=True)
            ), "weights are shared"
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize("arguments", [{"of": "sense"}, {"of": "wavelet", "share": 1.5}, {"of": "wavelet:3"}])
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="no argument that a scan chooses|between 0 and 1|arguments follow"):
        Tuned(**arguments)
