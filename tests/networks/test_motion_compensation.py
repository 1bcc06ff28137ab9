"""Neighbours moved onto frames: by the places they are read at, and by displacements that are learned."""

import pytest
import torch

from dealias.networks.motion_compensation import MotionCompensation, warp
from dealias.phantoms import heart
from dealias.testing import assert_close


def drifting(image, shift, frames=3):
    """A film (time, y, x) whose image moves by this many pixels from frame to frame, down and right, exactly."""
    down, right = (torch.fft.fftfreq(n) for n in image.shape)
    turns = shift[0] * down[:, None] + shift[1] * right
    steps = torch.arange(frames)[:, None, None]
    return torch.fft.ifft2(torch.fft.fft2(image) * torch.exp(-2j * torch.pi * steps * turns))


@pytest.mark.parametrize("dtype", [torch.complex64, torch.float32, torch.float64])
def test_whole_pixels(dtype):
    images = torch.randn(2, 3, 9, 12, dtype=dtype)
    shift = torch.tensor([2.0, -3.0], dtype=images.real.dtype)[:, None, None].expand(2, 3, -1, 9, 12)
    found = warp(images, shift)
    assert found.dtype == dtype
    assert_close(found[..., :7, 3:], images[..., 2:, :9], 1e-4, "read two below and three to the left")
    assert_close(warp(images, 0 * shift), images, 1e-5, "left where they are")


def test_parts_of_a_pixel():
    y, x = torch.arange(20.0)[:, None], torch.arange(24.0)

    def wave(down, right):
        return torch.polar(1 + 0.3 * torch.sin(0.3 * (y + down)), 0.2 * (x + right))

    shift = torch.tensor([0.3, -0.6])[:, None, None].expand(2, 20, 24)
    inside = (slice(2, -2), slice(2, -2))
    assert_close(warp(wave(0, 0), shift)[inside], wave(0.3, -0.6)[inside], 0.01, "a wave")


@pytest.mark.parametrize("shape", [(2, 1, 1), (2, 3, 5), (4, 2, 9, 16)])
def test_what_does_not_move_stays(shape):
    image = torch.randn(*shape[1:], dtype=torch.complex64)
    film = image.expand(shape)
    motion = MotionCompensation()
    torch.nn.init.normal_(motion.layers[-1].weight)  # as if it had learned something
    assert motion.displacements(film).abs().max() == 0
    for frames in motion(film):
        assert_close(frames, film, 1e-5, "a still film")


def test_at_first_hardly_anything_moves():
    film = drifting(heart((1, 32, 40))[0], (1.0, 2.0))
    before, after = MotionCompensation()(film)
    assert_close(before, torch.cat((film[:1], film[:-1])), 0.02, "before")
    assert_close(after, torch.cat((film[1:], film[-1:])), 0.02, "after")


def test_the_phase_does_not_matter():
    film = drifting(heart((1, 32, 40))[0], (1.0, 2.0))
    motion = MotionCompensation()
    turned = film * torch.exp(1j * torch.randn(film.shape))
    assert_close(motion.displacements(turned), motion.displacements(film), 1e-4, "another phase")


def test_a_known_displacement_is_found_in_a_film_that_it_never_saw():
    """It learns by making neighbours alike, from four hearts that drift, and is asked for the drift of a fifth."""
    torch.manual_seed(0)
    *known, new = (heart((1, 48, 56), seed=seed)[0] for seed in range(5))
    motion = MotionCompensation()
    optimiser = torch.optim.Adam(motion.parameters(), lr=3e-3)
    for update in range(200):
        film = drifting(known[update % 4], 3 * torch.rand(2) - 1.5)
        before, after = motion(film)
        loss = (before - film)[1:].abs().square().mean() + (after - film)[:-1].abs().square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    # only motion across an edge can be seen
    slope = torch.stack(torch.gradient(new.abs()))
    for shift in ((1.2, -0.7), (-0.8, 1.1)):
        film = drifting(new, shift)
        with torch.no_grad():
            found = (slope * motion.displacements(film)).sum(-3).mean(0)
            wanted = (slope * torch.tensor(shift)[:, None, None]).sum(-3)
            left, was = (motion(film)[1] - film)[:-1].norm(), (film[1:] - film[:-1]).norm()
        assert float((found * wanted).sum() / wanted.square().sum()) == pytest.approx(1, abs=0.25)
        assert left < 0.5 * was
