"""What a training teaches: methods by a loss of estimates, priors by their own."""

import pytest
import torch

from dealias import cards, find
from dealias.errors import UserError
from dealias.phantoms import head
from dealias.susceptibility.problem import Susceptibility
from dealias.training.example import Example
from dealias.training.objective import OfMethod, OfPrior, objective
from dealias.training.training import Training
from dealias.training.validation_set import of_images


def example():
    return of_images([head((32, 32), seed=1)], ((1, 2.0, 0.001),))[0]


def test_a_method_learns_at_the_scale_that_it_knows_and_is_scored_at_that_of_the_data():
    torch.manual_seed(0)
    method, seen = find.method("rim")(features=4, iterations=2), []

    def loss(estimates, normalised):
        seen.append(normalised.truth.abs().max())
        return sum((x - normalised.truth).abs().square().mean() for x in estimates)

    large = Example(example().problem.scaled(torch.full((1, 1), 100.0)), 100 * example().truth)
    taught = OfMethod(method, loss)
    values = [taught.loss(one, torch.Generator()) for one in (example(), large)]
    assert torch.allclose(*values, rtol=1e-4) and 0.5 < seen[0] < 2
    scores = [taught.score(one, torch.Generator()) for one in (example(), large)]
    assert torch.allclose(*scores, atol=1e-2) and taught.kind(large) == "2x" and not taught.sees_films
    two = of_images([head((48, 48), seed=1)], ((2, 2.0, 0.001),))[0]
    assert taught.kind(two) == "2 coils 2x"


def test_susceptibility_is_scored_without_its_mean():
    torch.manual_seed(0)
    small = {"features": 2, "iterations": 1, "channels": 1, "dimensions": 3}
    taught = objective(Training(method="rim", method_arguments=small, bodies=1, loss="referenced_error"))
    field = torch.randn(8, 8, 8, generator=torch.Generator().manual_seed(0))
    problem = Susceptibility.of(field, torch.ones_like(field, dtype=torch.bool))
    made = taught.method(problem).detach()
    wrong = made - made.mean()
    wrong = wrong + 0.1 * wrong.norm() / 8**1.5 * (field - field.mean()) / field.std()
    with torch.no_grad():
        score = float(taught.score(Example(problem, wrong + 5), torch.Generator()))
    assert score == pytest.approx(20, abs=0.5) and taught.kind(Example(problem)) is None
    assert taught.in_words({"snr": 20.0}) == "NRMSE 10.0 %"


def test_a_prior_is_scored_by_minus_its_loss():
    torch.manual_seed(0)
    taught = OfPrior(find.prior("score")(features=4))
    loss = taught.loss(example(), torch.Generator().manual_seed(3))
    assert loss > 0 and taught.score(example(), torch.Generator().manual_seed(3)) == -loss
    assert taught.kind(example()) is None and taught.in_words({"merit": -0.25}) == "loss 0.25"


def test_a_training_that_goes_on_from_a_prior_heeds_its_arguments(tmp_path):
    file = str(tmp_path / "prior.safetensors")
    cards.save(file, find.prior("score")(features=4))
    same = objective(Training(method="score", validation=[], from_=file, method_arguments={"features": 4}))
    assert same.learner.arguments["features"] == 4 and same.learner.training
    with pytest.raises(UserError, match="do not fit"):
        objective(Training(method="score", validation=[], from_=file, method_arguments={"features": 8}))


def test_what_cannot_be_taught_is_refused():
    for settings, text in (
        ({"method": "score", "held": 0.4}, "loss of its own"),
        ({"method": "wavelet"}, "nothing to train"),
        ({"method": "unet", "from_": "rim"}, "holds weights of RIM"),
        ({"method": "rim", "loss": "no_loss"}, "loss 'no_loss' is unknown"),
    ):
        with pytest.raises(UserError, match=text):
            objective(Training(validation=[], **settings))
