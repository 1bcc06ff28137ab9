"""A learned method that is behind wavelets on hidden samples is told of, and no other."""

import torch

import dealias
from dealias.acquisition import Acquisition
from dealias.error_bar.behind import behind, warning
from dealias.methods.rim import RIM
from dealias.methods.wavelet import Wavelet
from dealias.phantoms import head
from dealias.sampling import gaussian


def scan():
    generator = torch.Generator().manual_seed(0)
    images = torch.stack([head((64, 60), seed=seed) for seed in (1, 2)])
    return Acquisition.simulate(images, gaussian((64, 60), 3, generator=generator), None, 0.002, generator=generator)


def test_a_network_of_random_numbers_is_behind():
    torch.manual_seed(0)
    rim = RIM(features=4, iterations=2).eval()
    [(seen, hidden)] = scan().folds(1, 0.1, 3)
    own, other = (
        (hidden.operator.forward(dealias.reconstruct(method, seen)) - hidden.kspace).abs().square().sum((-3, -2, -1))
        for method in (rim, "wavelet")
    )
    assert torch.allclose(torch.tensor(behind(rim, scan(), 3)), 1 - other / own, atol=1e-4)
    [text] = warning(rim, scan(), 3)
    assert text.startswith("RIM predicts hidden samples worse than wavelets in 2 of 2 slices")


class AsWavelets(RIM):
    """Learned, and just as good."""

    def estimates(self, problem):
        return Wavelet().estimates(problem)


def test_who_is_not_behind():
    assert behind(AsWavelets(features=4, iterations=40).eval(), scan()) == [0, 0], "as good as wavelets"
    assert warning(Wavelet(iterations=1), scan()) == [], "it never learned"
    middle = torch.zeros(64, 60)
    middle[30:35, 28:33] = 1
    assert behind(RIM(features=4, iterations=1).eval(), scan().sampled(middle)) == [0, 0], "nothing can be hidden"
