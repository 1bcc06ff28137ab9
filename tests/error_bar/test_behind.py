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
    seen, hidden = scan().folds(2, 0.1, 0)[0]
    torch.manual_seed(0)
    rim = RIM(features=4, iterations=2).eval()
    part = dealias.reconstruct(rim, seen)
    saved = behind(rim, seen, hidden, part)
    own, other = (
        (hidden.operator.forward(x) - hidden.kspace).abs().square().sum((-3, -2, -1))
        for x in (part, dealias.reconstruct("wavelet", seen))
    )
    assert len(saved) == 2 and torch.allclose(torch.tensor(saved), 1 - other / own, atol=1e-4)
    [text] = warning(rim, seen, hidden, part)
    assert text.startswith("RIM predicts hidden samples worse than wavelets in 2 of 2 slices")


def test_who_is_not_behind():
    seen, hidden = scan().folds(2, 0.1, 0)[0]
    rim = RIM(features=4, iterations=2).eval()
    assert behind(rim, seen, hidden, dealias.reconstruct("wavelet", seen)) == [0, 0], "as good as wavelets"
    assert warning(Wavelet(), seen, hidden, torch.zeros(2, 64, 60, dtype=torch.complex64)) == []
