"""The optimiser, its learning rate and what cuts its gradients: as a card says that weights were learned."""

import pytest
import torch

pytest.importorskip("lightning")

from dealias import find
from dealias.phantoms import head
from dealias.training.module import Module, fit, share_of_rate
from dealias.training.objective import OfMethod
from dealias.training.simulate import Simulation
from dealias.training.training import Training
from dealias.training.validation_set import of_images

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboard.*"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:lightning.*"),
]
STEEP = 1e4  # makes every gradient longer than 1


class Watched(Module):
    """A training that keeps the rate and the gradients of every update."""

    def on_train_batch_end(self, *rest):
        self.rates.append(self.optimizers().param_groups[0]["lr"])
        self.gradients.append(torch.cat([value.grad.flatten() for value in self.method.parameters()]))
        super().on_train_batch_end(*rest)


def watched(folder, **settings):
    """The smallest training, at its end; its loss is steep."""
    torch.manual_seed(0)
    method = find.method("rim")(features=4, iterations=2)
    image = head((24, 24), seed=1)
    plan = Training(validation=["none"], workers=0, **settings)

    def loss(estimates, example):
        return STEEP * torch.stack([(x - example.truth).abs().square().mean() for x in estimates]).mean()

    source = Simulation([image], crop=(16, 16), batch=1, coils=0.0)
    module = Watched(plan, OfMethod(method, loss), source, of_images([image], ((1, 2.0, 0.001),)))
    module.rates, module.gradients = [], []
    fit(module, folder, "float32")
    return module


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    return watched(tmp_path_factory.mktemp("run"), updates=4, every=4, rate=0.002)


def test_adam(short):
    assert type(short.configure_optimizers()) is torch.optim.Adam
    (group,) = short.configure_optimizers().param_groups
    assert group["lr"] == 0.002 and group["betas"] == (0.9, 0.999) and group["weight_decay"] == 0


def test_the_rate_rises_and_falls_with_a_cosine(short):
    assert share_of_rate(0, 0.0) == pytest.approx(0.01)
    assert share_of_rate(99, 0.0) == pytest.approx(0.505)
    assert share_of_rate(1000, 0.0) == 1
    assert share_of_rate(1000, 0.25) == pytest.approx(0.01 + 0.99 * (2 + 2**0.5) / 4)
    assert share_of_rate(1000, 0.5) == pytest.approx(0.505)
    assert share_of_rate(1000, 1.0) == share_of_rate(1000, 1.5) == pytest.approx(0.01)
    assert short.rates == pytest.approx([0.002 * share_of_rate(k, k / 4) for k in range(4)])


def test_gradients_are_cut_as_a_whole_at_norm_one(short):
    assert [float(gradient.norm()) for gradient in short.gradients] == pytest.approx([1] * 4, rel=1e-4)


def test_or_each_entry_at_a_size(tmp_path):
    module = watched(tmp_path, updates=2, every=2, clip=0.03)
    for gradient in module.gradients:
        assert float(gradient.abs().max()) == pytest.approx(0.03)
        many = (gradient.abs() > 0.0299).sum()
        assert many > 10, "by its norm one entry alone would be as large"
        assert float(gradient.norm()) > 0.1
