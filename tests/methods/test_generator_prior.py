"""The generator as a prior: an image that it makes is found from few samples; what is refused."""

import pytest
import torch

import dealias
from dealias import cards
from dealias.errors import UserError
from dealias.methods.generator_prior import GeneratorPrior
from dealias.priors.flow import Flow
from methods.test_flow_prior import PRIOR as FLOW

PRIOR = {"rows": 16, "columns": 16, "length": 3, "features": 4}
SMALL = {"prior": PRIOR, "iterations": 3, "rate": 0.001, "restarts": 2}


def test_an_image_that_it_makes_is_found_from_few_samples():
    """Three numbers make it, so that a quarter of its k-space shows the rest."""
    torch.manual_seed(0)
    method = GeneratorPrior(PRIOR, 200, 0.1, weight=0.0, restarts=3)
    torch.nn.init.normal_(method.prior.decoder[-1].weight)
    torch.nn.init.constant_(method.prior.decoder[-1].bias, 3.0)  # brighter than what changes
    with torch.no_grad():
        image = method.prior.decode(torch.tensor([0.5, -1.0, 1.5]))
    assert image.min() > 0
    mask = torch.zeros(16, 16, dtype=torch.bool)
    mask[4:12, 4:12] = True
    scan = dealias.Acquisition.simulate(image.to(torch.complex64), mask)
    with torch.no_grad():
        errors = [float((x.abs() - image).norm() / image.norm()) for x in method.estimates(scan)]
    assert errors[-2] < 0.01 and errors[-2] < 0.1 * errors[0]


def test_a_weight_of_another_kind_of_prior(tmp_path):
    cards.save(tmp_path / "flow.safetensors", Flow(**FLOW))
    with pytest.raises(UserError, match="holds weights of Flow; give those of a generator prior"):
        GeneratorPrior(str(tmp_path / "flow.safetensors"))


@pytest.mark.parametrize("arguments", [{"rate": 0.0}, {"weight": -1.0}, {"restarts": 0}, {"prior": {"size": 3}}])
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="correct them|impossible|zero or more|takes no argument"):
        GeneratorPrior(**{**SMALL, **arguments})
