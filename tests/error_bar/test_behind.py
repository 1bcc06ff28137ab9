"""A learned method that is behind wavelets on hidden samples is told of, and no other."""

import torch

import dealias
from dealias.acquisition import Acquisition
from dealias.error_bar.behind import compared, warning
from dealias.methods.rim import RIM
from dealias.methods.wavelet import Wavelet
from dealias.phantoms import head
from dealias.sampling import cartesian, gaussian


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
    found = compared(rim, scan(), 3)
    assert torch.allclose(torch.tensor([one.saved for one in found]), 1 - other / own, atol=1e-4)
    assert all(one.own.shape == one.wavelets.shape == one.radius.shape for one in found)
    [text] = warning(rim, scan(), 3)
    assert text.startswith("RIM predicts hidden samples worse than wavelets in 2 of 2 slices")


class AsWavelets(RIM):
    """Learned, and just as good."""

    def estimates(self, problem):
        return Wavelet().estimates(problem)


def test_who_is_not_behind():
    as_good = compared(AsWavelets(features=4, iterations=40).eval(), scan())
    assert [one.saved for one in as_good] == [0, 0]
    assert warning(Wavelet(iterations=1), scan()) == [], "it never learned"
    middle = torch.zeros(64, 60)
    middle[30:35, 28:33] = 1
    assert compared(RIM(features=4, iterations=1).eval(), scan().sampled(middle)) == [], "nothing can be hidden"


def test_hidden_lines_have_their_radius():
    mask = cartesian((64, 60), 3, generator=torch.Generator().manual_seed(0))
    lines = Acquisition.simulate(head((64, 60), seed=1), mask, None, 0.002)
    [one] = compared(RIM(features=4, iterations=1).eval(), lines)
    assert one.radius.shape == (60,) and float(one.radius[15]) == 0.25
    assert (one.own > 0).sum() == (one.wavelets > 0).sum() > 0


def test_a_method_that_is_worse_than_usual_is_told_of():
    method = AsWavelets(features=4, iterations=40).eval()
    method.usual_errors = ((0.0, 0.1), (0.0, 0.1), (-6.0, 0.5))
    [text] = warning(method, scan())
    assert text.startswith("AsWavelets is, against wavelets, farther off at high frequencies than on scans")
    assert "in 2 of 2 slices" in text
    method.usual_errors = ((0.0, 0.1),) * 3
    assert warning(method, scan()) == []
