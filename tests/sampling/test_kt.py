"""k-t lines: the CRNN's numbers, another draw in every frame, and an acquisition that takes them."""

import h5py
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import dealias
from dealias.__main__ import execute
from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.sampling import kt
from problems import film


@pytest.mark.parametrize(("acceleration", "lines"), [(6, 32), (9, 21), (11, 17)])
def test_the_papers_numbers(acceleration, lines, generator):
    mask = kt((30, 256, 256), acceleration, acquired=190, generator=generator)
    assert mask.shape == (30, 256, 256)
    assert torch.equal(mask, mask[:, :1].expand_as(mask)), "the readout is full"
    line = mask[:, 0]
    assert (line.sum(-1) == lines).all()
    assert line[:, 124:132].all()
    assert not line[:, :33].any() and not line[:, 223:].any(), "66 columns are zero filling"
    assert len(line.unique(dim=0)) == 30


def test_the_density_is_the_public_codes(generator):
    """One line at a time, with nothing central, follows the density itself."""
    line = kt((4000, 1, 30), 30, central=0, generator=generator)[:, 0].double().mean(0)
    k = torch.arange(30) - 15
    density = torch.exp(-(k.double() ** 2) / (2 * 3.0**2)) + 1 / 60
    wanted = density / density.sum()
    for low, high in [(0, 2), (2, 4), (4, 7), (7, 16)]:
        ring = (k.abs() >= low) & (k.abs() < high)
        assert abs(line[ring].mean() / wanted[ring].mean() - 1) < 0.2


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 90), st.floats(1, 12), st.integers(0, 12), st.data())
def test_any_shape(frames, rows, columns, acceleration, central, data):
    acquired = data.draw(st.none() | st.integers(1, columns))
    number = columns if acquired is None else acquired

    def draw():
        generator = torch.Generator().manual_seed(3)
        return kt((frames, rows, columns), acceleration, acquired=acquired, central=central, generator=generator)

    try:
        mask = draw()
    except UserError as error:
        assert "\n" not in str(error) and ";" in str(error)
        assert central > round(number / acceleration)
        return
    assert mask.shape == (frames, rows, columns)
    assert (mask[:, 0].sum(-1) == round(number / acceleration)).all()
    assert central == 0 or mask[..., columns // 2].all()
    assert torch.equal(mask, draw())


def test_an_acquisition_takes_it(generator):
    full = film(batch=(2, 3), axes=("time", "y", "x"))
    mask = kt((3, *full.shape[-2:]), 2, generator=generator)
    kept = full.sampled(mask[:, None])
    assert torch.equal(kept.centred_mask, full.centred_mask & mask[:, None])
    image = torch.randn(3, 19, 24, dtype=torch.complex64)
    assert torch.equal(Acquisition.simulate(image, mask[:, None], axes=("time", "y", "x")).centred_mask[:, 0], mask)


@pytest.mark.parametrize("arguments", [{"acquired": 0}, {"acquired": 65}, {"central": -1}, {"central": 65}])
def test_what_cannot_be(arguments):
    with pytest.raises(UserError, match="cannot"):
        kt((2, 8, 64), 2, **arguments)


@pytest.mark.parametrize("mask", ["kt --mask.central 4", "gaussian"])
def test_undersampling_a_film(mask, tmp_path):
    image = torch.randn(2, 3, 20, 24, dtype=torch.complex64)
    full = Acquisition.simulate(image, torch.ones(20, 24), axes=("time", "y", "x"))
    with h5py.File(tmp_path / "full.h5", "w") as file:
        file["kspace"] = full.centred_kspace.numpy()
        file.attrs["axes"] = "slice time coil y x"
    execute(f"undersample {tmp_path}/full.h5 -o {tmp_path}/fast.h5 --acceleration 3 --mask {mask}".split())
    fast = dealias.open(tmp_path / "fast.h5")
    frames = fast.centred_mask.expand(2, 3, 1, 20, 24)[0, :, 0]
    assert (frames.sum((-2, -1)) == 160).all() and len(frames.unique(dim=0)) == 3
    assert torch.equal(fast.centred_kspace, full.centred_kspace * fast.centred_mask)
