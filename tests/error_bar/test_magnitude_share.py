"""Which share of an error the magnitude sees is that which a known truth shows."""

import pytest
import torch

from dealias.error_bar.magnitude_share import Part, in_pairs, magnitude_share

SHAPE = (64, 60)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def of(image, where):
    """Return the part of an image's k-space at some frequencies."""
    kspace = torch.fft.fft2(image, norm="ortho") * where
    return Part(torch.fft.ifft2(kspace, norm="ortho"), kspace.abs().double().square(), torch.zeros(()).double())


def scene(phase, hidden):
    """Return a bright image with detail that is of one phase or of any, and what is asked of it."""
    texture = 0.1 * torch.randn(SHAPE, dtype=torch.complex64, generator=seeded())
    truth = (5 + texture.real) * (0.6 + 0.8j) if phase == "one" else 5 + texture
    unseen = torch.rand(SHAPE, generator=seeded(1)) > 0.4
    unseen[:4] = unseen[-3:] = False
    unseen[:, :4] = unseen[:, -3:] = False
    gone = of(truth, unseen)
    known = ~unseen & (torch.fft.fftfreq(SHAPE[0]).abs()[:, None] > 0.1)
    wrong = [of(truth, known & hidden(torch.rand(SHAPE, generator=seeded(2))))]
    measured = of(truth, in_pairs(known))
    image = truth - gone.image
    true = (truth.abs() - image.abs()).square().mean() / gone.image.abs().square().mean()
    return float(magnitude_share(image, gone.energy, unseen, wrong, measured)), float(true)


@pytest.mark.parametrize("hidden", [lambda chance: chance > 0.5, lambda chance: chance > 2])
@pytest.mark.parametrize("phase", ["one", "any"])
def test_what_is_missing_in_pairs_lies_along_the_phase(phase, hidden):
    found, true = scene(phase, hidden)
    if not hidden(torch.ones(())):
        assert found == 0.5, "nothing was hidden"
        return
    assert found == pytest.approx(true, abs=0.05)
    assert true > 0.75 if phase == "one" else true == pytest.approx(0.5, abs=0.05)


def test_lines_hidden_without_their_opposites_are_told_by_what_was_measured():
    found, true = scene("one", lambda chance: (torch.fft.fftfreq(SHAPE[0]) > 0)[:, None] & (chance > 0))
    assert found == pytest.approx(true, abs=0.05) and true > 0.75


def test_in_the_dark_all_of_it_is_seen():
    unseen = torch.rand(SHAPE, generator=seeded(1)) > 0.4
    wrong = of(torch.randn(SHAPE, dtype=torch.complex64, generator=seeded()), unseen)
    nothing = of(torch.zeros(SHAPE, dtype=torch.complex64), unseen)
    share = magnitude_share(nothing.image, wrong.energy, unseen, [wrong], nothing)
    assert float(share) == pytest.approx(1, abs=1e-3)


def test_noise_is_no_sign_of_symmetry():
    """Noise has any phase; told how much there is, the rest is judged."""
    noise = 0.2 * torch.randn(SHAPE, dtype=torch.complex64, generator=seeded(5))
    truth = 5 + 0.2 * torch.randn(SHAPE, generator=seeded()) * (1 + 0j)
    unseen = torch.zeros(SHAPE, dtype=torch.bool)
    unseen[20:45] = True  # its own mirror
    hidden = torch.zeros(SHAPE, dtype=torch.bool)
    hidden[10:20] = hidden[45:55] = True
    noisy, clean = of(truth + noise, hidden), of(truth, hidden)
    told = Part(noisy.image, noisy.energy, noisy.energy.sum() - clean.energy.sum())
    gone = of(truth, unseen)
    assert float(magnitude_share(truth + 0j, gone.energy, unseen, [told], told)) > 0.93
    assert float(magnitude_share(truth + 0j, gone.energy, unseen, [noisy], noisy)) < 0.85


def test_pairs_of_frequencies():
    where = torch.zeros(4, 5, dtype=torch.bool)
    where[1, 2] = where[3, 3] = where[0, 0] = where[2, 1] = True
    pairs = torch.zeros_like(where)
    pairs[1, 2] = pairs[3, 3] = pairs[0, 0] = True
    assert torch.equal(in_pairs(where), pairs), "zero is its own opposite, and (2, 1) lacks (2, 4)"
